/** What the claims about fits make of figures that nobody counted. */
import { describe, expect, it } from 'vitest';
import type { Judgement } from '../../../src/experiment/claim.ts';
import { summarise } from '../../../src/experiment/analyse.ts';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import { armKey } from '../../../src/experiment/plan.ts';
import type { Measurement } from '../../../src/experiment/run.ts';
import { Prng } from '../../../src/base/prng.ts';
import { heapFragmentation } from '../../../src/experiments/allocation/heap-fragmentation.ts';
import { ampleFigures, heapFigures } from '../../../src/experiments/allocation/heap-figures.ts';
import {
  workloadHeap,
  workloadMostBytes,
  workloadNames,
} from '../../../src/experiments/allocation/heap-traces.ts';
import { GroupRoom } from '../../../src/measure/room.ts';
import { makeConduct, makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';

/** Of first, best and worst fit: memory over live, free blocks under 32 B, and percent of requests refused. */
interface Figures {
  readonly memory: readonly [first: number, best: number];
  readonly crumbs: readonly [first: number, best: number];
  readonly refused: readonly [first: number, best: number, worst: number];
}

const usual: Figures = { memory: [1.5, 1.1], crumbs: [10, 40], refused: [1, 0, 4] };

function rowsOf(trace: string, { memory, crumbs, refused }: Figures, processes: number): Measurement[] {
  const row = (room: string, fit: string, metric: string, value: number, twin = false): Measurement => {
    const samples = Array.from({ length: processes }, (_, process) =>
      makeSamples(process, [value * (1 + process / 1000)]),
    );
    return makeMeasurement(`${armKey(room, { allocator: `${fit}-fit` })}${twin ? ' (again)' : ''}`, samples, {
      experiment: heapFragmentation.id,
      group: `trace=${trace}`,
      variant: room,
      point: { trace, liveBytes: 1, tightPercent: 125, room, allocator: `${fit}-fit` },
      metric,
      twin,
      summary: summarise({ processes: samples, divisor: 1 }, 0, 0.025),
    });
  };
  return [
    ...(['first', 'best'] as const).map((fit, i) => row('ample', fit, 'peakUsedOverPeakLive', memory[i]!)),
    row('ample', 'first', 'peakUsedOverPeakLive', memory[0], true),
    ...(['first', 'best'] as const).map((fit, i) => row('tight', fit, 'crumbs', crumbs[i]!)),
    ...(['first', 'best', 'worst'] as const).map((fit, i) =>
      row('tight', fit, 'refusedPercent', refused[i]!),
    ),
  ];
}

function judge(
  id: string,
  traces: Readonly<Record<string, Figures>>,
  processes = 7,
  isTold: (row: Measurement) => boolean = () => true,
): Judgement {
  const measurements = Object.entries(traces).flatMap(([trace, figures]) =>
    rowsOf(trace, figures, processes).filter(isTold),
  );
  const conduct = [makeConduct({ experiment: heapFragmentation.id, comparisons: 2 })];
  const findings = makeFindings(makeRun({ measurements, conduct }), heapFragmentation);
  return heapFragmentation.claims.find((claim) => claim.id === id)!.judge(findings);
}

describe('best-fit-tighter', () => {
  it('is supported where first-fit needs more on every trace, and leaves fewer crumbs', () => {
    const judged = judge('best-fit-tighter', { larson: usual, server: { ...usual, memory: [1.3, 1.2] } });
    expect(judged.status).toBe('supported');
    expect(judged.sentence).toMatch(
      /^First-fit needs on larson 1\.36x .* as much as best-fit; on server 1\.08x/,
    );
    expect(judged.effect!.value).toBeCloseTo(1.3 / 1.2, 3);
  });

  it('is refuted where one trace shows no difference, or fewer crumbs', () => {
    const even = { ...usual, memory: [1.1, 1.1] } as const;
    expect(judge('best-fit-tighter', { larson: usual, server: even }).status).toBe('refuted');
    const clean = { ...usual, crumbs: [40, 10] } as const;
    expect(judge('best-fit-tighter', { larson: clean }).status).toBe('refuted');
  });

  it('compares crumbs process by process', () => {
    const judged = judge('best-fit-tighter', { larson: { ...usual, crumbs: [10, 11] } });
    expect(judged.status).toBe('supported');
    expect(judged.sentence).toMatch(/on larson 11\.0 against 10\.0, 1\.00 \[1\.00, 1\.01\] more\.$/);
    expect(judge('best-fit-tighter', { larson: { ...usual, crumbs: [10, 10] } }).status).toBe('refuted');
  });

  it('is open with one process, and says what to do', () => {
    const judged = judge('best-fit-tighter', { larson: usual }, 1);
    expect(judged).toMatchObject({ status: 'inconclusive', effect: null });
    expect(judged.sentence).toMatch(/run a larger profile/);
  });
});

describe('best-fit-tighter where little is live', () => {
  it('says so in plain words, and what to set', () => {
    const judged = judge('best-fit-tighter', { larson: usual }, 1, ({ point }) => point['room'] !== 'ample');
    expect(judged).toMatchObject({ status: 'inconclusive', effect: null });
    expect(judged.sentence).toMatch(/^First-fit needs on larson n\/a \(too little is live\)\./);
    expect(judged.sentence).toMatch(/More must be live for these figures: --set liveBytes=256KiB\.$/);
    expect(judged.sentence).not.toMatch(/=larson|was not measured|more processes/);
  });
});

describe('worst-fit-poor', () => {
  const refusing = (...refused: [number, number, number]): Figures => ({ ...usual, refused });

  it('is supported where it refuses more than both others on every trace', () => {
    const judged = judge('worst-fit-poor', { larson: usual, server: refusing(0.5, 0, 2) });
    expect(judged.status).toBe('supported');
    expect(judged.sentence).toMatch(
      /^Of the requests in a heap of 125% of the peak, worst-fit refuses, against first-fit, on larson 4\.01% against 1\.00%, 3\.01%/,
    );
    expect(judged.effect!.value).toBeCloseTo(1.5, 1);
  });

  it('is refuted where one of them refuses as much, and where nobody refuses anything', () => {
    expect(judge('worst-fit-poor', { larson: usual, phases: refusing(5, 0, 4) }).status).toBe('refuted');
    expect(judge('worst-fit-poor', { larson: refusing(0, 0, 0) }).status).toBe('refuted');
  });

  it('is open with one process', () => {
    const judged = judge('worst-fit-poor', { larson: usual }, 1);
    expect(judged).toMatchObject({ status: 'inconclusive', effect: null });
    expect(judged.sentence).toMatch(/run a larger profile/);
  });
});

describe('used memory', () => {
  /** F4 on a trace in an ample heap that is so many times as large as the experiment's. */
  function mostUsed(
    trace: string,
    allocator: string,
    times: number,
    liveBytes = 2 ** 18,
  ): number | undefined {
    const kernel = heapFigures((point, prng) => {
      const made = workloadHeap(point, prng);
      return { ...made, heapBytes: made.heapBytes * times };
    }, workloadMostBytes);
    const room = new GroupRoom();
    try {
      const point = { trace, allocator, room: 'ample', liveBytes };
      const place = { prng: new Prng(1), room, member: 0, members: 1, cpus: [] };
      const args = kernel.setup({ point, ...place });
      kernel.reference(args);
      return ampleFigures(args)['peakUsedOverPeakLive'];
    } finally {
      room.close();
    }
  }

  it.each(workloadNames)('of first-fit and best-fit is the same in a heap of twice the size: %s', (trace) => {
    for (const allocator of ['first-fit', 'best-fit']) {
      const used = mostUsed(trace, allocator, 1);
      expect(used).toBeGreaterThan(1);
      expect(mostUsed(trace, allocator, 2)).toBe(used);
    }
  });

  it("is no figure of those whose reach is the heap's doing, nor where little is live", () => {
    for (const allocator of ['worst-fit', 'buddy']) expect(mostUsed('server', allocator, 1)).toBeUndefined();
    expect(mostUsed('larson', 'first-fit', 1, 2 ** 16)).toBeUndefined();
  });
});

it.each(heapFragmentation.claims)('$id is open where nothing was replayed', (claim) => {
  const findings = makeFindings(
    makeRun({ conduct: [makeConduct({ experiment: heapFragmentation.id })] }),
    heapFragmentation,
  );
  expect(claim.judge(findings)).toMatchObject({ status: 'inconclusive', effect: null });
});
