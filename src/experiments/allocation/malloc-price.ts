/**
 * What textbooks say that malloc costs, beside what a malloc takes with its free. Malloc's own part of that is not known:
 * it is taken to lie between half of it and all, and a verdict must hold for both.
 */
import { formatInterval, formatNs, formatNumber } from '../../base/units.ts';
import type { Judgement } from '../../experiment/claim.ts';
import { type Figure, figureStatus, supportRange, withoutEffect } from '../../experiment/judging.ts';

/** "20 to 100 ns": the claim heap-is-not-slow. */
export const claimedNs = { low: 20, high: 100, unit: 'ns' } as const;
/** "100 to 1,000 cycles": the claim stack-over-heap. */
export const claimedCycles = { low: 100, high: 1000, unit: 'cycles' } as const;

type Claimed = typeof claimedNs | typeof claimedCycles;

const rangeText = ({ low, high }: { readonly low: number; readonly high: number }): string =>
  `${formatNumber(low)} to ${formatNumber(high)}`;

/**
 * Judges "malloc costs N to M" by what malloc and its free take together, `pair`. `what` reads as the sentence's subject;
 * `says`: the figures, where it is not the pair's own.
 */
export function judgeMalloc(pair: Figure, claimed: Claimed, what: string, says?: string): Judgement {
  const { value, low, high } = pair;
  const { unit } = claimed;
  if (value === null) return withoutEffect('inconclusive', `${what} could not be measured.`);
  const range = low === null ? '' : `${formatInterval(low, high)} `;
  const told = says ?? `${formatNumber(value)} ${range}${unit}`;
  if (low === null || high === null)
    return withoutEffect(
      'inconclusive',
      `${what} take ${told}: too few processes for an interval; run a larger profile, or with a larger --budget.`,
    );
  const status = figureStatus(low / 2, high, claimed);
  const support = rangeText(supportRange(claimed));
  const sentence =
    `${what} take ${told}. Malloc's part is half of that or more, and the source says ${rangeText(claimed)} ${unit}` +
    ` (from ${support} counts as support)${status === 'inconclusive' ? ': some of it lies there, some does not.' : '.'}`;
  return { status, sentence, effect: { value, low, high, unit } };
}

/** What two textbooks say of malloc, on this machine; `pairNs`: malloc and its free. They contradict one another. */
export function contradiction(pairNs: number, cycleNs: number): string {
  const inNs = { low: claimedCycles.low * cycleNs, high: claimedCycles.high * cycleNs };
  const holds = ({ low, high }: { readonly low: number; readonly high: number }): boolean => {
    const range = supportRange({ low, high });
    return pairNs >= range.low && pairNs <= range.high;
  };
  const [dear, cheap] = [holds(inNs), holds(claimedNs)];
  const fits =
    dear && cheap ? 'fits both' : dear ? 'fits the first' : cheap ? 'fits the second' : 'fits neither';
  return (
    `The sources contradict one another: ${rangeText(claimedCycles)} cycles are ${formatNs(inNs.low)} to ${formatNs(inNs.high)} ` +
    `here, and heap-is-not-slow has ${rangeText(claimedNs)} ns; malloc with its free, at ${formatNs(pairNs)}, ${fits} ` +
    'within a factor of two.'
  );
}
