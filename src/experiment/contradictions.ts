/**
 * Where what was measured of a machine contradicts what it says of itself: siblings sold as cores, a slice sold as a
 * cache, huge pages asked for and not given, a clock that drifts; and where two of its reports contradict one another.
 * Pure; each is a sentence for the reader.
 */
import { formatBytes, formatCount, formatNs, formatNumber } from '../base/units.ts';
import { cacheDifferences, reporterOf } from '../machine/reports.ts';
import type { CpuidCache, Machine } from '../machine/types.ts';
import { replicatesNeeded } from '../stats/index.ts';
import { inferenceAlpha, type Inferred } from './inference.ts';
import { withinOneCoreNs } from './shared-caches.ts';

/** A measured size below this share of the reported one, or above its inverse, is another cache than the one sold. */
const sliceBelow = 0.6;
/** A translation that maps less than this share of a huge page is not one of a huge page. */
const wholeEntry = 0.5;
/** Fewer pages than this came as asked. */
const mostPages = 0.9;
/** Core clocks of one run that differ by more than this are two clocks. */
const steadyWithin = 0.03;

type Figures = readonly Inferred[];

function find(figures: Figures, id: string): Inferred | null {
  return figures.find((figure) => figure.id === id) ?? null;
}

/** CPUs that the system calls cores of their own but that hand a line over as fast as threads of one. */
function soldSiblings(machine: Machine, figures: Figures): string[] {
  const withinNs = withinOneCoreNs(figures);
  const cpus = machine.cpus.value ?? [];
  if (withinNs === null) return [];
  const close = (machine.cpuDistances.value ?? []).filter(({ oneWayNs }) => oneWayNs <= withinNs);
  const told = new Set<string>();
  return close.flatMap(({ from, to, oneWayNs }) => {
    const [first, second] = [Math.min(from, to), Math.max(from, to)];
    const pair = `${first} ${second}`;
    const siblings = cpus.find(({ id }) => id === first)?.siblings ?? [];
    // None at all: the system does not say which threads a core has.
    if (told.has(pair) || siblings.length === 0 || siblings.includes(second)) return [];
    told.add(pair);
    return [
      `CPU ${first} and CPU ${second} are reported as cores of their own, but a line goes from one to the other in ` +
        `${formatNs(oneWayNs)}, as between two threads of one core.`,
    ];
  });
}

/** Measured and reported, where both are known and the interval of what was measured, too: without it nothing is shown. */
interface Judged {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly reported: number;
}

function judged({ value, low, high, reported }: Inferred): Judged | null {
  if (value === null || low === null || high === null || reported === null) return null;
  return { value, low, high, reported };
}

function sizes(figures: Figures): string[] {
  return figures.flatMap((figure) => {
    const found = /^l\d-size$/.test(figure.id) ? judged(figure) : null;
    if (found === null) return [];
    const { value, low, high, reported } = found;
    const isLess = high < sliceBelow * reported;
    if (!isLess && low <= reported / sliceBelow) return [];
    const isSlice = isLess && figure.id !== 'l1-size';
    const why = isSlice ? 'a slice of it, or one shared with strangers' : 'another cache than is reported';
    const [sold, measured] = [formatBytes(reported), formatBytes(Math.round(value))];
    return [`${figure.title}: ${sold} reported, ${measured} found: ${why}.`];
  });
}

/** The levels are counted on one curve of all processes, and have no interval: it takes as many as one does. */
function judgedLevels(figure: Inferred): Judged | null {
  const { value, processes } = figure;
  if (value === null || processes < replicatesNeeded(inferenceAlpha)) return null;
  return judged({ ...figure, low: value, high: value });
}

/** Counts that can only be right or wrong: a line, ways, levels. */
function counts(figures: Figures): string[] {
  return figures.flatMap((figure) => {
    const { id, title, unit } = figure;
    const isCount = id === 'line-size' || id.endsWith('-ways');
    const found = id === 'cache-levels' ? judgedLevels(figure) : isCount ? judged(figure) : null;
    if (found === null || (found.low <= found.reported && found.reported <= found.high)) return [];
    const shown = (value: number): string =>
      `${Number.isInteger(value) ? formatCount(value) : formatNumber(value)} ${unit}`.trimEnd();
    return [`${title}: ${shown(found.reported)} reported, ${shown(found.value)} found.`];
  });
}

/** Huge pages that the kernel gave but whoever runs it did not: the TLB holds them in small pieces. */
function hugeEntries(figures: Figures): string[] {
  const figure = find(figures, 'tlb-huge-entry');
  const found = figure === null ? null : judged(figure);
  if (found === null || found.high >= wholeEntry * found.reported) return [];
  const [sold, mapped] = [formatBytes(found.reported), formatBytes(Math.round(found.value))];
  return [
    `Pages of ${sold} were given, but an entry of the TLB maps ${mapped} of them: a host backs them with less.`,
  ];
}

function hugePages({ transparentHugePages: mode, hugePagesGiven: given }: Machine): string[] {
  if (mode.value === null || mode.value === 'never' || given.value === null || given.value >= mostPages)
    return [];
  const share = formatNumber(100 * given.value);
  return [
    `Transparent huge pages are set to ${mode.value}, but only ${share}% of what asked for them came as such.`,
  ];
}

function clock(figures: Figures): string[] {
  const found = find(figures, 'core-clock');
  if (found?.low == null || found.high === null || found.high / found.low - 1 <= steadyWithin) return [];
  return [
    `The core's clock drifts: from ${formatNumber(found.low)} to ${formatNumber(found.high)} ${found.unit} ` +
      'between the processes of one run.',
  ];
}

function cacheText(cache: Pick<CpuidCache, 'sizeBytes' | 'ways' | 'lineBytes'> | null): string {
  if (cache === null) return 'none';
  const ways = cache.ways === null ? '' : `${formatCount(cache.ways)} ways, `;
  return `${formatBytes(cache.sizeBytes)} (${ways}lines of ${formatBytes(cache.lineBytes)})`;
}

/** Caches of which the system says one thing and the CPU another. */
function reports(machine: Machine): string[] {
  const by = reporterOf(machine.caches);
  return cacheDifferences(machine).map(({ level, system, cpuid }) => {
    return `L${level} cache: ${cacheText(system)} by ${by}, ${cacheText(cpuid)} by CPUID.`;
  });
}

/** The contradictions, one sentence each; none where measured and reported agree. */
export function contradictions(machine: Machine, figures: Figures): string[] {
  return [
    ...soldSiblings(machine, figures),
    ...reports(machine),
    ...sizes(figures),
    ...counts(figures),
    ...hugePages(machine),
    ...hugeEntries(figures),
    ...clock(figures),
  ];
}
