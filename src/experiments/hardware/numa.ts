/** Experiment: how much farther is another node's memory? */
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Context, Experiment, Language, ThreadVariant } from '../../experiment/experiment.ts';
import { judgeSlower, withoutEffect } from '../../experiment/judging.ts';
import { type Kernel, numberAt, type Point } from '../../kernel/kernel.ts';
import { inferNodes, leastRemote } from './numa-figures.ts';
import { nodeOf, placedChase, placedRead, spreads } from './numa-kernels.ts';
import { checkWhole, lastLevelBytes, wholePages, workingSetParameter } from './sizes.ts';

const mebi = 2 ** 20;
/** Beyond the last level, so that memory is what is measured; in bounds that a run can pay for. */
const setBounds = {
  smoke: { times: 0, least: 4 * mebi, most: 4 * mebi },
  quick: { times: 2, least: 32 * mebi, most: 256 * mebi },
  full: { times: 4, least: 64 * mebi, most: 1024 * mebi },
} as const;
/** CPUs of so many nodes; memory of all nodes for each. */
const mostFrom = { smoke: 2, quick: 2, full: 16 } as const;

/** The nodes of the CPUs that this run may use, ascending, each with the first of its CPUs in the run's order. */
function nodesOf({ machine, cpus }: Context): { node: number; cpu: number }[] {
  const known = new Map((machine.cpus.value ?? []).map(({ id, node }) => [id, node]));
  const first = new Map<number, number>();
  for (const cpu of cpus) {
    const node = known.get(cpu);
    if (typeof node === 'number' && !first.has(node)) first.set(node, cpu);
  }
  return [...first].map(([node, cpu]) => ({ node, cpu })).toSorted((a, b) => a.node - b.node);
}

/** Where nodes are not told apart there is one, whose number nobody asks for. */
function nodeNumbers(context: Context): number[] {
  const nodes = nodesOf(context).map(({ node }) => node);
  return nodes.length === 0 ? [0] : nodes;
}

function cpuOfEachNode(context: Context): number[] {
  const cpus = nodesOf(context).map(({ cpu }) => cpu);
  const some = cpus.length === 0 ? context.cpus.slice(0, 1) : cpus;
  return some.slice(0, mostFrom[context.profile]).toSorted((a, b) => a - b);
}

function workingSet(context: Context): number {
  const { times, least, most } = setBounds[context.profile];
  return wholePages(Math.min(most, Math.max(least, times * lastLevelBytes(context))));
}

/** Huge pages where the system gives them, so that address translation hardly shows. */
function pagesOf({ machine }: Context): string {
  return ['always', 'madvise'].includes(machine.transparentHugePages.value ?? '') ? 'transparent' : 'system';
}

function variant(
  id: string,
  title: string,
  kernel: Kernel,
  language: Language,
  fixed: Point = {},
): ThreadVariant {
  return {
    form: 'thread',
    id,
    title,
    kernel,
    language,
    fixed,
    cpu: (point) => numberAt(point, 'cpu'),
  };
}

const numaLocal: Claim = {
  id: 'numa-local',
  statement: 'Memory on the local node is faster than on a remote one.',
  source: 'faster',
  judge(findings): Judgement {
    const { value: count, from } = findings.machine.numaNodes;
    if (count === null) return withoutEffect('not-applicable', `Needs several NUMA nodes: ${from}.`);
    if (count === 1) return withoutEffect('not-applicable', 'The machine has one NUMA node.');
    const remote = leastRemote(findings);
    if (remote === null) {
      return withoutEffect(
        'inconclusive',
        `No CPU's memory was measured both near and far; ${count} nodes are reported.`,
      );
    }
    const { cpu, local, far, ratio } = remote;
    return judgeSlower(ratio, `Loading from node ${far} instead of CPU ${cpu}'s own node ${local}`);
  },
};

export const numa: Experiment = {
  id: 'numa',
  lab: 'hardware',
  title: 'Memory of near and far nodes',
  question: 'How much longer does memory of another NUMA node take, and how much less does it carry?',
  sources: [
    { title: 'Drepper, What Every Programmer Should Know About Memory (2007)', where: 'section 5' },
    {
      title: 'Molka and others, Memory Performance and Cache Coherency Effects (PACT 2009)',
      where: 'section 5',
    },
    { title: 'Linux kernel documentation', where: 'admin-guide/mm/numa_memory_policy.rst' },
  ],
  parameters: [
    {
      name: 'cpu',
      summary: 'the CPU that reads; one of each node unless told',
      unit: 'none',
      values: cpuOfEachNode,
      check: (value, context) =>
        checkWhole(value, 'cpu', 0, 2 ** 20) ??
        (context.cpus.includes(Number(value))
          ? null
          : `cpu must be one of this run's CPUs: ${context.cpus.join(', ')}`),
    },
    workingSetParameter(
      'memory on each node: beyond the last level',
      (context) => [workingSet(context)],
      2 ** 16,
      2 ** 32,
    ),
    {
      name: 'pages',
      summary: 'system: as the system gives them; transparent: huge ones',
      unit: 'none',
      values: (context) => [pagesOf(context)],
      check: (value) =>
        value === 'system' || value === 'transparent' ? null : 'pages must be system or transparent',
    },
    {
      name: 'nodes',
      summary: 'those over which interleaved memory is dealt out',
      unit: 'none',
      values: (context) => [nodeNumbers(context).join('+')],
      check: (value) =>
        typeof value !== 'boolean' && /^\d{1,4}(\+\d{1,4})*$/.test(String(value))
          ? null
          : 'nodes must be numbers joined by +, such as 0+1',
    },
    {
      name: 'memory',
      summary: 'node0, node1, ...: bound to it; interleaved: in turn; first-touch: left to the reader',
      unit: 'none',
      compared: true,
      values: (context) => [
        ...nodeNumbers(context).map((node) => `node${node}`),
        ...(context.profile === 'quick' ? [] : spreads),
      ],
      check: (value) =>
        typeof value === 'string' && (nodeOf(value) !== null || spreads.some((spread) => spread === value))
          ? null
          : `memory must be node0, node1, ..., ${spreads.join(' or ')}`,
    },
  ],
  skips: (point, context) =>
    (context.machine.numaNodes.value ?? 1) < 2 ||
    (point['profile'] !== undefined && point['profile'] !== context.profile),
  variants: [
    variant('latency', 'native, dependent loads', placedChase, 'native'),
    variant('bandwidth', 'native, reading in order, a line', placedRead, 'native'),
    variant('ts-latency', 'TypeScript, dependent loads', placedChase, 'typescript', { profile: 'full' }),
  ],
  baseline: { variant: 'latency', at: { memory: 'node0' } },
  operation: 'line',
  claims: [numaLocal],
  infer: inferNodes,
  isCurve: true,
  onRequest: true,
  explain: `A machine with several sockets, or a chip of several parts, has memory at each of them: its nodes. A CPU
reads its own node's memory directly and another's over a link between them, which takes longer and carries less. The
system gives a page to the node of the CPU that touches it first, so that what one thread has filled is far from the
others; dealt out in turn, it is half near and half far for everybody. Here memory is bound to a node before it is
touched; a full run also deals it out, and leaves it to the first touch. On which node its pages lie is asked of the
system before anything is timed. Latency is that of dependent loads in random order, bandwidth that of one CPU that
reads in order. Which node a page comes from is the system's choice, not the language's: TypeScript, which can't ask
for one by itself, reads the same pages. On a machine of one node there is nothing to measure.`,
  drawing: `   node 0                      node 1
 ___________                 ___________
|  CPU 0,1  |               |  CPU 2,3  |
|-----------|     link      |-----------|
|  memory   | <===========> |  memory   |
|___________|               |___________|

near   CPU 0 -> memory 0
far    CPU 0 -> link -> memory 1
dealt  |p0 p2 p4 ...|       |p1 p3 p5 ...|`,
  chart: {
    kind: 'matrix',
    x: 'cpu',
    y: 'memory',
    logX: false,
    logY: false,
    cacheLines: false,
    title: 'A line from each node to a CPU of each',
  },
  weight: 0.35,
};
