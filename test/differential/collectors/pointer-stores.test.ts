/** Stores of references over a collector of each barrier: both languages, any order, beside a model of the slots. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { unwatched } from '../../../src/collectors/collector.ts';
import { Counts, countNumbers } from '../../../src/collectors/counts.ts';
import { PauseLog } from '../../../src/collectors/pauses.ts';
import { type CollectorChoice, collectorChoices } from '../../../src/collectors/plans.ts';
import {
  pointerStores,
  pointerStoresRoots,
  type PointerStoresShape,
  storesShapeNumbers,
} from '../../../src/collectors/programs/pointer-stores.ts';
import {
  pointerStoresKernels,
  storeOrder,
} from '../../../src/experiments/collection/barrier-cost-kernels.ts';
import { runNative } from '../../../src/native/binding.ts';

const seed = 20_261_127;
const choices = collectorChoices.filter(({ kind }) => pointerStoresKernels.has(kind.id));

interface Stored {
  readonly heap: Uint32Array;
  readonly roots: Uint32Array;
  readonly offsets: Uint32Array;
  readonly counts: Float64Array;
  readonly checksum: bigint;
}

interface Program {
  readonly heapWords: number;
  readonly shape: PointerStoresShape;
  readonly order: Uint32Array;
}

function run({ kind, settings }: CollectorChoice, program: Program, isNative: boolean): Stored {
  const { heapWords, shape, order } = program;
  const prng = new Prng(heapWords);
  const heap = Uint32Array.from({ length: heapWords }, () => prng.next());
  const roots = new Uint32Array(pointerStoresRoots).fill(7);
  const scratch = new Uint32Array(heapWords + roots.length);
  const offsets = new Uint32Array(order.length);
  const counts = new Float64Array(countNumbers);
  const times = new Float64Array(1);
  const room = { heap, scratch, roots, pauses: new PauseLog(new Float64Array(0)), watcher: unwatched };
  const checksum = isNative
    ? runNative(pointerStoresKernels.get(kind.id)!.id, [
        heap,
        scratch,
        roots,
        Uint32Array.from(settings),
        storesShapeNumbers(shape),
        order,
        offsets,
        counts,
        times,
      ]).checksum
    : pointerStores(kind.make, room, settings, { shape, order, offsets }, { counts, times });
  return { heap, roots, offsets, counts, checksum };
}

function compare(choice: CollectorChoice, program: Program): Stored & { readonly told: Counts } {
  const [here, native] = [run(choice, program, false), run(choice, program, true)];
  expect(here.heap.findIndex((word, i) => word !== native.heap[i])).toBe(-1);
  expect({ ...here, heap: null }).toEqual({ ...native, heap: null });
  return { ...here, told: Counts.read(here.counts) };
}

const anyProgram = fc.record({
  objects: fc.integer({ min: 1, max: 40 }),
  shape: fc.record({
    passes: fc.integer({ min: 1, max: 5 }),
    young: fc.nat(1),
    wordsBefore: fc.constantFrom(0, 500, 8000),
    wordsAfter: fc.constantFrom(0, 500, 8000),
  }),
  seed: fc.nat(1000),
});

/** Objects whose slot is right in the end; the model is the last pass alone, whatever was collected before and after. */
const rightIn = ({ checksum }: Stored): number => Number(checksum >> 32n);

describe.each(choices)('$id', (choice) => {
  it('does the same in both languages, and every slot names what was stored last', () => {
    fc.assert(
      fc.property(anyProgram, ({ objects, shape, seed: ordered }) => {
        const order = storeOrder(objects, new Prng(ordered));
        const stored = compare(choice, { heapWords: 2 ** 14, shape, order });
        expect(rightIn(stored)).toBe(objects);
        expect(stored.counts.at(-1)).toBe(1);
        expect(stored.told.stores).toBe(objects * shape.passes);
      }),
      { seed, numRuns: 10 },
    );
  });

  it('says where memory ran out', () => {
    const shape = { passes: 1, young: 1, wordsBefore: 0, wordsAfter: 0 };
    const heapWords = choice.kind.leastWords;
    const order = storeOrder(heapWords / 4, new Prng(1));
    const { counts, checksum } = compare(choice, { heapWords, shape, order });
    expect([counts.at(-1), checksum]).toEqual([0, 0n]);
  });
});

describe('what the barriers note', () => {
  const objects = 128;
  const order = storeOrder(objects, new Prng(3));
  const chosen = (id: string, set: Record<string, number> = {}): CollectorChoice => {
    const choice = collectorChoices.find((each) => each.id === id)!;
    const settings = choice.kind.settings.map(({ name }, i) => set[name] ?? choice.settings[i]!);
    return { ...choice, settings };
  };
  const told = (choice: CollectorChoice, shape: Partial<PointerStoresShape>): Counts => {
    const usual = { passes: 4, young: 0, wordsBefore: 0, wordsAfter: 0 };
    return compare(choice, { heapWords: 2 ** 16, shape: { ...usual, ...shape }, order }).told;
  };
  const collected = { wordsAfter: 2 ** 14 };

  it('cards: each that has an object of them, whatever is stored', () => {
    const cards = (objects * 16) / 512;
    for (const young of [0, 1]) {
      const counts = told(chosen('generational'), { ...collected, young });
      expect(counts.cardsScanned).toBeGreaterThanOrEqual(cards);
      expect(counts.cardsScanned).toBeLessThanOrEqual(cards + 1);
    }
  });

  it('a store buffer: each old slot as often as it comes to name a young object', () => {
    expect(told(chosen('generational-buffer'), collected).rememberedSlots).toBe(0);
    expect(told(chosen('generational-buffer'), { ...collected, young: 1 }).rememberedSlots).toBe(2 * objects);
  });

  it('no barrier: every old slot is looked at', () => {
    expect(told(chosen('generational-scan'), collected).rememberedSlots).toBe(2 * objects);
  });

  it.each(['incremental-insertion', 'incremental-snapshot', 'concurrent'])('%s: nothing while idle', (id) => {
    expect(told(chosen(id, { startPercent: 100 }), { wordsBefore: 2 ** 14 }).barrierHits).toBe(0);
  });

  it('marking: each object that comes to be named, or was named, is made grey once', () => {
    const begun = { wordsBefore: 2 ** 14 };
    const named = new Set(order.subarray(objects)).size;
    expect(told(chosen('incremental-insertion', { startPercent: 1 }), begun).barrierHits).toBe(named);
    expect(told(chosen('incremental-snapshot', { startPercent: 1 }), begun).barrierHits).toBe(objects);
    expect(told(chosen('concurrent', { startPercent: 1 }), begun).barrierHits).toBe(4 * objects);
  });

  it('counts: two a store, or none until later', () => {
    expect(told(chosen('ref-count'), {}).countChanges).toBe(8 * objects);
    expect(told(chosen('ref-count-deferred'), {}).countChanges).toBe(8 * objects);
    const coalesced = told(chosen('ref-count-coalesced'), {});
    expect([coalesced.countChanges, coalesced.barrierHits]).toEqual([0, objects]);
  });
});

describe('what it is given', () => {
  const usual = { shape: [2, 0, 0, 0], order: [0, 1, 1, 0, 0, 1], offsets: 6, roots: 3, times: 1 };
  it.each([
    [{ shape: [2, 0, 0] }, '"shape" must have 4 numbers, not 3'],
    [{ shape: [2, 2, 0, 0] }, '"shape" must have 0 or 1 for young, not 2'],
    [{ shape: [0, 0, 0, 0] }, '"shape" must have 1 to 33554432 passes over 2 objects, not 0'],
    [
      { shape: [2 ** 25 + 1, 0, 0, 0] },
      '"shape" must have 1 to 33554432 passes over 2 objects, not 33554433',
    ],
    [{ order: [0, 1], offsets: 2 }, '"order" must have three columns of 1 to 1048576 numbers, not 2 numbers'],
    [{ order: [], offsets: 0 }, '"order" must have three columns of 1 to 1048576 numbers, not 0 numbers'],
    [{ order: [0, 1, 1, 2, 0, 1] }, '"order" must name objects below 2, not 2 at 3'],
    [{ offsets: 5 }, '"offsets" must have as many words as "order", 6, not 5'],
    [{ roots: 4 }, '"roots" must have 3 words, not 4'],
    [{ times: 0 }, '"times" must have 1 number, not 0'],
  ])('is refused: %j', (wrong, message) => {
    const { shape, order, offsets, roots, times } = { ...usual, ...wrong };
    const heap = new Uint32Array(2 ** 13);
    const counts = new Float64Array(countNumbers);
    const plan = {
      shape: { passes: shape[0]!, young: shape[1]!, wordsBefore: 0, wordsAfter: 0 },
      order: Uint32Array.from(order),
      offsets: new Uint32Array(offsets),
    };
    const args = [
      heap,
      new Uint32Array(heap.length + roots),
      new Uint32Array(roots),
      new Uint32Array(0),
      Uint32Array.from(shape),
      plan.order,
      plan.offsets,
      counts,
      new Float64Array(times),
    ];
    expect(() => runNative('ref-count-pointer-stores', args)).toThrow(message);
    if (shape.length < 4 || times === 0) return;
    const room = {
      heap,
      scratch: new Uint32Array(heap.length + roots),
      roots: new Uint32Array(roots),
      pauses: new PauseLog(new Float64Array(0)),
      watcher: unwatched,
    };
    const { kind } = collectorChoices.find(({ id }) => id === 'ref-count')!;
    const to = { counts, times: new Float64Array(1) };
    expect(() => pointerStores(kind.make, room, [], plan, to)).toThrow(/stores at most/);
  });
});
