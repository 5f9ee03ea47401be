/**
 * Do our bandwidths agree with likwid-bench's in the near caches, width by width, and with STREAM's in memory? Each
 * takes turns with our kernel over as many bytes. What is missing is said, and left out.
 *
 *   likwid-bench   LINEFILL_LIKWID_BENCH   the package likwid
 *   STREAM         LINEFILL_STREAM         github.com/jeffhammond/STREAM, for one thread, with STREAM_ARRAY_SIZE of at
 *                                          least four times the last cache; its copy must stay a loop, not a memcpy:
 *                                          cc -O3 -march=native -fno-tree-loop-distribute-patterns -DOFFSET=168
 *                                          stream.c (without the offset its arrays begin at one place of a page; ours do not)
 */
import { stream } from '#dist/experiments/hardware/bandwidth-kernels.js';
import { inOrder } from '#dist/kernel/signature.js';
import { describeMachine, nativeFactsOf, realSystem } from '#dist/machine/index.js';
import { GroupRoom } from '#dist/measure/room.js';
import { setUp, timeNative } from '#dist/measure/thread-arm.js';
import { environment } from '#dist/native/binding.js';
import { agreement, figureIn, find, type Peer, sayOn } from './peer.ts';
import { countOf, type Figure, sit, someOf } from './sitting.ts';

const within = { most: 1.05, least: 1 / 1.05 };
const fallbackBytes = { l1: 32 * 2 ** 10, l2: 2 ** 20 } as const;
/** Of a cache: room is left for what else is in it. */
const share = 0.75;
/** A whole number of turns of every loop, ours and theirs. */
const grainBytes = 4096;
/** STREAM's rule: the best of ten passes, the first of which does not count. */
const passes = 10;
const sampleNs = 50e6;

/** Of the first or second cache, as the system reports it. */
function partOf(level: 1 | 2): number {
  const machine = describeMachine(realSystem(), nativeFactsOf(environment()));
  const found = (machine.caches.value ?? []).find(
    (cache) => cache.level === level && cache.kind !== 'instruction',
  );
  const bytes = found?.sizeBytes ?? fallbackBytes[level === 1 ? 'l1' : 'l2'];
  return Math.floor((bytes * share) / grainBytes) * grainBytes;
}

/** The best rate of one of our ways over `bytes` of new memory, GB/s. */
function ourRate(way: string, bytes: number, cpu: number): number {
  const room = new GroupRoom();
  environment().pin(cpu);
  try {
    const point = { workingSetBytes: bytes, threads: 1, way };
    const args = inOrder(stream.signature, setUp(stream, point, { room, seed: 1, cpus: [cpu] }));
    const moved = stream.work(point).bytes;
    const nsOf = (iterations: number): number =>
      timeNative(stream.id, args, { warmup: 1, iterations }).elapsedNs / iterations;
    const iterations = Math.max(1, Math.round(sampleNs / nsOf(1)));
    return moved / Math.min(...Array.from({ length: passes }, () => nsOf(iterations)));
  } finally {
    room.close();
    environment().unpin();
  }
}

/** Our way, likwid's kernel and the feature that both need, narrowest first. */
const widths = [
  { way: 'read-scalar', kernel: 'load', feature: null },
  { way: 'read-sse2', kernel: 'load_sse', feature: 'sse2' },
  { way: 'read-avx2', kernel: 'load_avx', feature: 'avx2' },
  { way: 'read', kernel: 'load_avx512', feature: 'avx512f' },
] as const;

function loadPeer(level: 1 | 2, { way, kernel }: (typeof widths)[number], path: string, cpu: number): Peer {
  const bytes = partOf(level);
  const args = ['-t', kernel, '-w', `S0:${bytes}B:1`];
  return {
    name: `load from L${level}, ${kernel}`,
    unit: 'GB/s',
    target: within,
    ours: () => Promise.resolve(ourRate(way, bytes, cpu)),
    theirs: () => figureIn(sayOn([cpu], path, args), /^MByte\/s:\s+([\d.]+)/m, path) / 1000,
    close: () => Promise.resolve(),
  };
}

function streamPeer(operation: 'copy' | 'triad', path: string, cpu: number): Peer {
  const arrays = { copy: 2, triad: 3 }[operation];
  const label = { copy: 'Copy', triad: 'Triad' }[operation];
  let elements = 0;
  return {
    name: `STREAM's ${operation}`,
    unit: 'GB/s',
    target: within,
    ours: () => {
      // Its array size is known once it has spoken.
      if (elements === 0) elements = figureIn(sayOn([cpu], path, []), /^Array size = (\d+)/m, path);
      return Promise.resolve(ourRate(operation, arrays * 8 * elements, cpu));
    },
    theirs: () => figureIn(sayOn([cpu], path, []), new RegExp(`^${label}:\\s+([\\d.]+)`, 'm'), path) / 1000,
    close: () => Promise.resolve(),
  };
}

/** The peers of a part, or why there are none. */
function peersOf(part: string, cpu: number): Peer[] | string {
  if (part === 'stream') {
    const path = find('LINEFILL_STREAM', 'stream');
    if (path === null) {
      return 'not installed: STREAM (github.com/jeffhammond/STREAM, built as bench/rates.ts says; its path in LINEFILL_STREAM)';
    }
    return (['copy', 'triad'] as const).map((operation) => streamPeer(operation, path, cpu));
  }
  const path = find('LINEFILL_LIKWID_BENCH', 'likwid-bench');
  if (path === null) return 'not installed: likwid-bench (the package likwid)';
  const here = widths.filter(({ feature }) => feature === null || environment().features[feature]);
  return here.map((width) => loadPeer(part === 'l1' ? 1 : 2, width, path, cpu));
}

const parts = ['l1', 'l2', 'stream'] as const;

await sit(
  'rates',
  "do our bandwidths agree with likwid-bench's and STREAM's?",
  {
    turns: { about: 'of each tool and ours', value: '7' },
    of: { about: 'what to compare', value: parts.join(',') },
  },
  async ({ smoke, values }) => {
    const turns = smoke ? 1 : countOf(values.turns, '--turns');
    const wanted = someOf<string>(values.of, '--of', parts);
    const cpu = environment().allowedCpus.at(-1) ?? 0;
    const figures: Figure[] = [];
    const notes: string[] = [];
    if (find('LINEFILL_TASKSET', 'taskset') === null) {
      return { figures, notes: ['not installed: taskset (the package util-linux)'] };
    }
    for (const part of wanted) {
      const peers = peersOf(part, cpu);
      if (typeof peers === 'string') {
        notes.push(peers);
        continue;
      }
      for (const peer of smoke ? peers.slice(0, 1) : peers) {
        const found = await agreement(peer, turns);
        figures.push(...found.figures);
        notes.push(...found.notes);
      }
    }
    return { figures, notes };
  },
);
