/** What the ladder's curve says of the machine: its levels, their latencies and sizes; and the claims about them. */
import type { Claim, Judgement } from '../../experiment/claim.ts';
import { comparisonAlpha } from '../../experiment/analyse.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { type Inferred, overProcesses, processValues } from '../../experiment/inference.ts';
import { judgeFigure, withoutEffect } from '../../experiment/judging.ts';
import { numberAt } from '../../kernel/kernel.ts';
import type { Cache } from '../../machine/types.ts';
import { boundaryBetween, type CurvePoint, findPlateaus, median, type Plateau } from '../../stats/index.ts';

/** A point of the curve: a working set, and each process's median there. */
interface LadderPoint {
  readonly bytes: number;
  readonly nsOf: ReadonlyMap<number, number>;
  readonly cycleNsOf: ReadonlyMap<number, number>;
}

/** A level of the memory system as the curve shows it. */
export interface Level {
  /** `l1`, `l2`, ..., or `ram`. */
  readonly id: string;
  readonly name: string;
  readonly nsOf: readonly number[];
  readonly cyclesOf: readonly number[];
  /** Where it ends, process by process; empty for the last one. */
  readonly bytesOf: readonly number[];
}

/** The main curve: huge pages where the system gave them, so that translation hardly shows. */
const mainVariants = ['random', 'random-small'] as const;

function byProcess(findings: Findings, group: Group, variant: string): Map<number, number> {
  const row = findings.measurement(group, { variant });
  return new Map(row === null ? [] : processValues(row).map(({ process, value }) => [process, value]));
}

function ladderOf(findings: Findings): LadderPoint[] {
  const groups = findings.groups.toSorted(
    (a, b) => numberAt(a.point, 'workingSetBytes') - numberAt(b.point, 'workingSetBytes'),
  );
  const curve = (variant: string): LadderPoint[] =>
    groups.flatMap((group) => {
      const nsOf = byProcess(findings, group, variant);
      const cycleNsOf = byProcess(findings, group, 'cycle');
      return nsOf.size === 0 ? [] : [{ bytes: numberAt(group.point, 'workingSetBytes'), nsOf, cycleNsOf }];
    });
  return mainVariants.map(curve).find((points) => points.length > 0) ?? [];
}

function within(points: readonly LadderPoint[], { from, to }: Plateau): readonly LadderPoint[] {
  return points.filter(({ bytes }) => bytes >= from && bytes <= to);
}

/** Medians over a plateau's points, a process each. */
function perProcess(
  points: readonly LadderPoint[],
  of: (point: LadderPoint, process: number) => number | undefined,
) {
  const processes = new Set(points.flatMap(({ nsOf }) => [...nsOf.keys()]));
  return [...processes].flatMap((process) => {
    const values = points.flatMap((point) => of(point, process) ?? []);
    return values.length === 0 ? [] : [{ process, value: median(values) }];
  });
}

/** Where one process's own curve crosses from a plateau to the next. */
function boundaries(points: readonly LadderPoint[], lower: Plateau, upper: Plateau): number[] {
  const levelOf = (plateau: Plateau) =>
    new Map(
      perProcess(within(points, plateau), ({ nsOf }, process) => nsOf.get(process)).map((one) => [
        one.process,
        one.value,
      ]),
    );
  const [low, high] = [levelOf(lower), levelOf(upper)];
  return [...low].flatMap(([process, level]) => {
    const above = high.get(process);
    if (above === undefined) return [];
    const curve = points.flatMap(({ bytes, nsOf }): CurvePoint[] => {
      const ns = nsOf.get(process);
      return ns === undefined ? [] : [{ x: bytes, y: ns }];
    });
    return boundaryBetween(curve, { ...lower, level }, { ...upper, level: above }) ?? [];
  });
}

/** What is reported of each level, of one cache a level. */
function dataCaches(findings: Findings): readonly Cache[] {
  const caches = (findings.machine.caches.value ?? []).filter(({ kind }) => kind !== 'instruction');
  const levels = new Map(caches.map((cache) => [cache.level, cache]));
  return [...levels.values()].toSorted((a, b) => a.level - b.level);
}

/** The levels that the curve shows, from the nearest on. The last one is memory where the curve goes far enough. */
export function levelsOf(findings: Findings): Level[] {
  const points = ladderOf(findings);
  const pooled = points.map(({ bytes, nsOf }): CurvePoint => ({ x: bytes, y: median([...nsOf.values()]) }));
  const { plateaus } = findPlateaus(pooled);
  const largestReported = dataCaches(findings).at(-1)?.sizeBytes ?? 0;
  const reachesMemory = (pooled.at(-1)?.x ?? 0) > 1.5 * largestReported;
  return plateaus.map((plateau, i): Level => {
    const inside = within(points, plateau);
    const next = plateaus[i + 1];
    const isMemory = next === undefined && i > 0 && reachesMemory;
    const cyclesOf = perProcess(inside, ({ nsOf, cycleNsOf }, process) => {
      const [ns, cycleNs] = [nsOf.get(process), cycleNsOf.get(process)];
      return ns === undefined || cycleNs === undefined ? undefined : ns / cycleNs;
    });
    return {
      id: isMemory ? 'ram' : `l${i + 1}`,
      name: isMemory ? 'memory' : `L${i + 1} cache`,
      nsOf: perProcess(inside, ({ nsOf }, process) => nsOf.get(process)).map(({ value }) => value),
      cyclesOf: cyclesOf.map(({ value }) => value),
      bytesOf: next === undefined ? [] : boundaries(points, plateau, next),
    };
  });
}

const nothingReported = { reported: null, reportedBy: null, note: null };

function sizeNote(found: number | null, reported: Cache | undefined): string | null {
  if (found === null || reported === undefined || found > 0.7 * reported.sizeBytes) return null;
  const shared =
    reported.level >= 3 ? ' a cache shared with others, or only a slice of it given to this guest,' : '';
  return `the curve leaves it far below the reported size:${shared} pages that collide in its sets, or a busy sibling`;
}

function inferredOf(level: Level, reported: Cache | undefined): Inferred[] {
  const size = overProcesses(level.bytesOf);
  const figures: Inferred[] = [
    {
      id: `${level.id}-latency`,
      title: `${level.name}: latency`,
      unit: 'ns',
      ...overProcesses(level.nsOf),
      ...nothingReported,
    },
    {
      id: `${level.id}-cycles`,
      title: `${level.name}: latency`,
      unit: 'cycles',
      ...overProcesses(level.cyclesOf),
      ...nothingReported,
    },
  ];
  if (level.bytesOf.length === 0) return figures;
  return [
    ...figures,
    {
      id: `${level.id}-size`,
      title: `${level.name}: size`,
      unit: 'B',
      ...size,
      reported: reported?.sizeBytes ?? null,
      reportedBy: reported === undefined ? null : 'the system',
      note: sizeNote(size.value, reported),
    },
  ];
}

/** Clock, levels, latencies, sizes. */
export function inferLadder(findings: Findings): Inferred[] {
  const levels = levelsOf(findings);
  const caches = dataCaches(findings);
  const cycles = ladderOf(findings).slice(0, 1);
  const clock = perProcess(cycles, ({ cycleNsOf }, process) => cycleNsOf.get(process));
  const found = levels.filter(({ id }) => id !== 'ram').length;
  const count: Inferred = {
    id: 'cache-levels',
    title: 'Cache levels',
    unit: '',
    value: levels.length === 0 ? null : found,
    low: null,
    high: null,
    processes: levels[0]?.nsOf.length ?? 0,
    reported: caches.length === 0 ? null : caches.length,
    reportedBy: caches.length === 0 ? null : 'the system',
    note:
      caches.length > 0 && levels.length > 0 && found !== caches.length
        ? `the curve shows ${found}, the system reports ${caches.length}`
        : null,
  };
  return [
    {
      id: 'core-clock',
      title: 'Core clock',
      unit: 'GHz',
      ...overProcesses(clock.map(({ value }) => 1 / value)),
      ...nothingReported,
    },
    count,
    ...levels.flatMap((level) =>
      inferredOf(
        level,
        caches.find((cache) => level.id === `l${cache.level}`),
      ),
    ),
  ];
}

interface Claimed {
  readonly id: string;
  readonly level: string;
  readonly statement: string;
  readonly source: string;
  readonly low: number;
  readonly high: number;
}

const claimed: readonly Claimed[] = [
  {
    id: 'latency-l1',
    level: 'l1',
    statement: 'A load that hits the first cache takes about a nanosecond.',
    source: '1 ns, 4 cycles (elsewhere 1-2 ns)',
    low: 1,
    high: 2,
  },
  {
    id: 'latency-l2',
    level: 'l2',
    statement: 'A load that hits the second cache takes some nanoseconds.',
    source: '3 ns, 12 cycles (3-10 ns)',
    low: 3,
    high: 10,
  },
  {
    id: 'latency-l3',
    level: 'l3',
    statement: 'A load that hits the third cache takes ten nanoseconds and more.',
    source: '10 ns, 40 cycles (10-20 ns)',
    low: 10,
    high: 20,
  },
  {
    id: 'latency-ram',
    level: 'ram',
    statement: 'A load from memory takes some sixty nanoseconds.',
    source: '60 ns, 200 cycles (50-100 ns)',
    low: 50,
    high: 100,
  },
];

function judgeLevel(findings: Findings, { level: id, low, high }: Claimed): Judgement {
  const level = levelsOf(findings).find((one) => one.id === id);
  if (level === undefined) {
    return withoutEffect(
      'inconclusive',
      `The curve of this run shows no such level: too short, or its plateau is hidden.`,
    );
  }
  const alpha = comparisonAlpha(claimed.length);
  const cycles = overProcesses(level.cyclesOf).value;
  const inCycles = cycles === null ? '' : ` That is ${cycles.toFixed(1)} cycles of the core as it runs here.`;
  const judged = judgeFigure(
    overProcesses(level.nsOf, alpha),
    { low, high, unit: 'ns' },
    `A dependent load from the ${level.name}`,
  );
  return { ...judged, sentence: judged.sentence + inCycles };
}

export const ladderClaims: readonly Claim[] = claimed.map(
  (one): Claim => ({
    id: one.id,
    statement: one.statement,
    source: one.source,
    judge: (findings) => judgeLevel(findings, one),
  }),
);
