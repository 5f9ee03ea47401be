/** Blocks at 16 B, which is what malloc promises for most: no heap leaves gaps beside them that it then searches. */
import { describe, expect, it, vi } from 'vitest';
import { resizeAligned } from '../../../src/allocators/heap.ts';
import { heapChoices } from '../../../src/allocators/heaps.ts';
import { TaggedHeap } from '../../../src/allocators/tagged-heap.ts';
import { promisedAlignment } from '../../../src/trace/malloc-alignment.ts';

const alignmentBytes = 16;

describe('malloc', () => {
  it.each([
    [0, 8],
    [1, 8],
    [8, 8],
    [15, 8],
    [16, 16],
    [17, 16],
    [2 ** 40, 16],
  ])('promises for %i B an alignment of %i', (bytes, alignment) => {
    expect(promisedAlignment(bytes)).toBe(alignment);
  });
});

/** Blocks looked at since the last call, by whoever has boundary tags. */
function looksAt(): () => number {
  const fits = vi.spyOn(TaggedHeap.prototype as unknown as { fits(): boolean }, 'fits');
  return () => {
    const { length } = fits.mock.calls;
    fits.mockRestore();
    return length;
  };
}

describe.each(heapChoices)('$id', ({ id, kind, parameter }) => {
  it('takes at most 32 B for each of many blocks of 16 B, and looks at few others', () => {
    const blocks = 1000;
    const heap = kind.make(new Uint32Array(2 ** 16), parameter);
    const looks = looksAt();
    const offsets = Array.from({ length: blocks }, () => heap.alloc(16, alignmentBytes));
    expect(looks()).toBeLessThanOrEqual(4 * blocks);
    expect(offsets.filter((offset) => offset <= 0 || offset % 4 !== 0)).toEqual([]);
    expect(Math.max(...offsets) - Math.min(...offsets)).toBeLessThanOrEqual(8 * blocks);
  });

  // Of 605 B, 154 words with the header, of which 156 are taken.
  it.runIf(['free-list', 'segregated', 'tlsf', 'small-object'].includes(kind.id))(
    'goes on without gaps behind blocks that were resized',
    () => {
      const heap = kind.make(new Uint32Array(2 ** 16), parameter);
      const offsets = Array.from({ length: 100 }, () => {
        const offset = heap.alloc(600, alignmentBytes);
        expect(resizeAligned(heap, offset, 605, alignmentBytes), `${id} at ${offset}`).toBe(true);
        return offset;
      });
      expect(offsets).toEqual(offsets.map((_, i) => offsets[0]! + 156 * i));
    },
  );
});
