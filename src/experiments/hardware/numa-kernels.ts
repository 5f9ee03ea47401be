/**
 * Kernels of other experiments over memory whose NUMA node is chosen: the chase for latency, the stream's reading pass
 * for bandwidth. Where the pages really lie is looked up before anything is timed.
 */
import { ContractError } from '../../base/errors.ts';
import { type Kernel, numberAt, type Place, type Point, type Room, textAt } from '../../kernel/kernel.ts';
import { pointerChase } from '../../kernel/pointer-chase.ts';
import { environment, type Pages } from '../../native/binding.ts';
import { stream, type StreamArguments } from './bandwidth-kernels.ts';
import { operations, touch } from './bandwidth-reference.ts';

/** Pages in turn over all nodes; or nothing asked, so that they come to the node of the CPU that touches them first. */
export const spreads = ['interleaved', 'first-touch'] as const;

const pageBytes = 4096;
const elementBytes = 8;
const lineBytes = 64;
/** The first of the stream's widths: whichever this CPU has. */
const widest = 0;
/** A node has at least half of its equal share, and at most one and a half, of pages that are dealt out in turn. */
const fairness = 0.5;

/** `node0` -> 0; null for a spread. */
export function nodeOf(memory: string): number | null {
  const digits = /^node(\d+)$/.exec(memory)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** `0+1` -> [0, 1]; a command line makes a number of one node. */
function nodesAt(point: Point): number[] {
  return String(point['nodes']).split('+').map(Number);
}

/**
 * What is wrong with where pages lie, given how many lie on each node; null: nothing.
 * `wanted`: the nodes that were asked for, each to have its share.
 */
export function misplaced(pages: readonly number[], wanted: readonly number[]): string | null {
  const total = pages.reduce((sum, count) => sum + count, 0);
  const share = total / wanted.length;
  const isFair = (count: number): boolean =>
    wanted.length === 1 ? count === total : Math.abs(count - share) <= fairness * share;
  if (total > 0 && wanted.every((node) => isFair(pages[node] ?? 0))) return null;
  const found = pages.flatMap((count, node) => (count === 0 ? [] : [`${count} on node ${node}`]));
  return `its pages were to lie on node ${wanted.join(', ')}; there are ${found.join(', ') || 'none'}`;
}

/** The nodes on which a point's memory is to lie: asked of the system before the first touch, or left to it. */
function place(view: ArrayBufferView, point: Point): readonly number[] {
  const memory = textAt(point, 'memory');
  if (memory === 'first-touch') {
    const here = environment().currentNode();
    if (here === null) throw new ContractError('numa: this system does not say on which node a CPU is');
    return [here];
  }
  const node = nodeOf(memory);
  const nodes = node === null ? nodesAt(point) : [node];
  environment().placeOnNodes(view, nodes);
  return nodes;
}

/** Throws ContractError where the pages of an array, all touched, do not lie where they are to. */
function requirePlace(view: ArrayBufferView, wanted: readonly number[]): void {
  const pages = environment().pagesByNode(view);
  if (pages === null) throw new ContractError('numa: this system does not say on which node memory lies');
  const wrong = misplaced(pages, wanted);
  if (wrong !== null) throw new ContractError(`numa: ${wrong}`);
}

/**
 * Builds inputs in a room whose arrays are placed before anybody touches them, then looks where they lie. What the room
 * shares is shared among arms of one place.
 */
function placed<T>({ room, point }: Place, build: (room: Room) => T): T {
  const arrays: { view: ArrayBufferView; wanted: readonly number[] }[] = [];
  const built = build({
    array(element, length, alignment, pages) {
      const view = room.array(element, length, Math.max(alignment ?? 1, pageBytes), pages);
      arrays.push({ view, wanted: place(view, point) });
      return view;
    },
    shared: (element, length, alignment) => room.shared(element, length, alignment),
    share: (key, make) => room.share(`${textAt(point, 'memory')} ${key}`, make),
    addressOf: (view) => room.addressOf(view),
    hugeBytes: (view) => room.hugeBytes(view),
  });
  for (const { view, wanted } of arrays) requirePlace(view, wanted);
  return built;
}

const hops = 20_000;
const chasePoint = (point: Point): Point => ({
  ...point,
  hops,
  chains: 1,
  order: 'random',
  strideBytes: lineBytes,
});

/** Point: workingSetBytes, pages, memory ('node0', ..., 'interleaved', 'first-touch'), nodes (all of them: '0+1'). */
export const placedChase: Kernel<typeof pointerChase.signature> = {
  ...pointerChase,
  setup: (given: Place) =>
    placed(given, (room) => pointerChase.setup({ ...given, room, point: chasePoint(given.point) })),
  work: (point) => pointerChase.work(chasePoint(point)),
};

function setUpRead(point: Point, room: Room): StreamArguments {
  const length = numberAt(point, 'workingSetBytes') / elementBytes;
  const pages = textAt(point, 'pages') as Pages;
  return {
    a: new Float64Array(0),
    b: room.share('read', () => touch(room.array('float64', length, pageBytes, pages))),
    c: new Float64Array(0),
    operation: operations.indexOf('read'),
    width: widest,
    passes: 1,
    tookNs: room.shared('float64', 1),
  };
}

/** Point: as above. One pass reads all of the memory; an operation is a line. */
export const placedRead: Kernel<typeof stream.signature> = {
  ...stream,
  setup: (given: Place) => placed(given, (room) => setUpRead(given.point, room)),
  work(point) {
    const bytes = numberAt(point, 'workingSetBytes');
    return { operations: bytes / lineBytes, bytes };
  },
  footprintBytes: (point) => numberAt(point, 'workingSetBytes'),
};
