/** The kernels that mark and sweep: both languages over any graph of small objects, beside a walk of our own. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { heapStart } from '../../../src/collectors/collector.ts';
import {
  markHeaders,
  markHeadersGrey,
  markHeadersQueue,
  markMap,
  markMapQueue,
} from '../../../src/experiments/collection/mark-pause-kernels.ts';
import { GroupRoom } from '../../../src/measure/room.ts';
import { runNative } from '../../../src/native/binding.ts';

const seed = 20_261_126;
const cellWords = 6;

/** Cells that name each other, or none, as `links` says. */
function heapOf(links: readonly (readonly [number, number])[]): Uint32Array {
  const heap = new Uint32Array(heapStart + cellWords * links.length);
  const offset = (cell: number): number => (cell === 0 ? 0 : heapStart + cellWords * (cell - 1));
  for (const [cell, [left, right]] of links.entries()) {
    heap.set([2 << 8, cellWords, offset(left), offset(right)], heapStart + cellWords * cell);
  }
  return heap;
}

/** What a cell reaches, itself included. */
function reached(heap: Uint32Array, root: number): Set<number> {
  const found = new Set([root]);
  for (const at of found) {
    for (const target of [heap[at + 2]!, heap[at + 3]!]) if (target !== 0) found.add(target);
  }
  return found;
}

/** As many cells as links, which name any of them, or none (0). */
const anyGraph = fc.integer({ min: 1, max: 200 }).chain((cells) =>
  fc.record({
    links: fc.array(fc.tuple(fc.nat(cells), fc.nat(cells)), { minLength: cells, maxLength: cells }),
    root: fc.nat(cells - 1),
  }),
);

function wantedFor(heap: Uint32Array, root: number): bigint {
  const found = reached(heap, root);
  const sum = [...found].reduce((all, at) => all + at, found.size);
  const cells = (heap.length - heapStart) / cellWords;
  return (BigInt(sum) << 32n) | BigInt(cells - found.size);
}

describe.each([markHeaders, markHeadersGrey, markHeadersQueue])('$id', (kernel) => {
  it('finds and frees the same, and takes its marks away', () => {
    fc.assert(
      fc.property(anyGraph, ({ links, root: cell }) => {
        const root = heapStart + cellWords * cell;
        const [here, native] = [heapOf(links), heapOf(links)];
        const wanted = wantedFor(here, root);
        const times = new Float64Array(2);
        for (const again of [1, 2]) {
          expect(kernel.reference({ heap: here, stack: new Uint32Array(1024), root, times })).toBe(wanted);
          const found = runNative(kernel.id, [native, new Uint32Array(1024), root, times]);
          expect(found.checksum, `pass ${again}`).toBe(wanted);
          expect(native).toEqual(here);
        }
        expect(here.some((word, i) => (i - heapStart) % cellWords === 0 && (word & 0xff) !== 0)).toBe(false);
      }),
      { seed, numRuns: 20 },
    );
  });
});

describe.each([markMap, markMapQueue])('$id', (kernel) => {
  it('finds and frees the same, and says in its map what is in use', () => {
    fc.assert(
      fc.property(anyGraph, ({ links, root: cell }) => {
        const root = heapStart + cellWords * cell;
        const heap = heapOf(links);
        const maps = (): [Uint32Array, Uint32Array] => {
          const words = Math.ceil(heap.length / 64);
          return [new Uint32Array(words), new Uint32Array(words)];
        };
        const times = new Float64Array(2);
        const stack = new Uint32Array(1024);
        const [[used, marks], [nativeUsed, nativeMarks]] = [maps(), maps()];
        const wanted = wantedFor(heap, root);
        expect(kernel.reference({ heap, used, marks, stack, root, times })).toBe(wanted);
        const found = runNative(kernel.id, [heap, nativeUsed, nativeMarks, stack, root, times]);
        expect(found.checksum).toBe(wanted);
        expect(nativeUsed).toEqual(used);
        expect([...marks, ...nativeMarks].every((word) => word === 0)).toBe(true);
        for (const at of reached(heap, root)) {
          expect((used[at >>> 6]! >>> ((at >>> 1) & 31)) & 1).toBe(1);
        }
      }),
      { seed, numRuns: 20 },
    );
  });
});

it.each([1, 2, 100, 1025])('%d objects are all reached, and a quarter of the cells is not', (objects) => {
  const room = new GroupRoom();
  try {
    const point = { objects, pages: 'small' };
    const place = { point, prng: new Prng(3), room, member: 0, members: 1, cpus: [0] };
    const { heap, root } = markMap.setup(place);
    expect(reached(heap, root).size).toBe(objects);
    expect((heap.length - heapStart) / cellWords).toBe(Math.ceil((4 * objects) / 3));
    // Sweeps leave the list of the dead as it was made.
    const before = heap.slice();
    markHeaders.reference(markHeaders.setup(place));
    expect(heap).toEqual(before);
  } finally {
    room.close();
  }
});
