/**
 * Where generations lie in a heap, and what a user may ask of them:
 *
 *   the remembered set's tables | old generation | one half of the nursery | other half
 *
 * An object is young if it lies behind the old generation: one comparison. Native twin:
 * native/collectors/plans/generations.h.
 */
import { ContractError } from '../../base/errors.ts';
import { heapStart, leastCollectedWords, requireCollectedHeap } from '../collector.ts';
import { mostAge } from '../object.ts';

const leastNursery = 32;
const usualShare = 8;
const mostUsualNursery: number = 2 ** 20;

export interface Generations {
  readonly oldStart: number;
  readonly youngStart: number;
  /** Of each half. */
  readonly nurseryWords: number;
  /** Collections that an object survives before it is promoted. */
  readonly promotionAge: number;
}

/** The smallest heap with usual settings, by what the old generation needs. */
export function leastGenerationalWords(leastOldWords: number): number {
  return Math.max(leastCollectedWords, Math.ceil((heapStart + 2 * leastOldWords) / 16) * 16);
}

/**
 * `settings`: words of each half of the nursery, 0 for a share of the heap; age of promotion. Throws ContractError where
 * these or the heap won't do.
 */
export function generations(
  heapWords: number,
  tableWords: number,
  leastOldWords: number,
  [askedWords = 0, promotionAge = 1]: readonly number[],
): Generations {
  requireCollectedHeap(heapWords, leastGenerationalWords(leastOldWords));
  if (askedWords > Math.floor(heapWords / 4)) {
    throw new ContractError(
      `"settings" must ask for a nursery of at most a quarter of the heap, ${Math.floor(heapWords / 4)} words, not ${askedWords}`,
    );
  }
  if (promotionAge < 1 || promotionAge > mostAge) {
    throw new ContractError(
      `"settings" must have an age of promotion from 1 to ${mostAge}, not ${promotionAge}`,
    );
  }
  const usual = Math.min(Math.floor(heapWords / usualShare), mostUsualNursery);
  const nurseryWords = Math.max(Math.floor((askedWords === 0 ? usual : askedWords) / 2) * 2, leastNursery);
  const oldStart = heapStart + tableWords;
  const youngStart = heapWords - 2 * nurseryWords;
  if (oldStart + leastOldWords > youngStart) {
    throw new ContractError(
      `"heap" must have room for an old generation of ${leastOldWords} words beside tables and nursery, not ${heapWords} words in all`,
    );
  }
  return { oldStart, youngStart, nurseryWords, promotionAge };
}
