/**
 * GCBench over any collector: trees built from the top and from the bottom, of many depths, while a large tree and an
 * array of doubles live on. A trace of it would be longer than the heap, so it is a program. Its local variables are a
 * stack of roots: a frame's lie above those of its caller, and are cleared when it returns. Source: J. Ellis and
 * P. Kovac, post-processed by H. Boehm, GCBench. Native twin: native/collectors/programs/gc-bench.h.
 */
import { ContractError } from '../../base/errors.ts';
import type { Collector, CollectorRoom, MakeCollector } from '../collector.ts';
import { none, objectHeaderWords, objectWords } from '../object.ts';
import { makingWords, RunPatience } from '../patience.ts';
import type { PauseLog } from '../pauses.ts';

export interface GcBenchShape {
  /** Of the first tree, which is dropped at once and whose size says how many the others are. */
  readonly stretchDepth: number;
  readonly longLivedDepth: number;
  readonly arrayDoubles: number;
  /** Of the trees that come and go; every second depth. */
  readonly leastDepth: number;
  readonly mostDepth: number;
}

/** As its authors have it. */
export const gcBenchShape: GcBenchShape = {
  stretchDepth: 18,
  longLivedDepth: 16,
  arrayDoubles: 500_000,
  leastDepth: 4,
  mostDepth: 16,
};

export const mostTreeDepth = 24;
const nodeSlots = 2;
/** Two integers, which nobody writes. */
const nodeBytes = 8;
const doubleBytes = 8;
const [longLivedRoot, arrayRoot, firstRoot] = [0, 1, 2];
const [left, right] = [0, 1];

/** Nodes of a tree. */
export function treeSize(depth: number): number {
  return 2 ** (depth + 1) - 1;
}

/** The numbers of a shape as the kernel takes them. */
export function shapeNumbers(shape: GcBenchShape): Uint32Array {
  const { stretchDepth, longLivedDepth, arrayDoubles, leastDepth, mostDepth } = shape;
  return Uint32Array.of(stretchDepth, longLivedDepth, arrayDoubles, leastDepth, mostDepth);
}

/** The other way round. */
export function shapeOf(numbers: Uint32Array): GcBenchShape {
  const [stretchDepth, longLivedDepth, arrayDoubles, leastDepth, mostDepth] = [...numbers] as [
    number,
    number,
    number,
    number,
    number,
  ];
  return { stretchDepth, longLivedDepth, arrayDoubles, leastDepth, mostDepth };
}

/** The long-lived tree, the array, a tree of the deepest and a subtree that is not yet in its place. */
export function gcBenchRoots({ stretchDepth, longLivedDepth, mostDepth }: GcBenchShape): number {
  return 4 + Math.max(stretchDepth, longLivedDepth, mostDepth);
}

function depthsOf({ leastDepth, mostDepth }: GcBenchShape): number[] {
  return Array.from(
    { length: Math.max(0, Math.floor((mostDepth - leastDepth) / 2) + 1) },
    (_, i) => leastDepth + 2 * i,
  );
}

function treesOf({ stretchDepth }: GcBenchShape, depth: number): number {
  return Math.floor((2 * treeSize(stretchDepth)) / treeSize(depth));
}

/** Objects that it makes: the nodes and the array. */
export function gcBenchObjects(shape: GcBenchShape): number {
  const trees = depthsOf(shape).map((depth) => 2 * treesOf(shape, depth) * treeSize(depth));
  const lasting = treeSize(shape.stretchDepth) + treeSize(shape.longLivedDepth) + 1;
  return trees.reduce((sum, nodes) => sum + nodes, lasting);
}

/** Words that are live at most, in a collector that adds none of its own. */
export function gcBenchLiveWords(shape: GcBenchShape): number {
  const node = objectWords(0, nodeSlots, nodeBytes);
  const array = objectWords(0, 0, shape.arrayDoubles * doubleBytes);
  const deepest = depthsOf(shape).at(-1);
  const come = deepest === undefined ? 0 : treeSize(deepest) * node;
  return Math.max(treeSize(shape.stretchDepth) * node, treeSize(shape.longLivedDepth) * node + array + come);
}

class GcBench {
  readonly collector: Collector;
  readonly #heap: Uint32Array;
  readonly #roots: Uint32Array;
  readonly #nodeWords: number;
  readonly #pauses: PauseLog;
  readonly #patience: RunPatience;
  #objects = 0;
  #filledWords = 0;

  constructor(make: MakeCollector, room: CollectorRoom, settings: readonly number[], patience: RunPatience) {
    room.roots.fill(none);
    this.collector = make(room, settings);
    this.#heap = room.heap;
    this.#roots = room.roots;
    this.#pauses = room.pauses;
    this.#patience = patience;
    this.#nodeWords = objectWords(this.collector.extraWords, nodeSlots, nodeBytes);
  }

  /** False: memory ran out. */
  run(shape: GcBenchShape): boolean {
    const { collector } = this;
    // 1. A tree that stretches the heap and is dropped.
    if (!this.#bottomUp(shape.stretchDepth, firstRoot)) return false;
    collector.setRoot(firstRoot, none);
    // 2. What lives on: a tree, and an array half of which is filled.
    if (!this.#putNode(longLivedRoot) || !this.#topDown(shape.longLivedDepth, longLivedRoot)) return false;
    if (!this.#makeArray(shape.arrayDoubles)) return false;
    // 3. Trees that come and go.
    for (const depth of depthsOf(shape)) {
      const count = treesOf(shape, depth);
      for (let tree = 0; tree < count; tree++) {
        if (!this.#putNode(firstRoot) || !this.#topDown(depth, firstRoot)) return false;
        collector.setRoot(firstRoot, none);
      }
      for (let tree = 0; tree < count; tree++) {
        if (!this.#bottomUp(depth, firstRoot)) return false;
        collector.setRoot(firstRoot, none);
      }
    }
    return true;
  }

  /** 4. Objects made, and what is left of what should live on: the tree's nodes, the sum of the array's words. */
  checksum(): bigint {
    let sum = 0;
    const array = this.#roots[arrayRoot]!;
    if (array !== none) {
      const first = this.#dataOf(array);
      for (let i = first; i < first + this.#filledWords; i++) sum = (sum + this.#heap[i]!) | 0;
    }
    const nodes = this.#objects + this.#nodesBelow(this.#roots[longLivedRoot]!);
    return (BigInt(nodes) << 32n) | BigInt(sum >>> 0);
  }

  /** A tree in root `at`, its leaves first. */
  #bottomUp(depth: number, at: number): boolean {
    if (depth === 0) return this.#putNode(at);
    if (!this.#bottomUp(depth - 1, at) || !this.#bottomUp(depth - 1, at + 1)) return false;
    const { collector } = this;
    const node = this.#make(nodeSlots, this.#nodeWords);
    if (node === none) return false;
    collector.store(node, left, this.#roots[at]!);
    collector.store(node, right, this.#roots[at + 1]!);
    collector.setRoot(at, node);
    collector.setRoot(at + 1, none);
    return true;
  }

  /** The node in root `at` gets what is below it, its root first. */
  #topDown(depth: number, at: number): boolean {
    if (depth === 0) return true;
    const { collector } = this;
    for (let slot = left; slot <= right; slot++) {
      const child = this.#make(nodeSlots, this.#nodeWords);
      if (child === none) return false;
      collector.store(this.#roots[at]!, slot, child);
    }
    for (let slot = left; slot <= right; slot++) {
      collector.setRoot(at + 1, collector.load(this.#roots[at]!, slot));
      if (!this.#topDown(depth - 1, at + 1)) return false;
    }
    collector.setRoot(at + 1, none);
    return true;
  }

  #makeArray(doubles: number): boolean {
    const array = this.#make(0, objectWords(this.collector.extraWords, 0, doubles * doubleBytes));
    if (array === none) return false;
    const value = new Float64Array(1);
    const words = new Uint32Array(value.buffer);
    const first = this.#dataOf(array);
    const filled = Math.floor(doubles / 2);
    for (let i = 0; i < filled; i++) {
      value[0] = 1 / (i + 1);
      this.#heap[first + 2 * i] = words[0]!;
      this.#heap[first + 2 * i + 1] = words[1]!;
    }
    this.#filledWords = 2 * filled;
    this.collector.setRoot(arrayRoot, array);
    return true;
  }

  #putNode(at: number): boolean {
    const node = this.#make(nodeSlots, this.#nodeWords);
    if (node === none) return false;
    this.collector.setRoot(at, node);
    return true;
  }

  #make(slots: number, words: number): number {
    this.#patience.check(this.#pauses.pauses, this.#objects * makingWords);
    this.#objects++;
    return this.collector.alloc(slots, words);
  }

  #dataOf(object: number): number {
    return object + objectHeaderWords + this.collector.extraWords;
  }

  #nodesBelow(node: number): number {
    if (node === none) return 0;
    const { collector } = this;
    return 1 + this.#nodesBelow(collector.load(node, left)) + this.#nodesBelow(collector.load(node, right));
  }
}

/**
 * Runs it over a collector made afresh. `counts` (countNumbers) gets what the collector counted, and behind that whether
 * the program went to its end: 1, or 0 where memory ran out.
 * @returns objects made and nodes of the long-lived tree in the upper 32 bits, the sum of the array's words below
 * @throws ContractError where it takes longer than the patience lasts
 */
export function gcBench(
  make: MakeCollector,
  room: CollectorRoom,
  settings: readonly number[],
  shape: GcBenchShape,
  counts: Float64Array,
  patience: RunPatience = new RunPatience(),
): bigint {
  const deepest = Math.max(shape.stretchDepth, shape.longLivedDepth, shape.mostDepth);
  if (deepest > mostTreeDepth || room.roots.length !== gcBenchRoots(shape)) {
    throw new ContractError(
      `trees of depth ${deepest} must be of ${mostTreeDepth} at most, and need ${gcBenchRoots(shape)} roots, ` +
        `not ${room.roots.length}`,
    );
  }
  const program = new GcBench(make, room, settings, patience);
  const isDone = program.run(shape);
  room.pauses.close();
  const checksum = program.checksum();
  program.collector.finish();
  program.collector.counts.write(counts);
  counts[counts.length - 1] = isDone ? 1 : 0;
  return checksum;
}
