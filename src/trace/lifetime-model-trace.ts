/** A mutator's trace beside the program that it was modelled on: the exact lifetimes of its objects as a curve. */
import { kaplanMeier, type Lifetime } from './lifetime-model-survival.ts';
import type { SurvivalCurve } from './lifetime-model.ts';
import { lifetimes, livesOn } from './lifetimes.ts';
import type { MutatorTrace } from './mutator-rows.ts';

const wordBytes = 4;

/**
 * The survival curve of a trace, at ages that ascend from 0 up to where its objects were still watched. An age begins
 * with the object's own allocation.
 */
export function traceSurvival(trace: MutatorTrace, agesBytes: readonly number[]): SurvivalCurve {
  const { made, words, diedAt, allocatedWords } = lifetimes(trace);
  const all: Lifetime[] = [];
  for (let object = 1; object <= made; object++) {
    const isCensored = diedAt[object] === livesOn;
    const end = allocatedWords[isCensored ? made : diedAt[object]!]!;
    const ageBytes = wordBytes * (end - allocatedWords[object - 1]!);
    all.push({ ageBytes, weight: wordBytes * words[object]!, isCensored });
  }
  return kaplanMeier(all, agesBytes);
}
