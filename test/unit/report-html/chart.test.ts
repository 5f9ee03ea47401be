import { describe, expect, it } from 'vitest';
import { forestScale } from '../../../src/report/html/forest.ts';
import { cacheRules } from '../../../src/report/html/lines-figure.ts';
import { markAt, swatch } from '../../../src/report/html/marks.ts';
import { heatOf } from '../../../src/report/html/matrix.ts';
import { coordinateInWords, nameInWords, ownNames } from '../../../src/report/html/names.ts';
import { valueDomain } from '../../../src/report/html/panels.ts';
import { chartOf, type Placed, placedArms, suggestChart } from '../../../src/report/html/suggest.ts';
import { experimentViews, type ExperimentView, hasTwoRegimes } from '../../../src/report/html/view.ts';
import { missing } from '../../../src/machine/fact.ts';
import { syntheticMachine, syntheticRun, syntheticTexts } from '../../fixtures/run.ts';

const run = syntheticRun({ processes: 9, samples: 10 });
const views = experimentViews(run, syntheticTexts);

function view(id: string): ExperimentView {
  return views.find((one) => one.id === id)!;
}

describe('names', () => {
  it('are made of words, without the unit', () => {
    expect(['workingSetBytes', 'threads', 'elementBytes', 'Bytes', 'delayNs'].map(nameInWords)).toEqual([
      'working set',
      'threads',
      'element',
      'bytes',
      'delay',
    ]);
  });

  it('carry values with units', () => {
    expect(coordinateInWords('workingSetBytes', 65536)).toBe('working set 64 KiB');
    expect(coordinateInWords('threads', 2)).toBe('threads 2');
    expect(coordinateInWords('hugePages', false)).toBe('not huge pages');
  });

  it('tell arms apart by what their variant does not tell', () => {
    expect(ownNames(view('false-sharing').tables[0]!)).toEqual(['strideBytes']);
    // `distance` is what the variant random-prefetch is.
    expect(ownNames(view('access-order').tables[0]!)).toEqual([]);
  });
});

function placed(id: string): Placed[] {
  return placedArms(view(id).tables[0]!);
}

describe('the choice of a chart', () => {
  it("is the description's where the points allow it", () => {
    expect(chartOf(view('access-order').text, placed('access-order')).kind).toBe('lines');
    expect(chartOf(view('core-to-core').text, placed('core-to-core')).kind).toBe('matrix');
  });

  it('is bars where an arm lacks the coordinate', () => {
    const text = view('access-order').text!;
    const withX = (x: string, kind: 'lines' | 'matrix') => ({ ...text, chart: { ...text.chart, kind, x } });
    expect(chartOf(withX('nothing', 'lines'), placed('access-order')).kind).toBe('bars');
    expect(chartOf(withX('workingSetBytes', 'matrix'), placed('access-order')).kind).toBe('bars');
  });

  it('is suggested by the longest numeric sweep', () => {
    expect(suggestChart(placed('access-order'))).toMatchObject({
      kind: 'lines',
      x: 'workingSetBytes',
      logX: true,
      logY: true,
      cacheLines: true,
    });
    expect(suggestChart(placed('pool-allocation')).kind).toBe('bars');
    expect(suggestChart([]).kind).toBe('bars');
  });

  it('leaves twins out', () => {
    expect(placed('access-order').some(({ arm }) => arm.measurement.twin)).toBe(false);
    expect(view('access-order').tables[0]!.groups.every((group) => group.twin !== null)).toBe(true);
  });
});

describe('values on axes', () => {
  const arms = placed('access-order');

  it('are logarithmic only where all are positive', () => {
    expect(valueDomain(arms, true).log).toBe(true);
    expect(valueDomain(arms, false)).toMatchObject({ log: false, domain: [0, expect.any(Number)] });
    const one = arms[0]!;
    const zero = { ...one.arm.measurement, summary: { ...one.arm.measurement.summary, low: 0 } };
    expect(valueDomain([{ ...one, arm: { ...one.arm, measurement: zero } }], true).log).toBe(false);
  });

  it('have all intervals within the domain', () => {
    const { domain } = valueDomain(arms, true);
    for (const { arm } of arms) {
      expect(arm.measurement.summary.low!).toBeGreaterThan(domain[0]);
      expect(arm.measurement.summary.high!).toBeLessThan(domain[1]);
    }
  });

  it('are crossed by the caches, the last level as measured beside the reported', () => {
    expect(cacheRules(syntheticMachine)).toEqual([
      { at: 32768, label: 'L1d 32 KiB', measured: false },
      { at: 1048576, label: 'L2 1 MiB', measured: false },
      { at: 9437184, label: 'last level, measured 9 MiB', measured: true },
      { at: 33554432, label: 'L3 32 MiB', measured: false },
    ]);
    expect(cacheRules({ ...syntheticMachine, caches: missing('no'), lastLevelBytes: missing('no') })).toEqual(
      [],
    );
  });
});

describe('marks', () => {
  it('of a colour differ in shape', () => {
    const drawn = Array.from({ length: 72 }, (_, i) => swatch(i, 'native').text);
    expect(new Set(drawn).size).toBe(72);
  });

  it('stand where they are put, to a tenth of a pixel', () => {
    expect(markAt(0, 10.04, 20.26).text).toContain('translate(10,20.3)');
  });
});

describe('heat', () => {
  it('goes from 0 to 1, by logarithms over wide ranges', () => {
    const narrow = heatOf([10, 20, 30]);
    expect([10, 20, 30].map(narrow)).toEqual([0, 0.5, 1]);
    const wide = heatOf([1, 100]);
    expect([1, 10, 100].map((value) => Number(wide(value).toFixed(6)))).toEqual([0, 0.5, 1]);
    expect(heatOf([5, 5])(5)).toBe(0);
    expect(heatOf([])(5)).toBe(0);
  });
});

describe('ratios', () => {
  it('share a scale that has 1 on it', () => {
    const scale = forestScale(run.comparisons)!;
    expect(scale.domain[0]).toBeLessThan(1);
    expect(scale.domain[1]).toBeGreaterThan(Math.max(...run.comparisons.map((one) => one.ratio)));
    expect(forestScale([])).toBeNull();
  });

  it('of the regime with most samples come first', () => {
    const two = view('access-order').measurements.filter((one) => hasTwoRegimes(one) && one.arm === 'random');
    expect(two).toHaveLength(1);
    expect(
      view('access-order')
        .comparisonsOf(two[0]!)
        .map(({ regime }) => regime),
    ).toEqual([0, 1]);
    const turned = {
      ...two[0]!,
      processes: [{ process: 0, rounds: [0], raw: [1], regimes: [1] }],
    };
    expect(
      view('access-order')
        .comparisonsOf(turned)
        .map(({ regime }) => regime),
    ).toEqual([1, 0]);
  });
});
