/** What the times of pages say, on times that nobody measured; and which pages are asked of which machine. */
import { describe, expect, it } from 'vitest';
import type { Inferred } from '../../../src/experiment/inference.ts';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import { layOut, pointKey } from '../../../src/experiment/plan.ts';
import type { Measurement } from '../../../src/experiment/run.ts';
import { pageCostExperiment } from '../../../src/experiments/hardware/page-cost.ts';
import { missing, reported } from '../../../src/machine/fact.ts';
import type { Machine } from '../../../src/machine/types.ts';
import { syntheticMachine } from '../../fixtures/run-machine.ts';
import { makeConduct, makeContext, makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';

const experiment = pageCostExperiment;
const MiB = 2 ** 20;
const processes = [0, 1, 2, 3, 4, 5];

interface Row {
  readonly variant: string;
  /** ns for each 4 KiB: of the first touch, or of the whole where it has no steps. */
  readonly ns: number;
  readonly hasSteps?: boolean;
  /** Faults of a sample; null where the system counts none. */
  readonly faults?: number | null;
  readonly iterations?: number;
}

function rows(mappedBytes: number, list: readonly Row[]): Measurement[] {
  const point = { mappedBytes };
  return list.flatMap(({ variant, ns, hasSteps = false, faults = null, iterations = 1 }) => {
    const more = { experiment: experiment.id, group: pointKey(point), variant, point, iterations };
    const samples = processes.map((p) => makeSamples(p, [ns, ns, ns]));
    const noise = { minorFaults: [faults, faults, faults] };
    const time = makeMeasurement(
      variant,
      samples.map((one) => ({ ...one, noise })),
      more,
    );
    return hasSteps
      ? [time, makeMeasurement(variant, samples, { ...more, metric: 'firstNs', unit: 'ns' })]
      : [time];
  });
}

function inferred(measurements: Measurement[], machine: Machine = syntheticMachine): Map<string, Inferred> {
  const conduct = [makeConduct({ experiment: experiment.id })];
  const run = makeRun({ measurements, conduct, machine });
  const figures = experiment.infer!(makeFindings(run, experiment));
  return new Map(figures.map((figure) => [figure.id, figure]));
}

/** 8 MiB, touched twice a call: 4,096 faults of base pages, 8 of huge ones. */
const usual: readonly Row[] = [
  { variant: 'small', ns: 500, hasSteps: true, faults: 2 * 4096, iterations: 2 },
  { variant: 'populate', ns: 400, hasSteps: true, faults: 2 * 4096, iterations: 2 },
  { variant: 'transparent', ns: 100, hasSteps: true, faults: 2 * 8, iterations: 2 },
  { variant: 'wipe', ns: 50 },
  { variant: 'wipe-huge', ns: 40 },
];

describe('what is inferred', () => {
  const found = inferred(rows(8 * MiB, usual));

  it('is what a fault brings, from the faults that were counted', () => {
    expect(found.get('base-page-bytes')).toMatchObject({ value: 4096, low: 4096, reported: 4096, unit: 'B' });
    expect(found.get('huge-page-bytes')).toMatchObject({ value: 2 * MiB, note: null });
  });

  it('is what a fault costs, for as many bytes as it brings', () => {
    expect(found.get('base-page-fault')).toMatchObject({ value: 500, unit: 'ns' });
    expect(found.get('huge-page-fault')).toMatchObject({ value: 100 * 512 });
  });

  it('is how much of that zeroing alone would take, and what is saved', () => {
    expect(found.get('base-page-zeroing')).toMatchObject({ value: 10, unit: '%' });
    expect(found.get('huge-page-zeroing')).toMatchObject({ value: 40 });
    expect(found.get('huge-page-gain')).toMatchObject({ value: 5, unit: 'x' });
    expect(found.get('populate-gain')).toMatchObject({ value: 1.25 });
  });

  it('says so where huge pages were asked for and not given', () => {
    const without = usual.map((row) => (row.variant === 'transparent' ? { ...row, faults: 2 * 4096 } : row));
    expect(inferred(rows(8 * MiB, without)).get('huge-page-bytes')).toMatchObject({
      value: 4096,
      note: 'huge pages were asked for and not given: a fault brought 4 KiB',
    });
  });

  it('leaves out what was not measured or not counted', () => {
    const uncounted = usual.map((row) => ({ ...row, faults: null }));
    const some = inferred(rows(8 * MiB, uncounted));
    expect([...some.keys()]).toEqual([
      'base-page-zeroing',
      'huge-page-zeroing',
      'huge-page-gain',
      'populate-gain',
    ]);
    const small = usual.filter(({ variant }) => variant === 'small');
    expect([...inferred(rows(8 * MiB, small)).keys()]).toEqual(['base-page-bytes', 'base-page-fault']);
    expect(inferred([]).size).toBe(0);
  });

  it('is of the largest amount of memory', () => {
    const both = [
      ...rows(64 * MiB, [{ variant: 'small', ns: 900, hasSteps: true }]),
      ...rows(8 * MiB, usual),
    ];
    // 64 MiB has no huge pages here: nothing is compared across amounts.
    expect(inferred(both).size).toBe(0);
    const more = rows(64 * MiB, [
      ...usual.filter(({ variant }) => variant !== 'small'),
      { variant: 'small', ns: 800, hasSteps: true },
    ]);
    expect(inferred([...more, ...rows(8 * MiB, usual)]).get('huge-page-gain')).toMatchObject({ value: 8 });
  });
});

describe('the plan', () => {
  const variants = (machine: Partial<Machine>): { run: string[]; reasons: string } => {
    const layout = layOut(experiment, makeContext({ machine: { ...syntheticMachine, ...machine } }), {});
    return {
      run: layout.groups.flatMap(({ arms }) => arms.map(({ key }) => key)),
      reasons: layout.leftOut.map(({ reason }) => reason).join('; '),
    };
  };

  it('asks for huge pages only where the system gives any', () => {
    const mode = (value: string) => ({ transparentHugePages: reported(value, 'made') });
    expect(variants(mode('madvise')).run).toContain('transparent');
    const never = variants(mode('never'));
    expect(never.run).not.toContain('transparent');
    expect(never.run).not.toContain('wipe-huge');
    expect(never.reasons).toContain('transparent huge pages are switched off: echo madvise');
    const none = variants({ transparentHugePages: missing<string>('no such folder') });
    expect(none.reasons).toContain('no transparent huge pages: no such folder');
  });

  it('asks the pool only for what it has', () => {
    const pool = (free: number) => ({
      hugePages: reported([{ pageBytes: 2 * MiB, total: 100, free }], 'made'),
    });
    expect(variants(pool(100)).run).toContain('explicit');
    const short = variants(pool(1));
    expect(short.run).not.toContain('explicit');
    expect(short.reasons).toMatch(
      /1 pages of 2 MiB are free in the pool, \d+ are needed: echo \d+ \| sudo tee \S+2048kB\/nr_hugepages$/,
    );
    expect(variants({ hugePages: missing<never>('none') }).reasons).toContain('no pool of 2 MiB pages here');
    // Where a page has 64 KiB, a huge one has 512 MiB, and one that was mapped would bring all of that.
    const large = variants({ pageBytes: reported(65_536, 'made'), ...pool(100) });
    expect(large.run).not.toContain('explicit');
    expect(large.reasons).toContain('huge pages of 2 MiB come with small pages of 4 KiB only');
  });

  it('populates from Linux 5.14 on', () => {
    for (const [osRelease, can] of [
      ['5.13.0-44', false],
      ['5.14.0', true],
      ['4.19.1', false],
      ['6.1.0-rc2', true],
      ['10.0', true],
    ] as const) {
      expect(variants({ osRelease }).run.includes('populate'), osRelease).toBe(can);
    }
    expect(variants({ osRelease: '5.4.0' }).reasons).toContain(
      "Linux 5.4.0 can't populate: it came with 5.14",
    );
    expect(variants({ platform: 'win32' }).run).not.toContain('populate');
    expect(variants({ platform: 'win32' }).run).toContain('small');
  });
});
