/** Experiment: what does a context switch cost, and what does it cost afterwards? */
import type { Context, Experiment, ThreadVariant } from '../../experiment/experiment.ts';
import { numberAt, type Point, type Scalar } from '../../kernel/kernel.ts';
import { contextSwitchCost, inferSwitches, noSetBytes } from './context-switch-cost.ts';
import { contextSwitch, passMetrics } from './context-switch-kernel.ts';
import { cacheBytes, checkWhole, wholePages } from './sizes.ts';

const mostSetBytes = 2 ** 28;
const smallestRing = 2;

/**
 * A line stands for no set at all. Three quarters of the second cache: one set fits, two do not. Twice that cache: no
 * set was ever there to be lost.
 */
function workingSets(context: Context): number[] {
  const [first, second] = [cacheBytes(context, 1), cacheBytes(context, 2)];
  const near = wholePages(first / 2);
  const shares = { smoke: [], quick: [0.75, 2], full: [0.25, 0.5, 0.75, 1, 2] }[context.profile];
  const sizes = [noSetBytes, near, ...shares.map((share) => wholePages(second * share))];
  return [...new Set(sizes)].toSorted((a, b) => a - b);
}

/** A ring needs members that can be bound to one CPU, and children that can be forked. */
function noRing(_: Point, { machine }: Context): string | null {
  if (machine.platform === 'linux') return null;
  return `needs Linux, where members can be forked and bound to one CPU; this is ${machine.platform}`;
}

interface Way {
  readonly ring: 'alone' | 'threads' | 'processes';
  readonly token?: 'pipe' | 'futex';
  readonly order?: 'in-order' | 'chained';
}

function variant(id: string, title: string, way: Way): ThreadVariant {
  const fixed = { token: 'pipe', order: 'in-order', ...way };
  return {
    form: 'thread',
    id,
    title,
    kernel: contextSwitch,
    language: 'native',
    fixed,
    refuses: noRing,
    observe: passMetrics,
  };
}

/**
 * What a futex saves is asked without a set; what a chain costs, of sets that the second cache holds. A larger ring goes
 * only through sets in order, and none so large that all of its members' together take seconds to fetch.
 */
function skips(
  point: Point,
  context: Context,
  settings: Readonly<Record<string, readonly Scalar[]>>,
): boolean {
  const bytes = numberAt(point, 'workingSetBytes');
  const isChained = point['order'] === 'chained';
  if (point['token'] === 'futex' && bytes !== noSetBytes) return true;
  if (isChained && bytes === noSetBytes) return true;
  if (settings['workingSetBytes'] !== undefined) return false;
  const second = cacheBytes(context, 2);
  if (numberAt(point, 'members') === smallestRing) return isChained && bytes > second;
  return isChained || bytes > second / 2;
}

export const contextSwitchExperiment: Experiment = {
  id: 'context-switch',
  lab: 'hardware',
  title: 'Context switches',
  question:
    'What does a switch between threads or processes cost, and how much more until the caches are warm?',
  sources: [
    {
      title: 'McVoy and Staelin, lmbench: Portable Tools for Performance Analysis (USENIX 1996)',
      where: 'section 6.6',
    },
    {
      title: 'Li, Ding and Shen, Quantifying the Cost of Context Switch (ExpCS 2007)',
      where: 'on the indirect cost',
    },
    {
      title: 'Mogul and Borg, The Effect of Context Switches on Cache Performance (ASPLOS 1991)',
      where: 'on what a switch costs afterwards',
    },
  ],
  parameters: [
    {
      name: 'members',
      summary: 'threads or processes in the ring, all on one CPU',
      unit: 'items',
      values: ({ profile }) => (profile === 'full' ? [smallestRing, 8] : [smallestRing]),
      check: (value) => checkWhole(value, 'members', smallestRing, 64),
    },
    {
      name: 'workingSetBytes',
      summary: 'what each member reads whenever it has the token; 64 B, one line, stands for nothing',
      unit: 'B',
      values: workingSets,
      check: (value) =>
        typeof value === 'number' && value >= noSetBytes && value <= mostSetBytes && value % noSetBytes === 0
          ? null
          : 'workingSetBytes must be a multiple of 64 from 64 to 256MiB',
    },
  ],
  variants: [
    variant('alone', 'one member, no switch', { ring: 'alone' }),
    variant('threads', 'threads', { ring: 'threads' }),
    variant('processes', 'processes', { ring: 'processes' }),
    variant('alone-chained', 'one member, the set read as a chain', { ring: 'alone', order: 'chained' }),
    variant('processes-chained', 'processes, the set read as a chain', {
      ring: 'processes',
      order: 'chained',
    }),
    variant('alone-futex', 'one member, a futex for a pipe', { ring: 'alone', token: 'futex' }),
    variant('threads-futex', 'threads, a futex for a pipe', { ring: 'threads', token: 'futex' }),
  ],
  skips,
  baseline: { variant: 'alone' },
  operation: 'pass, birth of the ring included',
  metrics: [
    { id: 'passNs', title: 'a pass alone', unit: 'ns', better: 'less' },
    { id: 'switches', title: 'context switches a pass, as the system counts them', unit: '', better: null },
  ],
  claims: [contextSwitchCost],
  infer: inferSwitches,
  explain: `A token goes round a ring of threads, or of forked processes, that all have to run on one CPU: to hand it
on, a member writes a byte to the next one's pipe and waits for its own, and the system has to switch. Each member reads
its working set whenever it has the token. A ring of one does the same and needs no switch; what it takes is
subtracted. What remains without a set is the bare switch: registers, stack, and for processes another page table. What
remains with a set is larger: the others have pushed some of it out of the caches and the TLB, and it has to be fetched
again. That is the hidden cost. A set of three quarters of the second cache shows it best, since one fits and two do
not; of a set that never fitted there is little to lose. Read in order, the prefetchers hide part of it, as in lmbench;
read as a chain, each load waits for the one before and nothing is hidden: programs lie between. The first table has the
birth and end of the ring in it and is there for the record; the second is the pass alone. The counted switches say that
a pass was one. A futex in place of the pipe shows what of a pass is the pipe. TypeScript has no variant: JavaScript
forks no process, and the worker threads of a run have a CPU each. macOS binds no thread to a CPU, and Windows has no
fork, so that there is nothing to measure there.`,
  drawing: `one CPU, two members, a pipe each

A   | token, reads set A |......... waits ........| again
                         v write            ^ read
B   ....... waits .......| reads set B, token |.........

alone     | token, reads set A | token, reads set A | ...

a pass of two - a pass alone = bare switch + refetched set`,
  chart: {
    kind: 'lines',
    x: 'workingSetBytes',
    logX: true,
    logY: true,
    cacheLines: true,
    title: 'Time a pass by working set, birth of the ring included',
  },
  isCurve: true,
  onRequest: true,
  weight: 0.3,
};
