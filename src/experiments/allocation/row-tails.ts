/** What the times of single rows amount to: quantiles far out, which a mean hides. */
import { ContractError } from '../../base/errors.ts';
import type { Metric } from '../../experiment/experiment.ts';

/** Times below this are counted, those above sorted. */
const countedNs = 2 ** 16;

const quantiles = { p50Ns: 0.5, p99Ns: 0.99, p999Ns: 0.999, p9999Ns: 0.9999 } as const;
export type Tails = Readonly<Record<keyof typeof quantiles | 'maxNs', number>>;

export const tailMetrics: readonly Metric[] = [
  { id: 'p50Ns', title: 'median of single calls', unit: 'ns', better: 'less' },
  { id: 'p99Ns', title: '99th percentile', unit: 'ns', better: 'less' },
  { id: 'p999Ns', title: '99.9th percentile', unit: 'ns', better: 'less' },
  { id: 'p9999Ns', title: '99.99th percentile', unit: 'ns', better: 'less' },
  { id: 'maxNs', title: 'slowest call', unit: 'ns', better: 'less' },
];

/**
 * Quantiles of times in ns, each the least time that so large a share of all stay within. O(n).
 * @throws ContractError where there are none
 */
export function tailsOf(timesNs: Uint32Array): Tails {
  if (timesNs.length === 0) throw new ContractError('no times have no quantiles');
  const counts = new Uint32Array(countedNs);
  const beyond: number[] = [];
  for (const ns of timesNs) {
    if (ns < countedNs) counts[ns]!++;
    else beyond.push(ns);
  }
  const slow = Uint32Array.from(beyond).toSorted();
  const ranked = (share: number): number => {
    let left = Math.max(1, Math.ceil(share * timesNs.length));
    const counted = timesNs.length - slow.length;
    if (left > counted) return slow[left - counted - 1]!;
    for (let ns = 0; ; ns++) {
      left -= counts[ns]!;
      if (left <= 0) return ns;
    }
  };
  const found = Object.entries(quantiles).map(([name, share]) => [name, ranked(share)] as const);
  return { ...(Object.fromEntries(found) as Omit<Tails, 'maxNs'>), maxNs: ranked(1) };
}

/** The tails as a variant's metrics, without those that lie further out than there are calls. */
export function observeTails({
  timesNs,
}: {
  readonly timesNs: Uint32Array;
}): Readonly<Record<string, number>> {
  const shares: Readonly<Record<string, number>> = quantiles;
  const isKnown = (name: string): boolean => timesNs.length * (1 - (shares[name] ?? 0)) >= 1 - 1e-9;
  return Object.fromEntries(Object.entries(tailsOf(timesNs)).filter(([name]) => isKnown(name)));
}
