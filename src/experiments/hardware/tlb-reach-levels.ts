/**
 * What the loads of one line a page say of the TLBs. What a translation costs is a load's time less that of as many
 * lines packed densely; added to the time of a line that is near, it makes a curve that climbs where a TLB overflows.
 * The reach of a TLB is where the curve crosses the geometric mean of the two plateaus: near the foot of the climb,
 * since a TLB which does not evict the oldest entry first misses only now and then at first.
 */
import { formatBytes, formatNumber } from '../../base/units.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { type Inferred, overProcesses } from '../../experiment/inference.ts';
import { numberAt } from '../../kernel/kernel.ts';
import { reportedTlb } from '../../machine/reports.ts';
import { type CurvePoint, findPlateaus, median, type Plateau } from '../../stats/index.ts';
import { coreTimes, partedAt, type PerProcess } from './per-process.ts';
import { hugePageBytes } from './tlb-reach-kernels.ts';

/** A number of pages, and each process's time of a load there: a hot line's, and what translation adds to it. */
export interface PagePoint {
  readonly pages: number;
  readonly nsOf: PerProcess;
}

/** A plateau of the curve. */
export interface Level {
  readonly plateau: Plateau;
  readonly nsOf: PerProcess;
}

/** Where a TLB overflows. */
export interface Reach {
  readonly pagesOf: PerProcess;
  /** The counts measured on either side: nothing between them was tried. */
  readonly below: number;
  readonly above: number;
}

/** The steps of one curve. */
export interface Steps {
  readonly levels: readonly Level[];
  /** A reach for each level but the last. */
  readonly reaches: readonly Reach[];
  readonly curve: readonly PagePoint[];
}

export const countAt = ({ point }: Group): number => numberAt(point, 'pageCount');

/** Each process's cycle: the median over its groups. */
export function cycleNs(findings: Findings): PerProcess {
  const all = new Map<number, number[]>();
  for (const group of findings.groups) {
    for (const [process, ns] of coreTimes(findings, group, { variant: 'cycle' }))
      all.set(process, [...(all.get(process) ?? []), ns]);
  }
  return new Map([...all].map(([process, values]) => [process, median(values)]));
}

function curveOf(findings: Findings, variant: string): PagePoint[] {
  const groups = findings.groups.toSorted((a, b) => countAt(a) - countAt(b));
  const hot =
    groups[0] === undefined
      ? new Map<number, number>()
      : coreTimes(findings, groups[0], { variant: 'lines-packed' });
  return groups.flatMap((group) => {
    const packed = coreTimes(findings, group, { variant: 'lines-packed' });
    const nsOf = new Map<number, number>();
    for (const [process, ns] of coreTimes(findings, group, { variant })) {
      const [control, near] = [packed.get(process), hot.get(process)];
      if (control !== undefined && near !== undefined) nsOf.set(process, near + Math.max(0, ns - control));
    }
    return nsOf.size === 0 ? [] : [{ pages: countAt(group), nsOf }];
  });
}

/** One process's curve. */
export function own(curve: readonly PagePoint[], process: number): CurvePoint[] {
  return curve.flatMap(({ pages, nsOf }): CurvePoint[] => {
    const ns = nsOf.get(process);
    return ns === undefined ? [] : [{ x: pages, y: ns }];
  });
}

/**
 * Where a curve climbs over a height: between the two points that part it with the fewest on the wrong side, so that
 * one disturbed point moves nothing. Null where that is at an end of it.
 */
export function crossing(points: readonly CurvePoint[], height: number): number | null {
  const isAbove = points.map(({ y }) => y >= height);
  const split = partedAt(isAbove);
  const [below, above] = [points[split - 1], points[split]];
  if (below === undefined || above === undefined) return null;
  const climbs = below.y < height && above.y >= height;
  const part = climbs ? Math.log(height / below.y) / Math.log(above.y / below.y) : 0.5;
  return below.x * (above.x / below.x) ** part;
}

function levelOn(curve: readonly PagePoint[], plateau: Plateau): Level {
  const inside = curve.filter(({ pages }) => pages >= plateau.from && pages <= plateau.to);
  const processes = new Set(inside.flatMap(({ nsOf }) => [...nsOf.keys()]));
  const nsOf = new Map(
    [...processes].map((process) => [process, median(own(inside, process).map(({ y }) => y))] as const),
  );
  return { plateau, nsOf };
}

function reachBetween(curve: readonly PagePoint[], lower: Level, upper: Level): Reach {
  const pagesOf = new Map<number, number>();
  const climb = curve.filter(({ pages }) => pages >= lower.plateau.from && pages <= upper.plateau.to);
  for (const [process, ns] of lower.nsOf) {
    const above = upper.nsOf.get(process);
    const found = above === undefined ? null : crossing(own(climb, process), Math.sqrt(ns * above));
    if (found !== null) pagesOf.set(process, found);
  }
  return pagesOf.size === 0
    ? { pagesOf, below: lower.plateau.to, above: upper.plateau.from }
    : reachOn(climb, pagesOf);
}

/** The counts about where the processes' curves climb: one of them at least does. */
export function reachOn(climb: readonly PagePoint[], pagesOf: PerProcess): Reach {
  const middle = median([...pagesOf.values()]);
  return {
    pagesOf,
    below: climb.findLast(({ pages }) => pages <= middle)?.pages ?? middle,
    above: climb.find(({ pages }) => pages > middle)?.pages ?? middle,
  };
}

/** The steps that the translations of a variant's loads show, over the number of pages. */
export function stepsOf(findings: Findings, variant: string): Steps {
  const curve = curveOf(findings, variant);
  const pooled = curve.map(({ pages, nsOf }): CurvePoint => ({ x: pages, y: median([...nsOf.values()]) }));
  const { plateaus } = findPlateaus(pooled);
  const levels = plateaus.map((plateau) => levelOn(curve, plateau));
  const reaches = levels.slice(1).map((upper, i) => reachBetween(curve, levels[i]!, upper));
  return { levels, reaches, curve };
}

/** What a load takes longer than one whose translation the first TLB holds, process by process. */
export function costsOver(base: Level | undefined, nsOf: PerProcess, unitNs?: PerProcess): number[] {
  return [...nsOf].flatMap(([process, ns]) => {
    const [near, unit] = [base?.nsOf.get(process), unitNs === undefined ? 1 : unitNs.get(process)];
    return near === undefined || unit === undefined ? [] : [(ns - near) / unit];
  });
}

const nothingReported = { reported: null, reportedBy: null, note: null };

type Reported = Pick<Inferred, 'reported' | 'reportedBy'>;
const nobody: Reported = { reported: null, reportedBy: null };

/** How many pages of a size a level's data TLB is reported to hold. */
function reportedAs({ machine }: Findings, level: number, pageBytes: number): Reported {
  const tlb = reportedTlb(machine, level, pageBytes);
  return { reported: tlb?.entries ?? null, reportedBy: tlb?.by ?? null };
}

/** The interval holds the step between the two counts tried, too. */
export function entries(id: string, title: string, reach: Reach, reported: Reported = nobody): Inferred {
  const found = overProcesses([...reach.pagesOf.values()]);
  return {
    id,
    title,
    unit: 'entries',
    ...found,
    low: found.low === null ? null : Math.min(found.low, reach.below),
    high: found.high === null ? null : Math.max(found.high, reach.above),
    ...reported,
    note: null,
  };
}

/**
 * What a translation adds, over processes. Not told where some of them saw it take less than nothing: then what
 * disturbed them is larger than what is to be told.
 */
function costFigure(
  values: readonly number[],
  unit: string,
): Pick<Inferred, 'value' | 'low' | 'high' | 'processes' | 'note'> {
  const found = overProcesses(values);
  const least = found.low ?? found.value;
  if (least === null || least > 0) return { ...found, note: null };
  const took = `${formatNumber(least)} ${unit}`;
  const note = `inconclusive: in some processes such loads took no longer (${took}), so something disturbed them`;
  return { ...found, value: null, low: null, high: null, note };
}

/** What loads that take `nsOf` pay for translation, in ns and in cycles. */
export function costs(
  id: string,
  title: string,
  steps: Steps,
  nsOf: PerProcess,
  cycles: PerProcess,
): Inferred[] {
  const base = steps.levels[0];
  return [
    {
      id: `${id}-ns`,
      title,
      unit: 'ns',
      ...nothingReported,
      ...costFigure(costsOver(base, nsOf), 'ns'),
    },
    {
      id: `${id}-cycles`,
      title,
      unit: 'cycles',
      ...nothingReported,
      ...costFigure(costsOver(base, nsOf, cycles), 'cycles'),
    },
  ];
}

/** Later plateaus than these three are walks whose tables lie farther and farther away: tlb-reach-walks.ts. */
const names = ['first TLB', 'second TLB'] as const;

function smallPages(findings: Findings, cycles: PerProcess): Inferred[] {
  const steps = stepsOf(findings, 'pages-4k');
  const { levels, reaches } = steps;
  const pageBytes = numberAt(findings.groups[0]!.point, 'pageBytes');
  return names.flatMap((name, i) => {
    const [reach, upper] = [reaches[i], levels[i + 1]];
    if (reach === undefined || upper === undefined) return [];
    const id = `tlb-${i + 1}`;
    return [
      entries(`${id}-entries`, `Data translations, ${name}`, reach, reportedAs(findings, i + 1, pageBytes)),
      ...costs(`${id}-miss`, `A miss of the ${name}`, steps, upper.nsOf, cycles),
    ];
  });
}

/** How many 2 MiB pages the first TLB holds. */
function hugePages(findings: Findings): Inferred[] {
  return (['pages-2m', 'pages-2m-explicit'] as const).flatMap((variant) => {
    const { reaches, levels } = stepsOf(findings, variant);
    const title = `2 MiB pages, first TLB${variant === 'pages-2m' ? '' : ', from the pool'}`;
    const id = `tlb-1-entries-${variant.slice(6)}`;
    const reported = reportedAs(findings, 1, hugePageBytes);
    if (reaches[0] !== undefined) return [entries(id, title, reaches[0], reported)];
    const most = levels[0]?.plateau.to;
    return most === undefined ? [] : [{ ...unseen(id, title, 'entries', `all of ${most} fit`), ...reported }];
  });
}

/** A figure that the curve does not show, and why. */
export function unseen(id: string, title: string, unit: string, note: string): Inferred {
  return { id, title, unit, value: null, low: null, high: null, processes: 0, ...nothingReported, note };
}

/** Loads some bytes apart in pages that are larger: how far an entry reaches for them. */
interface Within {
  readonly id: string;
  readonly title: string;
  readonly variant: string;
  readonly stepBytes: number;
  readonly pageBytes: number;
  /** Which arms' first reach says how many entries there are: the first of them that has one. */
  readonly entriesBy: readonly string[];
}

/**
 * What one entry maps of memory in large pages: the span over which loads a step apart overflow the first TLB, shared
 * by as many entries as loads of one page each fill.
 */
function mappedByEntry(findings: Findings, within: Within): Inferred[] {
  const { id, title, stepBytes, pageBytes } = within;
  const reported = { reported: pageBytes, reportedBy: 'the kernel' };
  const { levels, reaches } = stepsOf(findings, within.variant);
  const entriesOf = within.entriesBy
    .map((variant) => stepsOf(findings, variant).reaches[0]?.pagesOf)
    .find((pagesOf) => pagesOf !== undefined);
  if (entriesOf === undefined || levels.length === 0) return [];
  const [first] = reaches;
  if (first === undefined) {
    const span = formatBytes(levels[0]!.plateau.to * stepBytes);
    return [{ ...unseen(id, title, 'B', `no miss within ${span}: whole huge pages`), ...reported }];
  }
  const found = overProcesses(
    [...first.pagesOf].flatMap(([process, pages]) => {
      const count = entriesOf.get(process);
      return count === undefined ? [] : [(pages / count) * stepBytes];
    }),
  );
  const isSmall = found.value !== null && found.value < pageBytes / 4;
  const note = isSmall
    ? 'the huge pages are not huge to the TLB: a guest whose host backs them with small pages gets small entries'
    : null;
  return [{ id, title, unit: 'B', ...found, ...reported, note }];
}

/** Reach and cost of each TLB, and what huge pages are to them. */
export function inferTlb(findings: Findings): Inferred[] {
  if (findings.groups.length === 0) return [];
  const cycles = cycleNs(findings);
  return [
    ...smallPages(findings, cycles),
    ...hugePages(findings),
    ...mappedByEntry(findings, {
      id: 'tlb-huge-entry',
      title: 'Mapped by an entry, in 2 MiB pages',
      variant: 'steps-in-2m',
      stepBytes: numberAt(findings.groups[0]!.point, 'pageBytes'),
      pageBytes: hugePageBytes,
      entriesBy: ['pages-2m', 'pages-4k'],
    }),
    ...mappedByEntry(findings, {
      id: 'tlb-gigantic-entry',
      title: 'Mapped by an entry, in 1 GiB pages',
      variant: 'steps-in-1g',
      stepBytes: hugePageBytes,
      pageBytes: 2 ** 30,
      entriesBy: ['pages-2m', 'pages-4k'],
    }),
  ];
}
