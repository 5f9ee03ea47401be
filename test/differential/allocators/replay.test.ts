/** Both languages replay the same traces: every offset, every error, the heap's image at checkpoints and its end. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PoolKind, poolShape } from '../../../src/allocators/pool-layout.ts';
import { Prng } from '../../../src/base/prng.ts';
import { runNative } from '../../../src/native/binding.ts';
import { churnTrace } from '../../../src/trace/churn.ts';
import { type AllocationTrace, TraceWriter } from '../../../src/trace/rows.ts';
import { comparePools, poolKinds, type PoolSetting, replayHere } from './compare-pools.ts';
import { type Replayed, replayKernels, replayNative } from './native.ts';

const kinds = poolKinds;
const seed = 20_261;

const setting = (kind: PoolKind): fc.Arbitrary<PoolSetting> =>
  fc.record({
    kind: fc.constant(kind),
    blockBytes: fc.integer({ min: 4, max: 300 }),
    capacity: fc.integer({ min: 1, max: 90 }),
  });

function churnOf(
  { kind, blockBytes, capacity }: PoolSetting,
  rows: number,
  from: number,
  wrong: boolean,
): AllocationTrace {
  return churnTrace(new Prng(from), {
    rows,
    ids: capacity + 5,
    mostBytes: blockBytes,
    capacity,
    checkpointEvery: 500,
    wrongEvery: wrong ? 6 : 0,
    heapWords: poolShape(kind, blockBytes, capacity).heapWords,
  });
}

describe.each(kinds)('the %s pool in both languages', (kind) => {
  it('agrees over long traces', () => {
    let rows = 0;
    const property = fc.property(setting(kind), fc.nat(), (where, from) => {
      rows += comparePools(where, churnOf(where, 20_000, from, false)).answers.length;
    });
    fc.assert(property, { seed, numRuns: 18 });
    expect(rows).toBeGreaterThanOrEqual(360_000);
  });

  it('agrees over short traces of any rows', () => {
    const id = fc.nat({ max: 7 });
    const row = fc.oneof(
      fc.record({
        op: fc.constant('alloc' as const),
        id,
        bytes: fc.nat({ max: 100 }),
        log: fc.nat({ max: 7 }),
      }),
      fc.record({ op: fc.constant('free' as const), id }),
      fc.record({ op: fc.constant('checkpoint' as const) }),
    );
    const property = fc.property(
      fc.array(row, { maxLength: 60 }),
      fc.integer({ min: 1, max: 9 }),
      (rows, capacity) => {
        const blockBytes = 64;
        const writer = new TraceWriter();
        const inUse = new Set<number>();
        for (const each of rows) {
          if (each.op === 'checkpoint') writer.checkpoint();
          else if (each.op === 'alloc' && !inUse.has(each.id)) {
            writer.alloc(each.id, each.bytes, 2 ** each.log);
            if (each.bytes <= blockBytes && each.log <= 6 && inUse.size < capacity) inUse.add(each.id);
          } else if (each.op === 'free' && (inUse.delete(each.id) || kind !== 'pool')) writer.free(each.id);
        }
        comparePools({ kind, blockBytes, capacity }, writer.finish());
      },
    );
    fc.assert(property, { seed, numRuns: 150 });
  });
});

describe.each(['checked', 'scan'] as const)('the %s pool in both languages', (kind) => {
  it('agrees over hostile traces: double frees, foreign, misaligned and interior pointers, unfit requests', () => {
    const found = new Set<number>();
    const property = fc.property(setting(kind), fc.nat(), (where, from) => {
      const trace = churnOf(where, 5000, from, true);
      comparePools(where, trace);
      const { heapWords } = poolShape(where.kind, where.blockBytes, where.capacity);
      for (const answer of replayHere(where, new Uint32Array(heapWords), trace).answers) {
        if (answer < 0 && answer > -10) found.add(-answer);
      }
    });
    fc.assert(property, { seed, numRuns: 20 });
    // exhausted, too large, bad alignment, double free, foreign, misaligned
    expect([...found].toSorted((a, b) => a - b)).toEqual(expect.arrayContaining([1, 2, 3, 4, 5, 6]));
  });
});

describe('the native replay', () => {
  const heap = (): Uint32Array => new Uint32Array(16 + 8 * 16);
  const run = (trace: AllocationTrace, kind: PoolKind = 'pool'): Replayed =>
    replayNative(kind, heap(), 64, 8, trace);

  it('refuses to free what is not in use, where nothing checks', () => {
    expect(() => run(new TraceWriter().alloc(0, 8, 8).free(0).free(0).finish())).toThrow(
      'pool-replay: "trace" row 2 must not free id 0: it is not in use',
    );
    expect(() => run(new TraceWriter().freeAt(16).finish())).toThrow(/row 0 must not free a raw offset/);
    expect(() => run(new TraceWriter().alloc(1, 8, 8).alloc(1, 8, 8).finish())).toThrow(
      /row 1 must not allocate id 1 again/,
    );
  });

  it('refuses rows that are none', () => {
    const rows = Uint32Array.of(9, 0, 0, 0);
    expect(() => run({ rows, ids: 1 })).toThrow('"trace" row 0 must start with 1 to 4, not 9');
    expect(() => run({ rows: Uint32Array.of(1, 5, 8, 8), ids: 2 })).toThrow(/an id below 2, not 5/);
    const args = [heap(), 64, 8, Uint32Array.of(1, 0, 8), new Uint32Array(1), new Int32Array(1)];
    expect(() => runNative(replayKernels.pool, args)).toThrow(
      /"trace" must have 4 words for each of the 1 answers/,
    );
  });

  it('refuses a heap that is too small', () => {
    expect(() => replayNative('scan', heap(), 64, 8, new TraceWriter().checkpoint().finish())).toThrow(
      'pool-scan-replay: "heap" must have at least 160 words, not 144',
    );
    expect(() =>
      replayNative('pool', heap(), 2 ** 24, 2 ** 26, new TraceWriter().checkpoint().finish()),
    ).toThrow(/"capacity" must be lower/);
  });
});
