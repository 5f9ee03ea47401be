/** Experiment: giving up a request's memory at once, against freeing each of its blocks. */
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Experiment, ThreadVariant } from '../../experiment/experiment.ts';
import { judgeSlower, withoutEffect } from '../../experiment/judging.ts';
import { numberAt } from '../../kernel/kernel.ts';
import { checkWhole } from '../hardware/sizes.ts';
import { generalPeers } from './peers.ts';
import { heapVariant, peerVariant, valueVariants } from './trace-variants.ts';

const atOnce = { workload: 'request-resets', per: 'allocation' } as const;
const oneByOne = { workload: 'request-frees', per: 'allocation' } as const;

const variants: readonly ThreadVariant[] = [
  heapVariant('linear', 'native', atOnce),
  ...['first-fit', 'tlsf', 'multi-pool', 'small-object'].map((id) => heapVariant(id, 'native', oneByOne)),
  ...generalPeers.map((id) => peerVariant(id, oneByOne)),
  heapVariant('linear', 'typescript', atOnce),
  heapVariant('small-object', 'typescript', oneByOne),
  ...valueVariants(oneByOne).filter(({ id }) => id === 'ts-objects'),
];

const arenaRequestScope: Claim = {
  id: 'arena-request-scope',
  statement: "Freeing a request's memory at once (an arena) beats freeing its pieces.",
  source: 'faster',
  judge(findings): Judgement {
    const judged = findings.groups.flatMap((group) =>
      ['malloc', 'small-object', 'multi-pool'].map((variant) =>
        judgeSlower(
          findings.ratio(group, { variant }, { variant: 'linear' }),
          `With ${numberAt(group.point, 'blocksEach')} blocks a request ${variant}, against an arena,`,
        ),
      ),
    );
    if (judged.length === 0) return withoutEffect('inconclusive', 'Nothing was measured.');
    const refuted = judged.find((each) => each.status === 'refuted');
    const open = judged.find((each) => each.status !== 'supported');
    const least = judged.toSorted((a, b) => (a.effect?.low ?? 0) - (b.effect?.low ?? 0))[0]!;
    const { status, effect } = refuted ?? open ?? least;
    return { status, sentence: judged.map(({ sentence }) => sentence).join(' '), effect };
  },
};

export const arenaRequests: Experiment = {
  id: 'arena-requests',
  lab: 'allocation',
  title: "A request's memory: an arena against block by block",
  question: 'What does a request that allocates many small blocks save by giving them up at once?',
  sources: [
    {
      title: 'Hanson, Fast Allocation and Deallocation of Memory Based on Object Lifetimes (1990)',
      where: 'arenas',
    },
    {
      title: 'Berger, Zorn and McKinley, Reconsidering Custom Memory Allocation (2002)',
      where: 'section 4, regions',
    },
  ],
  parameters: [
    {
      name: 'blocksEach',
      summary: 'blocks that a request allocates',
      unit: 'items',
      values: ({ profile }) => ({ smoke: [20], quick: [200], full: [20, 200, 2000] })[profile],
      check: (value) => checkWhole(value, 'blocksEach', 1, 100_000),
    },
    {
      name: 'allocations',
      summary: 'allocations of one call, about, over all its requests',
      unit: 'items',
      values: ({ profile }) => [{ smoke: 2000, quick: 20_000, full: 100_000 }[profile]],
      check: (value) => checkWhole(value, 'allocations', 100, 2 ** 22),
    },
    {
      name: 'leastBytes',
      summary: 'the smallest request',
      unit: 'B',
      values: () => [16],
      check: (value) => checkWhole(value, 'leastBytes', 1, 2 ** 16),
    },
    {
      name: 'mostBytes',
      summary: 'the largest request; sizes between are equally likely',
      unit: 'B',
      values: () => [256],
      check: (value) => checkWhole(value, 'mostBytes', 1, 2 ** 16),
    },
  ],
  variants,
  baseline: { variant: 'linear' },
  operation: 'block',
  claims: [arenaRequestScope],
  explain: `A server answers one request after another; each allocates many small blocks, and none of them outlives it.
An arena hands out memory by moving a pointer and forgets all of it by moving the pointer back: one reset a request,
whatever the number of blocks. Everybody else frees each block, in the order of allocation, after reading it once more
as a destructor would. The time is that of a whole request divided by its blocks, so an allocator that frees pays here
for two calls a block and the arena for one. Blocks get a number when they are allocated. The arena's blocks lie in one
piece, each behind the one before, and are the same memory in every request.`,
  drawing: `arena    |req 1: a b c d e f g ......|        |
         ^ reset: the pointer goes back here
         |req 2: a b c ...
blocks   alloc a  alloc b  alloc c ... free a  free b ...`,
  chart: {
    kind: 'bars',
    x: 'blocksEach',
    logX: false,
    logY: true,
    cacheLines: false,
    title: 'Time a block of a request',
  },
  onRequest: true,
  weight: 0.3,
};
