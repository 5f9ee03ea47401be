/**
 * The debug wrapper's kernels: mischief replayed over an allocator in it, and the same program without its faults over
 * the allocator by itself and in the wrapper. The allocator is a coordinate of the point.
 * Native twins: native/kernels/debug-mischief.cc.
 */
import { wordBytes } from '../../allocators/allocation.ts';
import { debugHeaps, type HeapKind, heaps } from '../../allocators/heaps.ts';
import {
  catchOf,
  hasItsSites,
  readTold,
  replayMischief,
  toldWords,
  writeTold,
} from '../../allocators/mischief.ts';
import { heapTraceWork, slotParts } from '../../allocators/trace-work.ts';
import { ContractError } from '../../base/errors.ts';
import type { Prng } from '../../base/prng.ts';
import { defineKernel, type Kernel, numberAt, type Place, type Point, textAt } from '../../kernel/kernel.ts';
import type { Arguments } from '../../kernel/signature.ts';
import { faultKinds, type MischiefTrace, mischiefTrace } from '../../trace/mischief.ts';
import { rowWords } from '../../trace/rows.ts';

const mischiefSignature = {
  allocator: 'uint32',
  heap: 'uint32[]',
  trace: 'const uint32[]',
  offsets: 'uint32[]',
  answers: 'int32[]',
  told: 'uint32[]',
  found: 'uint32[]',
} as const;
const costSignature = {
  allocator: 'uint32',
  wrapped: 'uint32',
  heap: 'uint32[]',
  trace: 'const uint32[]',
  slots: 'uint32[]',
} as const;
type MischiefArguments = Arguments<typeof mischiefSignature>;

export const allocatorIds: readonly string[] = heaps.map(({ id }) => id);

/** Blocks in play, of up to so many bytes; a heap with room for all of them and for the quarantine. */
const ids = 256;
const mostBytes = 512;
const heapWords = 2 ** 18;
/** Rows without a fault between two with one, about. */
const wrongEvery = 16;

function numberOf(point: Point): number {
  const name = textAt(point, 'allocator');
  const number = allocatorIds.indexOf(name);
  if (number < 0) throw new ContractError(`no allocator is called ${name}`);
  return number;
}

function kindOf(number: number): HeapKind {
  return heaps[number]!;
}

/** A program of so many rows, with faults or without. */
function traceOf(point: Point, prng: Prng, hasFaults: boolean): MischiefTrace {
  return mischiefTrace(prng, {
    rows: numberAt(point, 'rows'),
    ids,
    mostBytes,
    isLifo: kindOf(numberOf(point)).order === 'lifo',
    wrongEvery: hasFaults ? wrongEvery : 0,
    heapWords,
  });
}

/** Kept beside the arguments, which hold what both languages need. */
const planted = new WeakMap<Uint32Array, MischiefTrace>();

function traceIn({ point, prng, room }: Place, hasFaults: boolean): MischiefTrace {
  const key = `${textAt(point, 'allocator')} ${hasFaults ? 'with' : 'without'} faults`;
  return room.share(key, () => {
    const trace = traceOf(point, prng, hasFaults);
    planted.set(trace.rows, trace);
    return trace;
  });
}

const traceBytes = (point: Point): number => numberAt(point, 'rows') * rowWords * wordBytes;

/** Point: allocator, rows. Work: one operation a row. */
export const debugMischief: Kernel<typeof mischiefSignature> = defineKernel({
  id: 'debug-mischief',
  summary: 'replays mischief over a general allocator in the debug wrapper',
  signature: mischiefSignature,
  setup(place) {
    const { rows, ids: named, planted: faults } = traceIn(place, true);
    return {
      allocator: numberOf(place.point),
      heap: place.room.array('uint32', heapWords),
      trace: rows,
      offsets: place.room.array('uint32', named),
      answers: place.room.array('int32', rows.length / rowWords),
      // Twice what was planted: a false alarm is to be seen.
      told: place.room.array('uint32', 2 * toldWords * Math.max(1, faults.length)),
      found: place.room.array('uint32', 1),
    };
  },
  // 1. Replay the rows over the allocator, made afresh in the wrapper, 2. hash the heap.
  reference({ allocator, heap, trace, offsets, answers, told, found }) {
    const replayed = replayMischief(kindOf(allocator).make, heap, { rows: trace, ids: offsets.length });
    answers.set(replayed.answers);
    offsets.set(replayed.offsets);
    writeTold(replayed.told, told);
    found[0] = replayed.found;
    return replayed.hash;
  },
  agreement: { kind: 'exact' },
  work: (point) => ({ operations: numberAt(point, 'rows'), bytes: 0 }),
  footprintBytes: (point) => heapWords * wordBytes + 3 * traceBytes(point),
});

/** Point: allocator, rows, wrapped (0 or 1). Work: one operation a row. */
export const debugCost: Kernel<typeof costSignature> = defineKernel({
  id: 'debug-cost',
  summary: 'replays a trace over a general allocator, in the debug wrapper or not',
  signature: costSignature,
  setup(place) {
    const { rows, ids: named } = traceIn(place, false);
    return {
      allocator: numberOf(place.point),
      wrapped: numberAt(place.point, 'wrapped'),
      heap: place.room.array('uint32', heapWords),
      // Its last row looks at all blocks, which only the wrapper can.
      trace: rows.subarray(0, -rowWords),
      slots: place.room.array('uint32', named * slotParts),
    };
  },
  // 1. Make the heap, in the wrapper or not, 2. replay the rows.
  reference({ allocator, wrapped, heap, trace, slots }) {
    const { make } = (wrapped === 1 ? debugHeaps : heaps)[allocator]!;
    return heapTraceWork(make, heap, 0, trace, slots, null);
  },
  agreement: { kind: 'exact' },
  work: (point) => ({ operations: numberAt(point, 'rows'), bytes: 0 }),
  footprintBytes: (point) => heapWords * wordBytes + 2 * traceBytes(point),
});

/** How many faults there were, how many were told, with their sites, in all and by kind; and how many that were none. */
export function catchFigures({
  trace,
  answers,
  told,
  found,
}: MischiefArguments): Readonly<Record<string, number>> {
  const { matched, alarms } = catchOf(planted.get(trace)!, { answers, told: readTold(told, found[0]!) });
  const caught = matched.filter(hasItsSites);
  const byKind = faultKinds.map((kind): [string, number] => [
    `${kind}Caught`,
    caught.filter(({ planted: { kind: its } }) => its === kind).length,
  ]);
  return {
    planted: matched.length,
    caught: caught.length,
    falseAlarms: alarms.length + found[0]! - Math.min(found[0]!, told.length / toldWords),
    ...Object.fromEntries(byKind),
  };
}
