/** The worked examples with the textbook's answers, counted by our allocators; and what the claims make of figures. */
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import type { Judgement } from '../../../src/experiment/claim.ts';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import { armKey } from '../../../src/experiment/plan.ts';
import type { Measurement } from '../../../src/experiment/run.ts';
import { heapExamples } from '../../../src/experiments/allocation/heap-examples.ts';
import { allocatorNames } from '../../../src/experiments/allocation/heap-figures.ts';
import { exampleNames, largeHeapBytes } from '../../../src/experiments/allocation/heap-traces.ts';
import { GroupRoom } from '../../../src/measure/room.ts';
import { makeConduct, makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';

const { kernel, observe } = heapExamples.variants[0]!;

type Figures = Readonly<Record<string, number>>;
const known = new Map<string, Figures>();

/** What an allocator makes of an example; replayed once. */
function figures(trace: string, allocator: string, seed = 1): Figures {
  const key = `${trace} ${allocator} ${seed}`;
  const found = known.get(key) ?? replay(trace, allocator, seed);
  known.set(key, found);
  return found;
}

function replay(trace: string, allocator: string, seed: number): Figures {
  const room = new GroupRoom();
  try {
    const point = { trace, allocator };
    const args = kernel.setup({
      point,
      prng: new Prng(seed),
      room,
      member: 0,
      members: 1,
      cpus: [],
    }) as never;
    kernel.reference(args);
    return observe!(args);
  } finally {
    room.close();
  }
}

const tagged = ['first-fit', 'next-fit', 'best-fit', 'worst-fit', 'segregated', 'tlsf'];

describe('25 B and 17 B', () => {
  it('waste 7 and 15 in a class of 32 B', () => {
    for (const allocator of ['buddy', 'small-object']) {
      expect(figures('round-25', allocator)['wasteBytes'], allocator).toBe(32 - 25);
      expect(figures('round-17', allocator)['wasteBytes'], allocator).toBe(32 - 17);
    }
  });

  it('waste 7 and 7 where the second takes a class of 24 B', () => {
    for (const allocator of ['multi-pool', 'slab']) {
      expect(figures('round-25', allocator)['wasteBytes'], allocator).toBe(32 - 25);
      expect(figures('round-17', allocator)['wasteBytes'], allocator).toBe(24 - 17);
    }
  });
});

describe('gaps of 8, 12 and 4, in units of 8 B', () => {
  it.each(tagged)('are 192 B and refuse 128 B: %s', (allocator) => {
    const found = figures('gaps', allocator);
    expect(found).toMatchObject({ freeBytes: 64 + 96 + 32, largestFreeBytes: 96, refusedPercent: 100 });
  });

  it('serve it in a buddy system, whose gap of 96 B is one of 128', () => {
    expect(figures('gaps', 'buddy')).toMatchObject({ refusedPercent: 0, freeBytes: 64 + 32 });
  });
});

describe('a buddy system', () => {
  it('halves 128 B twice for 20', () => {
    expect(figures('split', 'buddy')).toMatchObject({
      wasteBytes: 32 - 20,
      freeBytes: 32 + 64,
      largestFreeBytes: 64,
      refusedPercent: 0,
    });
  });
});

describe('40% free', () => {
  it.each(allocatorNames)('refuses a thousandth of the heap: %s', (allocator) => {
    const found = figures('holes', allocator);
    expect(Math.round(found['freePercent']!)).toBe(40);
    expect(found['refusedPercent']).toBe(100);
    expect(found['largestFreeBytes']!).toBeLessThan(largeHeapBytes / 1000);
  });
});

describe('blocks freed at random', () => {
  it.each(allocatorNames)('all come back into use in the same size: %s', (allocator) => {
    for (const seed of [1, 2]) expect(figures('refill', allocator, seed)['ofPeakPercent']).toBe(100);
  });

  it('come back in twice the size only where neighbours merge', () => {
    for (const pool of ['multi-pool', 'slab']) expect(figures('larger', pool)['refusedPercent']).toBe(100);
    for (const allocator of tagged) expect(figures('larger', allocator)['refusedPercent']).toBeLessThan(60);
  });
});

describe('the claims', () => {
  type Edit = (found: Figures, allocator: string) => Figures;
  const asFound: Edit = (found) => found;

  /** Rows of two processes for every example, as our allocators have them but for an edit. */
  function judge(id: string, edit: Edit = asFound, names = allocatorNames, traces = exampleNames): Judgement {
    const measurements = traces.flatMap((trace) =>
      names.flatMap((allocator) =>
        Object.entries(edit(figures(trace, allocator), allocator)).map(
          ([metric, value]): Measurement =>
            makeMeasurement(
              armKey('replayed', { allocator }),
              [0, 1].map((each) => makeSamples(each, [value])),
              {
                experiment: heapExamples.id,
                group: `trace=${trace}`,
                variant: 'replayed',
                point: { trace, allocator },
                metric,
              },
            ),
        ),
      ),
    );
    const conduct = [makeConduct({ experiment: heapExamples.id })];
    const findings = makeFindings(makeRun({ measurements, conduct }), heapExamples);
    return heapExamples.claims.find((claim) => claim.id === id)!.judge(findings);
  }

  const ids = heapExamples.claims.map(({ id }) => id);

  it.each(ids)('%s is supported by what our allocators do', (id) => {
    expect(judge(id).status).toBe('supported');
  });

  it.each([
    ['internal-waste', '7 B and 15 B'],
    ['external-failure', '192 B free, 128 B refused'],
    ['buddy-split', '32 B taken; 32 and 64 B stay free'],
    ['fragmentation-blocks', '40% free, 262 B refused'],
  ])('%s has its figures beside the source: %s', (id, measured) => {
    expect(judge(id)).toMatchObject({ effect: null, measured });
  });

  it('fragmentation-blocks says what is free of the heap, too', () => {
    expect(judge('fragmentation-blocks').sentence).toContain(
      'With 40% of all memory in blocks free, 95.9 KiB to 102 KiB of a heap of 256 KiB, 262 B are refused',
    );
  });

  it('pool-no-fragments says nothing of blocks of twice the size that nobody asked for', () => {
    expect(judge('pool-no-fragments').sentence).toMatch(/is out of reach: .*slab 4\d/);
    const sentence = judge('pool-no-fragments', asFound, allocatorNames, ['refill']).sentence;
    expect(sentence).not.toMatch(/twice/);
  });

  it.each([
    ['internal-waste', 'wasteBytes'],
    ['external-failure', 'refusedPercent'],
    ['buddy-split', 'largestFreeBytes'],
    ['fragmentation-blocks', 'refusedPercent'],
    ['pool-no-fragments', 'ofPeakPercent'],
  ])('%s is refuted where %s is otherwise', (id, metric) => {
    expect(judge(id, (found) => ({ ...found, [metric]: found[metric]! / 2 })).status).toBe('refuted');
  });

  it.each(['buddy', 'small-object'])('internal-waste is refuted by %s alone, open without it', (name) => {
    const otherwise: Edit = (found, allocator) =>
      allocator === name ? { ...found, wasteBytes: found['wasteBytes']! + 1 } : found;
    expect(judge('internal-waste', otherwise).status).toBe('refuted');
    const others = allocatorNames.filter((each) => each !== name);
    expect(judge('internal-waste', asFound, others)).toMatchObject({
      status: 'inconclusive',
      sentence: expect.stringContaining(`${name} was not measured`),
    });
  });

  it('internal-waste does not look at classes of other sizes', () => {
    const otherwise: Edit = (found, allocator) =>
      allocator === 'slab' ? { ...found, wasteBytes: 1 } : found;
    expect(judge('internal-waste', otherwise).status).toBe('supported');
  });

  it.each(ids)('%s is open where its example was not replayed', (id) => {
    const findings = makeFindings(
      makeRun({ conduct: [makeConduct({ experiment: heapExamples.id })] }),
      heapExamples,
    );
    const claim = heapExamples.claims.find((each) => each.id === id)!;
    expect(claim.judge(findings)).toMatchObject({ status: 'inconclusive', effect: null });
  });
});
