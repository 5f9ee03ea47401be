/**
 * What the ladder's curve says of the machine: its levels, their latencies and sizes; and the claims about them. A
 * latency is the median of what was measured. A level's size is read off the least samples: a neighbour in a shared
 * cache, or the host, makes a load that hits look like one that misses, never one that misses like one that hits. Of
 * medians a disturbed plateau would vanish, and the cache before it seem to end where that plateau does.
 */
import type { Claim, Judgement } from '../../experiment/claim.ts';
import { formatBytes, formatNs } from '../../base/units.ts';
import { comparisonAlpha } from '../../experiment/analyse.ts';
import type { Findings } from '../../experiment/findings.ts';
import { type Inferred, overProcesses } from '../../experiment/inference.ts';
import { judgeFigure, withoutEffect } from '../../experiment/judging.ts';
import { numberAt } from '../../kernel/kernel.ts';
import { type ReportedCache, reportedCaches } from '../../machine/reports.ts';
import { boundaryBetween, type CurvePoint, findPlateaus, median, type Plateau } from '../../stats/index.ts';
import { coreTimes, type PerProcess, perProcess } from './per-process.ts';
import { wholePages } from './sizes.ts';

/** A point of the curve: a working set, and each process's time of a load there. */
interface LadderPoint {
  readonly bytes: number;
  /** The median. */
  readonly nsOf: PerProcess;
  /** The least sample, in whichever regime. */
  readonly leastOf: PerProcess;
  readonly cycleNsOf: PerProcess;
}

/** A level of the memory system as the curve shows it. */
export interface Level {
  /** `l1`, `l2`, ..., or `ram`; `beyond` for a step that no report knows a cache for. */
  readonly id: string;
  readonly name: string;
  readonly nsOf: readonly number[];
  readonly cyclesOf: readonly number[];
  /** Where it ends, process by process; empty for the last one. */
  readonly bytesOf: readonly number[];
}

/** The main curve: huge pages where the system gave them, so that translation hardly shows. */
const mainVariants = ['random', 'random-small'] as const;

const least = (samples: readonly number[]): number => Math.min(...samples);

function ladderOf(findings: Findings): LadderPoint[] {
  const groups = findings.groups.toSorted(
    (a, b) => numberAt(a.point, 'workingSetBytes') - numberAt(b.point, 'workingSetBytes'),
  );
  const curve = (variant: string): LadderPoint[] =>
    groups.flatMap((group) => {
      const nsOf = perProcess(findings, group, variant);
      const leastOf = coreTimes(findings, group, { variant }, least);
      const cycleNsOf = perProcess(findings, group, 'cycle');
      const bytes = numberAt(group.point, 'workingSetBytes');
      return nsOf.size === 0 ? [] : [{ bytes, nsOf, leastOf, cycleNsOf }];
    });
  return mainVariants.map(curve).find((points) => points.length > 0) ?? [];
}

function within(points: readonly LadderPoint[], { from, to }: Plateau): readonly LadderPoint[] {
  return points.filter(({ bytes }) => bytes >= from && bytes <= to);
}

/** Each process's median over some points. */
function overPoints(
  points: readonly LadderPoint[],
  of: (point: LadderPoint, process: number) => number | undefined,
): PerProcess {
  const processes = new Set(points.flatMap(({ leastOf }) => [...leastOf.keys()]));
  const medians = [...processes].flatMap((process) => {
    const values = points.flatMap((point) => of(point, process) ?? []);
    return values.length === 0 ? [] : [[process, median(values)] as const];
  });
  return new Map(medians);
}

/**
 * No set takes longer than a larger one, and disturbances only ever add: so a set takes at most what the quickest of
 * the larger ones took.
 */
function atMostLater(points: readonly CurvePoint[]): CurvePoint[] {
  let most = Number.POSITIVE_INFINITY;
  return points
    .toReversed()
    .map(({ x, y }) => {
      most = Math.min(most, y);
      return { x, y: most };
    })
    .reverse();
}

/**
 * Where each process's own curve crosses from a plateau to the next. What a load from the next level takes is no
 * process's own: where it was disturbed in one, the others tell.
 */
function boundaries(points: readonly LadderPoint[], lower: Plateau, upper: Plateau): number[] {
  const levelOf = overPoints(within(points, lower), ({ leastOf }, process) => leastOf.get(process));
  return [...levelOf].flatMap(([process, level]) => {
    const curve = points.flatMap(({ bytes, leastOf }): CurvePoint[] => {
      const ns = leastOf.get(process);
      return ns === undefined ? [] : [{ x: bytes, y: ns }];
    });
    return boundaryBetween(atMostLater(curve), { ...lower, level }, upper) ?? [];
  });
}

const memory = { id: 'ram', name: 'memory' };
/**
 * A load that lasts, by a neighbour or the host, makes a shelf of what is neither the last cache nor memory: nobody
 * knows whether a step that no report has a cache for is one.
 */
const beyond = { id: 'beyond', name: 'what no report knows' };

/** The levels that the curve shows, from the nearest on. The last one is memory where the curve goes far enough. */
export function levelsOf(findings: Findings): Level[] {
  const points = ladderOf(findings);
  const shape = points.map(
    ({ bytes, leastOf }): CurvePoint => ({ x: bytes, y: least([...leastOf.values()]) }),
  );
  const { plateaus } = findPlateaus(atMostLater(shape));
  const last = reportedCaches(findings.machine).at(-1);
  const reachesMemory = (shape.at(-1)?.x ?? 0) > 1.5 * (last?.sizeBytes ?? 0);
  return plateaus.map((plateau, i): Level => {
    const inside = within(points, plateau);
    const next = plateaus[i + 1];
    const isMemory = next === undefined && i > 0 && reachesMemory;
    const cyclesOf = overPoints(inside, ({ nsOf, cycleNsOf }, process) => {
      const [ns, cycleNs] = [nsOf.get(process), cycleNsOf.get(process)];
      return ns === undefined || cycleNs === undefined ? undefined : ns / cycleNs;
    });
    const isBeyond = !isMemory && last !== undefined && i + 1 > last.level;
    return {
      ...(isMemory ? memory : isBeyond ? beyond : { id: `l${i + 1}`, name: `L${i + 1} cache` }),
      nsOf: [...overPoints(inside, ({ nsOf }, process) => nsOf.get(process)).values()],
      cyclesOf: [...cyclesOf.values()],
      bytesOf: next === undefined ? [] : boundaries(points, plateau, next),
    };
  });
}

const nothingReported = { reported: null, reportedBy: null, note: null };

type Size = Pick<Inferred, 'value' | 'low' | 'high' | 'processes' | 'note'>;

/**
 * Where a level ends. `hidden`: the reported cache that the curve shows no plateau of right behind it; then nobody knows
 * which of the two ends there, and the size is not told.
 */
function sizeOf(
  { bytesOf }: Level,
  reported: ReportedCache | undefined,
  hidden: ReportedCache | undefined,
): Size {
  const found = overProcesses(bytesOf);
  const value = median(bytesOf);
  if (hidden !== undefined) {
    const [end, level] = [formatBytes(wholePages(value)), hidden.level];
    const note = `the curve climbs to memory at ${end} and shows no L${level} cache, which may be what ends there`;
    return { ...found, value: null, low: null, high: null, note };
  }
  if (reported === undefined || value > 0.7 * reported.sizeBytes) return { ...found, note: null };
  const shared =
    reported.level >= 3 ? ' a cache shared with others, or only a slice of it given to this guest,' : '';
  const note = `the curve leaves it far below the reported size:${shared} pages that collide in its sets, or a busy sibling`;
  return { ...found, note };
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What is to be said of the levels found and those reported; null: they are as many. */
function noteOnCount(levels: readonly Level[], found: number, reported: number): string | null {
  if (reported === 0 || levels.length === 0 || found === reported) return null;
  const counted = `the curve shows ${found}, ${reported} are reported`;
  const shelf = levels.findIndex(({ id }) => id === beyond.id);
  if (shelf < 0) return counted;
  const from = formatBytes(wholePages(median(levels[shelf - 1]?.bytesOf ?? [])));
  const ns = formatNs(median(levels[shelf]!.nsOf));
  return `${counted}: one more from ${from} on, at ${ns} a load, which may be a neighbour's load and is called no level`;
}

function inferredOf(
  level: Level,
  reported: ReportedCache | undefined,
  hidden: ReportedCache | undefined,
): Inferred[] {
  const figures: Inferred[] = [
    {
      id: `${level.id}-latency`,
      title: `${capitalised(level.name)}: latency`,
      unit: 'ns',
      ...overProcesses(level.nsOf),
      ...nothingReported,
    },
    {
      id: `${level.id}-cycles`,
      title: `${capitalised(level.name)}: latency`,
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
      ...sizeOf(level, reported, hidden),
      reported: reported?.sizeBytes ?? null,
      reportedBy: reported?.by ?? null,
    },
  ];
}

/** Clock, levels, latencies, sizes. */
export function inferLadder(findings: Findings): Inferred[] {
  const levels = levelsOf(findings);
  const caches = reportedCaches(findings.machine);
  const cycles = ladderOf(findings).slice(0, 1);
  const clock = overPoints(cycles, ({ cycleNsOf }, process) => cycleNsOf.get(process));
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
    reportedBy: caches.at(-1)?.by ?? null,
    note: noteOnCount(levels, found, caches.length),
  };
  return [
    {
      id: 'core-clock',
      title: 'Core clock',
      unit: 'GHz',
      ...overProcesses([...clock.values()].map((ns) => 1 / ns)),
      ...nothingReported,
    },
    count,
    ...levels.flatMap((level, i) => {
      if (level.id === beyond.id) return [];
      const hidden = levels[i + 1]?.id === 'ram' ? caches.find((cache) => cache.level > i + 1) : undefined;
      return inferredOf(
        level,
        caches.find((cache) => level.id === `l${cache.level}`),
        hidden,
      );
    }),
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
