/** Every workload is deterministic and well-formed, and keeps what its definition promises. */
import { describe, expect, it } from 'vitest';
import { allocationError, wordBytes } from '../../../src/allocators/allocation.ts';
import { replayHeap } from '../../../src/allocators/heap-replay.ts';
import { heaps } from '../../../src/allocators/heaps.ts';
import { Prng } from '../../../src/base/prng.ts';
import { MersenneTwister } from '../../../src/trace/mersenne-twister.ts';
import { drained, outlineOf } from '../../../src/trace/outline.ts';
import { type AllocationTrace, allocationOp, rowWords } from '../../../src/trace/rows.ts';
import { type Settings, workloads, workloadTrace } from '../../../src/trace/workloads.ts';

/** Smaller than the defaults. */
const batch = { blocks: 500, rounds: 3 };
const requests = { requests: 20 };
const small: Readonly<Record<string, Settings>> = {
  pair: { pairs: 1000 },
  'batch-lifo': batch,
  'batch-fifo': batch,
  'batch-random': batch,
  'batch-butterfly': batch,
  'glibc-simple': { blocksEach: 1600 },
  'glibc-thread': { replacements: 5000 },
  larson: { slots: 500, replacements: 5000 },
  'alloc-test': { slots: 4096, steps: 10_000 },
  sh6bench: { slots: 1000, passes: 1 },
  'request-frees': requests,
  'request-resets': requests,
  server: { steps: 10_000, mostSteps: 4096 },
  'phase-change': { liveBytes: 500_000 },
  'fragmentation-blocks': { heapBytes: 2 ** 18 },
};
/** What no seed changes. */
const fixed = new Set([
  'pair',
  'batch-lifo',
  'batch-fifo',
  'glibc-simple',
  'sh6bench',
  'malloc-large',
  'fragmentation-blocks',
]);

function named(id: string, settings: Settings = small[id] ?? {}, seed = 1): AllocationTrace {
  return workloadTrace(workloads.find((each) => each.id === id)!, settings, new Prng(seed));
}

function isSame(one: AllocationTrace, other: AllocationTrace): boolean {
  return Buffer.from(one.rows.buffer).equals(Buffer.from(other.rows.buffer));
}

interface Row {
  readonly op: number;
  readonly id: number;
  readonly bytes: number;
}

function rowsOf({ rows }: AllocationTrace): Row[] {
  return Array.from({ length: rows.length / rowWords }, (_, row) => {
    const at = row * rowWords;
    return { op: rows[at]!, id: rows[at + 1]!, bytes: rows[at + 2]! };
  });
}

const allocated = (trace: AllocationTrace): number[] =>
  rowsOf(trace).flatMap(({ op, bytes }) => (op === allocationOp.alloc ? [bytes] : []));

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, each) => sum + each, 0) / numbers.length;

/** The ids of each batch's frees: a batch ends where an alloc follows a free. */
function freeOrders(trace: AllocationTrace): number[][] {
  const orders: number[][] = [];
  let wasAlloc = true;
  for (const { op, id } of rowsOf(trace)) {
    const isAlloc = op === allocationOp.alloc;
    if (wasAlloc && !isAlloc) orders.push([]);
    if (!isAlloc) orders.at(-1)!.push(id);
    wasAlloc = isAlloc;
  }
  return orders;
}

describe.each(workloads.map((workload) => ({ id: workload.id, workload })))('$id', ({ id, workload }) => {
  const trace = named(id);

  it('is the same for the same seed, and another for another unless its definition has no chance in it', () => {
    expect(isSame(named(id), trace)).toBe(true);
    expect(isSame(named(id, small[id], 2), trace)).toBe(fixed.has(id));
  });

  it('frees what it allocated and nothing twice, with few ids', () => {
    const outline = outlineOf(trace);
    expect(outline.allocations).toBeGreaterThan(100);
    expect(outline.liveBlocks > 0).toBe(workload.leaves === true);
    expect(outlineOf(drained(trace)).liveBlocks).toBe(0);
    expect(trace.ids).toBeLessThanOrEqual(2 * outline.peakLiveBlocks + 1);
  });

  it('frees in the order that it says', () => {
    const stack: number[] = [];
    let isLifo = true;
    for (const { op, id: block } of rowsOf(trace)) {
      if (op === allocationOp.alloc) stack.push(block);
      if (op === allocationOp.free) isLifo &&= stack.pop() === block;
    }
    if (workload.order === 'lifo') expect(isLifo).toBe(true);
    if (workload.order === 'at-once') expect(outlineOf(trace)).toMatchObject({ frees: 0, liveBlocks: 0 });
  });
});

it.each([
  ['larson', 5000 * 504, 5000],
  ['glibc-thread', 1024 * 36, 1024],
  ['alloc-test', (65_536 / 2) * 27, 65_536 / 2],
  ['sh6bench', 10_000 * 31, 10_000],
  ['malloc-large', 397 * 2 ** 20, 21],
  ['request-frees', 200 * 136, 200],
  ['server', 10e6, 6000],
  ['fragmentation-blocks', 2 ** 20, 16_384],
])('%s peaks about where its head says: %i B in %i blocks', (id, bytes, blocks) => {
  const { peakLiveBytes, peakLiveBlocks } = outlineOf(named(id, {}));
  expect(peakLiveBlocks / blocks).toBeCloseTo(1, 0);
  // A block of thousands may stand among those of a few bytes.
  expect(peakLiveBytes / bytes).toBeGreaterThan(0.8);
  expect(peakLiveBytes / bytes).toBeLessThan(id === 'glibc-thread' ? 4 : 1.2);
});

describe('parameters', () => {
  const pair = workloads[0]!;
  const make = (settings: Settings) => () => workloadTrace(pair, settings, new Prng(1));

  it.each([
    [{ blocks: 5 }, /the workload pair has no parameter blocks; it has pairs, blockBytes/],
    [{ pairs: 0 }, /pair: pairs must be a whole number from 1 to 67108864, not 0/],
    [{ pairs: 1.5 }, /not 1.5/],
    [{ blockBytes: 2 ** 32 }, /blockBytes must be a whole number from 1 to 4294967295/],
  ])('%j are refused', (settings, message) => {
    expect(make(settings)).toThrow(message);
  });

  it('of which two contradict each other are refused', () => {
    expect(() => named('larson', { leastBytes: 9, mostBytes: 8 })).toThrow(
      /the least size is 9, above the largest, 8/,
    );
    expect(() => named('phase-change', { freedPercent: 101 })).toThrow(
      /freedPercent must be at most 100, not 101/,
    );
    expect(() => named('alloc-test', { mostBytesLog: 2 })).toThrow(
      /mostBytesLog must be from 3 to 31, not 2/,
    );
    expect(() => named('fragmentation-blocks', { heapBytes: 65_536, blockBytes: 64 })).toThrow(
      /at least 4000 times blockBytes, not 65536 for 64/,
    );
  });
});

describe('batches', () => {
  const settings = { blocks: 100, rounds: 3, blockBytes: 24 };
  const forwards = Array.from({ length: 100 }, (_, i) => i);

  it('free in their orders', () => {
    expect(freeOrders(named('batch-fifo', settings))).toEqual([forwards, forwards, forwards]);
    const backwards = forwards.toReversed();
    expect(freeOrders(named('batch-lifo', settings))).toEqual([backwards, backwards, backwards]);
    const [first, second, third] = freeOrders(named('batch-random', settings));
    expect(first!.toSorted((a, b) => a - b)).toEqual(forwards);
    expect(first).not.toEqual(forwards);
    expect([second, third]).toEqual([first, first]);
    const shuffled = freeOrders(named('batch-butterfly', settings));
    expect(new Set(shuffled.map(String)).size).toBe(3);
    for (const order of shuffled) expect(order.toSorted((a, b) => a - b)).toEqual(forwards);
  });

  it('peak at one batch', () => {
    expect(outlineOf(named('batch-random', settings)).peakLiveBytes).toBe(2400);
    expect(outlineOf(named('pair', { pairs: 300, blockBytes: 48 }))).toMatchObject({
      peakLiveBytes: 48,
      allocations: 300,
    });
  });
});

describe('glibc', () => {
  it('simple frees half of a batch forwards, half backwards', () => {
    const orders = freeOrders(named('glibc-simple', { blocksEach: 1600, blockBytes: 16 }));
    expect(orders[0]).toEqual([...Array(12).keys(), ...Array.from({ length: 13 }, (_, i) => 24 - i)]);
    expect(orders.map((order) => order.length)).toEqual([
      ...Array(64).fill(25),
      ...Array(16).fill(100),
      ...Array(4).fill(400),
      1600,
    ]);
  });

  it('thread has 1,024 slots, and sizes that fall with the square', () => {
    const trace = named('glibc-thread', { replacements: 50_000 });
    expect(trace.ids).toBe(1024);
    const sizes = allocated(trace);
    expect(Math.min(...sizes)).toBe(4);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(32_768);
    // P(size < s) = (1/4 - 1/s) / (1/4 - 1/32768).
    for (const bound of [8, 40, 400]) {
      const share = sizes.filter((size) => size < bound).length / sizes.length;
      expect(share).toBeCloseTo((1 / 4 - 1 / bound) / (1 / 4 - 1 / 32_768), 2);
    }
  });
});

describe('larson', () => {
  it('replaces random slots with sizes uniform between its bounds', () => {
    const trace = named('larson', { slots: 500, replacements: 20_000, leastBytes: 8, mostBytes: 1000 });
    const sizes = allocated(trace);
    expect(sizes).toHaveLength(20_500);
    expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([8, 1000]);
    expect(mean(sizes) / 504).toBeCloseTo(1, 1);
    expect(outlineOf(trace)).toMatchObject({ peakLiveBlocks: 500, liveBlocks: 0 });
    expect(outlineOf(trace).peakLiveBytes / (500 * 504)).toBeCloseTo(1, 0);
  });
});

describe('alloc-test', () => {
  it('halves the number of blocks as their size doubles', () => {
    const sizes = allocated(named('alloc-test', { slots: 16_384, steps: 50_000 }));
    const within = (low: number, high: number): number =>
      sizes.filter((size) => size >= low && size <= high).length / sizes.length;
    expect(within(5, 8)).toBeCloseTo(1 / 2, 1);
    expect(within(9, 16)).toBeCloseTo(1 / 4, 1);
    expect(within(17, 32)).toBeCloseTo(1 / 8, 1);
    expect(within(1, 4)).toBe(0);
    expect(Math.max(...sizes)).toBeGreaterThan(512);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1024);
  });

  it('visits few slots often: four fifths of the visits go to a fifth of the slots', () => {
    const slots = 16_384;
    const visits = new Uint32Array(slots);
    for (const { id } of rowsOf(named('alloc-test', { slots, steps: 100_000 }))) visits[id]!++;
    // Less one visit to fill and one to empty, for half of the slots each.
    const sorted = visits.toSorted().toReversed();
    const of = (share: number): number =>
      sorted.subarray(0, Math.floor(share * slots)).reduce((sum, n) => sum + n, 0);
    expect(of(0.2)).toBeGreaterThan(0.75 * (100_000 + slots / 2));
    expect(sorted[0]).toBeGreaterThan(0.1 * 100_000);
  });
});

describe('sh6bench', () => {
  it('keeps a fifth of its buffer at a time, freeing what is below forwards and what is above backwards', () => {
    const orders = freeOrders(named('sh6bench', { slots: 1000, passes: 1 }));
    const up = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
    const down = (from: number, to: number): number[] => up(to, from).toReversed();
    // The window stands at the start at first, then moves on by its length; what it kept is freed a filling later.
    expect(orders[0]).toEqual(down(1000, 200));
    expect(orders[1]).toEqual([...up(0, 200), ...down(1000, 400)]);
    expect(orders[2]).toEqual([...up(0, 400), ...down(1000, 600)]);
  });

  it('allocates small blocks more often', () => {
    const sizes = allocated(named('sh6bench', { passes: 1 }));
    const count = (bytes: number): number => sizes.filter((size) => size === bytes).length;
    expect([count(709), count(354), count(92)]).toEqual([50, 50, 250]);
    expect(Math.max(...sizes)).toBe(709);
  });
});

describe('malloc-large', () => {
  it('is what GCC 12 makes of std::mt19937(42)', () => {
    const trace = rowsOf(named('malloc-large', {}));
    const first = trace.filter(({ op }) => op === allocationOp.alloc);
    // Printed by a C++ program with std::mt19937 and std::uniform_int_distribution.
    expect(first.slice(0, 4).map(({ bytes }) => bytes)).toEqual([21947597, 9089786, 21594186, 17759735]);
    expect(first.at(-1)!.bytes).toBe(24248416);
    const twister = new MersenneTwister(42);
    const slots = [0, 1, 2, 3].map(
      () => [twister.between(0, 19), twister.between(5 * 2 ** 20, 25 * 2 ** 20)][0],
    );
    expect(slots).toEqual([7, 19, 14, 11]);
    expect(outlineOf(named('malloc-large', {}))).toMatchObject({ allocations: 2000, peakLiveBlocks: 21 });
  });

  it('has the generator of the C++ standard: the 10,000th word of its default seed', () => {
    const twister = new MersenneTwister(5489);
    let word = 0;
    for (let i = 0; i < 10_000; i++) word = twister.next();
    expect(word).toBe(4123659995);
  });
});

describe('requests', () => {
  it('are the same in both forms', () => {
    const [frees, resets] = [named('request-frees'), named('request-resets')];
    expect(allocated(frees)).toEqual(allocated(resets));
    expect(outlineOf(frees)).toMatchObject({ frees: 4000, resets: 0, peakLiveBlocks: 200 });
    expect(outlineOf(resets)).toMatchObject({ frees: 0, resets: 20, peakLiveBlocks: 200 });
  });
});

describe('server', () => {
  it('lets most blocks die young and some grow old, while its sizes drift', () => {
    const rows = rowsOf(named('server', { steps: 20_000, mostSteps: 4096 }));
    const born = new Map<number, number>();
    const ages: number[] = [];
    rows.forEach(({ op, id }, row) => {
      if (op === allocationOp.alloc) born.set(id, row);
      if (op === allocationOp.free) ages.push(row - born.get(id)!);
    });
    // A step is about two rows; half of the lives are shorter than the root of the longest.
    expect(ages.filter((age) => age <= 2 * 128).length / ages.length).toBeGreaterThan(0.5);
    expect(Math.max(...ages)).toBeGreaterThan(4096);
    const common = (from: number, to: number): Set<number> => {
      const counts = new Map<number, number>();
      for (const { op, bytes } of rows.slice(from, to)) {
        if (op === allocationOp.alloc) counts.set(bytes, (counts.get(bytes) ?? 0) + 1);
      }
      return new Set(
        [...counts]
          .toSorted(([, a], [, b]) => b - a)
          .slice(0, 8)
          .map(([bytes]) => bytes),
      );
    };
    const [early, next, late] = [
      common(0, 1500),
      common(1500, 3000),
      common(rows.length - 6000, rows.length - 4000),
    ];
    expect([...early].filter((size) => next.has(size)).length).toBeGreaterThan(2);
    expect(late).not.toEqual(early);
    expect(outlineOf(named('server')).reallocations).toBeGreaterThan(100);
  });
});

describe('phase-change', () => {
  it('frees a share at random and fills up with larger blocks', () => {
    const trace = named('phase-change', { liveBytes: 1_000_000, freedPercent: 90 });
    const rows = rowsOf(trace);
    const firstFree = rows.findIndex(({ op }) => op === allocationOp.free);
    const lastFree = rows.findLastIndex(({ op }) => op === allocationOp.free);
    const [small1, large] = [rows.slice(0, firstFree), rows.slice(lastFree + 1)];
    expect(small1.every(({ bytes }) => bytes >= 16 && bytes <= 128)).toBe(true);
    expect(large.every(({ bytes }) => bytes >= 256 && bytes <= 1024)).toBe(true);
    expect(lastFree - firstFree + 1).toBe(Math.floor(0.9 * small1.length));
    const freed = rows.slice(firstFree, lastFree + 1).map(({ id }) => id);
    // At random: as many of the younger half as of the older, and in no order.
    expect(freed.filter((id) => id < small1.length / 2).length / freed.length).toBeCloseTo(0.5, 1);
    expect(freed.filter((id, i) => i > 0 && id > freed[i - 1]!).length / freed.length).toBeCloseTo(0.5, 1);
    const { liveBytes, peakLiveBytes } = outlineOf(trace);
    expect(liveBytes).toBeGreaterThanOrEqual(1_000_000);
    expect(peakLiveBytes).toBeLessThan(1_000_000 + 1024);
  });
});

describe('fragmentation-blocks', () => {
  it('frees two of five, no two neighbours, and asks for a thousandth', () => {
    const trace = named('fragmentation-blocks', {});
    const freed = freeOrders(trace)[0]!;
    expect(freed.length / 16_384).toBeCloseTo(0.4, 3);
    expect(freed.some((id, i) => id - (freed[i - 1] ?? -9) < 2)).toBe(false);
    expect(rowsOf(trace).at(-1)).toEqual({ op: allocationOp.alloc, id: 16_384, bytes: 1048 });
  });

  const anyOrder = heaps.filter(({ order }) => order === 'any');
  it.each(anyOrder.map((kind) => [kind.id, kind] as const))(
    'leaves %s two fifths free, and unable to serve a thousandth',
    (_, { make, parameters }) => {
      const heapBytes = 2 ** 20;
      for (const parameter of Object.values(parameters)) {
        const heap = new Uint32Array(heapBytes / wordBytes);
        const { answers, books } = replayHeap(
          make,
          heap,
          parameter,
          named('fragmentation-blocks', { heapBytes }),
        );
        expect(answers.at(-1)).toBe(-allocationError.exhausted);
        const managed = books.freeWords + books.usedWords;
        expect(books.freeWords / managed).toBeGreaterThan(0.39);
        expect(books.freeWords * wordBytes).toBeGreaterThan(300 * 1048);
      }
    },
  );
});
