/** Experiment: how long single allocations and frees take, down to the rare slow one. */
import { formatCount, formatNs, formatRatio } from '../../base/units.ts';
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Experiment, Language, ThreadVariant } from '../../experiment/experiment.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { judgeMore, withoutEffect } from '../../experiment/judging.ts';
import { type Kernel, numberAt } from '../../kernel/kernel.ts';
import {
  clockLatency,
  latencyMetrics,
  mallocLatency,
  mimallocLatency,
  poolLatency,
} from './latency-kernels.ts';
import { blockBytesParameter, blocksParameter } from './parameters.ts';
import { noMimalloc } from './peers.ts';

const freeOrders = ['random', 'lifo', 'fifo'] as const;
/** A list that is taken in no order hides nothing. */
const judgedOrder = 'random';

function variant(id: string, title: string, kernel: Kernel, language: Language): ThreadVariant {
  return { form: 'thread', id, title, kernel, language, observe: latencyMetrics };
}

/** `p50 21 ns, p99 32 ns (1.52x), p99.9 41 ns`. */
function describeTail(findings: Findings, group: Group, id: string): string {
  const quantiles = (['p50Ns', 'p99Ns', 'p999Ns', 'p99OverP50'] as const).map(
    (metric) => findings.measurement(group, { variant: id }, metric)?.summary.median,
  );
  const [p50, p99, p999, spread] = quantiles;
  if (p50 === undefined || p99 === undefined || p999 === undefined) return 'not measured';
  const over = spread === undefined ? '' : ` (${formatRatio(spread)})`;
  return `p50 ${formatNs(p50)}, p99 ${formatNs(p99)}${over}, p99.9 ${formatNs(p999)}`;
}

const poolSteadier: Claim = {
  id: 'pool-steadier',
  statement: 'A pool of fixed-size blocks has steadier latency than malloc: its p99 lies closer to its p50.',
  source: 'steadier; p99 close to p50',
  judge(findings): Judgement {
    const group = findings.groups
      .filter(({ point }) => point['order'] === judgedOrder)
      .toSorted((a, b) => numberAt(b.point, 'blocks') - numberAt(a.point, 'blocks'))[0];
    if (group === undefined) return withoutEffect('inconclusive', 'Frees in random order were not measured.');
    const ratio = findings.ratio(group, { variant: 'malloc' }, { variant: 'pool' }, 'p99OverP50');
    const blocks = formatCount(numberAt(group.point, 'blocks'));
    const judged = judgeMore(ratio, `Over ${blocks} blocks the p99 of malloc over its p50`, {
      is: (effect) => `is ${effect} that of the pool`,
      opposite: "malloc's lies closer",
    });
    const tails = (['pool', 'malloc', 'clock'] as const).map(
      (id) => `${id}: ${describeTail(findings, group, id)}`,
    );
    return {
      ...judged,
      sentence: `${judged.sentence} ${tails.join('; ')}; each with one read of the clock in it, and with the clock's own spread.`,
    };
  },
};

export const poolLatencyExperiment: Experiment = {
  id: 'pool-latency',
  lab: 'allocation',
  title: 'The latency of single allocations',
  question: 'How long does one allocation or free take at worst, in a pool and in a general allocator?',
  sources: [
    {
      title: 'Masmano, Ripoll, Crespo and Real, TLSF: a new dynamic memory allocator (2004)',
      where: 'section 1',
    },
    { title: 'Tene, How NOT to measure latency (2013)', where: 'on percentiles' },
  ],
  parameters: [
    {
      name: 'order',
      summary: 'the order of frees: random, lifo or fifo',
      unit: 'none',
      values: ({ profile }) => (profile === 'full' ? [...freeOrders] : [judgedOrder]),
      check: (value) =>
        freeOrders.includes(value as (typeof freeOrders)[number])
          ? null
          : `order must be one of ${freeOrders.join(', ')}`,
    },
    blocksParameter(
      ({ profile }) => ({ smoke: [256], quick: [10_000], full: [1000, 10_000, 100_000] })[profile],
      1_000_000,
    ),
    blockBytesParameter,
  ],
  variants: [
    variant('pool', 'pool', poolLatency, 'native'),
    variant('malloc', 'malloc', mallocLatency, 'native'),
    { ...variant('mimalloc', 'mimalloc', mimallocLatency, 'native'), refuses: noMimalloc },
    variant('clock', 'nothing: the floor', clockLatency, 'native'),
    variant('ts-pool', 'TypeScript, the same pool', poolLatency, 'typescript'),
    variant('ts-objects', 'TypeScript, new objects', mallocLatency, 'typescript'),
    variant('ts-clock', 'TypeScript, nothing: the floor', clockLatency, 'typescript'),
  ],
  baseline: { variant: 'pool' },
  operation: 'alloc+free, each timed',
  metrics: [
    { id: 'p50Ns', title: 'median of single operations', unit: 'ns', better: 'less' },
    { id: 'p99Ns', title: '99th percentile', unit: 'ns', better: 'less' },
    { id: 'p999Ns', title: '99.9th percentile', unit: 'ns', better: 'less' },
    { id: 'p99OverP50', title: '99th percentile over the median', unit: 'x', better: 'less' },
  ],
  claims: [poolSteadier],
  explain: `A mean hides the rare slow call, so here every allocation and every free is timed by itself: a batch is
allocated, then freed in random order (in the full profile also from its last block to its first, and from its first
to its last), and the times are sorted. Half of the calls stay within p50, 99 of 100 within
p99, 999 of 1,000 within p99.9. The clock is the price: reading it costs more than the pool's call does, and it moves
in steps. The floor variant times nothing at all, and no figure means more than its distance from that floor. The
time a block shown beside the percentiles holds four reads of the clock and is no allocator's cost: for that
see pool-allocation. TypeScript reads another clock and has a floor of its own. A slow call is not always the
allocator's: an interrupt or the hypervisor may strike any of them, the floor's too. What the collector takes from
objects falls on the allocation that it interrupts.`,
  drawing: `clock |call| clock clock |call| clock clock |call| ...
      <---->             <---->             <---->
       each noted, with one read of the clock in it

sorted  |||||||||||||||||||||||||||||||||||||||| |  |    |
                      p50                      p99   p99.9`,
  chart: {
    kind: 'bars',
    x: 'blocks',
    logX: false,
    logY: true,
    cacheLines: false,
    title: '99 of 100 calls stay within, clock included',
    metric: 'p99Ns',
  },
  isCurve: true,
  weight: 0.4,
};
