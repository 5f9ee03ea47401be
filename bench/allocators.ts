/**
 * How fast are our general allocators? Natively beside public ones that are made the same way, over the same traces, in
 * one program that is compiled here (allocators.cc); in TypeScript beside their native twins, each in a process of its
 * own (allocators-child.ts). What is missing is said, and left out.
 *
 *   mattconte/tlsf             LINEFILL_TLSF    a checkout of github.com/mattconte/tlsf
 *   mtrebi/memory-allocators   LINEFILL_MTREBI  a checkout of github.com/mtrebi/memory-allocators
 *   mimalloc                   the package libmimalloc2.0
 *
 * A C++ compiler is found as CXX or c++.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Prng } from '#dist/base/prng.js';
import { mallocAlignmentBytes } from '#dist/trace/malloc-alignment.js';
import { type AllocationTrace, TraceWriter } from '#dist/trace/rows.js';
import { workloads, workloadTrace } from '#dist/trace/workloads.js';
import { overPasses, ratio } from './passes.ts';
import { find, say } from './peer.ts';
import { countOf, type Figure, type Found, sit } from './sitting.ts';

const heapWords = 2 ** 23;
const root = fileURLToPath(new URL('..', import.meta.url));
/** As the addon is compiled, without its checks of the peers' own. */
const flags =
  '-std=c++20 -O2 -fno-tree-vectorize -fno-tree-slp-vectorize -ffp-contract=off -fno-omit-frame-pointer -DNDEBUG';

/** Ours over theirs, and on which traces that is a target: the same algorithm, or the same purpose. */
const pairs = [
  { ours: 'free-list-first', theirs: 'mtrebi-first', judged: () => true },
  { ours: 'tlsf', theirs: 'mattconte-tlsf', judged: () => true },
  { ours: 'segregated', theirs: 'mattconte-tlsf', judged: () => true },
  { ours: 'buddy', theirs: 'mattconte-tlsf', judged: () => true },
  { ours: 'slab', theirs: 'mattconte-tlsf', judged: () => true },
  { ours: 'small-object', theirs: 'mimalloc', judged: (trace: string) => !trace.startsWith('churn') },
] as const;
const mostOfNative = 4;
const inBoth = ['free-list', 'segregated', 'tlsf', 'buddy', 'multi-pool', 'slab', 'small-object'] as const;

/** Blocks of random sizes, so many live at once; then one after another is replaced. */
function churn(live: number, rounds: number, prng: Prng, alignmentBytes: number): AllocationTrace {
  const writer = new TraceWriter();
  const size = (): number => 16 + prng.below(1024 - 16 + 1);
  for (let id = 0; id < live; id++) writer.alloc(id, size(), alignmentBytes);
  for (let i = 0; i < rounds; i++) {
    const id = prng.below(live);
    writer.free(id).alloc(id, size(), alignmentBytes);
  }
  for (let id = 0; id < live; id++) writer.free(id);
  return writer.finish();
}

/** Batches of small blocks of random sizes, freed in random order. */
function smallBatches(blocks: number, rounds: number, prng: Prng): AllocationTrace {
  const writer = new TraceWriter();
  const order = Uint32Array.from({ length: blocks }, (_, i) => i);
  prng.shuffle(order);
  for (let round = 0; round < rounds; round++) {
    for (let id = 0; id < blocks; id++) writer.alloc(id, 16 + prng.below(512 - 16 + 1), 8);
    for (const id of order) writer.free(id);
  }
  return writer.finish();
}

function traces(smoke: boolean): Map<string, AllocationTrace> {
  const [blocks, rounds] = smoke ? [100, 2] : [10_000, 10];
  const of = (id: string, settings: Record<string, number>): AllocationTrace =>
    workloadTrace(workloads.find((each) => each.id === id)!, settings, new Prng(1));
  const batch = { blocks, rounds, blockBytes: 64 };
  return new Map([
    ['pair', of('pair', { pairs: blocks * rounds, blockBytes: 64 })],
    ['lifo', of('batch-lifo', batch)],
    ['fifo', of('batch-fifo', batch)],
    ['random', of('batch-random', batch)],
    ['small', smallBatches(blocks, rounds, new Prng(2))],
    ['churn', churn(2 * blocks, 2 * blocks, new Prng(3), 8)],
    // As a program's malloc has it, which recorded traces are of.
    ['churn-16', churn(2 * blocks, 2 * blocks, new Prng(3), mallocAlignmentBytes)],
  ]);
}

/** The comparison program, compiled into `folder`, and what it lacks. */
function build(folder: string): { program: string; notes: string[] } {
  const notes: string[] = [];
  const [tlsf, mtrebi] = [process.env['LINEFILL_TLSF'], process.env['LINEFILL_MTREBI']];
  const args = [...flags.split(' '), `-I${join(root, 'native')}`, join(root, 'bench', 'allocators.cc')];
  if (tlsf !== undefined && existsSync(join(tlsf, 'tlsf.c'))) {
    args.push(`-I${tlsf}`, `-DLINEFILL_TLSF="${join(tlsf, 'tlsf.c')}"`);
  } else {
    notes.push('not here: mattconte/tlsf (github.com/mattconte/tlsf; the checkout in LINEFILL_TLSF)');
  }
  const list = mtrebi === undefined ? '' : join(mtrebi, 'src', 'FreeListAllocator.cpp');
  if (mtrebi !== undefined && existsSync(list)) {
    args.push('-DLINEFILL_MTREBI', `-I${join(mtrebi, 'includes')}`, list);
  } else {
    notes.push('not here: mtrebi/memory-allocators (github.com/mtrebi/memory-allocators; LINEFILL_MTREBI)');
  }
  const program = join(folder, 'allocators');
  say(find('CXX', 'c++') ?? 'c++', [...args, '-ldl', '-o', program]);
  return { program, notes };
}

/** ns a row of each pass, by the allocator's id, for each trace. */
function natively(program: string, files: readonly string[], passes: number): Map<string, number[]>[] {
  const { status, stdout, stderr } = spawnSync(program, [String(passes), String(heapWords), ...files], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${program}: ended with ${status}: ${stderr}`);
  const found = files.map(() => new Map<string, number[]>());
  for (const line of stdout.trim().split('\n')) {
    const [trace, id, ...ns] = line.split(' ');
    found[Number(trace)]!.set(id!, ns.map(Number));
  }
  return found;
}

function nativeFigures(trace: string, found: ReadonlyMap<string, number[]>): Figure[] {
  const times = [...found].map(
    ([id, ns]): Figure => ({ name: `${trace}: ${id}`, unit: 'ns', ...overPasses(ns) }),
  );
  const ratios = pairs.flatMap(({ ours, theirs, judged }) => {
    const [a, b] = [found.get(ours), found.get(theirs)];
    if (a === undefined || b === undefined) return [];
    return [ratio(`${trace}: ${ours} over ${theirs}`, a, b, judged(trace) ? { most: 1 } : undefined)];
  });
  return [...times, ...ratios];
}

function typescriptFigures(trace: string, file: string, passes: number): Figure[] {
  const child = fileURLToPath(new URL('allocators-child.js', import.meta.url));
  return inBoth.map((id) => {
    const said = say(process.execPath, [child, id, file, String(heapWords), String(passes)]);
    const { typescript, native } = JSON.parse(said) as Record<'typescript' | 'native', number[]>;
    return ratio(`${trace}: ${id}, TypeScript over native`, typescript, native, { most: mostOfNative });
  });
}

await sit(
  'allocators',
  'how fast are our general allocators?',
  { passes: { about: 'over each trace', value: '9' } },
  ({ smoke, values }): Promise<Found> => {
    const passes = smoke ? 1 : countOf(values.passes, '--passes');
    const folder = mkdtempSync(join(tmpdir(), 'linefill-allocators-'));
    try {
      const { program, notes } = build(folder);
      const made = traces(smoke);
      const files = [...made.keys()].map((name) => join(folder, name));
      for (const [name, { rows }] of made) writeFileSync(join(folder, name), rows);
      const figures = natively(program, files, passes).flatMap((found, i) =>
        nativeFigures([...made.keys()][i]!, found),
      );
      for (const name of smoke ? ['pair'] : made.keys()) {
        figures.push(...typescriptFigures(name, join(folder, name), passes));
      }
      return Promise.resolve({
        figures,
        notes: [...notes, 'ns a row of a trace; brackets of times: least and most of the passes'],
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
