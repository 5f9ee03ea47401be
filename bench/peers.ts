/**
 * Do our figures agree with those of public tools? Each tool takes turns with our kernel for the same thing, in one
 * sitting, and the ratio is taken turn by turn. Tools are found by environment variables or on the PATH; what is
 * missing is said, and left out.
 *
 *   multichase's pingpong      LINEFILL_PINGPONG         github.com/google/multichase: make pingpong
 *   hardware-effects' random-accesses
 *                              LINEFILL_RANDOM_ACCESSES  github.com/Kobzol/hardware-effects, a Release build; with
 *                                                        -DREPETITIONS=2 (say so in LINEFILL_REPETITIONS) it takes
 *                                                        seconds instead of half a minute
 *   likwid-bench               LINEFILL_LIKWID_BENCH     the package likwid
 */
import { coreToCore } from '#dist/experiments/hardware/core-to-core.js';
import { sumIndexed } from '#dist/experiments/hardware/access-order-kernels.js';
import { Crew } from '#dist/measure/crew.js';
import { GroupRoom } from '#dist/measure/room.js';
import { TeamArm } from '#dist/measure/team.js';
import { setUp, timeNative } from '#dist/measure/thread-arm.js';
import { inOrder } from '#dist/kernel/signature.js';
import { environment } from '#dist/native/binding.js';
import { agreement, figureIn, find, type Peer, sayOn } from './peer.ts';
import { countOf, type Figure, sit, someOf } from './sitting.ts';

const within = { most: 1.15, least: 1 / 1.15 };
const handOverWithin = { most: 1.1, least: 1 / 1.1 };
/** multichase's own way: the best of five samples of a quarter of a second. */
const pingPongSamples = 5;
const pingPongSampleNs = 250e6;

async function handOver(path: string, cpus: readonly number[]): Promise<Peer> {
  const [from = 0, to = 1] = cpus;
  const variant = coreToCore.variants.find(({ id }) => id === 'swap')!;
  const point = { from, to, ...variant.fixed };
  const room = new GroupRoom();
  const crew = new Crew(new URL(import.meta.resolve('#dist/cli/worker.js')), null);
  const seat = { room, seed: 1, cpus };
  const options = {
    experiment: coreToCore.id,
    variant,
    point,
    seat,
    language: 'native' as const,
    reference: false,
  };
  const team = await new TeamArm({ ...options, crew, scope: 'peer' }).start();
  const handOvers = variant.kernel.work(point).operations;
  return {
    name: 'hand-over between two CPUs',
    unit: 'ns',
    target: handOverWithin,
    async ours() {
      const { elapsedNs } = await team.sample({ warmup: 10, iterations: 10 });
      const iterations = Math.max(1, Math.round((10 * pingPongSampleNs) / elapsedNs));
      let least = Number.POSITIVE_INFINITY;
      for (let i = 0; i < pingPongSamples; i++) {
        const sample = await team.sample({ warmup: 0, iterations });
        least = Math.min(least, sample.elapsedNs / (iterations * handOvers));
      }
      return least;
    },
    theirs: () =>
      figureIn(sayOn([from, to], path, ['-l', '-r', '0']), new RegExp(`^ *${from}: +([\\d.]+)`, 'm'), path),
    async close() {
      await team.close();
      await crew.close();
      room.close();
    },
  };
}

/** ns a value of our sum in new memory, on one CPU. What is started meanwhile would be pinned as well. */
function sumNs(workingSetBytes: number, order: 'sequential' | 'random', cpu: number): number {
  const room = new GroupRoom();
  environment().pin(cpu);
  try {
    const point = { workingSetBytes, order, strideBytes: 64 };
    const args = inOrder(sumIndexed.signature, setUp(sumIndexed, point, { room, seed: 1, cpus: [cpu] }));
    const plan = { warmup: 1, iterations: 2 };
    return (
      timeNative(sumIndexed.id, args, plan).elapsedNs / (plan.iterations * sumIndexed.work(point).operations)
    );
  } finally {
    room.close();
    environment().unpin();
  }
}

function shuffledSum(path: string, cpu: number, sumBytes: number): Peer {
  const repetitions = countOf(process.env['LINEFILL_REPETITIONS'] ?? '50', 'LINEFILL_REPETITIONS');
  return {
    name: 'shuffled sum, a value',
    unit: 'ns',
    target: within,
    ours: () => Promise.resolve(sumNs(sumBytes, 'random', cpu)),
    theirs: () => {
      const us = figureIn(sayOn([cpu], path, ['1', String(sumBytes)]), /^(\d+)$/m, path);
      return (us * 1000) / (repetitions * (sumBytes / 4));
    },
    close: () => Promise.resolve(),
  };
}

/**
 * likwid's kernels that only load, of one array and of two, as far as this CPU can run them. Which is the fastest
 * differs: the widest registers need not win, and a prefetcher may serve two arrays better than one.
 */
function loadKernels(): string[] {
  const { avx512f, avx2, sse2 } = environment().features;
  const widths = { '': true, _sse: sse2, _avx: avx2, _avx512: avx512f };
  return ['load', 'ddot'].flatMap((kernel) =>
    Object.entries(widths).flatMap(([width, isThere]) => (isThere ? [kernel + width] : [])),
  );
}

/** The bound is the fastest of likwid's load kernels in the same turn; ours reads two arrays, indices and values. */
function sequentialSum(path: string, cpu: number, sumBytes: number): Peer {
  const indexAndValueBytes = 8;
  const kernels = loadKernels();
  const rateOf = (kernel: string): number => {
    const args = ['-t', kernel, '-w', `S0:${sumBytes / 1e6}MB:1`];
    return figureIn(sayOn([cpu], path, args), /^MByte\/s:\s+([\d.]+)/m, path) / 1000;
  };
  return {
    name: `sequential sum, bandwidth (likwid: the best of ${kernels.join(', ')})`,
    unit: 'GB/s',
    target: { most: 1 },
    ours: () => Promise.resolve(indexAndValueBytes / sumNs(sumBytes, 'sequential', cpu)),
    theirs: () => Math.max(...kernels.map(rateOf)),
    close: () => Promise.resolve(),
  };
}

interface Setting {
  readonly cpus: readonly number[];
  readonly sumBytes: number;
}

/** The tools: where each is found, how to get it, and what is compared with it. */
const tools = [
  {
    id: 'hand-over',
    variable: 'LINEFILL_PINGPONG',
    program: 'pingpong',
    get: 'github.com/google/multichase, make pingpong',
    peer: (path: string, { cpus }: Setting): Peer | Promise<Peer> => handOver(path, cpus),
  },
  {
    id: 'shuffled-sum',
    variable: 'LINEFILL_RANDOM_ACCESSES',
    program: 'random-accesses',
    get: 'github.com/Kobzol/hardware-effects, a Release build',
    peer: (path: string, { cpus: [cpu = 0], sumBytes }: Setting): Peer => shuffledSum(path, cpu, sumBytes),
  },
  {
    id: 'sequential-sum',
    variable: 'LINEFILL_LIKWID_BENCH',
    program: 'likwid-bench',
    get: 'the package likwid',
    peer: (path: string, { cpus: [cpu = 0], sumBytes }: Setting): Peer => sequentialSum(path, cpu, sumBytes),
  },
] as const;
type Tool = (typeof tools)[number];

/** Why a tool can't take part, and what would help; null: it can. */
function whatIsMissing({ variable, program, get, id }: Tool, cpus: readonly number[]): string | null {
  if (find('LINEFILL_TASKSET', 'taskset') === null) return 'not installed: taskset (the package util-linux)';
  if (find(variable, program) === null) {
    return `not installed: ${program} (${get}; put it on the PATH, or its path in ${variable})`;
  }
  return id === 'hand-over' && cpus.length < 2 ? 'one CPU only: no hand-over' : null;
}

await sit(
  'peers',
  'do our figures agree with those of public tools?',
  {
    turns: { about: 'of each tool and ours', value: '9' },
    of: { about: 'what to compare', value: tools.map(({ id }) => id).join(',') },
  },
  async ({ smoke, values }) => {
    const turns = smoke ? 1 : countOf(values.turns, '--turns');
    const ids = someOf(
      values.of,
      '--of',
      tools.map(({ id }) => id),
    );
    const cpus = environment().allowedCpus;
    const setting: Setting = { cpus, sumBytes: smoke ? 4_000_000 : 256_000_000 };
    const figures: Figure[] = [];
    const notes: string[] = [];
    for (const tool of tools.filter(({ id }) => ids.includes(id))) {
      const missing = whatIsMissing(tool, cpus);
      if (missing !== null) {
        if (!notes.includes(missing)) notes.push(missing);
        continue;
      }
      const peer = await tool.peer(find(tool.variable, tool.program)!, setting);
      const found = await agreement(peer, turns);
      figures.push(...found.figures);
      notes.push(...found.notes);
    }
    return { figures, notes };
  },
);
