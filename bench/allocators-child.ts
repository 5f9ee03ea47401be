/**
 * One of our allocators in both languages over one trace: what allocators.ts starts afresh for each, so that
 * TypeScript's code has met one kind of allocator only. Takes an allocator's id, a file of rows, the heap's words and a
 * number of passes; prints the ns a row of each pass.
 */
import { readFileSync } from 'node:fs';
import { heaps } from '#dist/allocators/heaps.js';
import { heapTraceWork, slotParts } from '#dist/allocators/trace-work.js';
import { timeNative } from '#dist/measure/thread-arm.js';
import { rowWords } from '#dist/trace/rows.js';

const warmups = 10;

const [id = '', file = '', heapWords = '0', passes = '1'] = process.argv.slice(2);
const bytes = readFileSync(file);
const rows = new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const ids = rows.reduce((most, word, at) => (at % rowWords === 1 ? Math.max(most, word + 1) : most), 1);
const heap = new Uint32Array(Number(heapWords));
const slots = new Uint32Array(ids * slotParts);
const { make } = heaps.find((kind) => kind.id === id)!;

function typescript(): number {
  const start = process.hrtime.bigint();
  heapTraceWork(make, heap, 0, rows, slots, null);
  return Number(process.hrtime.bigint() - start) / (rows.length / rowWords);
}

function native(): number {
  const { elapsedNs } = timeNative(`${id}-work`, [heap, 0, rows, slots], { warmup: 0, iterations: 1 });
  return elapsedNs / (rows.length / rowWords);
}

const found = { typescript: [] as number[], native: [] as number[] };
for (let i = 0; i < warmups; i++) typescript();
for (let pass = 0; pass < Number(passes); pass++) {
  if (pass % 2 === 0) found.typescript.push(typescript());
  found.native.push(native());
  if (pass % 2 === 1) found.typescript.push(typescript());
}
process.stdout.write(JSON.stringify(found));
