/**
 * How fast are our collectors? GCBench over each of them natively, beside the same program over the collector of Boehm,
 * Demers and Weiser (Debian's libgc-dev), which is compiled here (collectors.cc): in turns, in one sitting, in heaps of
 * the same size that are taken at once and can't grow; each turn's first pass is thrown away. Boehm's nodes are larger,
 * since its references have 8 bytes and ours 4; one thread marks for it, and its free-space divisor is its own. Then each
 * collector in TypeScript beside its native twin, in a process of its own (collectors-child.ts). A C++ compiler is found as
 * CXX or c++.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Counts, countNumbers } from '#dist/collectors/counts.js';
import { pauseRoom, readPauses } from '#dist/collectors/pauses.js';
import { type CollectorChoice, collectorChoices } from '#dist/collectors/plans.js';
import {
  gcBenchRoots,
  gcBenchShape,
  type GcBenchShape,
  shapeNumbers,
} from '#dist/collectors/programs/gc-bench.js';
import { timeNative } from '#dist/measure/thread-arm.js';
import { median } from '#dist/stats/index.js';
import { overPasses, ratio } from './passes.ts';
import { find, say } from './peer.ts';
import { countOf, type Figure, sit, someOf } from './sitting.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const flags = '-std=c++20 -O2 -DNDEBUG';
/** Boehm's own. */
const divisor = 3;
const mostOfNative = 5;
/** These do what Boehm's does, or better: they are to take no longer. */
const judged: ReadonlySet<string> = new Set(['mark-sweep', 'semi-space', 'generational']);
const smokeShape: GcBenchShape = {
  stretchDepth: 10,
  longLivedDepth: 8,
  arrayDoubles: 2000,
  leastDepth: 4,
  mostDepth: 8,
};
const mebibyte = 2 ** 20;
const mostPauses = 2 ** 16;

/** A pass: its time, and its pauses. */
interface Pass {
  readonly ns: number;
  readonly pausesNs: readonly number[];
}

interface Contender {
  readonly name: string;
  readonly passes: Pass[];
  take(): Pass | null;
}

/** The comparison program, compiled into `folder`; null and why, where there is no libgc. */
function build(folder: string): { program: string | null; note: string | null } {
  const compiler = find('CXX', 'c++') ?? 'c++';
  const probe = ['-std=c++20', '-fsyntax-only', '-x', 'c++', '-'];
  const { status } = spawnSync(compiler, probe, { input: '#include <gc.h>\n', encoding: 'utf8' });
  if (status !== 0)
    return { program: null, note: 'not installed: the Boehm collector (the package libgc-dev)' };
  const program = join(folder, 'collectors');
  say(compiler, [...flags.split(' '), join(root, 'bench', 'collectors.cc'), '-lgc', '-o', program]);
  return { program, note: null };
}

/** The second of two passes, the first of which warms up. */
function boehm(program: string, heapBytes: number, shape: GcBenchShape): Contender {
  const args = [2, heapBytes, divisor, ...shapeNumbers(shape)].map(String);
  return {
    name: 'Boehm',
    passes: [],
    take() {
      const [ns, ...pausesNs] = say(program, args).trim().split('\n').at(-1)!.split(' ').map(Number);
      return { ns: ns!, pausesNs };
    },
  };
}

/** Of each the second of two passes; null: the heap is too small for it. They take turns in one heap. */
function ours(choices: readonly CollectorChoice[], heapBytes: number, shape: GcBenchShape): Contender[] {
  const heap = new Uint32Array(heapBytes / 4);
  const roots = new Uint32Array(gcBenchRoots(shape));
  const scratch = new Uint32Array(heap.length + roots.length);
  const counts = new Float64Array(countNumbers);
  const pauses = new Float64Array(pauseRoom(mostPauses));
  return choices.map(({ id, kind, settings }) => ({
    name: id,
    passes: [],
    take() {
      const given = Uint32Array.from(settings);
      const values = [heap, scratch, roots, given, shapeNumbers(shape), counts, pauses];
      const { elapsedNs } = timeNative(`${kind.id}-gc-bench`, values, { warmup: 1, iterations: 1 });
      if (Counts.read(counts).neededWords > 0) return null;
      return {
        ns: elapsedNs,
        pausesNs: readPauses(pauses).pauses.map(({ startNs, endNs }) => endNs - startNs),
      };
    },
  }));
}

/** All of them in turns, in an order that turns round; those that run out of memory, by name. */
function takeTurns(all: readonly Contender[], passes: number): string[] {
  const out = new Set<string>();
  for (let pass = 0; pass < passes; pass++) {
    const turns = all.map((_, i) => all[(i + pass) % all.length]!);
    for (const contender of pass % 2 === 0 ? turns : turns.toReversed()) {
      if (out.has(contender.name)) continue;
      const taken = contender.take();
      if (taken === null) out.add(contender.name);
      else contender.passes.push(taken);
    }
  }
  return [...out];
}

function figuresOf({ name, passes }: Contender): Figure[] {
  const pauses = passes.flatMap(({ pausesNs }) => pausesNs);
  if (passes.length === 0) return [];
  const time: Figure = { name, unit: 'ns', ...overPasses(passes.map(({ ns }) => ns)) };
  if (pauses.length === 0) return [time];
  return [
    time,
    { name: `${name}: median pause`, unit: 'ns', value: median(pauses) },
    { name: `${name}: longest pause`, unit: 'ns', value: pauses.reduce((most, ns) => Math.max(most, ns)) },
  ];
}

/** How many pauses a pass has, by contender. */
function pausesNote(all: readonly Contender[]): string {
  const counts = all
    .filter(({ passes }) => passes.length > 0)
    .map(({ name, passes }) => `${name} ${median(passes.map(({ pausesNs }) => pausesNs.length))}`);
  return `pauses a pass: ${counts.join(', ')}`;
}

function inBothLanguages(id: string, heapBytes: number, shape: GcBenchShape, passes: number): Figure {
  const child = fileURLToPath(new URL('collectors-child.js', import.meta.url));
  const said = say(process.execPath, [
    child,
    id,
    ...[heapBytes / 4, passes, ...shapeNumbers(shape)].map(String),
  ]);
  const { typescript, native } = JSON.parse(said) as Record<'typescript' | 'native', number[]>;
  return ratio(`${id}: TypeScript over native`, typescript, native, { most: mostOfNative });
}

await sit(
  'collectors',
  'how fast are our collectors, beside the Boehm collector, and TypeScript beside native?',
  {
    passes: { about: 'how often each runs the program', value: '9' },
    'ts-passes': { about: 'the same, TypeScript beside native', value: '5' },
    'heap-mib': { about: "every collector's heap", value: '64' },
    of: {
      about: `which of ours: all, or some of ${collectorChoices.map(({ id }) => id).join(', ')}`,
      value: 'all',
    },
  },
  async ({ smoke, values }) => {
    const ids = collectorChoices.map(({ id }) => id);
    const chosen = values.of === 'all' ? ids : someOf(values.of, '--of', ids);
    const passes = smoke ? 2 : countOf(values.passes, '--passes');
    const tsPasses = smoke ? 1 : countOf(values['ts-passes'], '--ts-passes');
    const heapBytes = smoke ? 2 * mebibyte : countOf(values['heap-mib'], '--heap-mib') * mebibyte;
    const shape = smoke ? smokeShape : gcBenchShape;
    const folder = mkdtempSync(join(tmpdir(), 'linefill-collectors-'));
    try {
      const { program, note } = build(folder);
      const theirs = program === null ? [] : [boehm(program, heapBytes, shape)];
      const choices = collectorChoices.filter(({ id }) => chosen.includes(id));
      const mine = ours(choices, heapBytes, shape);
      const out = takeTurns([...theirs, ...mine], passes);
      const times = ({ passes: taken }: Contender): number[] => taken.map(({ ns }) => ns);
      const over = mine.flatMap((each) =>
        theirs
          .filter((peer) => peer.passes.length > 0 && each.passes.length > 0)
          .map((peer) => {
            const most = judged.has(each.name) ? 1 : null;
            return ratio(
              `${each.name} over ${peer.name}`,
              times(each),
              times(peer),
              most === null ? undefined : { most },
            );
          }),
      );
      const both = mine
        .filter(({ name }) => !out.includes(name))
        .map(({ name }) => inBothLanguages(name, heapBytes, shape, tsPasses));
      return {
        figures: [...[...theirs, ...mine].flatMap(figuresOf), ...over, ...both],
        notes: [
          ...(note === null ? [] : [note]),
          `GCBench with trees to depth ${shape.mostDepth}; every heap has ${heapBytes / mebibyte} MiB`,
          pausesNote([...theirs, ...mine]),
          ...out.map((name) => `${name}: out of memory in a heap of this size`),
        ],
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
