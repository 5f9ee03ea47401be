/**
 * Minimum mutator utilisation: of every stretch of w ns, however it is laid over a run, the share at least that the
 * program had for itself. One number for a pause that is long and for many that follow each other closely.
 *
 * Idea: u(t) is 1 while the mutator runs, 0 while it stands still; MMU(w) = min over t of the mean of u over [t, t+w].
 * As t grows the mean is piecewise linear, so only windows with an edge on a pause's boundary matter. MMU is not
 * monotone: a window of 20 can catch a second pause that one of 15 does not reach. BMU(w), the bounded form, is the
 * least MMU of w and all that is longer.
 * Cost: O(n log n) once for n pauses, then O(n) a window; BMU some times O(n).
 * Source: Cheng and Blelloch, "A parallel, real-time garbage collector", PLDI 2001, section 1.1 (MMU); Sachindran, Moss
 * and Berger, "MC2: High-performance garbage collection for memory-constrained environments", OOPSLA 2004 (BMU).
 */
import { ContractError } from '../base/errors.ts';

/** From where to where a program stood still. */
export interface Stillness {
  readonly startNs: number;
  readonly endNs: number;
}

/** How much of a run its program had for itself. */
export class MutatorUtilisation {
  readonly wallNs: number;
  readonly #starts: Float64Array;
  readonly #ends: Float64Array;
  /** Still time before each pause, and at the end all of it. */
  readonly #before: Float64Array;

  /**
   * @param pauses in any order; what overlaps counts once, what lies outside of 0 to `wallNs` not at all
   * @throws ContractError for a time that is not finite, or a pause that ends before it starts
   */
  constructor(pauses: readonly Stillness[], wallNs: number) {
    if (!(Number.isFinite(wallNs) && wallNs >= 0))
      throw new ContractError(`utilisation: the run took ${wallNs} ns, must be finite and not negative`);
    const apart = merged(pauses, wallNs);
    this.wallNs = wallNs;
    this.#starts = Float64Array.from(apart, ({ startNs }) => startNs);
    this.#ends = Float64Array.from(apart, ({ endNs }) => endNs);
    this.#before = new Float64Array(apart.length + 1);
    apart.forEach(({ startNs, endNs }, i) => {
      this.#before[i + 1] = this.#before[i]! + (endNs - startNs);
    });
  }

  /** All the time that the program stood still. */
  get stillNs(): number {
    return this.#before.at(-1)!;
  }

  /** The mutator's share of the run; 0 for a run of no time. */
  get throughput(): number {
    return this.wallNs === 0 ? 0 : (this.wallNs - this.stillNs) / this.wallNs;
  }

  /** MMU of a window, from 0 to 1. A window longer than the run is the run; one of no length has 0. */
  mmu(windowNs: number): number {
    const window = Math.min(windowNs, this.wallNs);
    if (!(window > 0)) return 0;
    return shareLeft({ still: this.#mostStill(window), length: window });
  }

  /**
   * BMU of a window. Of the windows that are longer, the worst begins where a pause begins and ends where one ends:
   * else it could be made worse, by leaving out time that the mutator had or by taking in more of a pause.
   */
  bmu(windowNs: number): number {
    const window = Math.min(windowNs, this.wallNs);
    if (!(window > 0)) return 0;
    // Dinkelbach's iteration: the stretch that most exceeds the worst one's still share has a greater one, until none has.
    let worst: Stretch = { still: this.#mostStill(window), length: window };
    for (;;) {
      const worse = this.#mostAbove(worst, window);
      if (worse === null) return shareLeft(worst);
      worst = worse;
    }
  }

  /** The most still time that a window of the run holds: it begins with a pause, or ends with one. */
  #mostStill(window: number): number {
    const latest = this.wallNs - window;
    let most = 0;
    for (const edge of [
      this.#starts.map((start) => Math.min(start, latest)),
      this.#ends.map((end) => Math.max(end - window, 0)),
    ]) {
      const [from, to] = [this.#walk(), this.#walk()];
      for (const start of edge) most = Math.max(most, to(start + window) - from(start));
    }
    return most;
  }

  /** Says how long the program stood still up to each of ascending times. */
  #walk(): (time: number) => number {
    const [starts, ends, before] = [this.#starts, this.#ends, this.#before];
    let i = 0;
    return (time) => {
      while (i < ends.length && ends[i]! <= time) i++;
      return i < starts.length ? before[i]! + Math.max(0, time - starts[i]!) : before[i]!;
    };
  }

  /** Of stretches from a pause's start to a pause's end, `window` or longer, the one that most exceeds a still share. */
  #mostAbove({ still, length }: Stretch, window: number): Stretch | null {
    const [starts, ends, before] = [this.#starts, this.#ends, this.#before];
    const share = still / length;
    let found: Stretch = { still, length };
    let most = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let first = -1, next = 0, last = 0; last < ends.length; last++) {
      for (; next <= last && starts[next]! <= ends[last]! - window; next++) {
        const value = before[next]! - share * starts[next]!;
        if (value < least) [least, first] = [value, next];
      }
      const excess = before[last + 1]! - share * ends[last]! - least;
      if (first < 0 || excess <= most) continue;
      most = excess;
      found = { still: before[last + 1]! - before[first]!, length: ends[last]! - starts[first]! };
    }
    // By rounding a stretch may exceed its own share by a hair.
    return found.still / found.length > share ? found : null;
  }
}

/** A part of a run, and how long the program stood still in it. */
interface Stretch {
  readonly still: number;
  readonly length: number;
}

/** What was left of it; sums of times may exceed the whole by a rounding. */
function shareLeft({ still, length }: Stretch): number {
  return Math.max(0, length - still) / length;
}

/** Pauses in order, each after the last one's end, within the run. */
function merged(pauses: readonly Stillness[], wallNs: number): Stillness[] {
  const apart: { startNs: number; endNs: number }[] = [];
  for (const { startNs, endNs } of pauses.toSorted((a, b) => a.startNs - b.startNs)) {
    if (!(Number.isFinite(startNs) && Number.isFinite(endNs) && startNs <= endNs))
      throw new ContractError(`utilisation: a pause from ${startNs} to ${endNs} ns is none`);
    const [start, end] = [Math.max(startNs, 0), Math.min(endNs, wallNs)];
    const last = apart.at(-1);
    if (end <= start) continue;
    if (last !== undefined && start <= last.endNs) last.endNs = Math.max(last.endNs, end);
    else apart.push({ startNs: start, endNs: end });
  }
  return apart;
}
