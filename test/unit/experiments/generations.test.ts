/** What is read of a run over generations, and what the claim about its pauses makes of figures. */
import { describe, expect, it } from 'vitest';
import { ages, countNames, Counts, countNumbers } from '../../../src/collectors/counts.ts';
import { pauseKind, pauseRoom } from '../../../src/collectors/pauses.ts';
import type { Judgement } from '../../../src/experiment/claim.ts';
import { summarise } from '../../../src/experiment/analyse.ts';
import { armKey } from '../../../src/experiment/plan.ts';
import type { Measurement } from '../../../src/experiment/run.ts';
import { generationFigures } from '../../../src/experiments/collection/generation-figures.ts';
import { generationsExperiment } from '../../../src/experiments/collection/generations.ts';
import { makeMeasurement, makeSamples } from '../experiment/made.ts';
import { judge } from './judged-rows.ts';

type Pause = readonly [kind: keyof typeof pauseKind, startNs: number, endNs: number];

function logOf(wallNs: number, pauses: readonly Pause[]): Float64Array {
  const log = new Float64Array(pauseRoom(8));
  const headNumbers = log.length - 8 * 3;
  log.set([pauses.length, 0, wallNs]);
  pauses.forEach(([kind, start, end], i) => log.set([pauseKind[kind], start, end], headNumbers + 3 * i));
  return log;
}

function countsOf(
  set: Partial<Record<(typeof countNames)[number], number>>,
  survived: number[],
): Float64Array {
  const to = new Float64Array(countNumbers);
  Object.assign(new Counts(), set, {
    survivedWords: [...survived, ...new Array(ages - survived.length).fill(0)],
  }).write(to);
  return to;
}

const trace = new Uint32Array(4 * 100);

describe('figures of a run over generations', () => {
  it('tells the young from the whole', () => {
    const pauses = logOf(1000, [
      ['minor', 100, 110],
      ['minor', 200, 230],
      ['full', 300, 500],
      ['minor', 600, 620],
    ]);
    const counts = countsOf(
      {
        allocatedWords: 1000,
        minorCollections: 3,
        fullCollections: 1,
        promotedWords: 100,
        stores: 40,
        barrierHits: 10,
        cardsScanned: 6,
        rememberedSlots: 30,
      },
      [200, 50],
    );
    const found = generationFigures({ trace, counts, pauses });
    expect(found).toMatchObject({
      minorPauseNs: 20,
      fullPauseNs: 200,
      fullOverMinor: 10,
      minorPercent: 75,
      minorPerFull: 3,
      runningNs: 7.4,
      stoppedPercent: 26,
      promotedPercent: 10,
      survival1Percent: 20,
      survival2Percent: 25,
      notedPercent: 25,
      cardsPerMinor: 2,
      slotsPerMinor: 10,
    });
  });

  it('leaves out what there was none of', () => {
    const counts = countsOf({ allocatedWords: 1000, minorCollections: 1 }, [10]);
    const found = generationFigures({ trace, counts, pauses: logOf(1000, [['minor', 1, 2]]) });
    expect(found['fullPauses']).toBe(0);
    for (const absent of ['fullPauseNs', 'fullOverMinor', 'minorPerFull', 'notedPercent']) {
      expect(found).not.toHaveProperty(absent);
    }
  });
});

describe('minor-shorter', () => {
  const point = {
    ...Object.fromEntries(generationsExperiment.parameters.map(({ name }) => [name, 1])),
    mutator: 'cache-service',
  };
  const rows = (figures: Readonly<Record<string, number>>, processes = 7): Measurement[] =>
    Object.entries(figures).map(([metric, value]) => {
      const samples = Array.from({ length: processes }, (_, process) =>
        makeSamples(process, [value * (1 + process / 1000)]),
      );
      return makeMeasurement(armKey('generational', {}), samples, {
        experiment: generationsExperiment.id,
        group: 'mutator=cache-service',
        variant: 'generational',
        point,
        metric,
        summary: summarise({ processes: samples, divisor: 1 }, 0, 0.025),
      });
    });
  const judged = (fullOverMinor: number, minorPerFull: number, processes?: number): Judgement =>
    judge(
      generationsExperiment,
      'minor-shorter',
      rows(
        { fullPauses: 4, minorPauseNs: 1000, fullPauseNs: 1000 * fullOverMinor, fullOverMinor, minorPerFull },
        processes,
      ),
    );

  it('is supported where both ratios come near to the source', () => {
    const { status, sentence, effect } = judged(30, 200);
    expect(status).toBe('supported');
    expect(sentence).toMatch(/takes 1\.00 us and one for everything 30\.1 us, 30\.1x .* as long/);
    expect(sentence).toMatch(/99\.5\d?% of the pauses/);
    expect(effect!.value).toBeCloseTo(30.09, 1);
  });

  it('is refuted where one of the two does not', () => {
    expect(judged(3, 200).status).toBe('refuted');
    expect(judged(30, 10).status).toBe('refuted');
  });

  it('is open where too few processes give no interval, or nothing was ever full', () => {
    expect(judged(30, 200, 2)).toMatchObject({ status: 'inconclusive', effect: null });
    const never = judge(generationsExperiment, 'minor-shorter', rows({ fullPauses: 0, minorPauseNs: 1000 }));
    expect(never.status).toBe('inconclusive');
    expect(never.sentence).toMatch(/never full/);
    expect(judge(generationsExperiment, 'minor-shorter', []).status).toBe('inconclusive');
  });
});
