/**
 * One of our allocators in both languages over one trace, and @thi.ng/malloc over its beginning where a path to it is
 * given: what allocators.ts starts afresh for each, so that TypeScript's code has met one kind of allocator only. Takes
 * an allocator's id, a file of rows, the heap's words, a number of passes and that path or nothing; prints the ns a row
 * of each pass.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { heaps } from '#dist/allocators/heaps.js';
import { heapTraceWork, slotParts } from '#dist/allocators/trace-work.js';
import { timeNative } from '#dist/measure/thread-arm.js';
import { allocationOp, rowWords } from '#dist/trace/rows.js';

interface TheirPool {
  malloc(bytes: number): number;
  free(block: number): boolean;
}
interface TheirModule {
  readonly MemPool: new (options: { buf: ArrayBufferLike; size: number }) => TheirPool;
}

/** Of @thi.ng/malloc, whose free looks through a list: a batch. */
const mostRowsOfTheirs = 20_000;
const warmups = 10;

const [id = '', file = '', heapWords = '0', passes = '1', theirs] = process.argv.slice(2);
const bytes = readFileSync(file);
const rows = new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const ids = rows.reduce((most, word, at) => (at % rowWords === 1 ? Math.max(most, word + 1) : most), 1);
const heap = new Uint32Array(Number(heapWords));
const slots = new Uint32Array(ids * slotParts);
const { make } = heaps.find((kind) => kind.id === id)!;

function nsOf(run: () => void, trace: Uint32Array): number {
  const start = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - start) / (trace.length / rowWords);
}

function typescript(trace: Uint32Array): number {
  return nsOf(() => void heapTraceWork(make, heap, 0, trace, slots, null), trace);
}

function native(trace: Uint32Array): number {
  const { elapsedNs } = timeNative(`${id}-work`, [heap, 0, trace, slots], { warmup: 0, iterations: 1 });
  return elapsedNs / (trace.length / rowWords);
}

/** As heapTraceWork: tagged, read back, summed. */
function replayTheirs(pool: TheirPool, trace: Uint32Array): number {
  let sum = 0;
  for (let at = 0; at < trace.length; at += rowWords) {
    const slot = trace[at + 1]! * slotParts;
    if (trace[at] === allocationOp.alloc) {
      const block = pool.malloc(trace[at + 2]!);
      sum = (sum + block) | 0;
      slots[slot] = block;
      heap[block >>> 2] = trace[at + 1]!;
    } else {
      const block = slots[slot]!;
      sum = (sum + heap[block >>> 2]!) | 0;
      pool.free(block);
    }
  }
  return sum;
}

const found = { typescript: [], native: [], start: [], theirs: [] } as Record<string, number[]>;
for (let i = 0; i < warmups; i++) typescript(rows);
for (let pass = 0; pass < Number(passes); pass++) {
  const turns: [string, number][] = [];
  const both = [
    () => turns.push(['typescript', typescript(rows)]),
    () => turns.push(['native', native(rows)]),
  ];
  for (const turn of pass % 2 === 0 ? both : both.toReversed()) turn();
  for (const [name, ns] of turns) found[name]!.push(ns);
}
if (theirs !== undefined && theirs !== '') {
  const { MemPool } = (await import(pathToFileURL(join(theirs, 'index.js')).href)) as TheirModule;
  const start = rows.subarray(0, mostRowsOfTheirs * rowWords);
  for (let pass = 0; pass <= Number(passes); pass++) {
    heap.fill(0);
    const pool = new MemPool({ buf: heap.buffer, size: heap.byteLength });
    const ns = nsOf(() => void replayTheirs(pool, start), start);
    const ours = typescript(start);
    // The first pass warms up.
    if (pass > 0) found['theirs']!.push(ns);
    if (pass > 0) found['start']!.push(ours);
  }
}
process.stdout.write(JSON.stringify(found));
