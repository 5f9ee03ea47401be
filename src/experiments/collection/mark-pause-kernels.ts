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

interface Scatter {
  /** Where a node lies. */
  place(node: number): number;
  /** The number that lies at a place, which may be beyond all nodes. */
  at(place: number): number;
}

/** The odd number that takes a multiplication by this one back, modulo 2^32. */
function inverseOf(odd: number): number {
  let inverse = odd;
  // Each step doubles how many bits are right, of three at first.
  for (let rightBits = 3; rightBits < 32; rightBits *= 2) {
    inverse = Math.imul(inverse, 2 - Math.imul(odd, inverse));
  }
  return inverse;
}

/**
 * A permutation of whole numbers below `count` that needs no table: steps that can be undone, of as many bits as the
 * numbers have, taken again where they lead beyond. The steps are a multiplication by an odd number and a shift.
 */
function scatter(count: number, prng: Prng): Scatter {
  const bits = Math.max(2, Math.ceil(Math.log2(count)));
  const mask = 2 ** bits - 1;
  const [first, second] = [prng.next() | 1, prng.next() | 1];
  const [firstBack, secondBack] = [inverseOf(first), inverseOf(second)];
  const [low, high] = [bits >>> 1, (bits >>> 1) + 1];
  return {
    place(node) {
      let at = node;
      do {
        at = Math.imul(at, first) & mask;
        at ^= at >>> low;
        at = Math.imul(at, second) & mask;
        at ^= at >>> high;
      } while (at >= count);
      return at;
    },
    at(place) {
      let at = place;
      do {
        // Twice `high` is beyond all bits, three times `low` as well.
        at ^= at >>> high;
        at = Math.imul(at, secondBack) & mask;
        at ^= (at >>> low) ^ (at >>> (2 * low));
        at = Math.imul(at, firstBack) & mask;
      } while (at >= count);
      return at;
    },
  };
}

interface Filled {
  readonly heap: Uint32Array;
  readonly root: number;
}

/**
 * Cell after cell, so that memory is written in order. Cells that nobody reaches are linked into a list, as a sweep
 * leaves them.
 */
function fill(heap: Uint32Array, objects: number, prng: Prng): Filled {
  const cells = cellsFor(objects);
  const order = scatter(cells, prng);
  const offset = (node: number): number => heapStart + cellWords * order.place(node);
  let free = none;
  for (let cell = 0, at = heapStart; cell < cells; cell++, at += cellWords) {
    const node = order.at(cell);
    if (node >= objects) {
      heap[at + 1] = free;
      free = at;
      continue;
    }
    heap[at] = cellSlots << stateBits;
    heap[at + 1] = cellWords;
    for (let slot = 0; slot < cellSlots; slot++) {
      const child = cellSlots * node + 1 + slot;
      if (child < objects) heap[at + objectHeaderWords + slot] = offset(child);
    }
    heap[at + cellWords - 2] = node;
  }
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
  readonly objects: number;
  readonly offsets: number;
}

/** Where marks are; `mark` is false for what was marked. */
interface Marks {
  mark(at: number): boolean;
}

class InHeaders implements Marks {
  readonly #heap: Uint32Array;

  constructor(heap: Uint32Array) {
    this.#heap = heap;
  }

  mark(at: number): boolean {
    const header = this.#heap[at]!;
    if ((header & black) !== 0) return false;
    this.#heap[at] = header | black;
    return true;
  }
}

class InMap implements Marks {
  readonly #marks: Uint32Array;

  constructor(marks: Uint32Array) {
    this.#marks = marks;
  }

  mark(at: number): boolean {
    const word = at >>> 6;
    const bit = 1 << ((at >>> 1) & 31);
    const bits = this.#marks[word]!;
    if ((bits & bit) !== 0) return false;
    this.#marks[word] = bits | bit;
    return true;
  }
}

/**
 * Marks when an object is found, and pushes it once; with a queue of one, what is popped is looked at at once. `room`
 * is a power of two.
 */
function markFound(heap: Uint32Array, marks: Marks, stack: Uint32Array, root: number, room: number): Found {
  const queue = new Uint32Array(room);
  let [objects, offsets, oldest, queued, top] = [0, 0, 0, 0, 0];
  if (marks.mark(root)) stack[top++] = root;
  for (;;) {
    while (queued < room && top > 0) queue[(oldest + queued++) & (room - 1)] = stack[--top]!;
    if (queued === 0) return { objects, offsets };
    const at = queue[oldest]!;
    oldest = (oldest + 1) & (room - 1);
    queued--;
    objects++;
    offsets = (offsets + at) | 0;
    const first = at + objectHeaderWords;
    const end = first + slotsOf(heap, at);
    for (let slot = first; slot < end; slot++) {
      const target = heap[slot]!;
      if (target !== none && marks.mark(target)) stack[top++] = target;
    }
  }
}

/** Pushes references unseen, and marks an object when it leaves the queue. */
function markNamed(heap: Uint32Array, marks: Marks, stack: Uint32Array, root: number): Found {
  const queue = new Uint32Array(ahead);
  let [objects, offsets, oldest, queued, top] = [0, 0, 0, 0, 1];
  stack[0] = root;
  for (;;) {
    while (queued < ahead && top > 0) queue[(oldest + queued++) & (ahead - 1)] = stack[--top]!;
    if (queued === 0) return { objects, offsets };
    const at = queue[oldest]!;
    oldest = (oldest + 1) & (ahead - 1);
    queued--;
    if (!marks.mark(at)) continue;
    objects++;
    offsets = (offsets + at) | 0;
    const first = at + objectHeaderWords;
    const end = first + slotsOf(heap, at);
    for (let slot = first; slot < end; slot++) {
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
      const marks = new InHeaders(heap);
      return markAndSweep(
        times,
        () => (isQueued ? markNamed(heap, marks, stack, root) : markFound(heap, marks, stack, root, 1)),
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
      const found = new InMap(marks);
      return markAndSweep(
        times,
        () => markFound(heap, found, stack, root, room),
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

/** Hops that tell what a load takes; more of them tell no more. */
const mostHops = 2 ** 18;

/** Loads that take about as long as marking, or less, however few chains there are. */
function chasePoint(point: Point): Point {
  const { objects, chains, pages } = point as { objects: number; chains: number; pages: string };
  const hops = Math.min(mostHops, Math.max(64, Math.floor(objects / 16)));
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
