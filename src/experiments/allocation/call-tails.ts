/** Experiment: how long single calls take in general allocators, on a workload of many sizes. */
import type { Experiment, ThreadVariant } from '../../experiment/experiment.ts';
import type { Point } from '../../kernel/kernel.ts';
import { workloads } from '../../trace/workloads.ts';
import { checkWhole } from '../hardware/sizes.ts';
import { clockFloor } from './clock-floor.ts';
import { type GeneralPeerId, generalPeers } from './peers.ts';
import { observeTails, tailMetrics } from './row-tails.ts';
import { heapTailsOf, peerTails } from './trace-kernels.ts';
import { heapVariant, peerVariant } from './trace-variants.ts';

const timed: readonly string[] = ['server', 'larson', 'alloc-test'];

const observe = observeTails as (args: never) => Readonly<Record<string, number>>;

function heapTailsVariant(id: string, fixed: Point = {}): ThreadVariant {
  const variant = heapVariant(id, 'native', fixed);
  return { ...variant, kernel: heapTailsOf.get(variant.kernel.id.replace(/-work$/, ''))!, observe };
}

function peerTailsVariant(id: GeneralPeerId): ThreadVariant {
  return { ...peerVariant(id), kernel: peerTails, observe };
}

export const callTails: Experiment = {
  id: 'call-tails',
  lab: 'allocation',
  title: 'Single calls of general allocators',
  question: 'How long does the slowest call in a hundred, a thousand, ten thousand take, by allocator?',
  sources: [
    {
      title:
        'Masmano, Ripoll, Crespo and Real, TLSF: a new dynamic memory allocator for real-time systems (2004)',
      where: 'section 1',
    },
    {
      title: 'Leijen and others, mimalloc-bench',
      where: 'issue 57: worst-case latency is not measured there',
    },
  ],
  parameters: [
    {
      name: 'workload',
      summary: `what is allocated and freed: ${timed.join(', ')}`,
      unit: 'none',
      values: ({ profile }) => (profile === 'full' ? timed : ['server']),
      check: (value) =>
        timed.includes(value as string) && workloads.some(({ id }) => id === value)
          ? null
          : `workload must be one of ${timed.join(', ')}`,
    },
    {
      name: 'allocations',
      summary: 'allocations of one call of the kernel, about',
      unit: 'items',
      values: ({ profile }) => [{ smoke: 1000, quick: 20_000, full: 100_000 }[profile]],
      check: (value) => checkWhole(value, 'allocations', 100, 2 ** 22),
    },
  ],
  variants: [
    heapTailsVariant('first-fit'),
    heapTailsVariant('best-fit', { only: 'full' }),
    heapTailsVariant('segregated'),
    heapTailsVariant('tlsf'),
    heapTailsVariant('buddy', { only: 'full' }),
    heapTailsVariant('multi-pool'),
    heapTailsVariant('slab', { only: 'full' }),
    heapTailsVariant('small-object'),
    ...generalPeers.map(peerTailsVariant),
    clockFloor,
  ],
  skips: (point, { profile }) => profile === 'quick' && point['only'] === 'full',
  baseline: { variant: 'malloc' },
  operation: 'call, timed by itself',
  metrics: tailMetrics,
  claims: [],
  explain: `A mean hides the slow call. Here every allocation, free and realloc of a workload is timed by itself, and the
times are sorted: half of the calls stay within p50, 99 of 100 within p99, and so on to the slowest of all. The clock is
the price: each time has one read of it inside, and comes in the clock's steps; the floor times nothing at all, and no
figure means more than its distance from that. What makes a call slow differs: a walk along a list of free blocks, a
split or a merge, a page that is touched for the first time, a batch fetched from a shared store, memory asked of the
system or given back to it. Allocators of ours start every time in a heap that was touched before; those of others live
on from call to call. The slowest call is often nobody's fault: an interrupt or the hypervisor, which strikes the floor too.`,
  drawing: `clock |call| clock  clock |call| clock  clock |call| ...
      <---->              <---->              <---->
sorted  |||||||||||||||||||||||||||||||||| ||| |  |    |
                    p50                p99   p99.9 max`,
  chart: {
    kind: 'bars',
    x: 'workload',
    logX: false,
    logY: true,
    cacheLines: false,
    title: '999 of 1,000 calls stay within, clock included',
    metric: 'p999Ns',
  },
  isCurve: true,
  comparesNothing: true,
  onRequest: true,
  weight: 0.4,
};
