/**
 * When the mutator stood still, and why: written into a caller's array as
 *
 *   pauses so far, lost ones included | start | end of the mutator's work | processor time that the process took
 *   meanwhile, all its threads together, or -1 | then for each: kind, start, end
 *
 * in ns. An array without room for the first four: no clock is read. Native twin: native/collectors/pauses.h.
 */

export const pauseKind = {
  minor: 1,
  full: 2,
  /** A part of a collection that goes on: its start, an increment, its end. */
  start: 3,
  step: 4,
  final: 5,
  /** Objects whose last count went, and all that hung on them. */
  release: 6,
} as const;

export type PauseName = keyof typeof pauseKind;
export const pauseNames: readonly PauseName[] = Object.keys(pauseKind) as PauseName[];

const headNumbers = 4;
const pauseNumbers = 3;

/** Numbers that an array for so many pauses has. */
export function pauseRoom(pauses: number): number {
  return headNumbers + pauses * pauseNumbers;
}

function nowNs(): number {
  return performance.now() * 1e6;
}

function processCpuNs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

export class PauseLog {
  readonly #to: Float64Array;
  #pauses = 0;
  #kind = 0;
  #startNs = 0;
  #cpuNs = 0;

  constructor(to: Float64Array) {
    this.#to = to.length < headNumbers ? to.subarray(0, 0) : to;
    if (this.#to.length === 0) return;
    to[0] = 0;
    this.#cpuNs = processCpuNs();
    to[1] = nowNs();
  }

  get pauses(): number {
    return this.#pauses;
  }

  /** The mutator is done. */
  close(): void {
    if (this.#to.length === 0) return;
    this.#to[0] = this.#pauses;
    this.#to[2] = nowNs();
    this.#to[3] = processCpuNs() - this.#cpuNs;
  }

  begin(kind: number): void {
    this.#kind = kind;
    if (this.#to.length > 0) this.#startNs = nowNs();
  }

  /** The pause that goes on turns out to be of another kind. */
  become(kind: number): void {
    this.#kind = kind;
  }

  end(): void {
    const at = headNumbers + this.#pauses++ * pauseNumbers;
    if (at + pauseNumbers > this.#to.length) return;
    this.#to[at] = this.#kind;
    this.#to[at + 1] = this.#startNs;
    this.#to[at + 2] = nowNs();
  }
}

export interface Pause {
  readonly kind: PauseName;
  readonly startNs: number;
  readonly endNs: number;
}

/** What a kernel's "pauses" says: times from the mutator's start on. */
export interface Pauses {
  readonly wallNs: number;
  /** Of all the process's threads together; null where the system can't say. */
  readonly cpuNs: number | null;
  readonly pauses: readonly Pause[];
  /** That found no room in the array. */
  readonly lost: number;
}

export function readPauses(from: Float64Array): Pauses {
  const names = Object.fromEntries(Object.entries(pauseKind).map(([name, kind]) => [kind, name])) as Record<
    number,
    PauseName
  >;
  const origin = from[1]!;
  const kept = Math.min(from[0]!, Math.floor((from.length - headNumbers) / pauseNumbers));
  const pauses = Array.from({ length: kept }, (_, i) => {
    const at = headNumbers + i * pauseNumbers;
    return { kind: names[from[at]!]!, startNs: from[at + 1]! - origin, endNs: from[at + 2]! - origin };
  });
  const cpuNs = from[3]! < 0 ? null : from[3]!;
  return { wallNs: from[2]! - origin, cpuNs, pauses, lost: from[0]! - kept };
}
