/**
 * The pointer chase in many orders over the same lines. Each order keeps its links in a word of its own in every line,
 * so that sixteen orders need the memory of one, and reach the memory system as if each had all of it.
 */
import { type ChaseOrder, linkByCongruence, linkInOrder, visitingOrder } from '../../kernel/chase-order.ts';
import { type Kernel, numberAt, type Point, textAt } from '../../kernel/kernel.ts';
import { pointerChase } from '../../kernel/pointer-chase.ts';
import type { Pages } from '../../native/binding.ts';

const lineBytes = 64;
const elementBytes = 4;
const wordsALine = lineBytes / elementBytes;

interface Order {
  readonly id: ChaseOrder;
  readonly title: string;
}

/** The orders, from the word of each line that is their place in this list. Strides and streams ascend. */
export const orders: readonly Order[] = [
  { id: 'random', title: 'random lines' },
  { id: 'in-page', title: 'random lines of a page' },
  { id: 'sequential', title: 'line after line' },
  { id: 'backward', title: 'line before line' },
  ...[2, 3, 4, 8, 32, 64].map((step): Order => ({ id: `stride-${step}`, title: `one line in ${step}` })),
  ...[2, 4, 8, 16, 32].map((count): Order => ({ id: `streams-${count}`, title: `${count} streams in turn` })),
];

const linesAt = (point: Point): number => Math.floor(numberAt(point, 'workingSetBytes') / lineBytes);

/**
 * Point: workingSetBytes, pages, order (src/kernel/chase-order.ts), word (0 to 15: where in a line its links lie, so
 * one order's alone), hops. A walk begins as far into its order as its word is into the line: no two follow each other.
 */
export const patternChase: Kernel<typeof pointerChase.signature> = {
  ...pointerChase,
  setup({ point, prng, room }) {
    const [lines, word] = [linesAt(point), numberAt(point, 'word')];
    const kind = textAt(point, 'order') as ChaseOrder;
    const { links, start } = room.share(`links in word ${word}`, () => {
      const memory = room.share('lines', () =>
        room.array('uint32', lines * wordsALine, lineBytes, textAt(point, 'pages') as Pages),
      );
      const own = memory.subarray(word);
      const first = Math.floor((lines * word) / wordsALine);
      if (kind === 'random') {
        return { links: linkByCongruence(own, lines, lineBytes, prng.next()), start: first * lineBytes };
      }
      const order = visitingOrder(kind, lines, lineBytes, prng);
      return { links: linkInOrder(own, order), start: order[first]! };
    });
    return { links, cursors: Uint32Array.of(start), hops: numberAt(point, 'hops') };
  },
  work(point) {
    const hops = numberAt(point, 'hops');
    return { operations: hops, bytes: elementBytes * hops };
  },
  // The lines are there once for all, and are counted with the first word; each order is written down before it is linked.
  footprintBytes: (point) =>
    linesAt(point) * (elementBytes + (numberAt(point, 'word') === 0 ? lineBytes : 0)),
};
