/**
 * What is known of a program's objects when it has been recorded: how large they were, how long they lived and how
 * much lived at once. Ages are bytes that the program allocated meanwhile, and shares are shares of bytes, so that a
 * large object counts as many small ones. A survival curve is points (age, share still alive), straight in between.
 */

/** `[ageBytes, share]`: ages ascend from 0, shares fall from 1. */
export type SurvivalCurve = readonly (readonly [ageBytes: number, share: number])[];

/** Objects of alike sizes. */
export interface SizeClass {
  readonly leastBytes: number;
  readonly mostBytes: number;
  /** Sampled objects of it that a look found alive. */
  readonly seen: number;
  /** Its share of all bytes allocated. */
  readonly byteShare: number;
  /** Sizes and their shares of the class's objects, ascending. */
  readonly sizes: readonly (readonly [bytes: number, share: number])[];
  readonly survival: SurvivalCurve;
}

/** A kind of the program's own collections, without those of the looks. */
export interface RecordedPauses {
  readonly kind: string;
  readonly count: number;
  readonly totalNs: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly maxNs: number;
}

/**
 * What lay off the heap when so much had been allocated on it: all that V8 counts as external, and of that the contents
 * of ArrayBuffers, which Buffers are. Both have in them what V8 has found dead and not yet freed.
 */
export type OffHeapPoint = readonly [
  allocatedBytes: number,
  externalBytes: number,
  arrayBuffersBytes: number,
];

export interface LifetimeModel {
  readonly tool: string;
  readonly program: string;
  /** Version of Node.js. */
  readonly node: string;
  readonly recordedAt: string;
  readonly elapsedNs: number;
  /** Whether the program's end was seen; else it was killed, and what follows is up to the last look. */
  readonly isComplete: boolean;
  /** Worker threads of the program, which are left out. */
  readonly threadsLeftOut: number;
  /** A sample each so many bytes. */
  readonly intervalBytes: number;
  readonly samples: number;
  readonly looks: number;
  /** Time that the looks took of the program. */
  readonly looksNs: number;
  readonly allocatedBytes: number;
  /** Fewer than 50 samples were looked at when they were younger: below it the curve is a guess. */
  readonly finestBytes: number;
  /** Of all that was allocated. */
  readonly survival: SurvivalCurve;
  readonly classes: readonly SizeClass[];
  /** What lived at a look, and how much had been allocated by then; without what Node itself begins with. */
  readonly live: readonly (readonly [allocatedBytes: number, liveBytes: number])[];
  /** At the looks, without what Node itself begins with: how much, and nothing of single objects; null: not recorded. */
  readonly offHeap: readonly OffHeapPoint[] | null;
  readonly pauses: readonly RecordedPauses[];
}

/** The most that lay off the heap at any look; null: none tells. */
export function mostOffHeap(
  points: readonly OffHeapPoint[],
): { readonly externalBytes: number; readonly arrayBuffersBytes: number } | null {
  if (points.length === 0) return null;
  return {
    externalBytes: Math.max(...points.map(([, external]) => external)),
    arrayBuffersBytes: Math.max(...points.map(([, , buffers]) => buffers)),
  };
}

/** The share that is alive at an age; beyond the curve's end as at its end. */
export function shareAt(curve: SurvivalCurve, ageBytes: number): number {
  let [low, high] = [0, curve.length - 1];
  if (ageBytes >= curve[high]![0]) return curve[high]![1];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (curve[middle]![0] <= ageBytes) low = middle;
    else high = middle;
  }
  const [[age0, share0], [age1, share1]] = [curve[low]!, curve[high]!];
  return share0 + ((ageBytes - age0) / (age1 - age0)) * (share1 - share0);
}

/** The last age of a curve: what is known of. */
export function spanOf(curve: SurvivalCurve): number {
  return curve.at(-1)![0];
}

/** The age at which the curve has fallen to a share: that of its end where it never does. */
export function ageAt(curve: SurvivalCurve, share: number): number {
  for (let i = 1; i < curve.length; i++) {
    const [[age0, share0], [age1, share1]] = [curve[i - 1]!, curve[i]!];
    if (share1 < share) return age0 + ((share0 - share) / (share0 - share1)) * (age1 - age0);
  }
  return spanOf(curve);
}

/**
 * Bytes that live at once in a program that goes on allocating by this curve: the area below it (Little, "A proof for
 * the queuing formula L = lambda W", 1961). What outlives all that was seen counts as dying at the curve's end.
 */
export function steadyLiveBytes(curve: SurvivalCurve): number {
  let area = 0;
  for (let i = 1; i < curve.length; i++) {
    const [[age0, share0], [age1, share1]] = [curve[i - 1]!, curve[i]!];
    area += ((age1 - age0) * (share0 + share1)) / 2;
  }
  return area;
}

/** A curve with all ages multiplied. */
export function scaled(curve: SurvivalCurve, factor: number): SurvivalCurve {
  return curve.map(([age, share]) => [age * factor, share] as const);
}

/**
 * How far two curves are apart at most, and where (Kolmogorov and Smirnov's distance): over the ages that both know,
 * without the last, at which a modelled object that outlives all that was seen is made to die.
 */
export function largestDistance(
  one: SurvivalCurve,
  other: SurvivalCurve,
): { readonly distance: number; readonly ageBytes: number } {
  const span = Math.min(spanOf(one), spanOf(other));
  let worst = { distance: 0, ageBytes: 0 };
  for (const [ageBytes] of [...one, ...other]) {
    const distance = Math.abs(shareAt(one, ageBytes) - shareAt(other, ageBytes));
    if (ageBytes < span && distance > worst.distance) worst = { distance, ageBytes };
  }
  return worst;
}
