/**
 * The cache model against Valgrind's cachegrind, on the same addresses: every count of reads, writes and misses of
 * both levels must be equal, whatever the geometry. test/fixtures/cachegrind-kernels.cc says how the two are made to
 * see the same stream from the same state.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Prng } from '../../src/base/prng.ts';
import { linkInOrder, visitingOrder } from '../../src/kernel/chase-order.ts';
import {
  type AddressStream,
  chase,
  indexed,
  inTurn,
  listed,
  machineModel,
  type MachineNumbers,
  predict,
  sequential,
  strided,
} from '../../src/model/index.ts';

const source = fileURLToPath(new URL('../fixtures/cachegrind-kernels.cc', import.meta.url));

/** Why nothing is compared here; null: it is. */
const reason =
  process.platform !== 'linux' || process.arch !== 'x64'
    ? `the machine code of ${process.arch} on ${process.platform} was not looked at`
    : spawnSync('valgrind', ['--version']).status !== 0
      ? 'valgrind is not installed (apt: valgrind)'
      : null;

type Geometry = readonly [sizeBytes: number, ways: number, lineBytes: number];

interface Case {
  readonly d1: Geometry;
  /** The last level's lines are no shorter than the first's, so that one sweep fills both. */
  readonly ll: Geometry;
  /** Of the strided kernels, which go round in `laps` over `spanBytes`, a power of two. */
  readonly strideBytes: number;
  readonly spanBytes: number;
  readonly laps: number;
}

const KiB = 1024;
const cases: readonly Case[] = [
  { d1: [1 * KiB, 2, 64], ll: [8 * KiB, 4, 64], strideBytes: 8, spanBytes: 4 * KiB, laps: 3 },
  { d1: [4 * KiB, 1, 32], ll: [64 * KiB, 8, 32], strideBytes: 32, spanBytes: 128 * KiB, laps: 2 },
  { d1: [32 * KiB, 8, 64], ll: [256 * KiB, 16, 64], strideBytes: 64, spanBytes: 128 * KiB, laps: 3 },
  // Fully associative, and a last level of longer lines.
  { d1: [2 * KiB, 32, 64], ll: [16 * KiB, 4, 128], strideBytes: 16, spanBytes: 16 * KiB, laps: 3 },
  // Ways that are no power of two; a stride that meets in few sets.
  { d1: [1536, 3, 64], ll: [12 * KiB, 6, 64], strideBytes: 1024, spanBytes: 64 * KiB, laps: 40 },
  // Lines as short as cachegrind takes where registers have 32 bytes; a last level that is direct-mapped.
  { d1: [1 * KiB, 4, 32], ll: [4 * KiB, 1, 32], strideBytes: 128, spanBytes: 8 * KiB, laps: 20 },
  // A first level larger than the last.
  { d1: [8 * KiB, 4, 64], ll: [4 * KiB, 8, 64], strideBytes: 64, spanBytes: 16 * KiB, laps: 4 },
];

/** What both count, by level: D1 then LL. */
interface Counts {
  readonly reads: number;
  readonly readMisses: readonly number[];
  readonly writes: number;
  readonly writeMisses: readonly number[];
}

const kernels = ['strided_read', 'strided_write', 'indexed', 'chase', 'replay'] as const;
type KernelName = (typeof kernels)[number];

/** By code, what a row of `replay` does. */
const actions = [
  { bytes: 1, write: false },
  { bytes: 4, write: false },
  { bytes: 8, write: false },
  { bytes: 2, write: true },
  { bytes: 4, write: true },
  { bytes: 8, write: true },
] as const;

interface Streams {
  readonly order: Uint32Array;
  readonly links: Uint32Array;
  readonly hops: number;
  readonly offsets: readonly number[];
  readonly codes: readonly number[];
}

const swept = ({ d1, ll }: Case): number => Math.max(d1[0], ll[0]);

/** Seeded streams that both hit and miss, for this geometry. */
function streamsOf(subject: Case, seed: number): Streams {
  const prng = new Prng(seed);
  const [near, far] = [subject.d1[0], subject.ll[0]];
  const spanBytes = 3 * Math.max(near, far);
  const order = Uint32Array.from({ length: 20_000 }, (_, i) => {
    // Runs through the values, a hot corner, and anywhere.
    if (i % 64 < 20) return Math.floor(i / 64);
    return prng.below((prng.below(2) === 0 ? near : spanBytes) / 4);
  });
  const slots = Math.floor((1.25 * far) / 48);
  const visited = visitingOrder('random', slots, 48, prng);
  // The walk of the kernel begins at offset 0.
  const links = linkInOrder(new Uint32Array((slots * 48) / 4), visited);
  const offsets: number[] = [];
  const codes: number[] = [];
  for (let i = 0; i < 30_000; i++) {
    offsets.push(prng.below([near / 2, far / 2, spanBytes][prng.below(3)]!));
    codes.push(prng.below(actions.length));
  }
  return { order, links, hops: 3 * slots, offsets, codes };
}

/** The file that the program reads: its header, then the arrays. */
function fileOf(subject: Case, { order, links, hops, offsets, codes }: Streams): Uint8Array {
  const { strideBytes, spanBytes, laps } = subject;
  const stridedCount = (laps * spanBytes) / strideBytes;
  const header = BigUint64Array.from(
    [
      swept(subject),
      stridedCount,
      strideBytes,
      spanBytes - 1,
      order.length,
      hops,
      links.byteLength,
      offsets.length,
    ],
    BigInt,
  );
  const rows = BigUint64Array.from(offsets, (offset, i) => (BigInt(offset) << 8n) | BigInt(codes[i]!));
  return Buffer.concat([header, order, links, rows].map((array) => new Uint8Array(array.buffer)));
}

/** Where the program's arrays lay, and how many references its first run added to each counted kernel. */
type Places = Readonly<Record<'sweeps' | 'data' | 'links' | 'order' | 'rows' | 'warm', number>>;

/** A row is read, then acted upon. */
function replayed({ offsets, codes }: Streams, { rows, data }: Places): AddressStream {
  const accesses = offsets.flatMap((offset, i) => {
    const { bytes, write } = actions[codes[i]!]!;
    return [
      { address: rows + 8 * i, bytes: 8, write: 0 },
      { address: data + offset, bytes, write: write ? 1 : 0 },
    ];
  });
  return [
    {
      addresses: Float64Array.from(accesses, ({ address }) => address),
      bytes: Uint8Array.from(accesses, ({ bytes }) => bytes),
      writes: Uint8Array.from(accesses, ({ write }) => write),
      length: accesses.length,
    },
  ];
}

function streamOf(kernel: KernelName, subject: Case, streams: Streams, places: Places): AddressStream {
  const { strideBytes, spanBytes, laps } = subject;
  switch (kernel) {
    case 'strided_read': {
      const count = spanBytes / strideBytes;
      const lap =
        strideBytes === 8
          ? sequential({ base: places.data, elements: count, bytes: 8 })
          : strided({ base: places.data, count, strideBytes, bytes: 8 });
      return inTurn(Array.from({ length: laps }, () => lap));
    }
    case 'strided_write': {
      const count = (laps * spanBytes) / strideBytes;
      const offsets = Float64Array.from({ length: count }, (_, i) => (i * strideBytes) % spanBytes);
      return listed({ base: places.data, offsets, bytes: 8, write: true });
    }
    case 'indexed':
      return indexed({
        order: streams.order,
        orderBase: places.order,
        valuesBase: places.data,
        valueBytes: 4,
      });
    case 'chase':
      return chase({ links: streams.links, base: places.links, cursors: [0], hops: streams.hops });
    case 'replay':
      return replayed(streams, places);
  }
}

const level = ([sizeBytes, ways, lineBytes]: Geometry): MachineNumbers['levels'][number] => ({
  sizeBytes,
  ways,
  lineBytes,
  latencyNs: 1,
});

/** The model's counts, after the sweep that the kernel itself makes. */
function modelled(kernel: KernelName, subject: Case, streams: Streams, places: Places): Counts {
  const model = machineModel({ levels: [level(subject.d1), level(subject.ll)], memoryLatencyNs: 1 });
  const sweepBytes = swept(subject);
  const base = places.sweeps + kernels.indexOf(kernel) * sweepBytes;
  const before = strided({ base, count: sweepBytes / 16, strideBytes: 16, bytes: 8 });
  const stream = streamOf(kernel, subject, streams, places);
  const { levels } = predict(model, stream, { before });
  let writes = 0;
  for (const block of stream) for (let i = 0; i < block.length; i++) writes += block.writes[i]!;
  return {
    reads: levels[0]!.requests - writes,
    readMisses: levels.map(({ readMisses }) => readMisses),
    writes,
    writeMisses: levels.map(({ writeMisses }) => writeMisses),
  };
}

/** cachegrind's counts of a kernel: of the lines marked so, and the references of all its other lines. */
interface Counted {
  readonly counts: Counts;
  readonly sweptReads: number;
  readonly elsewhere: number;
}

const sourceLines = readFileSync(source, 'utf8').split('\n');

/** By cachegrind's file format: "fn=" begins a function; a line of it and its counts follow; "." is 0. */
function parse(text: string): Map<string, Counted> {
  const lines = text.split('\n');
  const events = lines
    .find((line) => line.startsWith('events: '))!
    .trim()
    .split(/\s+/)
    .slice(1);
  const sums = new Map<string, { counted: number[]; swept: number[]; elsewhere: number[] }>();
  let sum = sums.get('');
  for (const line of lines) {
    if (line.startsWith('fn=')) {
      const name = line.slice(3).replace(/\(.*$/, '');
      sum = sums.get(name) ?? {
        counted: events.map(() => 0),
        swept: events.map(() => 0),
        elsewhere: events.map(() => 0),
      };
      sums.set(name, sum);
    }
    if (sum === undefined || !/^\d/.test(line)) continue;
    const [at, ...counts] = line.trim().split(/\s+/);
    const written = sourceLines[Number(at) - 1] ?? '';
    const mark = written.endsWith('// counted')
      ? sum.counted
      : written.endsWith('// swept')
        ? sum.swept
        : sum.elsewhere;
    counts.forEach((count, i) => {
      mark[i]! += count === '.' ? 0 : Number(count);
    });
  }
  const of = (counts: readonly number[], event: string): number => counts[events.indexOf(event)]!;
  return new Map(
    [...sums].map(([name, { counted, swept: sweep, elsewhere }]) => [
      name,
      {
        counts: {
          reads: of(counted, 'Dr'),
          readMisses: [of(counted, 'D1mr'), of(counted, 'DLmr')],
          writes: of(counted, 'Dw'),
          writeMisses: [of(counted, 'D1mw'), of(counted, 'DLmw')],
        },
        sweptReads: of(sweep, 'Dr'),
        elsewhere: of(elsewhere, 'Dr') + of(elsewhere, 'Dw'),
      },
    ]),
  );
}

let folder = '';
let program = '';

beforeAll(() => {
  if (reason !== null) return;
  folder = mkdtempSync(join(tmpdir(), 'linefill-cachegrind-'));
  program = join(folder, 'kernels');
  const flags = ['-std=c++20', '-O2', '-g', '-fno-jump-tables', '-fno-unroll-loops'];
  const compiler = process.env.CXX ?? 'c++';
  const { status, stderr } = spawnSync(compiler, [...flags, source, '-o', program], { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
});

afterAll(() => {
  if (folder !== '') rmSync(folder, { recursive: true });
});

function underCachegrind(subject: Case, streams: Streams): { places: Places; counted: Map<string, Counted> } {
  const [input, output] = [join(folder, 'input'), join(folder, 'cachegrind.out')];
  writeFileSync(input, fileOf(subject, streams));
  const options = ['--tool=cachegrind', '--cache-sim=yes', '--I1=1048576,16,64', `--D1=${subject.d1.join()}`];
  const { status, stdout, stderr } = spawnSync(
    'valgrind',
    [...options, `--LL=${subject.ll.join()}`, `--cachegrind-out-file=${output}`, program, input],
    // What a sanitizer has preloaded into us is not for valgrind.
    { encoding: 'utf8', env: { ...process.env, LD_PRELOAD: '' } },
  );
  expect(status, stderr).toBe(0);
  const places = Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([name, value]) => [name, Number(value)]),
  ) as Places;
  return { places, counted: parse(readFileSync(output, 'utf8')) };
}

/** How many counted references of each sort the first run, over `warm` items, added; all of them hit. */
function warmOf(kernel: KernelName, warm: number): { reads: number; writes: number } {
  switch (kernel) {
    case 'strided_read':
    case 'chase':
      return { reads: warm, writes: 0 };
    case 'strided_write':
      return { reads: 0, writes: warm };
    case 'indexed':
      return { reads: 2 * warm, writes: 0 };
    case 'replay':
      return { reads: warm + warm / 2, writes: warm / 2 };
  }
}

// Skipped where `reason` says why.
describe.skipIf(reason !== null)(`the model and cachegrind${reason === null ? '' : `: ${reason}`}`, () => {
  it.each(cases.map((subject, i) => [subject.d1.join(), subject.ll.join(), i, subject] as const))(
    'count the same with D1 %s and LL %s',
    (_d1, _ll, i, subject) => {
      const streams = streamsOf(subject, 100 + i);
      const { places, counted } = underCachegrind(subject, streams);
      for (const kernel of kernels) {
        const found = counted.get(kernel);
        expect(found, kernel).toBeDefined();
        const { counts, sweptReads, elsewhere } = found!;
        // Returns, and registers that a run saves: nothing that grows with the stream.
        expect(elsewhere, kernel).toBeLessThan(40);
        expect(sweptReads, kernel).toBe((swept(subject) + 256) / 16);
        const warm = warmOf(kernel, places.warm);
        const expected = modelled(kernel, subject, streams, places);
        expect(counts, kernel).toEqual({
          ...expected,
          reads: expected.reads + warm.reads,
          writes: expected.writes + warm.writes,
        });
        // Equal counts of nothing would say nothing.
        expect(expected.readMisses[0]! + expected.writeMisses[0]!, kernel).toBeGreaterThan(0);
      }
    },
  );
});
