/**
 * Survival from what was seen of it, by two estimates, each the likeliest curve for its kind of data. Where each object
 * was looked at once, at a known age, and found alive or dead, it is what share was alive by age, made to fall by
 * averaging neighbours (isotonic regression; Ayer, Brunk, Ewing, Reid and Silverman, "An empirical distribution function
 * for sampling with incomplete information", 1955). Where objects were followed from some age to their death, or to the
 * end of the watching, it is Kaplan and Meier's ("Nonparametric estimation from incomplete observations", 1958).
 */
import { ContractError } from '../base/errors.ts';
import type { SurvivalCurve } from './lifetime-model.ts';

const binsAnOctave = 8;

/** Ages from 0 over `least` to at least `most`, eight an octave: bin i lies between edges i and i + 1. */
export function ageEdges(leastBytes: number, mostBytes: number): number[] {
  if (!(leastBytes > 0)) throw new ContractError(`ageEdges: the least age is ${leastBytes}, must be above 0`);
  const edges = [0, leastBytes];
  for (let i = 1; edges.at(-1)! < mostBytes; i++) edges.push(leastBytes * 2 ** (i / binsAnOctave));
  return edges;
}

/** The edge that is nearest to an age, by ratio. */
export function nearestEdge(edges: readonly number[], age: number): number {
  const least = edges[1]!;
  if (age < least / Math.SQRT2) return 0;
  const index = 1 + Math.round(binsAnOctave * Math.log2(age / least));
  return Math.min(Math.max(index, 1), edges.length - 1);
}

export interface Lifetime {
  readonly ageBytes: number;
  readonly weight: number;
  /** It was alive at this age when the watching ended. */
  readonly isCensored: boolean;
  /** The age from which on it was watched; 0 unless told. */
  readonly fromBytes?: number;
}

/**
 * Kaplan and Meier's curve at the given ages, which ascend: the product, over the ages of death, of what part of those
 * that were watched at that age outlived it. It is 1 at the first age, and ends where nothing is left to be watched.
 */
export function kaplanMeier(lifetimes: readonly Lifetime[], ages: readonly number[]): SurvivalCurve {
  const leaving = lifetimes.toSorted((a, b) => a.ageBytes - b.ageBytes);
  const coming = lifetimes.toSorted((a, b) => (a.fromBytes ?? 0) - (b.fromBytes ?? 0));
  let [atRisk, share, next, came] = [0, 1, 0, 0];
  const curve: (readonly [number, number])[] = [];
  for (const age of ages) {
    while (next < leaving.length && leaving[next]!.ageBytes <= age) {
      const at = leaving[next]!.ageBytes;
      for (; came < coming.length && (coming[came]!.fromBytes ?? 0) < at; came++)
        atRisk += coming[came]!.weight;
      let [died, gone] = [0, 0];
      for (; next < leaving.length && leaving[next]!.ageBytes === at; next++) {
        const { weight, isCensored, fromBytes = 0 } = leaving[next]!;
        // It was over as soon as it was watched.
        if (fromBytes >= at) continue;
        gone += weight;
        if (!isCensored) died += weight;
      }
      if (died > 0) share *= Math.max(0, 1 - died / atRisk);
      atRisk -= gone;
    }
    curve.push([age, share]);
    if (next === leaving.length) break;
  }
  return curve;
}

/** What was found of objects of one age: how many were looked at, and how many of them were alive. */
export interface Status {
  readonly age: number;
  readonly looked: number;
  readonly alive: number;
}

/** A share that holds from one age to another. */
export interface Step {
  first: number;
  last: number;
  looked: number;
  alive: number;
}

/** The likeliest falling shares: statuses by age, neighbours that would rise made one. */
export function falling(statuses: readonly Status[]): Step[] {
  const steps: Step[] = [];
  for (const { age, looked, alive } of statuses) {
    if (looked === 0) continue;
    steps.push({ first: age, last: age, looked, alive });
    for (let last = steps.length - 1; last > 0; last--) {
      const [before, step] = [steps[last - 1]!, steps[last]!];
      if (before.alive * step.looked > step.alive * before.looked) break;
      before.last = step.last;
      before.looked += step.looked;
      before.alive += step.alive;
      steps.pop();
    }
  }
  return steps;
}
