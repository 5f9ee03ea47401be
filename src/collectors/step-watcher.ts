/**
 * Watches a program over a collector, and makes a step of each event that it is told and of what has changed between two
 * events: counts and references are read off the heap, so that a collector needs no event for each. An object's colour
 * follows from the events alone, but for suspects of counting, which the heap's headers tell.
 */
import { ContractError } from '../base/errors.ts';
import { collectorEvent, type Stretch, type Watcher } from './collector.ts';
import { none } from './object.ts';
import { blockWords } from './spaces/cell-sizes.ts';
import { type Held, isThere, type Step, type StepObject, type StepPhase, stepPhases } from './step.ts';
import type { StepHeap } from './step-heap.ts';
import {
  countsText,
  countText,
  goneText,
  listed,
  madeText,
  objectName,
  phaseText,
  staysText,
  suspectText,
  withVerb,
} from './step-words.ts';

/** More can't be told apart on a screen. */
const mostStepObjects = 96;
const mostSteps = 4000;

/** What every reference was, for those who tell which have changed. */
interface References {
  readonly roots: readonly number[];
  readonly slots: ReadonlyMap<Held, readonly number[]>;
}

export class StepWatcher implements Watcher {
  readonly steps: Step[] = [];
  readonly #heap: StepHeap;
  /** What the program does now, told before the first event that follows from it. */
  #intent = '';
  #isStore = false;
  #phase: StepPhase = 'program';
  /** A collection has begun and not ended. */
  #goesOn = false;
  /** What moves has an address that was computed. */
  #slides = false;
  #made = 0;
  /** Marked from birth, by the row that goes on. */
  #born = none;
  /** Whose slots change counts. */
  #looked = none;
  /** Before they are set to where the objects will be. */
  #before: References | null = null;
  /** Never reached, and something was moved over them. */
  #covered: string[] = [];

  constructor(heap: StepHeap) {
    this.#heap = heap;
  }

  /** A row of the program begins. */
  begin(intent: string, isStore: boolean): void {
    this.#intent = intent;
    this.#isStore = isStore;
  }

  /** The row is done; `made`: the object that it made, or none. `isBuilt`: the program makes no more objects. */
  end(made: number, isBuilt: boolean): void {
    const heap = this.#heap;
    heap.forget();
    if (!this.#goesOn) this.#phase = 'program';
    const changes = heap.isCounted ? heap.changedCounts(none) : [];
    const isTold = this.#intent === '' || (isBuilt && changes.some(({ before, after }) => after < before));
    if (isTold && changes.length > 0) this.#catchUp(none);
    else for (const change of changes) heap.showCount(change);
    if (made === none) return;
    if (this.#made === mostStepObjects) {
      throw new ContractError(`a program to be stepped through makes at most ${mostStepObjects} objects`);
    }
    const isBorn = made === this.#born;
    this.#born = none;
    const { name } = heap.add(objectName(this.#made++), made, isBorn);
    if (this.#goesOn) this.#push(this.#phase, madeText(name, this.#phase, isBorn), name);
  }

  see(event: number, at: number, from: number = none): void {
    if (event === collectorEvent.swept) {
      this.#sweep(at);
      return;
    }
    const isDone = event === collectorEvent.done && this.#goesOn;
    this.#catchUp(event === collectorEvent.freed ? at : isDone ? none : this.#looked, isDone);
    const phase = stepPhases.find((name) => name !== 'program' && collectorEvent[name] === event);
    if (phase !== undefined) this.#enter(phase);
    else this.#happen(event, at, from);
  }

  /**
   * Tells what the program is doing, and how counts have changed: by the slots of the object at `by`, or none; `isLast`:
   * because roots, which were counted while it collects, are so no longer.
   */
  #catchUp(by: number, isLast: boolean = false): void {
    const heap = this.#heap;
    const changes = heap.isCounted ? heap.changedCounts(by) : [];
    const slots = by === none ? [] : heap.slots(by);
    const intent = this.#intent;
    this.#intent = '';
    if (intent === '' && by !== none) {
      for (const change of changes) {
        const { held, name } = change;
        const holder = slots.includes(held.at) ? heap.nameAt(by) : null;
        const isSuspect = heap.showCount(change);
        const text = countText(change, holder, this.#phase === 'subtract');
        this.#push(this.#phase, isSuspect ? `${text} ${suspectText([name])}` : text, name);
      }
      return;
    }
    if (intent === '' && changes.length === 0) return;
    const suspects = changes.filter((change) => heap.showCount(change)).map(({ name }) => name);
    const parts = [
      intent,
      isLast && changes.length > 0 ? 'Roots are counted no longer.' : '',
      changes.length === 0 ? '' : countsText(changes),
      suspects.length === 0 ? '' : suspectText(suspects),
    ];
    const text = parts.filter((part) => part !== '').join(' ');
    const to = changes.length === 1 ? changes[0]!.name : null;
    this.#push(intent === '' ? this.#phase : 'program', text, to);
  }

  #enter(phase: StepPhase): void {
    const heap = this.#heap;
    this.#looked = none;
    this.#tellReferences();
    if (phase === 'done') {
      this.#finish();
      return;
    }
    if (phase === 'roots') {
      this.#goesOn = true;
      this.#covered = [];
      heap.beginCollection();
    }
    this.#slides = phase === 'move' && this.#phase === 'update';
    if (phase === 'move' && !this.#slides) heap.destinations = [];
    this.#phase = phase;
    this.#push(phase, phaseText(phase, heap.isCounted, this.#slides), null);
    if (phase === 'address') this.#tellAddresses();
    if (phase === 'update') {
      const slots = new Map(heap.held.filter(isThere).map((one) => [one, heap.slots(one.at)]));
      this.#before = { roots: heap.roots(), slots };
    }
  }

  #happen(event: number, at: number, from: number): void {
    const heap = this.#heap;
    const one = heap.find(event, at, from);
    const name = one?.name ?? heap.nameAt(at);
    switch (event) {
      case collectorEvent.root: {
        const named = heap.rootsOf(at).map((i) => `r${i}`);
        const text =
          named.length === 0 ? `A root names ${name}.` : `${withVerb(named, 'names', 'name')} ${name}.`;
        return this.#push(this.#phase, text, name);
      }
      case collectorEvent.grey:
        if (one !== undefined) heap.paint(one, 'grey');
        return this.#push(this.#phase, this.#foundText(name), name);
      case collectorEvent.white:
        this.#looked = none;
        if (one !== undefined) heap.paint(one, 'white');
        return this.#push(this.#phase, `${name} has no count left: white, as garbage is.`, name);
      case collectorEvent.black:
        if (one !== undefined) heap.paint(one, 'black');
        return this.#push(this.#phase, this.#doneText(name, at), name);
      case collectorEvent.looked:
        this.#looked = at;
        return undefined;
      case collectorEvent.born:
        this.#born = at;
        return undefined;
      case collectorEvent.moved:
        if (one !== undefined) {
          this.#covered.push(...heap.move(one, at, this.#slides).map((each) => each.name));
        }
        return this.#push(this.#phase, this.#movedText(name, from, at), name);
      case collectorEvent.freed:
        if (one !== undefined) heap.paint(one, 'freed');
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
    const heap = this.#heap;
    if (this.#phase !== 'restore') {
      const names = heap.namedBy(at);
      return `${name} has been looked at: black. It names ${names.length === 0 ? 'nothing' : listed(names)}.`;
    }
    const by = this.#looked;
    if (by !== none && heap.slots(by).includes(at)) {
      return `${name} is named by ${heap.nameAt(by)}, which is held: black again.`;
    }
    return `${name} still has a count: it is held from outside, and black again.`;
  }

  #movedText(name: string, from: number, at: number): string {
    if (from === at) return `${name} stays at word ${at}.`;
    if (this.#slides) return `${name} slides from word ${from} to ${at}.`;
    return `${name} is copied from word ${from} to ${at}: grey. Where it was stands where it is.`;
  }

  /** A block is about to be swept. */
  #sweep(at: number): void {
    const heap = this.#heap;
    const dead = heap.unreached(at, at + blockWords);
    if (dead.length === 0) return;
    this.#catchUp(none);
    for (const one of dead) {
      heap.paint(one, 'freed');
      this.#push('sweep', `${one.name} was not reached: it is free.`, one.name);
    }
  }

  #tellAddresses(): void {
    for (const { name, at, to } of this.#heap.slid()) {
      this.#heap.destinations = [...this.#heap.destinations, { name, to }];
      const text =
        at === to ? `${name} stays at word ${at}.` : `${name} lies at word ${at}, and will be at ${to}.`;
      this.#push('address', text, name);
    }
  }

  /** Which references are other addresses than before, now that all of them have been set. */
  #tellReferences(): void {
    const before = this.#before;
    if (before === null) return;
    this.#before = null;
    const heap = this.#heap;
    const say = (who: string, was: readonly number[], is: readonly number[], to: string | null): void => {
      const changed = is
        .map((address, i) => ({ address, old: was[i]! }))
        .filter(({ address, old }) => address !== old)
        .map(({ address, old }) => `${heap.nameAt(old)} at ${address} instead of ${old}`);
      if (changed.length > 0) this.#push('update', `${who} names ${listed(changed)}.`, to);
    };
    heap.roots().forEach((root, i) => say(`r${i}`, [before.roots[i]!], [root], null));
    for (const [one, slots] of before.slots) say(one.name, slots, heap.slots(one.at), one.name);
  }

  /** What the collector doesn't have any more is free, or will be when its block is swept. */
  #finish(): void {
    const heap = this.#heap;
    const isIdle = this.#phase === 'program';
    const isLazy = this.#phase === 'sweep' && !heap.isCounted;
    this.#phase = 'done';
    const gone = heap.unreached(0, Infinity);
    const names = [...this.#covered, ...gone.map(({ name }) => name)];
    this.#covered = [];
    if (!isLazy) for (const one of gone) heap.paint(one, 'freed');
    heap.endCollection();
    const stays = heap.unreachable().filter((name) => !names.includes(name));
    const parts = [
      isIdle && heap.isCounted ? 'There is nothing to do: what has no count is free.' : 'It is done.',
    ];
    if (names.length > 0) parts.push(goneText(names, isLazy));
    if (stays.length > 0) parts.push(staysText(stays, heap.isCounted));
    this.#push('done', parts.join(' '), null);
    this.#phase = 'program';
    this.#goesOn = false;
  }

  #push(phase: StepPhase, text: string, to: string | null): void {
    if (this.steps.length === mostSteps) throw new ContractError(`a program has at most ${mostSteps} steps`);
    const heap = this.#heap;
    const objects = heap.held.map((one): StepObject => ({ ...one })).toSorted((a, b) => a.at - b.at);
    const spaces = heap.collector!.spaces.map((one): Stretch => ({ ...one }));
    const { destinations } = heap;
    const pointers = heap.pointers();
    this.steps.push({ phase, text, to, objects, grey: [...heap.grey], pointers, destinations, spaces });
  }
}
