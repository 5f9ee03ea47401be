/**
 * Slabs by hand. In a heap of 4,096 words a page is 256 (1 KiB); the header and 16 entries take page 0, and 15 pages are
 * left, from word 256 on.
 */
import { describe, expect, it } from 'vitest';
import { allocationError } from '../../../src/allocators/allocation.ts';
import { Slab } from '../../../src/allocators/slab.ts';

function made(): Slab {
  return Slab.create(new Uint32Array(4096), 0);
}

function fill(slab: Slab, bytes: number): number[] {
  const blocks: number[] = [];
  for (let block = slab.alloc(bytes, 8); block > 0; block = slab.alloc(bytes, 8)) blocks.push(block);
  return blocks;
}

describe('slabs', () => {
  it('serve blocks of a class one after another, and what was freed last first', () => {
    const slab = made();
    // 17 B take 24, 6 words; 25 B take 32 in a slab of their own.
    expect([slab.alloc(17, 8), slab.alloc(25, 8), slab.alloc(20, 8)]).toEqual([256, 512, 262]);
    expect(slab.usedWords).toBe(6 + 8 + 6);
    slab.free(256);
    expect([slab.alloc(24, 8), slab.alloc(24, 8)]).toEqual([256, 268]);
  });

  it('start each slab a line after the last, as far as it has room', () => {
    const slab = made();
    // 192 B are 48 words. Eight take 384, so that a slab has two pages: 10 blocks, and 32 words over, which are two
    // lines. So the fourth slab starts as the first did.
    const blocks = fill(slab, 192);
    expect([0, 10, 20, 30].map((i) => blocks[i])).toEqual([256, 768 + 16, 1280 + 32, 1792]);
    // Seven slabs of ten, and the last page, whole.
    expect(blocks).toHaveLength(71);
    expect(slab.usedWords).toBe(70 * 48 + 256);
  });

  it('go from empty to full and back, and their memory then serves another class', () => {
    const slab = made();
    const blocks = fill(slab, 64);
    expect(blocks).toHaveLength(15 * 16);
    expect(slab.alloc(8, 8)).toBe(-allocationError.exhausted);
    // One block back makes a full slab partial: only its class can have it.
    slab.free(blocks[20]!);
    expect(slab.alloc(8, 8)).toBe(-allocationError.exhausted);
    expect(slab.alloc(64, 8)).toBe(blocks[20]);
    // All blocks of the second slab back: it is kept, until another class has need of it.
    for (const block of blocks.slice(16, 32)) slab.free(block);
    expect(slab.statistics()).toMatchObject({ freeBlocks: 1, freeWords: 256, largestFreeWords: 256 });
    expect(slab.alloc(8, 8)).toBe(512);
    for (const block of blocks.toSpliced(16, 16)) slab.free(block);
    slab.free(512);
    expect(slab.statistics()).toEqual(made().statistics());
    // Two classes keep a slab each, and give it for what takes the whole heap.
    expect(slab.alloc(15 * 1024, 8)).toBe(256);
  });

  it('take whole pages for large blocks and large alignments, and give them back', () => {
    const slab = made();
    // Three pages from the first; the next multiple of 4 KiB is page 4, and a multiple of 128 B is any page.
    expect([slab.alloc(2049, 8), slab.alloc(8, 4096), slab.alloc(8, 128)]).toEqual([256, 1024, 2048]);
    expect(slab.usedWords).toBe((3 + 4 + 1) * 256);
    expect(slab.resize(256, 4097)).toBe(false);
    expect(slab.resize(256, 1024)).toBe(true);
    expect(slab.resize(256, 3000)).toBe(true);
    for (const block of [256, 1024, 2048]) slab.free(block);
    expect(slab.statistics()).toEqual(made().statistics());
  });

  it('change nothing where a request is refused', () => {
    const slab = made();
    slab.free(slab.alloc(64, 8));
    slab.alloc(8, 2048);
    const before = slab.heap.slice();
    expect(slab.alloc(15 * 1024, 8)).toBe(-allocationError.exhausted);
    expect(slab.heap).toEqual(before);
  });
});
