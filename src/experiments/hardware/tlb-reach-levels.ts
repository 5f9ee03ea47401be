/**
 * What the loads of one line a page say of the TLBs. What a translation costs is a load's time less that of as many
 * lines packed densely; added to the time of a line that is near, it makes a curve that climbs where a TLB overflows.
 * The reach of a TLB is where the curve crosses the geometric mean of the two plateaus: near the foot of the climb,
 * since a TLB which does not evict the oldest entry first misses only now and then at first.
 */
import { formatBytes, formatCount } from '../../base/units.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { type Inferred, overProcesses } from '../../experiment/inference.ts';
import { numberAt } from '../../kernel/kernel.ts';
import { type CurvePoint, findPlateaus, median, type Plateau } from '../../stats/index.ts';
import { coreTimes, partedAt } from './core-times.ts';
import type { PerProcess } from './per-process.ts';
import { hugePageBytes } from './tlb-reach-kernels.ts';

/** A number of pages, and each process's time of a load there: a hot line's, and what translation adds to it. */
interface PagePoint {
  readonly pages: number;
  readonly nsOf: PerProcess;
}

/** A plateau of the curve. */
interface Level {
  readonly plateau: Plateau;
  readonly nsOf: PerProcess;
}

/** Where a TLB overflows. */
interface Reach {
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
  /** What a load takes at the largest number of pages. */
  readonly farthest: PagePoint | null;
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
function own(curve: readonly PagePoint[], process: number): CurvePoint[] {
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
  const middle = pagesOf.size === 0 ? lower.plateau.to : median([...pagesOf.values()]);
  return {
    pagesOf,
    below: climb.findLast(({ pages }) => pages <= middle)?.pages ?? lower.plateau.to,
    above: climb.find(({ pages }) => pages > middle)?.pages ?? upper.plateau.from,
  };
}

/** The steps that the translations of a variant's loads show, over the number of pages. */
export function stepsOf(findings: Findings, variant: string): Steps {
  const curve = curveOf(findings, variant);
  const pooled = curve.map(({ pages, nsOf }): CurvePoint => ({ x: pages, y: median([...nsOf.values()]) }));
  const { plateaus } = findPlateaus(pooled);
  const levels = plateaus.map((plateau) => levelOn(curve, plateau));
  const reaches = levels.slice(1).map((upper, i) => reachBetween(curve, levels[i]!, upper));
  return { levels, reaches, farthest: curve.at(-1) ?? null };
}

/** What a load takes longer than one whose translation the first TLB holds, process by process. */
export function costsOver(base: Level | undefined, nsOf: PerProcess, unitNs?: PerProcess): number[] {
  return [...nsOf].flatMap(([process, ns]) => {
    const [near, unit] = [base?.nsOf.get(process), unitNs === undefined ? 1 : unitNs.get(process)];
    return near === undefined || unit === undefined ? [] : [(ns - near) / unit];
  });
}

const nothingReported = { reported: null, reportedBy: null, note: null };

/** The interval holds the step between the two counts tried, too. */
function entries(id: string, title: string, reach: Reach): Inferred {
  const found = overProcesses([...reach.pagesOf.values()]);
  return {
    id,
    title,
    unit: 'entries',
    ...found,
    low: found.low === null ? null : Math.min(found.low, reach.below),
    high: found.high === null ? null : Math.max(found.high, reach.above),
    ...nothingReported,
  };
}

function costs(id: string, title: string, steps: Steps, nsOf: PerProcess, cycles: PerProcess): Inferred[] {
  const base = steps.levels[0];
  return [
    { id: `${id}-ns`, title, unit: 'ns', ...overProcesses(costsOver(base, nsOf)), ...nothingReported },
    {
      id: `${id}-cycles`,
      title,
      unit: 'cycles',
      ...overProcesses(costsOver(base, nsOf, cycles)),
      ...nothingReported,
    },
  ];
}

/** Later plateaus than these three are walks whose tables lie farther and farther away. */
const names = ['first TLB', 'second TLB'] as const;

function smallPages(findings: Findings, cycles: PerProcess): Inferred[] {
  const steps = stepsOf(findings, 'pages-4k');
  const { levels, reaches, farthest } = steps;
  const figures = names.flatMap((name, i) => {
    const [reach, upper] = [reaches[i], levels[i + 1]];
    if (reach === undefined || upper === undefined) return [];
    const id = `tlb-${i + 1}`;
    return [
      entries(`${id}-entries`, `Data translations, ${name}`, reach),
      ...costs(`${id}-miss`, `A miss of the ${name}`, steps, upper.nsOf, cycles),
    ];
  });
  const last = levels[2];
  // On the last plateau the figure would be the one before again.
  if (farthest === null || last === undefined || farthest.pages <= last.plateau.to) return figures;
  const title = `A walk among ${formatCount(farthest.pages)} pages`;
  return [...figures, ...costs('tlb-far-walk', title, steps, farthest.nsOf, cycles)];
}

/** How many 2 MiB pages the first TLB holds. */
function hugePages(findings: Findings): Inferred[] {
  return (['pages-2m', 'pages-2m-explicit'] as const).flatMap((variant) => {
    const { reaches, levels } = stepsOf(findings, variant);
    const title = `2 MiB pages, first TLB${variant === 'pages-2m' ? '' : ', from the pool'}`;
    if (reaches[0] !== undefined) return [entries(`tlb-1-entries-${variant.slice(6)}`, title, reaches[0])];
    const most = levels[0]?.plateau.to;
    return most === undefined
      ? []
      : [unseen(`tlb-1-entries-${variant.slice(6)}`, title, 'entries', `all of ${most} fit`)];
  });
}

function unseen(id: string, title: string, unit: string, note: string): Inferred {
  return { id, title, unit, value: null, low: null, high: null, processes: 0, ...nothingReported, note };
}

/**
 * What one entry maps of memory in 2 MiB pages: the span over which loads a small page apart overflow the first TLB,
 * shared by as many entries as loads of one huge page each fill.
 */
function mappedByEntry(findings: Findings): Inferred[] {
  const pageBytes = numberAt(findings.groups[0]!.point, 'pageBytes');
  const [small, huge] = ['pages-4k', 'pages-2m'].map((variant) => stepsOf(findings, variant).reaches[0]);
  const { levels, reaches } = stepsOf(findings, 'steps-in-2m');
  const entriesOf = (huge ?? small)?.pagesOf;
  const [id, title] = ['tlb-huge-entry', 'Mapped by an entry, in 2 MiB pages'] as const;
  const reported = { reported: hugePageBytes, reportedBy: 'the kernel' };
  if (entriesOf === undefined || levels.length === 0) return [];
  const [first] = reaches;
  if (first === undefined) {
    const span = formatBytes(levels[0]!.plateau.to * pageBytes);
    return [{ ...unseen(id, title, 'B', `no miss within ${span}: whole huge pages`), ...reported }];
  }
  const found = overProcesses(
    [...first.pagesOf].flatMap(([process, pages]) => {
      const count = entriesOf.get(process);
      return count === undefined ? [] : [(pages / count) * pageBytes];
    }),
  );
  const isSmall = found.value !== null && found.value < hugePageBytes / 4;
  const note = isSmall
    ? 'the huge pages are not huge to the TLB: a guest whose host backs them with small pages gets small entries'
    : null;
  return [{ id, title, unit: 'B', ...found, ...reported, note }];
}

/** Reach and cost of each TLB, and what huge pages are to them. */
export function inferTlb(findings: Findings): Inferred[] {
  if (findings.groups.length === 0) return [];
  const cycles = cycleNs(findings);
  return [...smallPages(findings, cycles), ...hugePages(findings), ...mappedByEntry(findings)];
}
