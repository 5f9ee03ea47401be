/**
 * The traces that heaps are judged by for space, each with the heap that it is replayed in: workloads up to where they
 * begin to give everything back, in a heap of some times their peak, and small examples in a heap that they fill.
 */
import { wordBytes } from '../../allocators/allocation.ts';
import { ContractError } from '../../base/errors.ts';
import type { Prng } from '../../base/prng.ts';
import { numberAt, type Point, textAt } from '../../kernel/kernel.ts';
import { outlineOf } from '../../trace/outline.ts';
import { type AllocationTrace, allocationOp, rowWords, TraceWriter } from '../../trace/rows.ts';
import { alignmentBytes, workloadTrace } from '../../trace/workload.ts';
import { fragmentationBlocks } from '../../trace/workloads/fragmentation-blocks.ts';
import { larson } from '../../trace/workloads/larson.ts';
import { phaseChange } from '../../trace/workloads/phase-change.ts';
import { server } from '../../trace/workloads/server.ts';

/** A trace, and the heap that it is to be replayed in. */
export interface HeapTrace {
  readonly trace: AllocationTrace;
  readonly heapBytes: number;
}

/** Of the workloads: about how many bytes are live at most. */
const meanLarsonBytes = 504;
/** A server of a longest life of so many steps has about so many bytes live for each. */
const serverBytesAStep = 160;
/** Bytes of a trace for each byte that is live in it, at most. */
const bytesOfRows = 2;
/** Every block is replaced so many times on average. */
const turns = 4;
const driftsATurn = 20;

type MakeWorkload = (liveBytes: number, prng: Prng) => AllocationTrace;

const workloadsByName: Readonly<Record<string, MakeWorkload>> = {
  larson(liveBytes, prng) {
    const slots = Math.round(liveBytes / meanLarsonBytes);
    return workloadTrace(larson, { slots, replacements: turns * slots }, prng);
  },
  phases: (liveBytes, prng) => workloadTrace(phaseChange, { liveBytes }, prng),
  server(liveBytes, prng) {
    const mostSteps = Math.round(liveBytes / serverBytesAStep);
    const driftEvery = Math.round(mostSteps / driftsATurn);
    return workloadTrace(server, { steps: turns * mostSteps, mostSteps, driftEvery }, prng);
  },
};
export const workloadNames: readonly string[] = Object.keys(workloadsByName);

/** The trace without the frees at its end: there a heap says nothing but that all came back. */
function beforeItsDrain({ rows, ids }: AllocationTrace): AllocationTrace {
  let end = rows.length;
  while (end > 0 && rows[end - rowWords] === allocationOp.free) end -= rowWords;
  return { rows: rows.subarray(0, end), ids };
}

/** So much that hardly an allocator runs short. */
const ampleOverPeak = 4;

/** At least so many bytes, a power of two: there a buddy system, too, begins with its lowest blocks. */
export function powerOfTwo(bytes: number): number {
  return 2 ** Math.ceil(Math.log2(bytes));
}

/** Point: trace, liveBytes, room: ample, or tight and tightPercent (of the peak of what is live). */
export function workloadHeap(point: Point, prng: Prng): HeapTrace {
  const make = workloadsByName[textAt(point, 'trace')];
  if (make === undefined) throw new ContractError(`no workload is called ${textAt(point, 'trace')}`);
  const trace = beforeItsDrain(make(numberAt(point, 'liveBytes'), prng));
  const { peakLiveBytes } = outlineOf(trace);
  const isAmple = textAt(point, 'room') === 'ample';
  const heapBytes = isAmple
    ? powerOfTwo(ampleOverPeak * peakLiveBytes)
    : (peakLiveBytes * numberAt(point, 'tightPercent')) / 100;
  return { trace, heapBytes };
}

/** About what one of these takes at a point, in bytes. */
export function workloadMostBytes(point: Point): { readonly traceBytes: number; readonly heapBytes: number } {
  const liveBytes = numberAt(point, 'liveBytes');
  return { traceBytes: bytesOfRows * liveBytes, heapBytes: 2 * ampleOverPeak * liveBytes };
}

/** A heap that a few blocks fill. */
const smallHeapBytes = 4096;
/** A heap that very many do, and their size. */
export const largeHeapBytes: number = 2 ** 18;
const holeBytes = 64;
/** A header of four bytes makes blocks of 32, 64, 96 and 128 B of these, where there is one. */
const headerBytes = 4;
const gapBytes = [64, 96, 32].map((bytes) => bytes - headerBytes);
const askedBytes = 128 - headerBytes;
const wallBytes = 16 - headerBytes;
/** Of the blocks that fill a heap, so many in a hundred are given back. */
const freedPercent = 45;

const row = (writer: TraceWriter, id: number, bytes: number): TraceWriter =>
  writer.alloc(id, bytes, alignmentBytes);

/** One block of so many bytes. */
function oneBlock(bytes: number): HeapTrace {
  return { trace: row(new TraceWriter(), 0, bytes).finish(), heapBytes: smallHeapBytes };
}

/** Three gaps in a full heap, and a request that is less than their sum and more than each. */
function gaps(): HeapTrace {
  const writer = new TraceWriter();
  let id = 0;
  const gapIds = gapBytes.map((bytes) => {
    const gap = id++;
    row(writer, gap, bytes);
    row(writer, id++, wallBytes);
    return gap;
  });
  // What is left is filled with ever smaller blocks; those that are refused leave no block behind.
  for (let bytes = smallHeapBytes / 2; bytes >= 1; bytes = Math.floor(bytes / 2)) {
    for (let i = 0; i < 16; i++) row(writer, id++, bytes);
  }
  for (const gap of gapIds) writer.free(gap);
  return { trace: row(writer, id, askedBytes).finish(), heapBytes: smallHeapBytes };
}

/** A buddy system of 4 KiB has blocks of 2,048, 1,024, 512 and 128 B: three are taken, and 20 B come from the last. */
function split(): HeapTrace {
  const writer = new TraceWriter();
  for (const [id, bytes] of [2048, 1024, 512, 20].entries()) row(writer, id, bytes);
  return { trace: writer.finish(), heapBytes: smallHeapBytes };
}

/** A heap filled with blocks of one size, of which some come back at random and are asked for again in another size. */
function refill(bytes: number, prng: Prng): HeapTrace {
  const writer = new TraceWriter();
  const blocks = largeHeapBytes / holeBytes;
  for (let id = 0; id < blocks; id++) row(writer, id, holeBytes);
  const freed: number[] = [];
  for (let id = 0; id < blocks; id++) {
    if (prng.below(100) >= freedPercent) continue;
    writer.free(id);
    freed.push(id);
  }
  for (const id of freed.slice(0, Math.floor((freed.length * holeBytes) / bytes))) row(writer, id, bytes);
  return { trace: writer.finish(), heapBytes: largeHeapBytes };
}

const examples: Readonly<Record<string, (prng: Prng) => HeapTrace>> = {
  'round-25': () => oneBlock(25),
  'round-17': () => oneBlock(17),
  gaps: () => gaps(),
  split: () => split(),
  holes: (prng) => ({
    trace: workloadTrace(fragmentationBlocks, { heapBytes: largeHeapBytes, blockBytes: holeBytes }, prng),
    heapBytes: largeHeapBytes,
  }),
  refill: (prng) => refill(holeBytes, prng),
  larger: (prng) => refill(2 * holeBytes, prng),
};
export const exampleNames: readonly string[] = Object.keys(examples);

/** About what one of these takes, in bytes. */
export function exampleMostBytes(): { readonly traceBytes: number; readonly heapBytes: number } {
  const rows = (2 * largeHeapBytes) / holeBytes;
  return { traceBytes: rows * rowWords * wordBytes, heapBytes: largeHeapBytes };
}

/** Point: trace. */
export function exampleHeap(point: Point, prng: Prng): HeapTrace {
  const make = examples[textAt(point, 'trace')];
  if (make === undefined) throw new ContractError(`no example is called ${textAt(point, 'trace')}`);
  return make(prng);
}
