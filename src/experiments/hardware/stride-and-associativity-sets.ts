/**
 * What a few colliding addresses say of a cache: as many of one set as fit are loaded from it again and again, one
 * more and (nearly) each load misses. The largest number that fits is the ways. Of pairs that compete for one set, two
 * addresses that leave each other's line leave each other's set: the shift from which on they fit is the line. Neither
 * figure depends on what a prefetcher does, which could only bring lines that do not fit.
 */
import { formatBytes } from '../../base/units.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { type Inferred, overProcesses } from '../../experiment/inference.ts';
import { numberAt } from '../../kernel/kernel.ts';
import { reportedCache, reporterOf } from '../../machine/reports.ts';
import { median } from '../../stats/index.ts';
import { coreTimes, partedAt, type PerProcess } from './per-process.ts';

/** More addresses than this are not asked for. */
export const mostAddresses = 64;
/** Strides from here on lie in huge pages, or say nothing of a cache that is indexed by physical addresses. */
export const hugeStrideBytes: number = 64 * 2 ** 10;
/** Times of a step's two sides differ by at least this: the second cache takes two to four times as long as the first. */
const leastStep = 1.5;
const pageBytes = 4096;

const strideAt = ({ point }: Group): number => numberAt(point, 'strideBytes');

/** A disturbance makes a load that hits look like one that misses, but never one that misses like one that hits. */
const least = (samples: readonly number[]): number => Math.min(...samples);

/**
 * A number of addresses, and what a load of theirs takes in each process: in units of the quickest load there, which
 * takes the clock out. And the median of these.
 */
interface FewPoint {
  readonly addresses: number;
  readonly timeOf: PerProcess;
  readonly time: number;
}

/** What was measured of a few addresses in one group, in ascending number. */
type Few = (group: Group, variant: 'apart' | 'pairs') => FewPoint[];

function fewOf(findings: Findings): Few {
  const measured = (group: Group, variant: string) =>
    Array.from({ length: mostAddresses }, (_, i) => i + 1).flatMap((addresses) => {
      const nsOf = coreTimes(findings, group, { variant, at: { addresses } }, least);
      return nsOf.size === 0 ? [] : [{ addresses, nsOf }];
    });
  const all = new Map(
    findings.groups.map((group) => [
      group.key,
      { apart: measured(group, 'apart'), pairs: measured(group, 'pairs') },
    ]),
  );
  const quickest = new Map<number, number>();
  for (const { nsOf } of [...all.values()].flatMap(({ apart, pairs }) => [...apart, ...pairs])) {
    for (const [process, ns] of nsOf) quickest.set(process, Math.min(ns, quickest.get(process) ?? ns));
  }
  return (group, variant) =>
    all.get(group.key)![variant].map(({ addresses, nsOf }) => {
      const timeOf = new Map([...nsOf].map(([process, ns]) => [process, ns / quickest.get(process)!]));
      return { addresses, timeOf, time: median([...timeOf.values()]) };
    });
}

function processesOf(points: readonly { readonly timeOf: PerProcess }[]): number[] {
  return [...new Set(points.flatMap(({ timeOf }) => [...timeOf.keys()]))].toSorted((a, b) => a - b);
}

/** Between two levels of time, where one is a step above the other; null where it is not. */
function heightBetween(low: number | undefined, high: number | undefined): number | null {
  return low === undefined || high === undefined || high < leastStep * low ? null : Math.sqrt(low * high);
}

/** The largest number that fits, and the smallest that does not: the ways lie between. */
interface Fit {
  readonly fits: number;
  readonly tooMany: number;
}

/** How many addresses are loaded in less time than `height`; null where all are, or none. */
function fitBelow(points: readonly FewPoint[], process: number, height: number): Fit | null {
  const mine = points.filter(({ timeOf }) => timeOf.has(process));
  const split = partedAt(mine.map(({ timeOf }) => timeOf.get(process)! >= height));
  const [last, next] = [mine[split - 1], mine[split]];
  return last === undefined || next === undefined ? null : { fits: last.addresses, tooMany: next.addresses };
}

interface Sets {
  readonly ways: Fit;
  /** The smallest stride at which addresses compete for one set: the bytes of a way; null where no smaller was tried. */
  readonly wayBytes: number | null;
}

/** Powers of two, ascending; other distances spread over the sets. */
function powersOfTwo(findings: Findings): Group[] {
  const groups = findings.groups.filter((group) => Number.isInteger(Math.log2(strideAt(group))));
  return groups.toSorted((a, b) => strideAt(a) - strideAt(b));
}

/** What was measured of a few addresses at one power of two, and the time that parts hits from misses. */
interface Stride {
  readonly strideBytes: number;
  readonly points: readonly FewPoint[];
  /** Null: all addresses fit. */
  readonly height: number | null;
}

/** How many of the addresses fit by the medians over processes; infinitely many where all do. */
function commonFit({ points, height }: Stride): number {
  if (height === null) return Number.POSITIVE_INFINITY;
  return points[partedAt(points.map(({ time }) => time >= height)) - 1]?.addresses ?? 0;
}

/**
 * The first cache's ways and their size, process by process. Of the strides at which fewest fit, the one that says most
 * counts: a disturbance hides a hit, but nothing makes one of a miss.
 */
function firstSets(findings: Findings, few: Few): Sets[] {
  const tried = powersOfTwo(findings).flatMap((group): Stride[] => {
    const points = few(group, 'apart');
    if (points.length < 2) return [];
    const height = heightBetween(points[0]!.time, points.at(-1)!.time);
    return [{ strideBytes: strideAt(group), points, height }];
  });
  const wide = tried.filter(({ strideBytes, height }) => strideBytes >= pageBytes && height !== null);
  const fewest = Math.min(...wide.map(commonFit));
  const colliding = new Set(wide.filter((stride) => commonFit(stride) === fewest));
  return processesOf(tried.flatMap(({ points }) => points)).flatMap((process): Sets[] => {
    const fits = tried.map((stride) => ({
      stride,
      fit: stride.height === null ? null : fitBelow(stride.points, process, stride.height),
    }));
    const found = fits.flatMap(({ stride, fit }) => (colliding.has(stride) && fit !== null ? [fit] : []));
    const [ways] = found.toSorted((a, b) => b.fits - a.fits);
    if (ways === undefined) return [];
    const first = fits.findIndex(({ fit }) => fit !== null && fit.fits <= ways.fits);
    return [{ ways, wayBytes: first > 0 ? fits[first]!.stride.strideBytes : null }];
  });
}

interface Second {
  readonly strideBytes: number;
  readonly most: number;
  readonly fits: readonly Fit[];
}

/**
 * How many addresses of the widest stride the second cache holds. What a hit of it costs is known from addresses a
 * page apart, which compete for a set of the first cache only.
 */
function secondSets(findings: Findings, few: Few): Second | null {
  const groups = powersOfTwo(findings);
  const page = groups.find((group) => strideAt(group) === pageBytes);
  const wide = groups.findLast((group) => few(group, 'apart').length > 1);
  if (page === undefined || wide === undefined || strideAt(wide) < hugeStrideBytes) return null;
  const points = few(wide, 'apart');
  const height = heightBetween(few(page, 'apart').at(-1)?.time, points.at(-1)!.time);
  const fits =
    height === null ? [] : processesOf(points).flatMap((process) => fitBelow(points, process, height) ?? []);
  return { strideBytes: strideAt(wide), most: points.at(-1)!.addresses, fits };
}

function reportedAs(
  value: number | null | undefined,
  by: string | null | undefined,
): Pick<Inferred, 'reported' | 'reportedBy'> {
  return value === null || value === undefined
    ? { reported: null, reportedBy: null }
    : { reported: value, reportedBy: by ?? null };
}

/** The ways lie between what fits and what does not; the interval holds the numbers that nobody tried. */
function waysOf(fits: readonly Fit[]): Pick<Inferred, 'value' | 'low' | 'high' | 'processes' | 'note'> {
  const found = overProcesses(fits.map((fit) => fit.fits));
  const above = overProcesses(fits.map((fit) => fit.tooMany - 1));
  const note =
    found.value === above.value ? null : `${found.value} to ${above.value}: none between was tried`;
  return { ...found, high: above.high, note };
}

function firstFigures(findings: Findings, few: Few): Inferred[] {
  const sets = firstSets(findings, few);
  const cache = reportedCache(findings.machine, 1);
  const found = waysOf(sets.map(({ ways }) => ways));
  const ways: Inferred = {
    id: 'l1-ways',
    title: 'L1 data cache: ways',
    unit: 'ways',
    ...found,
    ...reportedAs(cache?.ways, cache?.by),
    note: sets.length === 0 ? 'all addresses tried fit, at every stride' : found.note,
  };
  const sizes = sets.flatMap(({ wayBytes }) => wayBytes ?? []);
  const bytes = overProcesses(sizes);
  const product = (found.value ?? 0) * (bytes.value ?? 0);
  const reportedWay = cache?.ways ? cache.sizeBytes / cache.ways : null;
  const way: Inferred = {
    id: 'l1-way-size',
    title: 'L1 data cache: a way',
    unit: 'B',
    ...bytes,
    ...reportedAs(reportedWay, cache?.by),
    note:
      product > 0 && cache !== null && product !== cache.sizeBytes
        ? `${found.value} ways of it make ${formatBytes(product)}, not the reported ${formatBytes(cache.sizeBytes)}`
        : null,
  };
  return sizes.length === 0 ? [ways] : [ways, way];
}

function secondFigure(findings: Findings, few: Few): Inferred {
  const second = secondSets(findings, few);
  const cache = reportedCache(findings.machine, 2);
  const found = waysOf(second?.fits ?? []);
  const reasons =
    second === null
      ? 'needs wide strides in huge pages: a small page keeps too few bits of an address'
      : `${second.most} addresses ${formatBytes(second.strideBytes)} apart still fit: its index is hashed, or the huge ` +
        'pages are none in the hardware, as in a guest whose host backs them with small ones';
  return {
    id: 'l2-ways',
    title: 'L2 cache: ways',
    unit: 'ways',
    ...found,
    ...reportedAs(cache?.ways, cache?.by),
    note: found.value === null ? reasons : found.note,
  };
}

/** A shift, and the times of a number of pairs whose every other address is shifted by it. */
interface ShiftPoint extends FewPoint {
  readonly shift: number;
}

/** The curves of all numbers of pairs, over the shift. */
function shiftCurves(findings: Findings, few: Few): ShiftPoint[][] {
  const groups = findings.groups.toSorted((a, b) => strideAt(a) - strideAt(b));
  const curves = new Map<number, ShiftPoint[]>();
  for (const group of groups) {
    for (const point of few(group, 'pairs')) {
      const { addresses } = point;
      curves.set(addresses, [...(curves.get(addresses) ?? []), { ...point, shift: strideAt(group) }]);
    }
  }
  return [...curves.values()];
}

/**
 * Each process's line: the smallest shift that leaves it, on the curve whose two levels lie farthest apart. Too few
 * pairs always fit, and too many never do.
 */
export function linesOf(findings: Findings, few: Few = fewOf(findings)): number[] {
  const curves = shiftCurves(findings, few).map((points) => {
    const times = points.map(({ time }) => time);
    const [low, high] = [Math.min(...times), Math.max(...times)];
    return { points, step: high / low, height: heightBetween(low, high) };
  });
  const [clearest] = curves.toSorted((a, b) => b.step - a.step);
  if (clearest === undefined || clearest.height === null) return [];
  const { points, height } = clearest;
  return processesOf(points).flatMap((process) => {
    const mine = points.filter(({ timeOf }) => timeOf.has(process));
    const split = partedAt(mine.map(({ timeOf }) => timeOf.get(process)! < height));
    return split === 0 ? [] : (mine[split]?.shift ?? []);
  });
}

/** The line, and the ways of the first two caches. */
export function inferSets(findings: Findings): Inferred[] {
  if (findings.groups.length === 0) return [];
  const few = fewOf(findings);
  const line = overProcesses(linesOf(findings, few));
  return [
    {
      id: 'line-size',
      title: 'Cache line: size',
      unit: 'B',
      ...line,
      ...reportedAs(findings.machine.lineBytes.value, reporterOf(findings.machine.lineBytes)),
      note: line.value === null ? 'no shift made colliding addresses fit' : null,
    },
    ...firstFigures(findings, few),
    secondFigure(findings, few),
  ];
}
