/**
 * Many comparisons, one promise. Twenty comparisons at 5% each would cry wolf about once; at 5%/20 each, the
 * chance that any of them does stays within 5%, however they depend on one another.
 * Source: Dunn, "Multiple comparisons among means", JASA 56, 1961 (after Bonferroni 1936).
 */
import { requireWhole } from '../base/checks.ts';
import { requireFraction } from './checks.ts';

/**
 * The level for each of `comparisons` comparisons, so that all of them together stay within `alpha`. It has a
 * price: `replicatesNeeded` grows by one for each doubling.
 * @throws ContractError unless alpha is strictly between 0 and 1 and comparisons a whole number from 1.
 */
export function bonferroni(alpha: number, comparisons: number): number {
  requireFraction(alpha, 'bonferroni', 'alpha');
  requireWhole(comparisons, 1, 'bonferroni', 'comparisons');
  return alpha / comparisons;
}
