/** A space of blocks, by hand and beside a model: random requests, frees and sweeps. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockSpace, leastBlockSpaceWords } from '../../../src/collectors/spaces/block-space.ts';
import { blockWords, cellSizes } from '../../../src/collectors/spaces/cell-sizes.ts';

const seed = 20_261_123;
const tableWords = 36;

/** A space of so many blocks, with rubbish around it and in it. */
function made(blocks: number): { heap: Uint32Array; space: BlockSpace } {
  const start = 6;
  const end = start + leastBlockSpaceWords + (blocks - 1) * (blockWords + tableWords) + 1;
  const heap = new Uint32Array(end + 4).fill(0xdead_beef);
  return { heap, space: new BlockSpace(heap, start, end) };
}

function objectsOf(space: BlockSpace): number[] {
  const found: number[] = [];
  space.objects((at) => found.push(at));
  return found;
}

describe('cell sizes', () => {
  it('waste an eighth at most up to 128 words, and give a block in equal parts beyond', () => {
    for (let words = 4; words <= 512; words += 2) {
      const cell = cellSizes.words[cellSizes.ofPairs[words / 2]!]!;
      expect(cell).toBeGreaterThanOrEqual(words);
      if (words <= 128) expect((cell - words) / cell).toBeLessThanOrEqual(1 / 8);
      else expect(Math.floor(blockWords / cell)).toBe(Math.floor(blockWords / words));
    }
  });
});

describe('a space of blocks', () => {
  it('fits the least stretch with one block, and stays in it', () => {
    const { heap, space } = made(1);
    expect(space.capacityWords).toBe(blockWords);
    for (let cell = 0; cell < 256; cell++) expect(space.take(4)).toBe(space.start + 4 * cell);
    expect(space.take(4)).toBe(0);
    expect([...heap.subarray(0, 6), ...heap.subarray(-4)]).toEqual(new Array(10).fill(0xdead_beef));
  });

  it('gives cells of one size one behind the other, and another block to another size', () => {
    const { space } = made(3);
    const { start } = space;
    expect([6, 6, 8, 6, 8].map((words) => space.take(words))).toEqual([
      start,
      start + 6,
      start + blockWords,
      start + 12,
      start + blockWords + 8,
    ]);
    expect(space.usedWords).toBe(3 * 6 + 2 * 8);
    // The third block is free as a whole, the others are not.
    expect(space.take(2 * blockWords)).toBe(0);
    expect(space.take(blockWords)).toBe(start + 2 * blockWords);
  });

  it('frees blocks without a mark as a whole, and cells where others are marked', () => {
    const { space } = made(2);
    const cells = Array.from({ length: 256 }, () => space.take(8));
    for (const at of [cells[3]!, cells[5]!, cells[6]!]) expect(space.mark(at)).toBe(true);
    expect(space.mark(cells[3]!)).toBe(false);
    space.sweep();
    expect(objectsOf(space)).toEqual([cells[3], cells[5], cells[6]]);
    expect(space.isMarked(cells[3]!)).toBe(false);
    expect(space.usedWords).toBe(3 * 8);
    // Holes in the order of addresses.
    expect([8, 8, 8, 8, 8].map((words) => space.take(words))).toEqual([0, 1, 2, 4, 7].map((i) => cells[i]));
    expect(space.take(blockWords)).toBe(space.start + blockWords);
  });

  it('puts large objects into runs of blocks, where they fit', () => {
    const { space } = made(5);
    const { start } = space;
    expect(space.take(2 * blockWords)).toBe(start + 3 * blockWords);
    expect(space.take(blockWords - 2)).toBe(start + 2 * blockWords);
    expect(space.take(blockWords + 2)).toBe(start);
    space.free(start + 2 * blockWords);
    expect(space.take(blockWords + 2)).toBe(0);
    space.free(start + 3 * blockWords);
    expect(space.usedWords).toBe(2 * blockWords);
    expect(space.largestFreeWords()).toBe(3 * blockWords);
    expect(space.take(4 * blockWords)).toBe(0);
    expect(space.take(3 * blockWords)).toBe(start + 2 * blockWords);
  });

  it('takes runs from the top and cells from the bottom, past words of the table without a free block', () => {
    const { space } = made(100);
    const blocks = space.capacityWords / blockWords;
    const blockAt = (block: number): number => space.start + block * blockWords;
    expect(space.take(8)).toBe(blockAt(0));
    expect(space.take(70 * blockWords)).toBe(blockAt(blocks - 70));
    expect(space.take(16)).toBe(blockAt(1));
    expect(space.take((blocks - 72) * blockWords)).toBe(blockAt(2));
    expect(space.take(blockWords)).toBe(0);
    space.free(blockAt(blocks - 70));
    expect(space.take(65 * blockWords)).toBe(blockAt(blocks - 65));
    expect(space.largestFreeWords()).toBe(5 * blockWords);
  });

  it('knows the largest piece that is free, where no block is', () => {
    const { space } = made(2);
    for (const words of [100, 200]) {
      const cells = Array.from({ length: Math.floor(blockWords / roomOf(words)) }, () => space.take(words));
      space.free(cells[1]!);
    }
    expect(space.largestFreeWords()).toBe(roomOf(200));
    expect(space.take(200)).not.toBe(0);
    expect(space.largestFreeWords()).toBe(roomOf(100));
    expect(space.take(100)).not.toBe(0);
    expect(space.largestFreeWords()).toBe(0);
  });

  it('gives up what other sizes hold and do not use, before it is out of memory', () => {
    const { space } = made(1);
    const at = space.take(8);
    space.free(at);
    expect(space.take(16)).toBe(space.start);
    expect(space.take(8)).toBe(0);
  });

  it('in a lazy sweep sweeps only until there is room', () => {
    const { space } = made(4);
    const cells = Array.from({ length: 4 * 128 }, () => space.take(8));
    for (const block of [0, 1, 2, 3]) space.mark(cells[128 * block]!);
    space.beginLazySweep();
    expect(space.usedWords).toBe(4 * blockWords);
    expect(objectsOf(space)).toEqual([0, 1, 2, 3].map((block) => cells[128 * block]));
    expect(space.take(8)).toBe(cells[1]);
    expect(space.usedWords).toBe(3 * blockWords + 2 * 8);
    // No block has cells of 16 words, and none becomes free.
    expect(space.take(16)).toBe(0);
    expect(space.usedWords).toBe(5 * 8);
    expect(space.isSwept).toBe(true);
  });
});

type Step =
  | { readonly step: 'take'; readonly words: number }
  | { readonly step: 'free'; readonly which: number }
  | { readonly step: 'sweep' | 'lazily'; readonly kept: number }
  | { readonly step: 'finish' };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 60,
    arbitrary: fc.record({
      step: fc.constant('take' as const),
      words: fc.oneof(
        fc.constantFrom(4, 6, 340, 512),
        fc.integer({ min: 2, max: 70 }).map((pairs) => 2 * pairs),
        fc.integer({ min: 257, max: 1600 }).map((pairs) => 2 * pairs),
      ),
    }),
  },
  { weight: 30, arbitrary: fc.record({ step: fc.constant('free' as const), which: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({ step: fc.constantFrom('sweep' as const, 'lazily' as const), kept: fc.nat(8) }),
  },
  { weight: 1, arbitrary: fc.constant({ step: 'finish' as const }) },
);

/** Words that an object of so many takes. */
function roomOf(words: number): number {
  if (words > 512) return Math.ceil(words / blockWords) * blockWords;
  return cellSizes.words[cellSizes.ofPairs[words / 2]!]!;
}

/** A space and what should be in it. */
class Modelled {
  readonly space: BlockSpace;
  readonly #live = new Map<number, number>();
  #refused = 0;

  constructor(blocks: number) {
    this.space = made(blocks).space;
  }

  get refused(): number {
    return this.#refused;
  }

  do(step: Step): void {
    const { space } = this;
    if (step.step === 'take') this.#take(step.words);
    else if (step.step === 'free') this.#free(step.which);
    else if (step.step === 'finish') space.finishSweep();
    else {
      space.finishSweep();
      for (const [i, at] of [...this.#live.keys()].entries()) {
        if (i % 9 < step.kept) space.mark(at);
        else this.#live.delete(at);
      }
      if (step.step === 'sweep') space.sweep();
      else space.beginLazySweep();
    }
  }

  check(): void {
    const { space } = this;
    const expected = [...this.#live.keys()].toSorted((a, b) => a - b);
    expect(objectsOf(space)).toEqual(expected);
    let end = space.start;
    for (const at of expected) {
      expect(at).toBeGreaterThanOrEqual(end);
      end = at + roomOf(this.#live.get(at)!);
    }
    expect(end).toBeLessThanOrEqual(space.end);
    if (space.isSwept) expect(space.usedWords).toBe(this.#words());
    else expect(space.usedWords).toBeGreaterThanOrEqual(this.#words());
  }

  /** All that is live is freed one by one. */
  empty(): void {
    this.space.finishSweep();
    for (const at of this.#live.keys()) this.space.free(at);
    const blocks = this.space.capacityWords / blockWords;
    expect(this.space.usedWords).toBe(0);
    expect(this.space.take(blocks * blockWords)).toBe(this.space.start);
  }

  #words(): number {
    return [...this.#live.values()].reduce((sum, words) => sum + roomOf(words), 0);
  }

  #take(words: number): void {
    const at = this.space.take(words);
    if (at === 0) this.#refused++;
    else {
      expect(this.#live.has(at)).toBe(false);
      this.#live.set(at, words);
    }
  }

  #free(which: number): void {
    const all = [...this.#live.keys()];
    if (all.length === 0) return;
    const at = all[which % all.length]!;
    this.space.free(at);
    this.#live.delete(at);
  }
}

it('keeps what it was told to keep, and has all else to give', () => {
  let refused = 0;
  fc.assert(
    fc.property(
      fc.array(anyStep, { maxLength: 400, size: 'max' }),
      fc.integer({ min: 1, max: 40 }),
      (steps, blocks) => {
        const modelled = new Modelled(blocks);
        for (const [i, step] of steps.entries()) {
          modelled.do(step);
          if (i % 16 === 0 || step.step !== 'take') modelled.check();
        }
        modelled.empty();
        refused += modelled.refused;
      },
    ),
    { seed, numRuns: 25 },
  );
  expect(refused).toBeGreaterThan(0);
});
