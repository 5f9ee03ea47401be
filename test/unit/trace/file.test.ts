import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../../src/base/errors.ts';
import { Prng } from '../../../src/base/prng.ts';
import { readTrace, writeTrace } from '../../../src/trace/file.ts';
import { type About, chunkHeadBytes, chunkRecords, fileHeadBytes } from '../../../src/trace/file-format.ts';
import { TraceFile } from '../../../src/trace/file-reader.ts';
import { TraceFileWriter } from '../../../src/trace/file-writer.ts';
import { heapChurn } from '../../../src/trace/heap-churn.ts';
import { type AllocationTrace, allocationOp, rowWords, TraceWriter } from '../../../src/trace/rows.ts';
import { emptyFolder } from '../../cli/stage.ts';

const about: About = { source: 'made', tool: 'a test', alignmentBytes: 16 };

/** An operation as a program means it: blocks by the order in which they were made. */
type Operation =
  | { op: 'alloc'; bytes: number; alignment: number; thread: number; isZeroed: boolean }
  | { op: 'free'; block: number; thread: number }
  | { op: 'realloc'; block: number; bytes: number; alignment: number; thread: number };

const bytesOf = fc.oneof(
  fc.integer({ min: 0, max: 64 }),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  fc.constantFrom(24, 32, 4096, 2 ** 32, 2 ** 40, 2 ** 53 - 1),
);
const alignmentOf = fc.constantFrom(16, 16, 8, 4096, 0, 24);
const threadOf = fc.constantFrom(0, 0, 0, 1, 300, 65_535);

/** Random programs: a wish is for an alloc, or for something with one of the live blocks. */
const programs = fc
  .array(fc.tuple(fc.nat(9), fc.nat(2 ** 20), bytesOf, alignmentOf, threadOf, fc.boolean()), {
    maxLength: 300,
  })
  .map((wishes) => {
    const live: number[] = [];
    let made = 0;
    return wishes.map(([wish, pick, bytes, alignment, thread, isZeroed]): Operation => {
      if (wish < 5 || live.length === 0) {
        live.push(made++);
        return { op: 'alloc', bytes, alignment, thread, isZeroed };
      }
      const at = pick % live.length;
      if (wish < 7) return { op: 'realloc', block: live[at]!, bytes, alignment, thread };
      return { op: 'free', block: live.splice(at, 1)[0]!, thread };
    });
  });

function write(path: string, operations: readonly Operation[]): void {
  const writer = new TraceFileWriter(path, about);
  let made = 0;
  for (const one of operations) {
    if (one.op === 'alloc') {
      writer.alloc(one.bytes, one.alignment, one.thread, one.isZeroed);
      made++;
    } else if (one.op === 'free') writer.free(made - one.block, one.thread);
    else writer.realloc(made - one.block, one.bytes, one.alignment, one.thread);
  }
  writer.finish();
}

/** What a reader tells, with blocks by the order in which they were made again. */
async function read(path: string, options = {}): Promise<Operation[]> {
  const file = await TraceFile.open(path);
  const operations: Operation[] = [];
  const blocks = new Map<number, number>();
  let made = 0;
  for await (const { rows, threads, zeroed } of file.chunks(options)) {
    threads.forEach((thread, row) => {
      const [op, id, bytes, alignment] = rows.subarray(row * rowWords);
      if (op === allocationOp.alloc) {
        expect(blocks.has(id!)).toBe(false);
        blocks.set(id!, made++);
        const isZeroed = zeroed[row] === 1;
        operations.push({ op: 'alloc', bytes: bytes!, alignment: alignment!, thread, isZeroed });
        return;
      }
      const block = blocks.get(id!)!;
      if (op === allocationOp.free) {
        blocks.delete(id!);
        operations.push({ op: 'free', block, thread });
      } else operations.push({ op: 'realloc', block, bytes: bytes!, alignment: alignment!, thread });
    });
  }
  return operations;
}

const inRow = (one: Operation): Operation =>
  one.op === 'free' ? one : { ...one, bytes: Math.min(one.bytes, 2 ** 32 - 1) };

/** A file of several chunks. */
function longTrace(): AllocationTrace {
  const churn = { rows: 60_000, ids: 400, mostBytes: 2 ** 20, order: 'any' } as const;
  return heapChurn(new Prng(7), { ...churn, reallocEvery: 20, checkpointEvery: 900, alignedEvery: 30 });
}

describe('what was written is read', () => {
  test('operation by operation, whatever they are', async () => {
    const path = join(emptyFolder(), 'a.trace');
    await fc.assert(
      fc.asyncProperty(programs, async (operations) => {
        write(path, operations);
        expect(await read(path)).toEqual(operations.map(inRow));
      }),
      { numRuns: 60 },
    );
  });

  test('over many chunks, with ids no more than blocks were ever live', async () => {
    const path = join(emptyFolder(), 'a.trace');
    const trace = longTrace();
    writeTrace(path, trace);
    const again = await readTrace(path);
    expect(again.rows.length).toBe(trace.rows.length);
    expect(again.ids).toBeLessThanOrEqual(trace.ids);
    expect(again).toMatchObject({ cut: null, clampedSizes: 0, about: { source: 'made', alignmentBytes: 8 } });
    // The same but for the names of the blocks.
    const names = new Map<number, number>();
    const renamed = trace.rows.slice();
    for (let at = 0; at < renamed.length; at += rowWords) {
      if (renamed[at] === allocationOp.checkpoint) continue;
      if (renamed[at] === allocationOp.alloc) names.set(renamed[at + 1]!, again.rows[at + 1]!);
      renamed[at + 1] = names.get(renamed[at + 1]!)!;
    }
    expect(Buffer.compare(Buffer.from(renamed.buffer), Buffer.from(again.rows.buffer))).toBe(0);
    const first = await readTrace(path, { mostRows: 1234 });
    expect(first.rows).toEqual(again.rows.subarray(0, 1234 * rowWords));
  });

  test('in at most five bytes an operation, where sizes are random', () => {
    const path = join(emptyFolder(), 'a.trace');
    const trace = longTrace();
    writeTrace(path, trace);
    expect(statSync(path).size / (trace.rows.length / rowWords)).toBeLessThan(5);
  });

  test('with time, and with distances of every spelling', async () => {
    const path = join(emptyFolder(), 'a.trace');
    const writer = new TraceFileWriter(path, about);
    const blocks = 2_110_000;
    for (let i = 0; i < blocks; i++) writer.alloc(24, 16, 0, false);
    writer.clock(5);
    const edges = [1, 32, 33, 8224, 8225, 8226, 2_105_376, 2_105_377, 2_105_378, blocks];
    for (const distance of edges) writer.free(distance, 0);
    writer.clock(2 ** 40);
    writer.reset();
    writer.finish();
    const file = await TraceFile.open(path);
    const freed: number[] = [];
    let elapsedNs = 0;
    for await (const chunk of file.chunks()) {
      elapsedNs = chunk.elapsedNs;
      for (let at = 0; at < chunk.rows.length; at += rowWords) {
        // Nothing had gone before: an id is the block's own number.
        if (chunk.rows[at] === allocationOp.free) freed.push(blocks - chunk.rows[at + 1]!);
      }
    }
    expect(freed).toEqual(edges);
    expect(elapsedNs).toBe(2 ** 40 + 5);
  });

  test('a size of 4 GiB and more is the largest that a row holds, and is counted', async () => {
    const path = join(emptyFolder(), 'a.trace');
    const writer = new TraceFileWriter(path, about);
    for (const bytes of [2 ** 32 - 1, 2 ** 32, 2 ** 45]) writer.alloc(bytes, 16, 0, false);
    writer.finish();
    const { rows, clampedSizes } = await readTrace(path);
    expect([rows[2], rows[6], rows[10]]).toEqual([2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1]);
    expect(clampedSizes).toBe(2);
  });

  test('an empty trace is a trace', async () => {
    const path = join(emptyFolder(), 'a.trace');
    writeTrace(path, new TraceWriter().finish());
    expect(await readTrace(path)).toMatchObject({ ids: 0, cut: null, rows: new Uint32Array() });
  });

  test('so is one of time alone', async () => {
    const path = join(emptyFolder(), 'a.trace');
    const writer = new TraceFileWriter(path, about);
    writer.clock(5);
    writer.finish();
    expect(await readTrace(path)).toMatchObject({ ids: 0, cut: null });
  });

  test('a free that is told the size, as a free', async () => {
    const path = join(emptyFolder(), 'a.trace');
    writeTrace(path, new TraceWriter().alloc(0, 24, 8).freeSized(0).alloc(0, 32, 8).finish());
    const { alloc, free } = allocationOp;
    expect([...(await readTrace(path)).rows]).toEqual([alloc, 0, 24, 8, free, 0, 0, 0, alloc, 0, 32, 8]);
    const twice = new TraceWriter().alloc(0, 24, 8).freeSized(0).freeSized(0).finish();
    expect(() => writeTrace(path, twice)).toThrow('row 2 frees id 0, which is not in use');
  });

  test('rows that no program can have made are refused, and leave no file', () => {
    const path = join(emptyFolder(), 'a.trace');
    const freed = new TraceWriter().alloc(0, 8, 8).free(0).free(0).finish();
    expect(() => writeTrace(path, freed)).toThrow('row 2 frees id 0, which is not in use');
    expect(() => writeTrace(path, new TraceWriter().freeAt(8).finish())).toThrow('row 0 starts with 3');
    expect(() => statSync(path)).toThrow('ENOENT');
  });
});

describe('a file that is not whole', () => {
  /** A small file of two chunks, and its operations. */
  async function small(): Promise<{ path: string; bytes: Buffer; operations: Operation[] }> {
    const path = join(emptyFolder(), 'a.trace');
    const operations: Operation[] = [];
    for (let block = 0; block < 40; block++) {
      operations.push({ op: 'alloc', bytes: block * 31, alignment: 16, thread: block % 3, isZeroed: false });
      if (block % 2 === 1) operations.push({ op: 'free', block: block - 1, thread: 0 });
    }
    write(path, operations);
    return { path, bytes: readFileSync(path), operations };
  }

  /** What is left of it, and the error without leave to read it. */
  async function left(path: string): Promise<{ operations: Operation[]; message: string }> {
    const refused = await read(path).then(
      () => null,
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(UserError);
    const { message, cure } = refused as UserError;
    expect(message).toContain(path);
    expect(cure).not.toBeNull();
    const operations = await read(path, { allowTruncated: true }).catch((error: unknown) => {
      expect(error).toBeInstanceOf(UserError);
      return [];
    });
    return { operations, message };
  }

  test('torn at any place, gives an error and what is whole', async () => {
    const { path, bytes, operations } = await small();
    for (let length = 0; length < bytes.length; length++) {
      writeFileSync(path, bytes.subarray(0, length));
      const { operations: some, message } = await left(path);
      expect(some).toEqual(operations.slice(0, some.length));
      if (some.length > 0) expect(message).toContain(`breaks off after ${some.length} operations`);
    }
  });

  test('with any byte changed, gives an error and no wrong operation', async () => {
    const { path, bytes, operations } = await small();
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1 << (at % 8);
      writeFileSync(path, changed);
      const { operations: some } = await left(path);
      expect(some).toEqual(operations.slice(0, some.length));
    }
  });

  test('in a later chunk, serves those before', async () => {
    const path = join(emptyFolder(), 'a.trace');
    const trace = longTrace();
    writeTrace(path, trace);
    const bytes = readFileSync(path);
    const first = fileHeadBytes + bytes.readUInt32LE(12);
    const second = first + chunkHeadBytes + bytes.readUInt32LE(first);
    const records = bytes.readUInt32LE(first + 4);
    bytes[second + 100]! ^= 4;
    writeFileSync(path, bytes);
    await expect(readTrace(path)).rejects.toThrow(`is damaged after ${records} operations`);
    const { rows, cut } = await readTrace(path, { allowTruncated: true });
    expect(rows.length).toBe(records * rowWords);
    expect(cut).toBe(`is damaged after ${records} operations`);
  });

  test('and is small, loses no more than a chunk of operations', async () => {
    const path = join(emptyFolder(), 'a.trace');
    const operations = Array.from({ length: 6000 }, (_, block): Operation => {
      return { op: 'alloc', bytes: (block * 31) % 700, alignment: 16, thread: 0, isZeroed: false };
    });
    write(path, operations);
    const bytes = readFileSync(path);
    expect(await read(path)).toEqual(operations);
    const whole = operations.length * (5000 / bytes.length);
    writeFileSync(path, bytes.subarray(0, 5000));
    const some = await read(path, { allowTruncated: true });
    expect(some).toEqual(operations.slice(0, some.length));
    expect(some.length).toBeGreaterThan(whole - 2 * chunkRecords);
  });

  test('or goes on behind its end, is refused', async () => {
    const { path, bytes, operations } = await small();
    writeFileSync(path, Buffer.concat([bytes, Buffer.from('x')]));
    const { operations: some, message } = await left(path);
    expect(some).toEqual(operations);
    expect(message).toContain('goes on where it should end');
  });

  test('or none at all, is named', async () => {
    const folder = emptyFolder();
    const path = join(folder, 'a.trace');
    await expect(readTrace(path)).rejects.toThrow('there is no such file');
    await expect(readTrace(folder)).rejects.toThrow('is a folder');
    writeFileSync(path, 'something else altogether');
    await expect(readTrace(path)).rejects.toThrow('is no trace file');
  });
});
