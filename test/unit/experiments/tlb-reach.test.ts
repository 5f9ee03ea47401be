/** TLBs, inferred and judged, on the times of machines that nobody built. */
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import type { Judgement } from '../../../src/experiment/claim.ts';
import type { Context } from '../../../src/experiment/experiment.ts';
import type { Inferred } from '../../../src/experiment/inference.ts';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import { layOut } from '../../../src/experiment/plan.ts';
import type { Measurement, Run } from '../../../src/experiment/run.ts';
import { tlbReach as experiment } from '../../../src/experiments/hardware/tlb-reach.ts';
import { crossing } from '../../../src/experiments/hardware/tlb-reach-levels.ts';
import { missing, reported } from '../../../src/machine/fact.ts';
import type { Machine } from '../../../src/machine/types.ts';
import { syntheticMachine } from '../../fixtures/run-machine.ts';
import { makeConduct, makeContext, makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';

const cycleNs = 0.25;
const roomy = 2 ** 34;

interface Tlbs {
  readonly first: number;
  readonly second: number;
  /** Entries of the first that hold 2 MiB pages; null: it keeps only small ones, as under a host with small pages. */
  readonly huge: number | null;
  readonly walkNs: number;
}

/** Tables of 2^12, 2^17 and 2^22 pages fit its caches. */
const cached: Machine = {
  ...syntheticMachine,
  virtualisation: reported('none', 'made'),
  measuredCaches: missing('none'),
  caches: reported(
    [2 ** 15, 2 ** 20, 2 ** 25].map((sizeBytes, i) => ({
      level: i + 1,
      kind: i === 0 ? ('data' as const) : ('unified' as const),
      sizeBytes,
      lineBytes: 64,
      ways: 8,
      cpus: [0],
    })),
    'made',
  ),
};

const typical: Tlbs = { first: 64, second: 1536, huge: 32, walkNs: 20 };

/** What so many lines cost by themselves: they leave the first cache, too. */
const packedNs = (lines: number): number => 1 + 3 * Math.min(1, Math.max(0, (lines - 400) / 300));

/** What translation adds over so many entries: all of it once they are an eighth too many. */
function translationNs(entries: number, { first, second, walkNs }: Tlbs): number {
  const beyond = (size: number): number => Math.min(1, Math.max(0, (entries / size - 1) * 8));
  return 2 * beyond(first) + (walkNs - 2) * beyond(second);
}

function nsOf(variant: string, pages: number, tlbs: Tlbs): number {
  const { huge } = tlbs;
  const line = packedNs(pages);
  switch (variant) {
    case 'cycle':
      return cycleNs;
    case 'lines-packed':
      return line;
    case 'steps-in-2m':
      return (
        line + translationNs(huge === null ? pages : pages / 512, { ...tlbs, first: huge ?? tlbs.first })
      );
    case 'pages-2m':
    case 'pages-2m-explicit':
      return line + translationNs(pages, { ...tlbs, first: huge ?? tlbs.first });
    case 'anywhere-4k':
      return 130;
    case 'anywhere-2m':
      return 100;
    default:
      return line + translationNs(pages, tlbs);
  }
}

interface Way {
  readonly profile?: 'quick' | 'full';
  readonly on?: Machine;
  readonly processes?: number;
  readonly ns?: (variant: string, pages: number) => number | null;
  readonly hugeShare?: number;
}

function runOf(tlbs: Tlbs, way: Way = {}): Run {
  const { profile = 'quick', on = syntheticMachine, processes = 9, ns, hugeShare = 1 } = way;
  const prng = new Prng(3);
  const context: Context = makeContext({ profile, machine: on, memoryBudgetBytes: roomy });
  const { groups, leftOut } = layOut(experiment, context, {});
  const measurements = groups.flatMap(({ key, point, arms }) =>
    arms.flatMap(({ key: arm, variant: { id }, twin }): Measurement[] => {
      const pages = Number(point['pageCount']);
      const value = ns?.(id, pages) ?? nsOf(id, pages, tlbs);
      const samples = Array.from({ length: processes }, (_, process) =>
        makeSamples(
          process,
          [0, 1, 2].map(() => value * (1 + 0.01 * prng.unit())),
        ),
      );
      const common = { experiment: experiment.id, group: key, variant: id, point, twin };
      const row = makeMeasurement(arm, samples, common);
      if (id !== 'anywhere-2m') return [row];
      const summary = { ...row.summary, median: hugeShare };
      return [row, { ...row, metric: 'hugeShare', unit: '', summary }];
    }),
  );
  const conduct = [makeConduct({ experiment: experiment.id, processes, comparisons: 2 })];
  const told = leftOut.map((each) => ({ experiment: experiment.id, ...each }));
  return makeRun({ measurements, conduct, machine: on, leftOut: told });
}

function inferred(run: Run): Map<string, Inferred> {
  const figures = experiment.infer!(makeFindings(run, experiment));
  return new Map(figures.map((figure) => [figure.id, figure]));
}

function judge(id: string, run: Run): Judgement {
  return experiment.claims.find((claim) => claim.id === id)!.judge(makeFindings(run, experiment));
}

/** Between the last count that fits and the first that does not, as near as the sweep tells. */
function expectWithin(figure: Inferred | undefined, entries: number, share: number): void {
  expect(figure?.value).toBeGreaterThan(entries * (1 - share));
  expect(figure?.value).toBeLessThan(entries * (1 + share));
  expect(figure!.low!).toBeLessThanOrEqual(entries * 1.01);
  expect(figure!.high!).toBeGreaterThanOrEqual(entries);
}

describe('the TLBs', () => {
  it('are found as they were built, in ns and in cycles', () => {
    const found = inferred(runOf(typical, { profile: 'full' }));
    expectWithin(found.get('tlb-1-entries'), 64, 0.15);
    expectWithin(found.get('tlb-2-entries'), 1536, 0.15);
    expectWithin(found.get('tlb-1-entries-2m'), 32, 0.15);
    expect(found.get('tlb-1-entries')).toMatchObject({ reported: 64, reportedBy: 'CPUID' });
    expect(found.get('tlb-2-entries')).toMatchObject({ reported: 1536, reportedBy: 'CPUID' });
    expect(found.get('tlb-1-entries-2m')).toMatchObject({ reported: null, reportedBy: null });
    for (const [id, ns] of [
      ['tlb-1-miss', 2],
      ['tlb-2-miss', 20],
    ] as const) {
      expect(Math.abs(found.get(`${id}-ns`)!.value! / ns - 1), id).toBeLessThan(0.1);
      expect(Math.abs(found.get(`${id}-cycles`)!.value! / (ns / cycleNs) - 1), id).toBeLessThan(0.1);
    }
  });

  it('are found in the few points of the quick profile, too, within the step between two counts', () => {
    const found = inferred(runOf({ ...typical, first: 72, second: 2700 }));
    expectWithin(found.get('tlb-1-entries'), 72, 0.15);
    expectWithin(found.get('tlb-2-entries'), 2700, 0.3);
    expect(found.get('tlb-1-entries')).toMatchObject({ low: 64, high: 80 });
  });

  it('do not take the lines’ own caches for a TLB', () => {
    const big = inferred(
      runOf({ first: 2 ** 30, second: 2 ** 30, huge: 2 ** 30, walkNs: 20 }, { profile: 'full' }),
    );
    expect([...big.keys()].filter((id) => !id.includes('2m'))).toEqual([]);
  });

  it('tells walks whose tables lie far away from those near', () => {
    const far = (variant: string, pages: number): number | null =>
      variant === 'pages-4k' && pages > 2 ** 16 ? 4 + 80 : null;
    const found = inferred(runOf({ ...typical, second: 2048 }, { profile: 'full', ns: far, on: cached }));
    expect(found.get('tlb-2-miss-ns')!.value!).toBeLessThan(25);
    expectWithin(found.get('tlb-walk-l2-entries'), 2 ** 16, 0.5);
    expect(found.get('tlb-walk-l2-entries')).toMatchObject({
      reported: 2 ** 17,
      reportedBy: '1 MiB, 8 B a page',
    });
    expect(Math.abs(found.get('tlb-walk-l2-ns')!.value! / 20 - 1)).toBeLessThan(0.1);
    expect(Math.abs(found.get('tlb-walk-l3-cycles')!.value! / (80 / cycleNs) - 1)).toBeLessThan(0.1);
    const note = (id: string): string | null => found.get(id)!.note;
    expect(note('tlb-walk-l1-entries')).toMatch(/the TLB itself reaches about as far/);
    expect(note('tlb-walk-l3-entries')).toBe('beyond the 262,144 pages that were gone round');
    expect(found.has('tlb-walk-l1-ns')).toBe(false);
    expect(found.has('tlb-walk-ram-ns')).toBe(false);
  });

  it('tell no cost where disturbed processes saw a miss take less than a hit', () => {
    const run = runOf(typical, { profile: 'full' });
    /** Three of nine were slower by so much throughout the pages that the first TLB holds. */
    const disturbed = (byNs: number): Run => ({
      ...run,
      measurements: run.measurements.map((row) => {
        const isHeld = row.variant === 'pages-4k' && Number(row.point['pageCount']) < 70;
        const slower = (process: number): number => (isHeld && process < 3 ? byNs * row.divisor : 0);
        const processes = row.processes.map((one) => ({
          ...one,
          raw: one.raw.map((ns) => ns + slower(one.process)),
        }));
        return { ...row, processes };
      }),
    });
    const found = inferred(disturbed(6));
    for (const unit of ['ns', 'cycles']) {
      const figure = found.get(`tlb-1-miss-${unit}`);
      expect(figure).toMatchObject({ value: null, low: null, high: null, processes: 9 });
      expect(figure?.note).toMatch(
        new RegExp(`^inconclusive: in some processes such loads took no longer \\(-[\\d.]+ ${unit}\\)`),
      );
    }
    expect(found.get('tlb-2-miss-ns')?.value).toBeGreaterThan(10);
    const claim = experiment.claims.find(({ id }) => id === 'tlb-miss')!;
    const judged = claim.judge(makeFindings(disturbed(40), experiment));
    expect(judged.status).toBe('inconclusive');
    expect(judged.sentence).toMatch(/something disturbed them/);
  });

  it('says that the curve shows no rise where walks go on costing the same', () => {
    const found = inferred(runOf(typical, { profile: 'full', on: cached }));
    expect(found.get('tlb-walk-l2-entries')).toMatchObject({
      value: null,
      note: 'no rise within 262,144 pages',
    });
    const ns = (level: string): number => found.get(`tlb-walk-${level}-ns`)!.value!;
    expect(Math.abs(ns('l3') / ns('l2') - 1)).toBeLessThan(0.1);
    // Nothing says how large the caches are.
    const unknown: Machine = { ...cached, caches: missing('none') };
    const none = inferred(runOf(typical, { profile: 'full', on: unknown }));
    expect([...none.keys()].filter((id) => id.includes('walk'))).toEqual([]);
  });

  it('finds that huge pages are none to the TLB', () => {
    const split = inferred(runOf({ ...typical, huge: null })).get('tlb-huge-entry')!;
    expect(split.value! / 4096).toBeCloseTo(1, 1);
    expect(split).toMatchObject({ reported: 2 * 2 ** 20, note: expect.stringContaining('not huge') });
    const entered = inferred(runOf(typical, { profile: 'full' })).get('tlb-huge-entry')!;
    expect(Math.abs(Math.log2(entered.value!) - 21)).toBeLessThan(0.5);
    expect(entered.note).toBeNull();
    const whole = inferred(runOf(typical)).get('tlb-huge-entry')!;
    expect(whole).toMatchObject({ value: null, note: 'no miss within 48 MiB: whole huge pages' });
  });

  it('says how many huge pages fit where all do', () => {
    expect(inferred(runOf({ ...typical, huge: 2048 })).get('tlb-1-entries-2m')).toMatchObject({
      value: null,
      note: 'all of 96 fit',
    });
  });

  it('has nothing to say of nothing', () => {
    expect(experiment.infer!(makeFindings(makeRun(), experiment))).toEqual([]);
  });
});

describe('crossing', () => {
  const at = (...ys: number[]) => ys.map((y, i) => ({ x: 2 ** i, y }));

  it('lies between the points that part the curve, on the logarithm', () => {
    expect(crossing(at(1, 1, 4, 4), 2)).toBeCloseTo(Math.sqrt(8), 9);
    expect(crossing(at(1, 1, 2, 4), 2)).toBeCloseTo(4, 9);
  });

  it('is not moved by one point on the wrong side', () => {
    expect(crossing(at(1, 9, 1, 1, 4, 4, 4), 2)).toBeCloseTo(Math.sqrt(128), 9);
    expect(crossing(at(1, 1, 1, 4, 4, 1, 4), 2)).toBeCloseTo(Math.sqrt(32), 9);
  });

  it('is nowhere on a curve that stays on one side', () => {
    expect(crossing(at(1, 1, 1), 2)).toBeNull();
    expect(crossing(at(3, 3), 2)).toBeNull();
    expect(crossing([], 2)).toBeNull();
  });
});

describe('tlb-miss', () => {
  it('is judged by what a miss of both adds, in cycles', () => {
    const judged = judge('tlb-miss', runOf(typical));
    expect(judged).toMatchObject({ status: 'supported', effect: { unit: 'cycles' } });
    expect(Math.abs(judged.effect!.value / 80 - 1)).toBeLessThan(0.1);
    expect(judged.sentence).toContain('A miss of both TLBs adds'.slice(2));
    expect(judged.sentence).toContain('adds 8.');
    expect(judge('tlb-miss', runOf({ ...typical, walkNs: 400 })).status).toBe('refuted');
  });

  it('is not judged without a miss, or without an interval', () => {
    const all = { ...typical, first: 2 ** 30, second: 2 ** 30 };
    expect(judge('tlb-miss', runOf(all))).toMatchObject({ status: 'inconclusive', effect: null });
    expect(judge('tlb-miss', runOf(typical, { processes: 3 }))).toMatchObject({ effect: null });
  });
});

describe('huge-pages-help', () => {
  const of = (way: Way) => judge('huge-pages-help', runOf(typical, way));

  it('compares any lines of the span, in pages of either size', () => {
    expect(of({})).toMatchObject({ status: 'supported', effect: { unit: 'x' } });
    expect(of({}).effect!.value).toBeCloseTo(1.3, 1);
    expect(of({}).sentence).toContain('anywhere in 48 MiB');
    const alike = (variant: string): number | null => (variant === 'anywhere-4k' ? 100 : null);
    expect(of({ ns: alike }).status).toBe('refuted');
  });

  it('is not applicable where there are no huge pages, or the system gave small ones', () => {
    const none = { ...syntheticMachine, transparentHugePages: reported('never', 'made') };
    expect(of({ on: none })).toMatchObject({ status: 'not-applicable', effect: null });
    expect(of({ on: none }).sentence).toContain('switched off');
    const without = runOf(typical);
    const left = without.measurements.filter(({ variant }) => !variant.startsWith('anywhere'));
    expect(judge('huge-pages-help', { ...without, measurements: left }).status).toBe('inconclusive');
    expect(of({ hugeShare: 0.5 })).toMatchObject({ status: 'not-applicable', effect: null });
    expect(of({ hugeShare: 0.5 }).sentence).toContain('50%');
  });
});
