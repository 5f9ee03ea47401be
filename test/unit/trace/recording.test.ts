/** What the recorder leaves, made by hand, and the one order that becomes of its threads. */
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readTrace } from '../../../src/trace/file.ts';
import { countOperations, saveRecording } from '../../../src/trace/recording.ts';
import { allocationOp, rowWords } from '../../../src/trace/rows.ts';
import { emptyFolder } from '../../cli/stage.ts';

const headBytes = 64 << 10;
const chunkBytes = 128 << 10;
const began = 1_000_000;

/** An operation as native/preload/raw-trace.h has it. */
function spelt(op: number, operand = 0): number[] {
  const bytes: number[] = [];
  for (let rest = operand; rest > 0; rest = Math.floor(rest / 256)) bytes.push(rest % 256);
  return [(op << 3) | bytes.length, ...bytes];
}
const stamp = (ns: number): number[] => spelt(1, ns);
const alloc = (bytes: number): number[] => spelt(2, bytes);
const zeroed = (bytes: number): number[] => spelt(3, bytes);
const aligned = (alignment: number, bytes: number): number[] => [...spelt(4, alignment), ...alloc(bytes)];
const free = (distance: number): number[] => spelt(5, distance);
const freeOf = (thread: number, block: number): number[] => [
  ...spelt(7, thread),
  ...spelt(8, block),
  ...spelt(9),
];
const realloc = (distance: number, bytes: number): number[] => [...spelt(6, distance), ...spelt(10, bytes)];

interface Chunk {
  readonly thread: number;
  readonly firstBlock?: number;
  readonly startNs?: number;
  readonly operations: readonly (readonly number[])[];
}

/** Writes a recording, and returns its path. */
function rawOf(chunks: readonly Chunk[], missed = 0): string {
  const file = Buffer.alloc(headBytes + chunks.length * chunkBytes);
  file.write('LFRAW01\n');
  file.writeUInt32LE(77, 8);
  file.writeUInt32LE(66, 12);
  file.writeUInt32LE(1, 16);
  file.writeBigUInt64LE(BigInt(Date.UTC(2026, 10, 21)) * 1_000_000n, 24);
  file.writeBigUInt64LE(BigInt(began), 32);
  file.writeBigUInt64LE(BigInt(chunks.length), 40);
  file.writeBigUInt64LE(BigInt(missed), 48);
  file.write('./app', 64);
  chunks.forEach(({ thread, firstBlock = 0, startNs = began, operations }, n) => {
    const at = headBytes + n * chunkBytes;
    file.writeUInt32LE(0x4b4e_4843, at);
    file.writeUInt32LE(thread, at + 4);
    file.writeBigUInt64LE(BigInt(firstBlock), at + 8);
    file.writeBigUInt64LE(BigInt(startNs), at + 16);
    Buffer.from(operations.flat()).copy(file, at + 24);
  });
  const path = join(emptyFolder(), '77-0.raw');
  writeFileSync(path, file);
  return path;
}

/** The rows of its trace, in words, with threads; and what was said of it. */
async function traced(path: string) {
  const to = `${path}.trace`;
  const saved = saveRecording(path, to, 'a test');
  const { rows, threads, about } = await readTrace(to);
  const names = new Map(Object.entries(allocationOp).map(([name, op]) => [op, name]));
  const words = [...threads].map((thread, row) => {
    const [op, id, bytes, alignment] = rows.subarray(row * rowWords);
    return `${thread}: ${names.get(op as 1)} ${id}${op === allocationOp.free ? '' : ` ${bytes} ${alignment}`}`;
  });
  return { words, about, saved };
}

describe('a recording', () => {
  test('of one thread is a trace with every operation and the time', async () => {
    const path = rawOf(
      [
        {
          thread: 1,
          operations: [
            alloc(24),
            [0xc0 + 2],
            zeroed(1000),
            aligned(4096, 70_000),
            stamp(900),
            free(4),
            [0x82],
            realloc(1, 5),
          ],
        },
      ],
      3,
    );
    const { words, about, saved } = await traced(path);
    expect(words).toEqual([
      '0: alloc 0 24 16',
      '0: alloc 1 24 16',
      '0: alloc 2 1000 16',
      '0: alloc 3 70000 4096',
      '0: free 0',
      '0: free 1',
      '0: realloc 3 5 8',
    ]);
    expect(about).toEqual({
      source: 'recorded',
      tool: 'a test',
      alignmentBytes: 16,
      program: './app',
      pid: 77,
      parentPid: 66,
      startedAt: '2026-11-21T00:00:00.000Z',
      clock: 'CLOCK_MONOTONIC, ns',
      missed: 3,
    });
    expect(saved).toMatchObject({ records: 7, threads: 1, dropped: 0, head: { missed: 3, stopped: 0 } });
    expect(countOperations(path, Infinity).records).toBe(7);
    expect(countOperations(path, 5).records).toBe(5);
  });

  test('goes from chunk to chunk of a thread, and over one that was never begun', async () => {
    const path = rawOf([
      { thread: 1, operations: [alloc(8)] },
      { thread: 2, operations: [] },
      { thread: 1, firstBlock: 1, startNs: began + 50, operations: [alloc(9), free(2)] },
    ]);
    const { words } = await traced(path);
    expect(words).toEqual(['0: alloc 0 8 8', '0: alloc 1 9 8', '0: free 0']);
  });

  test('of several threads has stretches in the order of their stamps', async () => {
    const { words } = await traced(
      rawOf([
        { thread: 1, operations: [stamp(10), alloc(1), stamp(30), alloc(4)] },
        { thread: 2, operations: [stamp(20), alloc(2), stamp(10), alloc(3), stamp(100), alloc(5)] },
      ]),
    );
    expect(words.map((word) => word.split(' ')[3])).toEqual(['1', '2', '3', '4', '5']);
  });

  test('never frees before it allocates, however the stamps stand', async () => {
    const { words, saved } = await traced(
      rawOf([
        { thread: 1, operations: [stamp(900), alloc(1), alloc(2), stamp(5), freeOf(2, 0)] },
        { thread: 2, operations: [stamp(10), freeOf(1, 1), alloc(3), free(1)] },
      ]),
    );
    // Thread 2's block is given back by both: the program was wrong, or a free was missed.
    expect(words).toEqual(['0: alloc 0 1 8', '0: alloc 1 2 8', '1: free 1', '1: alloc 1 3 8', '1: free 1']);
    expect(saved.dropped).toBe(1);
  });

  test('never frees before another thread has resized, nor leaves a resize out', async () => {
    const { words, saved } = await traced(
      rawOf([
        { thread: 1, operations: [stamp(1), alloc(1), alloc(2), freeOf(2, 0)] },
        {
          thread: 2,
          operations: [stamp(900), [...spelt(7, 1), ...spelt(8, 1), ...spelt(10, 50)], alloc(3), free(1)],
        },
      ]),
    );
    expect(words).toEqual([
      '0: alloc 0 1 8',
      '0: alloc 1 2 8',
      '1: realloc 1 50 16',
      '0: free 1',
      '1: alloc 1 3 8',
      '1: free 1',
    ]);
    expect(saved.dropped).toBe(0);
  });

  test('leaves out what is done to blocks that never came, and does not wait in a circle', async () => {
    const { words, saved } = await traced(
      rawOf([
        { thread: 1, operations: [freeOf(2, 0), alloc(1)] },
        { thread: 2, operations: [freeOf(1, 0), alloc(2), freeOf(9, 0), freeOf(1, 40)] },
      ]),
    );
    expect(words).toEqual(['1: alloc 0 2 8', '0: free 0', '0: alloc 0 1 8']);
    expect(saved.dropped).toBe(3);
  });

  test('that is something else is refused, and leaves no trace', () => {
    const path = join(emptyFolder(), 'a.raw');
    writeFileSync(path, 'something else');
    expect(() => saveRecording(path, `${path}.trace`, 'x')).toThrow('is no recording');
    const nonsense = rawOf([{ thread: 1, operations: [spelt(15, 3)] }]);
    expect(() => saveRecording(nonsense, `${nonsense}.trace`, 'x')).toThrow('makes no sense');
    expect(() => statSync(`${nonsense}.trace`)).toThrow('ENOENT');
  });
});
