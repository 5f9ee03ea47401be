/**
 * A heap of small objects that a root reaches in random order, and the ways to mark and sweep it. Nodes form a binary tree
 * whose places are shuffled; a quarter of the cells is reached by nobody. Native twin: native/kernels/mark-heap.cc.
 */
import type { Prng } from '../../base/prng.ts';
import { heapStart } from '../../collectors/collector.ts';
import { black, none, objectHeaderWords, slotsOf, stateBits } from '../../collectors/object.ts';
import { defineKernel, type Kernel, numberAt, type Place, type Point, textAt } from '../../kernel/kernel.ts';
import { cycleKey, pointerChase } from '../../kernel/pointer-chase.ts';
import type { Pages } from '../../native/binding.ts';

const headerSignature = {
  heap: 'scratch uint32[]',
  stack: 'scratch uint32[]',
  root: 'uint32',
  times: 'observed float64[]',
} as const;
const mapSignature = {
  heap: 'const uint32[]',
  used: 'uint32[]',
  marks: 'uint32[]',
  stack: 'scratch uint32[]',
  root: 'uint32',
  times: 'observed float64[]',
} as const;

const cellWords = 6;
const cellSlots = 2;
const wordBytes = 4;
const lineBytes = 64;
const mapWordBits = 64;
/** A tree's greyest moment is far below. */
const stackWords = 4096;
const ahead = 16;

/** Cells for so many objects: one in four is dead. */
function cellsFor(objects: number): number {
  return Math.ceil((objects * 4) / 3);
}

function heapWordsFor(objects: number): number {
  return heapStart + cellWords * cellsFor(objects);
}

export function heapBytesFor(objects: number): number {
  return heapWordsFor(objects) * wordBytes;
}

/**
 * A permutation of whole numbers below `count` that needs no table: steps that can be undone, of as many bits as the
 * numbers have, taken again where they lead beyond. The steps are a multiplication by an odd number and a shift.
 */
function scatter(count: number, prng: Prng): (index: number) => number {
  const bits = Math.max(2, Math.ceil(Math.log2(count)));
  const mask = 2 ** bits - 1;
  const [first, second] = [prng.next() | 1, prng.next() | 1];
  return (index) => {
    let at = index;
    do {
      at = Math.imul(at, first) & mask;
      at ^= at >>> (bits >>> 1);
      at = Math.imul(at, second) & mask;
      at ^= at >>> ((bits >>> 1) + 1);
    } while (at >= count);
    return at;
  };
}

interface Filled {
  readonly heap: Uint32Array;
  readonly root: number;
}

/** Cells that nobody reaches are linked into a list, as a sweep leaves them. */
function linkDead(heap: Uint32Array): void {
  let free = none;
  for (let at = heapStart; at < heap.length; at += cellWords) {
    if (heap[at] !== 0) continue;
    heap[at + 1] = free;
    free = at;
  }
}

function fill(heap: Uint32Array, objects: number, prng: Prng): Filled {
  const place = scatter(cellsFor(objects), prng);
  const offset = (node: number): number => heapStart + cellWords * place(node);
  for (let node = 0; node < objects; node++) {
    const at = offset(node);
    heap[at] = cellSlots << stateBits;
    heap[at + 1] = cellWords;
    for (let slot = 0; slot < cellSlots; slot++) {
      const child = cellSlots * node + 1 + slot;
      if (child < objects) heap[at + objectHeaderWords + slot] = offset(child);
    }
    heap[at + cellWords - 2] = node;
  }
  linkDead(heap);
  return { heap, root: offset(0) };
}

function heapKey(point: Point): string {
  return `heap of ${numberAt(point, 'objects')} objects in ${textAt(point, 'pages')} pages`;
}

/** The heap is one for all arms of a group: every way leaves it as it was. */
function filledAt({ point, prng, room }: Place): Filled {
  const objects = numberAt(point, 'objects');
  const pages = textAt(point, 'pages') as Pages;
  return room.share(heapKey(point), () =>
    fill(room.array('uint32', heapWordsFor(objects), lineBytes, pages), objects, prng),
  );
}

interface Found {
  objects: number;
  offsets: number;
}

type Mark = (at: number) => boolean;

/** Marks when an object is found, and pushes it once; with a queue of one, what is popped is looked at at once. */
function markFound(heap: Uint32Array, mark: Mark, stack: Uint32Array, root: number, room: number): Found {
  const queue = new Uint32Array(room);
  const found = { objects: 0, offsets: 0 };
  let [oldest, queued, top] = [0, 0, 0];
  if (mark(root)) stack[top++] = root;
  for (;;) {
    while (queued < room && top > 0) queue[(oldest + queued++) % room] = stack[--top]!;
    if (queued === 0) return found;
    const at = queue[oldest]!;
    oldest = (oldest + 1) % room;
    queued--;
    found.objects++;
    found.offsets = (found.offsets + at) | 0;
    const first = at + objectHeaderWords;
    for (let slot = first; slot < first + slotsOf(heap, at); slot++) {
      const target = heap[slot]!;
      if (target !== none && mark(target)) stack[top++] = target;
    }
  }
}

/** Pushes references unseen, and marks an object when it leaves the queue. */
function markNamed(heap: Uint32Array, mark: Mark, stack: Uint32Array, root: number): Found {
  const queue = new Uint32Array(ahead);
  const found = { objects: 0, offsets: 0 };
  let [oldest, queued, top] = [0, 0, 1];
  stack[0] = root;
  for (;;) {
    while (queued < ahead && top > 0) queue[(oldest + queued++) % ahead] = stack[--top]!;
    if (queued === 0) return found;
    const at = queue[oldest]!;
    oldest = (oldest + 1) % ahead;
    queued--;
    if (!mark(at)) continue;
    found.objects++;
    found.offsets = (found.offsets + at) | 0;
    const first = at + objectHeaderWords;
    for (let slot = first; slot < first + slotsOf(heap, at); slot++) {
      const target = heap[slot]!;
      if (target !== none) stack[top++] = target;
    }
  }
}

/** Looks at every cell: takes marks away, links cells without one into a list; how many those are. */
function sweepCells(heap: Uint32Array): number {
  let free = none;
  let cells = 0;
  for (let at = heapStart; at < heap.length; at += cellWords) {
    if ((heap[at]! & black) !== 0) {
      heap[at]! &= ~black;
      continue;
    }
    heap[at] = 0;
    heap[at + 1] = free;
    free = at;
    cells++;
  }
  return cells;
}

/** What is marked is in use, and no mark is left; how many cells are free. */
function sweepMap(used: Uint32Array, marks: Uint32Array, heapWords: number): number {
  let marked = 0;
  for (let word = 0; word < marks.length; word++) {
    let bits = marks[word]!;
    used[word] = bits;
    marks[word] = 0;
    bits -= (bits >>> 1) & 0x55555555;
    bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
    marked += Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return (heapWords - heapStart) / cellWords - marked;
}

/** 1. Marks. 2. Sweeps. The answer is of what was found and what is free. */
function markAndSweep(times: Float64Array, mark: () => Found, sweep: () => number): bigint {
  const startMs = performance.now();
  const { objects, offsets } = mark();
  const markedMs = performance.now();
  const free = sweep();
  times[0] = (markedMs - startMs) * 1e6;
  times[1] = (performance.now() - markedMs) * 1e6;
  return (BigInt((offsets + objects) >>> 0) << 32n) | BigInt(free);
}

const shared = {
  agreement: { kind: 'exact' },
  work: (point: Point) => ({ operations: numberAt(point, 'objects'), bytes: 0 }),
  sharedBytes: (point: Point) => ({ [heapKey(point)]: heapBytesFor(numberAt(point, 'objects')) }),
} as const;

function headersKernel(id: string, summary: string, isQueued: boolean): Kernel<typeof headerSignature> {
  return defineKernel({
    id,
    summary: `marks and sweeps: ${summary}`,
    signature: headerSignature,
    ...shared,
    setup: (place: Place) => ({
      ...filledAt(place),
      stack: new Uint32Array(stackWords),
      times: place.room.array('float64', 2),
    }),
    reference({ heap, stack, root, times }) {
      const mark = (at: number): boolean => {
        if ((heap[at]! & black) !== 0) return false;
        heap[at]! |= black;
        return true;
      };
      return markAndSweep(
        times,
        () => (isQueued ? markNamed(heap, mark, stack, root) : markFound(heap, mark, stack, root, 1)),
        () => sweepCells(heap),
      );
    },
    footprintBytes: (point) => heapBytesFor(numberAt(point, 'objects')),
  });
}

function mapWordsFor(objects: number): number {
  return Math.ceil(heapWordsFor(objects) / mapWordBits);
}

function mapKernel(id: string, summary: string, room: number): Kernel<typeof mapSignature> {
  return defineKernel({
    id,
    summary: `marks and sweeps: ${summary}`,
    signature: mapSignature,
    ...shared,
    setup: (place: Place) => {
      const words = mapWordsFor(numberAt(place.point, 'objects'));
      return {
        ...filledAt(place),
        used: place.room.array('uint32', words, lineBytes, textAt(place.point, 'pages') as Pages),
        marks: place.room.array('uint32', words, lineBytes, textAt(place.point, 'pages') as Pages),
        stack: new Uint32Array(stackWords),
        times: place.room.array('float64', 2),
      };
    },
    reference({ heap, used, marks, stack, root, times }) {
      const mark = (at: number): boolean => {
        const word = at >>> 6;
        const bit = 1 << ((at >>> 1) & 31);
        if ((marks[word]! & bit) !== 0) return false;
        marks[word]! |= bit;
        return true;
      };
      return markAndSweep(
        times,
        () => markFound(heap, mark, stack, root, room),
        () => sweepMap(used, marks, heap.length),
      );
    },
    footprintBytes: (point) => {
      const objects = numberAt(point, 'objects');
      return heapBytesFor(objects) + 2 * mapWordsFor(objects) * wordBytes;
    },
  });
}

export const markHeaders: Kernel<typeof headerSignature> = headersKernel(
  'mark-headers',
  'marks in headers',
  false,
);
export const markHeadersGrey: Kernel<typeof headerSignature> = headersKernel(
  'mark-headers-grey',
  'marks in headers, what is grey prefetched',
  false,
);
export const markHeadersQueue: Kernel<typeof headerSignature> = headersKernel(
  'mark-headers-queue',
  'marks in headers, a queue before the look',
  true,
);
export const markMap: Kernel<typeof mapSignature> = mapKernel('mark-map', 'marks in a map', 1);
export const markMapQueue: Kernel<typeof mapSignature> = mapKernel(
  'mark-map-queue',
  'marks in a map, a queue before the look',
  ahead,
);

/** Loads that take about as long as marking, however few chains there are. */
function chasePoint(point: Point): Point {
  const { objects, chains, pages } = point as { objects: number; chains: number; pages: string };
  const hops = Math.max(64, Math.floor(objects / 16));
  return {
    workingSetBytes: Math.floor(heapBytesFor(objects) / lineBytes) * lineBytes,
    order: 'random',
    strideBytes: lineBytes,
    pages,
    chains,
    hops,
  };
}

/** Point: objects, whose bytes are gone through, chains, pages. The bound: how fast lines of so large a heap come. */
export const heapChase: Kernel<typeof pointerChase.signature> = {
  ...pointerChase,
  setup: (place: Place) => pointerChase.setup({ ...place, point: chasePoint(place.point) }),
  work: (point) => pointerChase.work(chasePoint(point)),
  sharedBytes: (point) => {
    const at = chasePoint(point);
    return { [cycleKey(at)]: pointerChase.footprintBytes(at) };
  },
  footprintBytes: (point) => pointerChase.footprintBytes(chasePoint(point)),
};
