/** Both languages replay mischief over every allocator in the debug wrapper: the same faults, at the same rows. */
import { describe, expect, it } from 'vitest';
import { allocationError } from '../../../src/allocators/allocation.ts';
import { type HeapKind, heaps } from '../../../src/allocators/heaps.ts';
import {
  catchOf,
  hasItsSites,
  type MischiefReplay,
  readTold,
  replayMischief,
  toldWords,
  writeTold,
} from '../../../src/allocators/mischief.ts';
import { Prng } from '../../../src/base/prng.ts';
import { runNative } from '../../../src/native/binding.ts';
import { faultKinds, type MischiefTrace, mischiefOp, mischiefTrace } from '../../../src/trace/mischief.ts';
import { rowWords } from '../../../src/trace/rows.ts';

function replayNative(allocator: number, heap: Uint32Array, { rows, ids }: MischiefTrace): MischiefReplay {
  const answers = new Int32Array(rows.length / rowWords);
  const told = new Uint32Array(answers.length * toldWords);
  const found = new Uint32Array(1);
  const offsets = new Uint32Array(ids);
  const args = [allocator, heap, rows, offsets, answers, told, found];
  const { checksum } = runNative('debug-mischief', args);
  const faults = readTold(told, answers.length);
  const isTold = (fault: { error: number }): boolean => fault.error !== 0;
  return { offsets, answers, told: faults.filter(isTold), found: found[0]!, hash: checksum };
}

/** Replays on both sides, in heaps full of the same rubbish. */
function compare(kind: HeapKind, heapWords: number, trace: MischiefTrace): MischiefReplay {
  const rubbish = new Prng(heapWords);
  const heap = Uint32Array.from({ length: heapWords }, () => rubbish.next());
  const other = heap.slice();
  const here = replayMischief(kind.make, heap, trace);
  const native = replayNative(heaps.indexOf(kind), other, trace);
  const row = here.answers.findIndex((answer, i) => answer !== native.answers[i]);
  expect(row, `row ${row}: ${here.answers[row]} here, ${native.answers[row]} natively`).toBe(-1);
  expect(here.offsets).toEqual(native.offsets);
  expect(here.told).toEqual(native.told);
  expect(here.found).toBe(native.found);
  expect(here.hash).toBe(native.hash);
  return here;
}

function made(kind: HeapKind, seed: number, heapWords: number, wrongEvery: number): MischiefTrace {
  const isLifo = kind.order === 'lifo';
  const mischief = { rows: 2000, ids: 40, mostBytes: 300, isLifo, wrongEvery, heapWords };
  return mischiefTrace(new Prng(seed), mischief);
}

describe.each(heaps)('$id in the debug wrapper', (kind) => {
  it.each([1, 2, 3])('finds what was planted, each once, and nothing else (seed %i)', (seed) => {
    const heapWords = 2 ** 17;
    const trace = made(kind, seed, heapWords, 12);
    const replayed = compare(kind, heapWords, trace);
    const { answers } = replayed;
    const isRefused = (answer: number, row: number): boolean =>
      trace.rows[row * rowWords] === mischiefOp.alloc && answer <= 0;
    expect(answers.some(isRefused)).toBe(false);
    const { matched, alarms } = catchOf(trace, replayed);
    expect(alarms).toEqual([]);
    for (const { planted, told } of matched) {
      const { kind: fault, row } = planted;
      expect(told, `${fault} of row ${row}`).not.toBeNull();
      const isAtOnce = fault === 'foreign' || fault === 'doubleFree' || fault === 'misaligned';
      if (isAtOnce) expect([answers[row], told!.row]).toEqual([-allocationError[fault], row]);
      expect(hasItsSites({ planted, told }), JSON.stringify([planted, told])).toBe(true);
    }
    for (const fault of faultKinds) {
      expect(matched.filter(({ planted }) => planted.kind === fault).length, fault).toBeGreaterThan(3);
    }
    expect(replayed.found).toBe(matched.length);
  });

  it('reports nothing where nothing is wrong', () => {
    expect(compare(kind, 2 ** 17, made(kind, 4, 2 ** 17, 0)).found).toBe(0);
  });

  it.each([5, 6])('agrees where memory runs out as well (seed %i)', (seed) => {
    const { answers } = compare(kind, 768, made(kind, seed, 768, 8));
    expect(answers).toContain(-allocationError.exhausted);
  });
});

it('writes faults as they are read', () => {
  const { told } = compare(heaps[2]!, 2 ** 17, made(heaps[2]!, 1, 2 ** 17, 12));
  const words = new Uint32Array(told.length * toldWords + toldWords);
  writeTold(told, words);
  expect(readTold(words, told.length)).toEqual(told);
  writeTold(told, words.subarray(0, toldWords));
  expect(readTold(words.subarray(0, toldWords), told.length)).toEqual(told.slice(0, 1));
});

describe('the native replay refuses', () => {
  const run = (rows: number[], told = 0, allocator = 2): unknown => {
    const words = [Uint32Array.from(rows), new Uint32Array(1), new Int32Array(1), new Uint32Array(told)];
    return runNative('debug-mischief', [allocator, new Uint32Array(1024), ...words, new Uint32Array(1)]);
  };

  it('rows that are none, arrays that do not fit, allocators that are not there', () => {
    expect(() => run([7, 0, 0, 0])).toThrow('"trace" row 0 must start with 1 to 6, not 7');
    expect(() => run([1, 1, 0, 8])).toThrow('"trace" row 0 must name an id below 1, not 1');
    expect(() => run([1, 0, 0])).toThrow('"trace" must have 4 words for each of the 1 answers, not 3');
    expect(() => run([6, 0, 0, 0], 6)).toThrow('"told" must have a multiple of 7 words, not 6');
    expect(() => run([6, 0, 0, 0], 0, 9)).toThrow('"allocator" must be below 9, not 9');
  });
});
