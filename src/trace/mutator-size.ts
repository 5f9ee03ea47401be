/**
 * A mutator's live set, asked for in bytes: which of its own numbers give it. How much lives follows from what a program
 * does, and for most of them only a trace tells; so traces are made and measured by the exact lifetimes, each one nearer
 * than the one before, until one is near enough. The program goes on in proportion: as often as usual over what lives.
 * Cost: some traces of the size that is asked for. Method: x' = x L / L(x), from the nearest that was found.
 */
import { ContractError } from '../base/errors.ts';
import type { Prng } from '../base/prng.ts';
import { formatBytes, formatCount } from '../base/units.ts';
import { amountOf, type MutatorAmount } from './mutator-amount.ts';
import type { MutatorTrace } from './mutator-rows.ts';
import type { Settings } from './workload.ts';

/** Which numbers of a mutator size it. */
export interface Sizing<P extends Settings = Settings> {
  /** The name of the one that how much lives is in proportion to, about. */
  readonly live: string;
  /** The name of the one that says how long it goes on. */
  readonly duration: string;
  /** What that must be, about, until as much lives as ever will; Infinity: the first one has no say in what lives. */
  settles(parameters: P): number;
}

/** A program that can be sized. */
export interface Sizable {
  readonly id: string;
  readonly parameters: Settings;
  readonly limits?: Readonly<Record<string, readonly [least: number, most: number]>>;
  readonly sizing: Sizing;
  make(parameters: Settings, prng: Prng): MutatorTrace;
}

/** A trace that is made comes as near as this to what was asked for. */
export const sizedWithin = 0.05;
/** Half a GiB of them: a trace that is sized is no longer. */
export const mostSizedRows: number = 2 ** 25;
/** Nearer is not looked for, times the tries that were made: chance alone makes small live sets differ by more. */
const nearEnough = 0.01;
const mostTries = 12;
/** Of all the traces that are tried. */
const mostTriedRows = 2 ** 26;
/** A program goes on for no longer than this, unless it would not have its live set, or not turn it over so many times. */
const usualRows = 2 ** 22;
const leastTurns = 4;
const roughDigits = 2;
/** A first guess may be off by this. */
const beyond = 2;

interface Tried {
  readonly size: number;
  readonly liveBytes: number;
}

/** One search. */
class Search {
  readonly #program: Sizable;
  readonly #given: Settings;
  readonly #own: Settings;
  readonly #liveBytes: number;
  readonly #draw: () => Prng;
  /** Of the program's own size: what the first guess is made from. */
  readonly #start: Tried;
  readonly #aStep: { readonly rows: number; readonly bytes: number };
  readonly #tried = new Map<number, Tried>();

  constructor(program: Sizable, given: Settings, liveBytes: number, draw: () => Prng) {
    this.#program = program;
    this.#given = given;
    this.#own = { ...program.parameters, ...given, liveBytes: 0 };
    this.#liveBytes = liveBytes;
    this.#draw = draw;
    const { live, duration, settles } = this.#sizing;
    if (!Number.isFinite(settles(this.#own))) {
      throw new ContractError(
        `${program.id} with these numbers has as much live whatever its ${live}: liveBytes can't be chosen`,
      );
    }
    const size = this.#own[live]!;
    const brief = Math.min(this.#own[duration]!, program.parameters[duration]!);
    const steps = Math.max(1, Math.ceil(settles(this.#own)), brief);
    const { operations, allocatedBytes, liveBytes: usual } = this.#amountAt(size, steps);
    this.#start = { size, liveBytes: usual };
    this.#aStep = { rows: operations / steps, bytes: allocatedBytes / steps };
  }

  get #sizing(): Sizing {
    return this.#program.sizing;
  }

  /** Settings that give the live set. */
  found(): Settings {
    const { live, duration } = this.#sizing;
    let rows = 0;
    for (let tries = 0; tries < mostTries && rows < mostTriedRows; tries++) {
      if (tries > 0 && this.#far(this.#best) <= Math.min(nearEnough * tries, sizedWithin)) break;
      const size = this.#next();
      if (size === null) break;
      const amount = this.#amountAt(size, this.#stepsAt(size));
      this.#tried.set(size, { size, liveBytes: amount.liveBytes });
      rows += amount.operations;
    }
    const best = this.#best;
    if (this.#tried.size === 0 || this.#far(best) > sizedWithin) {
      throw new ContractError(
        `${this.#program.id} can't have ${formatBytes(this.#liveBytes)} live at most with these numbers: the nearest that was found is ${formatBytes(best.liveBytes)}`,
      );
    }
    return { ...this.#given, [live]: best.size, [duration]: this.#stepsAt(best.size) };
  }

  #far({ liveBytes }: Tried): number {
    return Math.abs(liveBytes - this.#liveBytes) / this.#liveBytes;
  }

  get #best(): Tried {
    const tried = [...this.#tried.values()];
    return tried.reduce(
      (best, each) => (this.#far(each) < this.#far(best) ? each : best),
      tried[0] ?? this.#start,
    );
  }

  /** The size that the best one points to, or the nearest to it that was not tried; null: there is none. */
  #next(): number | null {
    const { size, liveBytes } = this.#best;
    const { id, limits } = this.#program;
    const { live } = this.#sizing;
    const [least, limit] = limits?.[live] ?? [1, mostSizedRows];
    const pointed = Math.round((size * this.#liveBytes) / liveBytes);
    if (pointed > beyond * limit) {
      throw new ContractError(
        `${id} can't have ${formatBytes(this.#liveBytes)} live at most: ${live} would be ${formatCount(pointed)}, and may be ${formatCount(limit)}`,
      );
    }
    const wanted = Math.min(limit, Math.max(least, pointed));
    for (let away = 0; away <= mostTries; away++) {
      const near = [wanted + away, wanted - away].find(
        (each) => each >= least && each <= limit && !this.#tried.has(each),
      );
      if (near !== undefined) return near;
    }
    return null;
  }

  /** What the user says, else in proportion to the size. */
  #stepsAt(size: number): number {
    const { id, parameters } = this.#program;
    const { live, duration, settles } = this.#sizing;
    const least = Math.ceil(settles({ ...this.#own, [live]: size }));
    const steps = this.#given[duration] ?? this.#usualSteps(size, least);
    const asked = formatBytes(this.#liveBytes);
    if (steps < least) {
      throw new ContractError(`${id} has ${asked} live only with ${duration}=${least} or more, not ${steps}`);
    }
    const rows = steps * this.#aStep.rows;
    if (rows <= mostSizedRows) return steps;
    const about = formatCount(Number(rows.toPrecision(roughDigits)));
    throw new ContractError(
      `${id} would take about ${about} operations with ${asked} live, more than ${formatCount(mostSizedRows)}: give it fewer ${duration}${largerObjects(parameters, ', or ')}`,
    );
  }

  #usualSteps(size: number, least: number): number {
    const { live, duration } = this.#sizing;
    const usual = this.#program.parameters[duration]!;
    const inProportion = (usual / this.#program.parameters[live]!) * size;
    const turning = (leastTurns * this.#liveBytes) / Math.max(1, this.#aStep.bytes);
    const spared = Math.max(turning, usualRows / this.#aStep.rows);
    return Math.ceil(Math.max(least, usual, Math.min(inProportion, spared)));
  }

  #amountAt(size: number, steps: number): MutatorAmount {
    const { live, duration } = this.#sizing;
    return amountOf(this.#program.make({ ...this.#own, [live]: size, [duration]: steps }, this.#draw()));
  }
}

/** 'larger objects (mostBytes)', after `before`; nothing where they have one size. */
export function largerObjects(parameters: Settings, before: string): string {
  const names = Object.keys(parameters).filter((name) => /^(mostBytes|bytes)/.test(name));
  return names.length === 0 ? '' : `${before}larger objects (${names.join(', ')})`;
}

/**
 * Settings of a program's own numbers in place of `liveBytes`, which is more than 0. `draw` gives the generator that the
 * trace will be made with, each time anew: for another the live set is as near as chance has it.
 * @throws ContractError where the program can't have such a live set
 */
export function sizedSettings(program: Sizable, settings: Settings, draw: () => Prng): Settings {
  const { liveBytes, ...given } = settings;
  return new Search(program, given, liveBytes!, draw).found();
}
