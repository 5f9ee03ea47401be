/**
 * A collection step by step: a small program runs over the reference of a collector, and at every event that the
 * collector tells its watcher (collectorEvent) the heap is written down, object by object. From these steps a terminal
 * and a page draw the same film: an object's colour follows from the events alone, so that nothing is known here of any
 * plan. Cost: the objects of the heap a step; for heaps of a few dozen objects.
 */
import { ContractError } from '../base/errors.ts';
import { mutatorOp, mutatorRowWords } from '../trace/mutator-rows.ts';
import { type Collector, collectorEvent, type Stretch } from './collector.ts';
import { Mutator } from './mutate.ts';
import { black, colourOf, none, objectHeaderWords, slotsOf, wordsOf } from './object.ts';
import { PauseLog } from './pauses.ts';
import type { CollectorChoice } from './plans.ts';
import type { StepProgram } from './step-programs.ts';

/** What a collection goes through; `program` is what the program does, between and before. */
const stepPhases = [
  'program',
  'roots',
  'trace',
  'subtract',
  'restore',
  'sweep',
  'update',
  'move',
  'release',
  'done',
] as const;
export type StepPhase = (typeof stepPhases)[number];

/** `left`: it has moved, and in its old place stands where to. `freed`: shown once more where it was. */
export type StepState = 'white' | 'grey' | 'black' | 'left' | 'freed';

export interface StepObject {
  readonly name: string;
  /** In words of the heap. */
  readonly at: number;
  readonly words: number;
  readonly state: StepState;
}

/** Where a copying collector looks next, and where it puts the next object. */
export interface Pointer {
  readonly name: 'scan' | 'free';
  readonly at: number;
  /** The space's name. */
  readonly space: string;
}

export interface Step {
  readonly phase: StepPhase;
  /** What happens, in a sentence. */
  readonly text: string;
  /** The object that it happens to; null: none, or many. */
  readonly to: string | null;
  /** By address. */
  readonly objects: readonly StepObject[];
  /** Found but not yet looked at, in the order in which they were found. */
  readonly grey: readonly string[];
  readonly pointers: readonly Pointer[];
  readonly spaces: readonly Stretch[];
}

/** What an object names. */
export interface StepReferences {
  readonly name: string;
  readonly roots: readonly number[];
  readonly names: readonly string[];
}

export interface Steps {
  readonly heapWords: number;
  readonly steps: readonly Step[];
  /** Every object before the first collection that the program asks for, or at the end where it asks for none, in the order in which they were made. */
  readonly references: readonly StepReferences[];
}

const letters = 26;
/** More can't be told apart on a screen. */
export const mostStepObjects = 96;
const mostSteps = 4000;

/** A, B, ... Z, A1, B1, ... in the order in which objects are made, from 0. */
export function objectName(made: number): string {
  const letter = String.fromCharCode(65 + (made % letters));
  return made < letters ? letter : `${letter}${Math.floor(made / letters)}`;
}

const phaseTexts: Readonly<Partial<Record<StepPhase, string>>> = {
  roots: 'What the roots name can be reached.',
  trace: 'What a reachable object names can be reached, too.',
  subtract: 'On trial, what suspects name loses the counts that come from them.',
  restore: 'What still has a count is held from outside: it gets its counts back.',
  sweep: 'What was not reached is garbage.',
  move: 'Objects move together, in the order of their addresses.',
  update: 'References are set to where the objects will be, or are.',
  release: 'What nothing names any more is given back.',
};

interface Held {
  readonly name: string;
  at: number;
  words: number;
  state: StepState;
}

/** Watches one program over one collector. */
class Stepper {
  readonly steps: Step[] = [];
  readonly #heap: Uint32Array;
  readonly #roots: Uint32Array;
  /** Set once the collector is made. */
  collector: Collector | null = null;
  /** What the program does now, told before the first event that follows from it. */
  #intent = '';
  #isStore = false;
  #phase: StepPhase = 'program';
  /** A collection has begun and not ended. */
  #goesOn = false;
  #held: Held[] = [];
  #grey: string[] = [];
  #made = 0;
  /** Starts of spaces that were empty when the collection began: there, objects are put one behind the other. */
  #targets: readonly number[] = [];

  constructor(heap: Uint32Array, roots: Uint32Array) {
    this.#heap = heap;
    this.#roots = roots;
  }

  /** A row of the program begins. */
  begin(intent: string, isStore: boolean): void {
    this.#intent = intent;
    this.#isStore = isStore;
  }

  /** The row is done; `made`: the object that it made, or none. */
  end(made: number): void {
    this.#forget();
    if (!this.#goesOn) this.#phase = 'program';
    if (made === none) return;
    if (this.#made === mostStepObjects) {
      throw new ContractError(`a program to be stepped through makes at most ${mostStepObjects} objects`);
    }
    const state = colourOf(this.#heap, made) === black ? 'black' : 'white';
    this.#drop(made);
    this.#held.push({ name: objectName(this.#made++), at: made, words: wordsOf(this.#heap, made), state });
  }

  see(event: number, at: number, from: number = none): void {
    if (this.#intent !== '') {
      const intent = this.#intent;
      this.#intent = '';
      this.#push('program', intent, null);
    }
    const phase = stepPhases.find((name) => name !== 'program' && collectorEvent[name] === event);
    if (phase !== undefined) this.#enter(phase);
    else this.#happen(event, at, from);
  }

  /** What each object names now, in the order in which they were made. */
  references(): StepReferences[] {
    const extra = this.collector!.extraWords;
    return this.#held
      .filter(({ state }) => state !== 'left' && state !== 'freed')
      .map(({ name, at }) => {
        const first = at + objectHeaderWords + extra;
        const slots = [...this.#heap.subarray(first, first + slotsOf(this.#heap, at))];
        return {
          name,
          roots: this.#rootsOf(at),
          names: slots.filter((one) => one !== none).map(this.#nameAt),
        };
      });
  }

  #enter(phase: StepPhase): void {
    if (phase === 'done') {
      this.#finish();
      return;
    }
    if (phase === 'roots') {
      this.#goesOn = true;
      this.#forget();
      for (const one of this.#held) one.state = 'white';
      this.#grey = [];
      this.#targets = this.collector!.spaces.filter(
        ({ start, end }) => !this.#held.some(({ at }) => at >= start && at < end),
      ).map(({ start }) => start);
    }
    this.#phase = phase;
    this.#push(phase, phaseTexts[phase]!, null);
  }

  #happen(event: number, at: number, from: number): void {
    const one = this.#held.find(
      (each) => each.at === (event === collectorEvent.moved ? from : at) && each.state !== 'left',
    );
    const name = one?.name ?? this.#nameAt(at);
    switch (event) {
      case collectorEvent.root: {
        const named = this.#rootsOf(at);
        const root = named.length === 0 ? 'A root' : named.map((i) => `r${i}`).join(' and ');
        return this.#push(this.#phase, `${root} ${named.length > 1 ? 'name' : 'names'} ${name}.`, name);
      }
      case collectorEvent.grey:
        if (one !== undefined) this.#paint(one, 'grey');
        return this.#push(this.#phase, this.#foundText(name), name);
      case collectorEvent.black:
        if (one !== undefined) this.#paint(one, 'black');
        return this.#push(this.#phase, this.#doneText(name, at), name);
      case collectorEvent.moved:
        if (one !== undefined) this.#move(one, at);
        return this.#push(this.#phase, this.#movedText(name, from, at), name);
      case collectorEvent.freed:
        if (one !== undefined) this.#paint(one, 'freed');
        return this.#push(this.#phase, `${name} is free.`, name);
      default:
        return undefined;
    }
  }

  #foundText(name: string): string {
    if (this.#phase === 'subtract') return `${name} is tried: grey.`;
    return this.#isStore && this.#goesOn
      ? `The write barrier makes ${name} grey.`
      : `${name} is found: grey.`;
  }

  #doneText(name: string, at: number): string {
    if (this.#phase === 'restore') return `${name} is held from outside: black.`;
    return `${name} has been looked at: black. ${this.#sees(at)}`;
  }

  #movedText(name: string, from: number, at: number): string {
    if (from === at) return `${name} stays at word ${at}.`;
    if (this.#phase === 'move') return `${name} slides from word ${from} to ${at}.`;
    return `${name} is copied from word ${from} to ${at}: grey. Where it was stands where it is.`;
  }

  /** What the object's slots name. */
  #sees(at: number): string {
    const first = at + objectHeaderWords + this.collector!.extraWords;
    const slots = [...this.#heap.subarray(first, first + slotsOf(this.#heap, at))];
    const names = slots.filter((one) => one !== none).map(this.#nameAt);
    return names.length === 0 ? 'It names nothing.' : `It names ${names.join(' and ')}.`;
  }

  #paint(one: Held, state: StepState): void {
    one.state = state;
    this.#grey = this.#grey.filter((name) => name !== one.name);
    if (state === 'grey') this.#grey.push(one.name);
  }

  #move(one: Held, to: number): void {
    const { name, at, words } = one;
    if (at === to) return;
    const overlaps = (each: Held): boolean =>
      each !== one && each.at < to + words && each.at + each.words > to;
    this.#held = this.#held.filter((each) => !overlaps(each));
    one.at = to;
    if (this.#phase === 'move') return;
    this.#held.push({ name, at, words, state: 'left' });
    this.#paint(one, 'grey');
  }

  /** What the collector doesn't have any more is free. */
  #finish(): void {
    const kept = new Set<number>();
    this.collector!.objects((at) => kept.add(at));
    this.#phase = 'done';
    this.#held = this.#held.filter(({ state }) => state !== 'left');
    const gone = this.#held.filter(({ at, state }) => !kept.has(at) && state !== 'freed');
    for (const one of gone) this.#paint(one, 'freed');
    this.#targets = [];
    this.#push('done', `It is done.${this.#goneText(gone)}`, null);
    this.#phase = 'program';
    this.#goesOn = false;
  }

  #goneText(gone: readonly Held[]): string {
    const [one, ...others] = gone.map(({ name }) => name);
    if (one === undefined) return '';
    if (others.length === 0) return ` ${one} was never reached: it is free.`;
    return ` ${[one, ...others.slice(0, -1)].join(', ')} and ${others.at(-1)} were never reached: they are free.`;
  }

  #push(phase: StepPhase, text: string, to: string | null): void {
    if (this.steps.length === mostSteps) throw new ContractError(`a program has at most ${mostSteps} steps`);
    const objects = this.#held.map((one): StepObject => ({ ...one })).toSorted((a, b) => a.at - b.at);
    const spaces = this.collector!.spaces.map((one): Stretch => ({ ...one }));
    this.steps.push({ phase, text, to, objects, grey: [...this.#grey], pointers: this.#pointers(), spaces });
  }

  /** Of a space that was empty and is being filled from its start. */
  #pointers(): Pointer[] {
    for (const { name: space, start, end } of this.collector!.spaces) {
      if (!this.#targets.includes(start)) continue;
      const inside = this.#held.filter(({ at, state }) => at >= start && at < end && state !== 'left');
      if (!inside.some(({ at }) => at === start)) continue;
      const free = Math.max(...inside.map(({ at, words }) => at + words));
      const scan = Math.min(free, ...inside.filter(({ state }) => state === 'grey').map(({ at }) => at));
      return [
        { name: 'scan', at: scan, space },
        { name: 'free', at: free, space },
      ];
    }
    return [];
  }

  #forget(): void {
    this.#held = this.#held.filter(({ state }) => state !== 'left' && state !== 'freed');
  }

  /** What was there is gone: something else lies there now. */
  #drop(at: number): void {
    this.#held = this.#held.filter((one) => one.at !== at);
  }

  #rootsOf(at: number): number[] {
    return [...this.#roots.keys()].filter((i) => this.#roots[i] === at);
  }

  readonly #nameAt = (at: number): string =>
    this.#held.find((one) => one.at === at)?.name ?? `the one at ${at}`;
}

/** What a row does, as a sentence that ends in the roots and slots it names. */
function intentOf(rows: Uint32Array, at: number): string {
  const [second, third, fourth] = [rows[at + 1]!, rows[at + 2]!, rows[at + 3]!];
  switch (rows[at]) {
    case mutatorOp.new:
      return `The program makes an object for r${second}.`;
    case mutatorOp.load:
      return `The program loads into r${second} what slot ${fourth} of r${third}'s object names.`;
    case mutatorOp.store:
      return `The program stores r${fourth} into slot ${third} of r${second}'s object.`;
    case mutatorOp.erase:
      return `The program clears slot ${third} of r${second}'s object.`;
    case mutatorOp.copy:
      return `The program copies r${third} to r${second}.`;
    case mutatorOp.clear:
      return `The program clears r${second}.`;
    default:
      return 'The program asks for a collection.';
  }
}

/** The steps in a heap of so many words; null where it is so small that a collection comes before it is asked for. */
function attempt(
  { kind, settings }: CollectorChoice,
  heapWords: number,
  { make, settings: set = {} }: StepProgram,
): Steps | null {
  const trace = make();
  const heap = new Uint32Array(heapWords);
  const roots = new Uint32Array(trace.roots);
  const scratch = new Uint32Array(heapWords + trace.roots);
  const stepper = new Stepper(heap, roots);
  const room = { heap, scratch, roots, pauses: new PauseLog(new Float64Array(0)), watcher: stepper };
  const own = kind.settings.map(({ name }, i) => set[name] ?? settings[i]!);
  const { make: create, turn } = kind.byTurns?.() ?? { make: kind.make, turn: () => {} };
  const mutator = new Mutator(create, room, own);
  stepper.collector = mutator.collector;
  const { counts } = mutator.collector;
  const asks = trace.rows.some((op, i) => i % mutatorRowWords === 0 && op === mutatorOp.collect);
  let references: StepReferences[] | null = null;
  for (let at = 0; at < trace.rows.length; at += mutatorRowWords) {
    const op = trace.rows[at];
    if (asks && references === null && counts.fullCollections + counts.minorCollections > 0) return null;
    if (op === mutatorOp.collect) references = stepper.references();
    stepper.begin(intentOf(trace.rows, at), op === mutatorOp.store || op === mutatorOp.erase);
    const answer = mutator.row(trace.rows, at);
    if (answer < 0) return null;
    stepper.end(op === mutatorOp.new ? answer : none);
    // What the second thread does is not the program's doing.
    stepper.begin('', false);
    turn(wordsATurn);
  }
  mutator.collector.finish();
  return { heapWords, steps: stepper.steps, references: references ?? stepper.references() };
}

/** What a second thread scans in the time of a row of the program. */
const wordsATurn = 1;
/** The largest heap that is tried. */
const mostHeapWords = 2 ** 16;

/**
 * The steps of a program over a collector, in the smallest heap that will do: one in which it collects only where the
 * program asks, if the program asks.
 * @throws ContractError where the program is too large to be looked at
 */
export function stepsOf(choice: CollectorChoice, program: StepProgram): Steps {
  for (let heapWords = choice.kind.leastWords; heapWords <= mostHeapWords; heapWords *= 2) {
    const steps = attempt(choice, heapWords, program);
    if (steps !== null) return steps;
  }
  throw new ContractError(`a heap of ${mostHeapWords} words is too small for the program`);
}
