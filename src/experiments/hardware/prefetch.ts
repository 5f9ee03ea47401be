/** Experiment: which orders of loads do the hardware prefetchers foresee? */
import type { Context, Experiment, ThreadVariant } from '../../experiment/experiment.ts';
import { dependentAdds } from '../../kernel/dependent-adds.ts';
import { inferForesight } from './prefetch-foresight.ts';
import { orders, patternChase } from './prefetch-kernels.ts';
import { pagesParameter, refusePages } from './prefetch-pages.ts';
import { cacheBytes, lastLevelBytes, wholePages } from './sizes.ts';

/** Hops of one call, so that calls last about as long: loads that are foreseen are many times as quick. */
const hopsUnforeseen = 1024;
const hopsForeseen = 8192;
/** Additions that last about as long as as many foreseen loads. */
const adds = 65_536;

/** Orders that only the full profile takes: between others whose answer tells theirs. */
const fullOnly = new Set(['stride-3', 'stride-4', 'streams-2', 'streams-8']);

/** Beyond the last level; in the full profile also a set that the third level holds and the second does not. */
function workingSets(context: Context): number[] {
  if (context.profile === 'smoke') return [2 ** 20];
  const last = lastLevelBytes(context);
  if (context.profile === 'quick') return [wholePages(2 * last)];
  const middle = 4 * cacheBytes(context, 2);
  return [...(middle < last / 2 ? [wholePages(middle)] : []), wholePages(4 * last)];
}

const patterns = orders.map(({ id: order, title }, word): ThreadVariant => {
  const hops = order === 'random' || order === 'in-page' ? hopsUnforeseen : hopsForeseen;
  const fixed = { order, word, hops };
  return {
    form: 'thread',
    id: order,
    title,
    kernel: patternChase,
    language: 'native',
    fixed,
    refuses: refusePages,
  };
});

export const prefetch: Experiment = {
  id: 'prefetch',
  lab: 'hardware',
  title: 'Hardware prefetchers',
  question: 'Which orders of loads does this CPU foresee, and how much of a miss does that hide?',
  sources: [
    {
      title: 'Intel 64 and IA-32 Architectures Optimization Reference Manual',
      where: 'section on data prefetching in the L1 and L2 caches',
    },
    {
      title: 'Software Optimization Guide for the AMD Zen 4 Microarchitecture',
      where: 'section on hardware prefetching',
    },
    { title: 'Drepper, What Every Programmer Should Know About Memory (2007)', where: 'section 6.3.1' },
  ],
  parameters: [
    {
      name: 'workingSetBytes',
      summary: 'size of the memory that every order goes through, line by line',
      unit: 'B',
      values: workingSets,
      check: (value) =>
        typeof value === 'number' && value >= 2 ** 18 && value <= 2 ** 31 && value % 4096 === 0
          ? null
          : 'workingSetBytes must be a multiple of 4KiB from 256KiB to 2GiB',
    },
    pagesParameter,
  ],
  variants: [
    {
      form: 'thread',
      id: 'cycle',
      title: 'one addition, one cycle',
      kernel: dependentAdds,
      language: 'native',
      fixed: { adds },
    },
    ...patterns,
    {
      form: 'thread',
      id: 'ts-sequential',
      title: 'line after line, TypeScript',
      kernel: patternChase,
      language: 'typescript',
      fixed: { order: 'sequential', word: patterns.length, hops: hopsForeseen },
      refuses: refusePages,
    },
  ],
  skips: ({ order }, { profile }) => profile !== 'full' && fullOnly.has(String(order)),
  baseline: { variant: 'cycle' },
  operation: 'load',
  claims: [],
  infer: inferForesight,
  isCurve: true,
  onRequest: true,
  explain: `Each load's address is what the load before it has read, so the core can't run ahead: whatever is quicker
than random lines was fetched by a prefetcher that guessed where the next load would go. All orders visit the same
lines, each line once before any comes again, in a set larger than the last cache. Line after line is the easiest to
foresee. Backward and strides tell whether a prefetcher learns any constant step, and how long a step; beyond a page
(64 lines) it must guess an address that it can't translate by itself. Streams are runs in several places of which one
takes a step at a time, in no fixed sequence: a prefetcher has room for so many, and gives up beyond. Random lines of a
page show what is fetched merely because a neighbour was: some CPUs bring lines in pairs. TypeScript's loads are
foreseen like any others. A step is 64 bytes everywhere, also where a line is longer.`,
  drawing: `lines       | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 |

sequential    1   2   3   4   5   6   7   8   9  10
backward     10   9   8   7   6   5   4   3   2   1
stride-3      1   5   8   2   6   9   3   7  10   4
streams-2     1   3   5   7   9   2   4   6   8  10
random        4   9   1   7   3  10   6   2   8   5

when each line is visited; each load needs the last`,
  chart: {
    kind: 'bars',
    x: 'variant',
    logX: false,
    logY: true,
    cacheLines: false,
    title: 'Time a load by order',
  },
  weight: 0.25,
};
