/** Experiment: how far ahead should a program prefetch, and what does it gain? */
import type { Context, Experiment, Language, ThreadVariant } from '../../experiment/experiment.ts';
import { dependentAdds } from '../../kernel/dependent-adds.ts';
import { inferDistances } from './prefetch-distance-best.ts';
import { gatherAhead, mostDistance } from './prefetch-distance-kernels.ts';
import { pagesParameter, refusePages } from './prefetch-pages.ts';
import { checkWhole, lastLevelBytes, wholePages } from './sizes.ts';

/** Values of a call, and additions that last about as long. */
const count = 8192;
const adds = 196_608;
/** With work on each value an eighth as many last about as long. */
const countWorked = 1024;
/** About what hashing a few dozen bytes takes. */
const workSteps = 32;

function workingSets(context: Context): number[] {
  if (context.profile === 'smoke') return [2 ** 20];
  return [wholePages((context.profile === 'quick' ? 2 : 4) * lastLevelBytes(context))];
}

function distances({ profile }: Context): number[] {
  if (profile === 'smoke') return [0, 8];
  const few = [0, 1, 2, 4, 8, 16, 32, 64];
  const between = profile === 'full' ? [3, 6, 12, 24, 48, 96, 128] : [];
  return [...few, ...between].toSorted((a, b) => a - b);
}

function variant(
  id: string,
  title: string,
  fixed: { readonly lane: number; readonly count: number; readonly steps: number },
  language: Language = 'native',
): ThreadVariant {
  const ahead = language === 'native' ? 'any' : 'none';
  return {
    form: 'thread',
    id,
    title,
    kernel: gatherAhead,
    language,
    fixed: { ...fixed, ahead },
    refuses: refusePages,
  };
}

export const prefetchDistance: Experiment = {
  id: 'prefetch-distance',
  lab: 'hardware',
  title: 'Software prefetching by distance',
  question: 'How many values ahead should a random gather ask for, and how much does it gain?',
  sources: [
    {
      title:
        'Mowry, Lam and Gupta, Design and Evaluation of a Compiler Algorithm for Prefetching (ASPLOS 1992)',
      where: 'on scheduling prefetches',
    },
    {
      title: 'Lee, Kim and Vuduc, When Prefetching Works, When It Does Not, and Why (ACM TACO 9(1), 2012)',
      where: 'on prefetch distance',
    },
  ],
  parameters: [
    {
      name: 'workingSetBytes',
      summary: 'size of the set that the values are gathered from',
      unit: 'B',
      values: workingSets,
      check: (value) =>
        typeof value === 'number' && value >= 2 ** 18 && value <= 2 ** 31 && value % 4096 === 0
          ? null
          : 'workingSetBytes must be a multiple of 4KiB from 256KiB to 2GiB',
    },
    pagesParameter,
    {
      name: 'distance',
      summary: 'how many values ahead a line is asked for; 0: none is',
      unit: 'items',
      compared: true,
      values: distances,
      check: (value) => checkWhole(value, 'distance', 0, mostDistance),
    },
  ],
  variants: [
    {
      form: 'thread',
      id: 'cycle',
      title: 'one addition, one cycle',
      kernel: dependentAdds,
      language: 'native',
      fixed: { adds, ahead: 'none' },
    },
    variant('gather', 'values summed', { lane: 0, count, steps: 0 }),
    variant('work', `${workSteps} steps of work on each value`, {
      lane: 1,
      count: countWorked,
      steps: workSteps,
    }),
    variant('ts-gather', 'values summed, TypeScript', { lane: 2, count, steps: 0 }, 'typescript'),
    variant(
      'ts-work',
      `${workSteps} steps of work on each value, TypeScript`,
      { lane: 3, count: countWorked, steps: workSteps },
      'typescript',
    ),
  ],
  // What asks for nothing ahead has no distance.
  skips: ({ ahead, distance }) => ahead === 'none' && distance !== 0,
  baseline: { variant: 'cycle', at: { distance: 0 } },
  operation: 'value',
  claims: [],
  infer: inferDistances,
  isCurve: true,
  onRequest: true,
  explain: `An index array names values all over a set that no cache holds. No prefetcher of the hardware foresees such
addresses, but the program has them at hand: it can ask for the line of the value that it will need some turns later.
Asked for too late, the line is still on its way when it is needed; too early, it may be thrown out again before, and
the core can wait for only so many lines at once. A mere sum is so short that the core itself runs dozens of values
ahead and keeps as many misses under way as it has buffers: there is little left to gain. With work on each value the
core's window holds a few values only, and misses wait behind the work: then asking ahead puts them under way in time.
The best distance is about the time of a miss over the time of a turn. JavaScript has no prefetch instruction: its
rows show what its loops get from the core alone.`,
  drawing: `order     | 7 | 2 | 9 | 4 | 1 | 8 | 3 | ...  in order
            ^           ^
           now          distance 3: ask for value 4
                            |
                            v
values    | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | ...
                                        ^
            anywhere in the set      needed now`,
  chart: {
    kind: 'lines',
    x: 'distance',
    logX: false,
    logY: true,
    cacheLines: false,
    title: 'Time a value by distance ahead',
  },
  weight: 0.2,
};
