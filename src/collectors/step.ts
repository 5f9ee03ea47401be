/** What a step of a collection is: the heap after something has happened, object by object, and what it was. */
import type { Stretch } from './collector.ts';

/** What a collection goes through; `program` is what the program does, between and before. */
export const stepPhases = [
  'program',
  'roots',
  'trace',
  'subtract',
  'restore',
  'sweep',
  'address',
  'update',
  'move',
  'release',
  'done',
] as const;
export type StepPhase = (typeof stepPhases)[number];

/**
 * `left`: it has moved, and in its old place stands where to. `freed`: shown once more where it was. `purple`: a count fell,
 * though not to zero. What the colours mean to a collector that counts is not what they mean to one that marks.
 */
export type StepState = 'white' | 'grey' | 'black' | 'purple' | 'left' | 'freed';

export interface StepObject {
  readonly name: string;
  /** In words of the heap. */
  readonly at: number;
  readonly words: number;
  readonly state: StepState;
  /** References to it that are counted; null: nobody counts. */
  readonly count: number | null;
}

/** Where a copying collector looks next, and where it puts the next object. */
export interface Pointer {
  readonly name: 'scan' | 'free';
  readonly at: number;
  /** The space's name. */
  readonly space: string;
}

/** Where an object is going to be. */
export interface Destination {
  readonly name: string;
  readonly to: number;
}

export interface Step {
  readonly phase: StepPhase;
  /** What happens, in a sentence or two. */
  readonly text: string;
  /** The object that it happens to; null: none, or many. */
  readonly to: string | null;
  /** By address. */
  readonly objects: readonly StepObject[];
  /** Found but not yet looked at, in the order in which they were found. */
  readonly grey: readonly string[];
  readonly pointers: readonly Pointer[];
  /** Computed so far by a collector that slides; none: it is not sliding. */
  readonly destinations: readonly Destination[];
  readonly spaces: readonly Stretch[];
}

/** An object while it is followed. */
export interface Held {
  readonly name: string;
  at: number;
  words: number;
  state: StepState;
  count: number | null;
}

/** Whether an object lies where it is shown, and is in use. */
export function isThere({ state }: Held): boolean {
  return state !== 'left' && state !== 'freed';
}
