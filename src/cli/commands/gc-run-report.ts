/** What `linefill gc run` has to say: a line a collector in each heap, the best ones by language, and who was left out. */
import { collectorChoices } from '../../collectors/plans.ts';
import type { Experiment } from '../../experiment/experiment.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { makeFindings } from '../../experiment/make-findings.ts';
import type { LeftOut, Run, Summary } from '../../experiment/run.ts';
import type { MeasuredTrace } from '../../experiments/collection/collector-run.ts';
import { oneLine } from '../../report/lines.ts';

export interface GcRunReport {
  readonly title: string;
  readonly trace: MeasuredTrace;
  /** The name of the program's number that says how long it goes on. */
  readonly duration: string;
  readonly experiment: Experiment;
  readonly run: Run;
  /** Words of a small heap that does, by the collector's id; null: none that was tried. */
  readonly least: ReadonlyMap<string, number | null>;
  /** Collectors of the chosen groups that this command can't run. */
  readonly notRun: readonly { readonly id: string; readonly reason: string }[];
}

const wordBytes = 4;

/** A figure with its interval over processes. */
export interface Figure {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  /** Samples scatter by so much that the median says little: Summary.unstable. */
  readonly unstable: boolean;
}

/** A collector's line. */
export interface Served {
  readonly id: string;
  readonly language: 'native' | 'typescript';
  readonly nsAnOperation: Figure;
  readonly isBaseline: boolean;
  /** Over the baseline's time. */
  readonly ratio: number | null;
  readonly longestPauseNs: Figure | null;
  readonly p99PauseNs: Figure | null;
  readonly p999PauseNs: Figure | null;
  readonly pauses: number | null;
  /** The program ended before the collector had anything to do: its pauses and its throughput tell nothing of it. */
  readonly neverCollected: boolean;
  readonly throughputPercent: Figure | null;
  readonly mmu10ms: Figure | null;
  readonly cpuOverWall: number | null;
  readonly mostUsedBytes: number | null;
  /** A small heap that does over what is live at most; null: not looked for, or none that does. */
  readonly leastHeapOverLive: number | null;
  /** The medians of all that was observed. */
  readonly figures: Readonly<Record<string, number>>;
}

/** Who was left out for the same reason. */
export interface LeftOutGroup {
  readonly ids: readonly string[];
  readonly reason: string;
}

/** A heap's lines, the best ones by name, and who was left out. */
export interface Heap {
  readonly bytes: number;
  readonly overLive: number;
  readonly served: readonly Served[];
  /** One a language. */
  readonly fastest: readonly Fastest[];
  /** Who ran out of memory, and after how many percent of the program; of TypeScript only what differs from its twin. */
  readonly outOfMemory: readonly { readonly id: string; readonly percent: number }[];
  readonly leftOut: readonly LeftOutGroup[];
}

/** The fastest of a language, and whom it is shown to beat. */
export interface Fastest {
  readonly id: string;
  /** False: too few processes to compare it with any. */
  readonly isSure: boolean;
  readonly faster: readonly string[];
  readonly untold: readonly string[];
}

/** A collector without its language. */
export function plainId(id: string): string {
  return id.replace(/^ts-/, '');
}

/** What dies is free at once: there may be nothing to collect, or dead cycles alone. */
const immediate: ReadonlySet<string> = new Set(['ref-count', 'ref-count-cycles']);

function freesAtOnce(id: string): boolean {
  const kind = collectorChoices.find((choice) => choice.id === plainId(id))?.kind.id;
  return kind !== undefined && immediate.has(kind);
}

function figureOf(summary: Summary | undefined): Figure | null {
  if (summary === undefined) return null;
  const { median: value, low, high, unstable } = summary;
  return { value, low, high, unstable };
}

function servedOf(id: string, group: Group, findings: Findings, report: GcRunReport): Served | null {
  const of = (metric?: string): Figure | null =>
    figureOf(findings.measurement(group, { variant: id }, metric)?.summary);
  const nsAnOperation = of();
  if (nsAnOperation === null) return null;
  const { baseline } = report.experiment;
  const over = id === baseline.variant ? null : findings.ratio(group, { variant: id }, baseline);
  const least = report.least.get(plainId(id)) ?? null;
  return {
    id,
    language: id === plainId(id) ? 'native' : 'typescript',
    nsAnOperation,
    isBaseline: id === baseline.variant,
    ratio: over === null || 'missing' in over ? null : over.ratio,
    longestPauseNs: of('maxPauseNs'),
    p99PauseNs: of('p99PauseNs'),
    p999PauseNs: of('p999PauseNs'),
    pauses: of('pauses')?.value ?? null,
    neverCollected: of('collections')?.value === 0 && !freesAtOnce(id),
    throughputPercent: of('throughputPercent'),
    mmu10ms: of('mmu10ms'),
    cpuOverWall: of('cpuOverWall')?.value ?? null,
    mostUsedBytes: of('peakUsedBytes')?.value ?? null,
    leastHeapOverLive: least === null ? null : least / report.trace.liveWords,
    figures: Object.fromEntries(
      (report.experiment.metrics ?? []).flatMap((metric) => {
        const figure = of(metric.id);
        return figure === null ? [] : [[metric.id, figure.value]];
      }),
    ),
  };
}

function byTime(served: readonly Served[]): Served[] {
  return served.toSorted((a, b) => a.nsAnOperation.value - b.nsAnOperation.value);
}

function fastestOf(served: readonly Served[], group: Group, findings: Findings): Fastest | null {
  const [first, ...others] = byTime(served);
  if (first === undefined) return null;
  const ratios = others.map(({ id }) => ({
    id,
    ratio: findings.ratio(group, { variant: id }, { variant: first.id }),
  }));
  const known = ratios.filter(({ ratio }) => !('missing' in ratio) && ratio.low !== null);
  const isShown = ({ ratio }: (typeof ratios)[number]): boolean =>
    !('missing' in ratio) && ratio.low !== null && ratio.floor !== null && ratio.low > ratio.floor;
  return {
    id: first.id,
    isSure: known.length > 0,
    faster: ratios.filter(isShown).map(({ id }) => id),
    untold: ratios.filter((each) => !isShown(each)).map(({ id }) => id),
  };
}

/** The id of "copying between two halves (heapBytes=4096)". */
function idOf({ what }: LeftOut, { variants }: Experiment): string {
  const title = what.replace(/ \([^()]*\)$/, '');
  return variants.find((variant) => variant.title === title)?.id ?? oneLine(title);
}

function isOfHeap({ what }: LeftOut, bytes: number): boolean {
  const named = /heapBytes=(\d+)/.exec(what);
  return named === null || Number(named[1]) === bytes;
}

/** As shortfallOf says it. */
const ranOut = /^out of memory after (\d+)% of its operations/;

function leftOutOf(
  entries: readonly LeftOut[],
  experiment: Experiment,
): Pick<Heap, 'outOfMemory' | 'leftOut'> {
  const percents = new Map<string, number>();
  const groups = new Map<string, Set<string>>();
  for (const entry of entries) {
    const percent = ranOut.exec(entry.reason)?.[1];
    const [id, reason] = [idOf(entry, experiment), oneLine(entry.reason)];
    if (percent !== undefined) percents.set(id, Number(percent));
    else groups.set(reason, (groups.get(reason) ?? new Set()).add(id));
  }
  const outOfMemory = [...percents]
    .filter(([id, percent]) => id === plainId(id) || percents.get(plainId(id)) !== percent)
    .map(([id, percent]) => ({ id, percent }))
    .toSorted((a, b) => a.percent - b.percent);
  return { outOfMemory, leftOut: [...groups].map(([reason, ids]) => ({ ids: [...ids], reason })) };
}

/** The heaps that were asked for, in their order. */
export function heapsOf(report: GcRunReport): Heap[] {
  const { experiment, run, trace } = report;
  const findings = makeFindings(run, experiment);
  const asked = experiment.parameters[0]!.values({
    profile: run.profile,
    machine: run.machine,
    cpus: [],
    memoryBudgetBytes: 0,
  }) as readonly number[];
  return asked.map((bytes) => {
    const group = findings.groups.find(({ point }) => point['heapBytes'] === bytes) ?? null;
    const served =
      group === null
        ? []
        : experiment.variants.flatMap(({ id }) => servedOf(id, group, findings, report) ?? []);
    const fastest = (['native', 'typescript'] as const).flatMap((language) => {
      const ofIt = served.filter((one) => one.language === language);
      return group === null ? [] : (fastestOf(ofIt, group, findings) ?? []);
    });
    return {
      bytes,
      overLive: bytes / (trace.liveWords * wordBytes),
      served: byTime(served),
      fastest,
      ...leftOutOf(
        run.leftOut.filter((entry) => isOfHeap(entry, bytes)),
        experiment,
      ),
    };
  });
}

/** The report as data. */
export function gcRunData(report: GcRunReport): unknown {
  const { title, trace, notRun } = report;
  return { title, ...trace.amount, scale: trace.scale, heaps: heapsOf(report), notRun };
}
