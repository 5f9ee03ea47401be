/** The debug wrapper, worked by hand: where a block lies, what is around it, what is found and with which sites. */
import { describe, expect, it } from 'vitest';
import { allocationError, allocationErrorText } from '../../../src/allocators/allocation.ts';
import { Debug } from '../../../src/allocators/debug.ts';
import {
  debugShape,
  frontWords,
  freedFill,
  freshFill,
  GrainMap,
  noSite,
} from '../../../src/allocators/debug-layout.ts';
import { FreeList } from '../../../src/allocators/free-list.ts';
import { Linear } from '../../../src/allocators/linear.ts';
import { faultText, StackSites } from '../../../src/allocators/fault-text.ts';
import { Stack } from '../../../src/allocators/stack.ts';

const { doubleFree, foreign, misaligned, outOfOrder, overflow, underflow, useAfterFree, wrongSize } =
  allocationError;
const none = noSite;

/** A wrapped free list with a block of 10 bytes, allocated at site 1; what follows is at site 2. */
function one(): { debug: Debug; heap: Uint32Array; bytes: Uint8Array; block: number } {
  const heap = new Uint32Array(1024);
  const debug = Debug.create(FreeList.create, heap, 0);
  debug.site = 1;
  const block = debug.alloc(10, 8);
  debug.site = 2;
  return { debug, heap, bytes: new Uint8Array(heap.buffer), block };
}

describe('the layout', () => {
  it('of a heap of 1,024 words: 16 of record, 48 of log, 32 of ring, 3 maps of 16', () => {
    const shape = {
      innerWords: 880,
      log: 896,
      held: 944,
      heldMost: 16,
      starts: 976,
      gone: 992,
      inners: 1008,
    };
    expect(debugShape(1024)).toEqual(shape);
  });

  it('of a block of 10 bytes: 8 words before it, 2 bytes and 3 words behind it', () => {
    const { debug, heap, bytes, block } = one();
    // The first block of a free list starts at word 16.
    expect(block).toBe(16 + frontWords);
    expect([...heap.subarray(block, block + 2)]).toEqual([freshFill, freshFill]);
    expect([...bytes.subarray(4 * block + 8, 4 * block + 10)]).toEqual([0xa5, 0xa5]);
    // The canary is 0xc3965a3c with the block's offset, 24, mixed in.
    const canary = 0xc3965a24;
    expect([...heap.subarray(block - 2, block)]).toEqual([canary, canary]);
    expect(heap[block + 2]! >>> 16).toBe(canary >>> 16);
    expect([...heap.subarray(block + 3, block + 6)]).toEqual([canary, canary, canary]);
    // 8 + 6 words, a header of the free list's, and one that rounding adds.
    expect(debug.usedWords).toBe(16);
  });

  it('of maps: a bit for two words', () => {
    const map = new GrainMap(new Uint32Array(4));
    for (const offset of [2, 62, 64, 190]) map.set(offset);
    expect([...map.bits]).toEqual([0x80000002, 1, 0x80000000, 0]);
    expect([map.has(62), map.has(66)]).toEqual([true, false]);
    expect([0, 2, 61, 63, 100, 189, 255].map((offset) => map.lastTo(offset))).toEqual([
      0, 2, 2, 62, 64, 64, 190,
    ]);
    map.clearRange(62, 66);
    expect([...map.bits]).toEqual([2, 0, 0x80000000, 0]);
  });
});

describe('a fault is found and told with its sites', () => {
  it.each([
    ['the byte behind the end', 10, overflow],
    ['the last byte that is watched', 23, overflow],
    ['the byte before the start', -1, underflow],
    ['the first byte of the canaries', -8, underflow],
  ])('written: %s', (_, position, error) => {
    const { debug, bytes, block } = one();
    bytes[4 * block + position]! ^= 1;
    expect(debug.free(block)).toBe(-error);
    expect(debug.faults).toBe(1);
    expect(debug.fault(0)).toEqual({ error, offset: block, bytes: 10, allocated: 1, freed: none, found: 2 });
    // It was told, and taken back.
    debug.checkAll();
    expect(debug.faults).toBe(1);
    expect(debug.statistics().liveBlocks).toBe(0);
  });

  it('written: the header, so that the sites are lost; the block is given back all the same', () => {
    const { debug, bytes, block } = one();
    bytes[4 * block - 32]! ^= 1;
    expect(debug.free(block)).toBe(-underflow);
    expect(debug.fault(0)).toMatchObject({ error: underflow, offset: block, allocated: none });
    expect(debug.usedWords).toBe(0);
    expect(debug.free(block)).toBe(-doubleFree);
  });

  it('once, where a look at all blocks comes before the free', () => {
    const { debug, bytes, block } = one();
    bytes[4 * block - 32]! ^= 1;
    debug.checkAll();
    debug.checkAll();
    expect(debug.faults).toBe(1);
    expect(debug.free(block)).toBe(0);
    expect(debug.usedWords).toBe(0);
  });

  it('freed twice: both sites, while it is held and after', () => {
    const { debug, block } = one();
    expect(debug.free(block)).toBe(0);
    debug.site = 3;
    expect(debug.free(block)).toBe(-doubleFree);
    expect(debug.fault(0)).toEqual({
      error: doubleFree,
      offset: block,
      bytes: 10,
      allocated: 1,
      freed: 2,
      found: 3,
    });
    // More than are held push it out.
    const others = Array.from({ length: 17 }, () => debug.alloc(10, 8));
    for (const other of others) debug.free(other);
    expect(debug.free(block)).toBe(-doubleFree);
    expect(debug.fault(1)).toMatchObject({ allocated: none, freed: none });
  });

  it('written after it was freed: when more than a quarter of the heap is held', () => {
    const { debug, heap, block } = one();
    debug.free(block);
    expect([...heap.subarray(block, block + 3)]).toEqual([freedFill, freedFill, freedFill]);
    heap[block + 1] = 7;
    debug.site = 3;
    // A quarter of 880 words holds 13 blocks of 16.
    const others = Array.from({ length: 13 }, () => debug.alloc(10, 8));
    expect(others).not.toContain(block);
    for (const other of others.slice(0, 12)) debug.free(other);
    expect(debug.faults).toBe(0);
    debug.free(others[12]!);
    expect(debug.fault(0)).toEqual({
      error: useAfterFree,
      offset: block,
      bytes: 10,
      allocated: 1,
      freed: 2,
      found: 3,
    });
  });

  it('freed where no block starts', () => {
    const { debug, block } = one();
    expect(debug.free(block + 2)).toBe(-misaligned);
    expect(debug.free(block + 1)).toBe(-misaligned);
    expect(debug.fault(1)).toMatchObject({ offset: block, bytes: 10, allocated: 1 });
    for (const offset of [0, block + 3, block + 100, 1000, 5000, 2 ** 32 - 1]) {
      expect(debug.free(offset), `${offset}`).toBe(-foreign);
    }
    expect(debug.fault(7)).toEqual({
      error: foreign,
      offset: 2 ** 32 - 1,
      bytes: 0,
      allocated: none,
      freed: none,
      found: 2,
    });
    expect(debug.free(block)).toBe(0);
  });

  it('given back with another size than asked for, to the byte', () => {
    const { debug, block } = one();
    expect(debug.freeSized(block, 9)).toBe(-wrongSize);
    expect(debug.freeSized(block, 10)).toBe(0);
  });

  it('written behind its end, then grown', () => {
    const { debug, bytes, block } = one();
    bytes[4 * block + 11]! ^= 1;
    expect(debug.resize(block, 40)).toBe(true);
    expect(debug.fault(0)).toMatchObject({ error: overflow, bytes: 10 });
    expect([...bytes.subarray(4 * block + 10, 4 * block + 40)].every((byte) => byte === 0xa5)).toBe(true);
    expect(debug.free(block)).toBe(0);
  });
});

describe('what is held', () => {
  it('gives way where memory runs out', () => {
    const debug = Debug.create(FreeList.create, new Uint32Array(1024), 0);
    const fill = (): number[] => {
      const blocks: number[] = [];
      for (let block = debug.alloc(100, 8); block > 0; block = debug.alloc(100, 8)) blocks.push(block);
      return blocks;
    };
    const blocks = fill();
    for (const block of blocks) debug.free(block);
    expect(debug.statistics()).toMatchObject({ liveBlocks: 0, usedWords: 0 });
    expect(debug.statistics().freeWords).toBeLessThan(1024 - 144 - 16);
    expect(fill()).toHaveLength(blocks.length);
  });

  it('is known by its bit where its header is lost, and not searched for', () => {
    const { debug, heap, block } = one();
    debug.free(block);
    heap[block - frontWords]! ^= 1;
    heap.fill(0, debugShape(1024).held, debugShape(1024).starts);
    expect(debug.isInUse(block)).toBe(false);
    expect(debug.free(block)).toBe(-doubleFree);
  });

  it("of a stack is looked at before the next block; the order is the stack's", () => {
    const heap = new Uint32Array(1024);
    const debug = Debug.create(Stack.create, heap, 0);
    const [low, high] = [debug.alloc(8, 8), debug.alloc(8, 8)];
    expect(debug.free(low)).toBe(-outOfOrder);
    expect([debug.free(high), debug.free(low)]).toEqual([0, 0]);
    heap[high]! ^= 1;
    expect(debug.alloc(8, 8)).toBe(low);
    expect(debug.fault(0)).toMatchObject({ error: useAfterFree, offset: high });
  });
});

it('says a fault in words, with stacks for sites', () => {
  const sites = new StackSites();
  const heap = new Uint32Array(1024);
  const debug = Debug.create(Linear.create, heap, 0, sites.here);
  const block = debug.alloc(8, 8);
  debug.free(block);
  debug.free(block);
  const text = faultText(debug.fault(0), sites.text);
  expect(text).toMatch(/^double free: the block is free already: 8 B at word \d+\n {2}found at /);
  const lines = [...text.matchAll(/(found|allocated|freed) at .*debug\.test\.ts:(\d+)/g)].map(
    ([, what, line]) => ({
      what,
      line: Number(line),
    }),
  );
  expect(lines.map(({ what }) => what)).toEqual(['found', 'allocated', 'freed']);
  expect(lines[0]!.line - lines[2]!.line).toBe(1);
  expect(lines[2]!.line - lines[1]!.line).toBe(1);
  expect(sites.text(99)).toBe('99');
  expect(faultText({ error: foreign, offset: 5, bytes: 0, allocated: none, freed: none, found: 12 })).toBe(
    `${allocationErrorText(-foreign)}: 0 B at word 5\n  found at 12`,
  );
});

it('refuses heaps that are too small, in words that name the wrapper', () => {
  expect(() => Debug.create(FreeList.create, new Uint32Array(240), 0)).toThrow('from 256 to');
  const tooSmall = (): never => {
    throw new Error('not reached');
  };
  expect(() => Debug.create(tooSmall, new Uint32Array(256), 0)).toThrow('not reached');
});
