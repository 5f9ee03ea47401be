/** What `linefill gc run` prints: a line a collector in each heap, and which one serves the program best. */
import { formatBytes, formatCount, formatInterval, formatNs, formatRatio } from '../../base/units.ts';
import { pauseSteps } from '../../collectors/counting.ts';
import type { Experiment } from '../../experiment/experiment.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { makeFindings } from '../../experiment/make-findings.ts';
import type { Run, Summary } from '../../experiment/run.ts';
import type { NeedyTrace } from '../../experiments/collection/mutate-kernels.ts';
import { oneLine, painter, wrap } from '../../report/lines.ts';
import { formatShare, notAvailable } from '../../report/numbers.ts';
import { type Cell, type Column, renderTable } from '../../report/table.ts';
import { timelinesText } from '../../report/timeline-text.ts';
import { mutatorRowWords } from '../../trace/mutator-rows.ts';
import type { Looks } from '../io.ts';

export interface GcRunReport {
  readonly title: string;
  readonly trace: NeedyTrace;
  readonly experiment: Experiment;
  readonly run: Run;
  /** Words of the smallest heap that does, by the collector's id; null: none that was tried. */
  readonly least: ReadonlyMap<string, number | null>;
  /** Collectors of the chosen groups that this command can't run. */
  readonly notRun: readonly { readonly id: string; readonly reason: string }[];
}

const wordBytes = 4;

/** A figure with its interval over processes. */
interface Figure {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** A collector's line. */
interface Served {
  readonly id: string;
  readonly nsAnOperation: Figure | null;
  readonly isBaseline: boolean;
  /** Over the baseline's time. */
  readonly ratio: number | null;
  readonly longestPauseNs: Figure | null;
  readonly p99PauseNs: Figure | null;
  readonly p999PauseNs: Figure | null;
  readonly pauses: number | null;
  readonly throughputPercent: Figure | null;
  readonly mmu10ms: Figure | null;
  readonly cpuOverWall: number | null;
  readonly mostUsedBytes: number | null;
  /** The smallest heap over what is live at most; null: not looked for, or none that does. */
  readonly leastHeapOverLive: number | null;
  /** The medians of all that was observed. */
  readonly figures: Readonly<Record<string, number>>;
}

/** A heap's lines, the best ones by name, and who was left out. */
interface Heap {
  readonly bytes: number;
  readonly overLive: number;
  readonly served: readonly Served[];
  readonly fastest: Fastest | null;
  readonly leftOut: readonly { readonly what: string; readonly reason: string }[];
}

/** The fastest, and whom it is shown to beat. */
interface Fastest {
  readonly id: string;
  /** False: too few processes to compare it with any. */
  readonly isSure: boolean;
  readonly faster: readonly string[];
  readonly untold: readonly string[];
}

function figureOf(summary: Summary | undefined): Figure | null {
  return summary === undefined ? null : { value: summary.median, low: summary.low, high: summary.high };
}

function servedOf(id: string, group: Group, findings: Findings, report: GcRunReport): Served | null {
  const of = (metric?: string): Figure | null =>
    figureOf(findings.measurement(group, { variant: id }, metric)?.summary);
  const nsAnOperation = of();
  if (nsAnOperation === null) return null;
  const { baseline } = report.experiment;
  const over = id === baseline.variant ? null : findings.ratio(group, { variant: id }, baseline);
  const least = report.least.get(id.replace(/^ts-/, '')) ?? null;
  return {
    id,
    nsAnOperation,
    isBaseline: id === baseline.variant,
    ratio: over === null || 'missing' in over ? null : over.ratio,
    longestPauseNs: of('maxPauseNs'),
    p99PauseNs: of('p99PauseNs'),
    p999PauseNs: of('p999PauseNs'),
    pauses: of('pauses')?.value ?? null,
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

function fastestOf(served: readonly Served[], group: Group, findings: Findings): Fastest | null {
  const [first, ...others] = served.toSorted((a, b) => a.nsAnOperation!.value - b.nsAnOperation!.value);
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

function heapsOf(report: GcRunReport): Heap[] {
  const { experiment, run, trace } = report;
  const findings = makeFindings(run, experiment);
  const heaps = new Map<number, Group | null>(
    experiment.parameters[0]!.values({
      profile: run.profile,
      machine: run.machine,
      cpus: [],
      memoryBudgetBytes: 0,
    }).map((bytes) => [
      bytes as number,
      findings.groups.find(({ point }) => point['heapBytes'] === bytes) ?? null,
    ]),
  );
  return [...heaps].map(([bytes, group]) => {
    const served =
      group === null
        ? []
        : experiment.variants.flatMap(({ id }) => servedOf(id, group, findings, report) ?? []);
    return {
      bytes,
      overLive: bytes / (trace.liveWords * wordBytes),
      served: served.toSorted((a, b) => a.nsAnOperation!.value - b.nsAnOperation!.value),
      fastest: group === null ? null : fastestOf(served, group, findings),
      leftOut: run.leftOut.filter(
        ({ what }) => what.includes(`heapBytes=${bytes}`) || !what.includes('heapBytes='),
      ),
    };
  });
}

const known = (value: number | null | undefined, format: (value: number) => string): string =>
  value === null || value === undefined ? notAvailable : format(value);

/** '1.20 ms', with its interval in ms. */
function ranged({ value, low, high }: Figure): string {
  return low === null || high === null
    ? formatNs(value)
    : `${formatNs(value)}, from ${formatNs(low)} to ${formatNs(high)}`;
}

const list = (ids: readonly string[]): string => ids.join(', ');

/** Those of a language that are told from: the least of a figure, the next one beside it. */
function bestOf(
  served: readonly Served[],
  of: (one: Served) => Figure | null,
): [Served, Served | null] | null {
  const ranked = served.filter((one) => of(one) !== null).toSorted((a, b) => of(a)!.value - of(b)!.value);
  return ranked.length === 0 ? null : [ranked[0]!, ranked[1] ?? null];
}

function comparedText({ isSure, faster, untold }: Fastest): string {
  if (faster.length + untold.length === 0) return '';
  if (!isSure) return 'Too few processes to say who is faster: pass a larger --budget.';
  const said = [
    ...(faster.length === 0 ? [] : [`Shown to be faster than ${list(faster)}.`]),
    ...(untold.length === 0 ? [] : [`Not shown to be faster than ${list(untold)}.`]),
  ];
  return said.join(' ');
}

function verdictTexts({ served, fastest }: Heap): string[] {
  if (fastest === null) return ['Nothing was measured in this heap.'];
  const { nsAnOperation } = served.find(({ id }) => id === fastest.id)!;
  const { value, low, high } = nsAnOperation!;
  const texts = [
    `Throughput: ${fastest.id}, ${formatNs(value)} an operation, ${formatInterval(low, high)}. ${comparedText(fastest)}`,
  ];
  const calm = bestOf(served, ({ longestPauseNs }) => longestPauseNs);
  if (calm !== null) {
    const [first, next] = calm;
    const none =
      first.longestPauseNs!.value === 0 ? 'none that was timed' : `longest ${ranged(first.longestPauseNs!)}`;
    const beside = next === null ? '' : `; then ${next.id}, ${ranged(next.longestPauseNs!)}`;
    texts.push(`Pauses: ${first.id}, ${none}${beside}.`);
  }
  const [small] = served
    .filter(({ leastHeapOverLive }) => leastHeapOverLive !== null)
    .toSorted((a, b) => a.leastHeapOverLive! - b.leastHeapOverLive!);
  if (small !== undefined) {
    texts.push(
      `Memory: ${small.id.replace(/^ts-/, '')} can run it in the smallest heap, ${formatRatio(small.leastHeapOverLive!)} of what is live at most.`,
    );
  }
  return texts;
}

/** Of logs that were full. */
function lostTexts({ served }: Heap): string[] {
  const ids = served.filter(({ figures }) => (figures['lostPauses'] ?? 0) > 0).map(({ id }) => id);
  return ids.length === 0
    ? []
    : [
        `More pauses than are logged: ${list(ids)}; lengths, throughput and MMU are of the time before the log was full.`,
      ];
}

const columns: readonly Column[] = [
  { header: 'collector', align: 'left' },
  { header: 'an operation', align: 'right' },
  { header: 'interval', align: 'left', spare: 2 },
  { header: 'ratio', align: 'right', spare: 5 },
  { header: 'longest pause', align: 'right' },
  { header: 'p99', align: 'right', spare: 1 },
  { header: 'p99.9', align: 'right', spare: -1 },
  { header: 'pauses', align: 'right', spare: 4 },
  { header: 'throughput', align: 'right' },
  { header: 'MMU 10 ms', align: 'right', spare: 6 },
  { header: 'cpu', align: 'right', spare: 0 },
  { header: 'most used', align: 'right', spare: 3 },
  { header: 'least heap', align: 'right' },
];

function cellsOf(row: Served): Cell[] {
  const time = row.nsAnOperation!;
  return [
    row.id,
    formatNs(time.value),
    time.low === null ? notAvailable : formatInterval(time.low, time.high),
    row.isBaseline ? 'baseline' : known(row.ratio, formatRatio),
    known(row.longestPauseNs?.value, formatNs),
    known(row.p99PauseNs?.value, formatNs),
    known(row.p999PauseNs?.value, formatNs),
    known(row.pauses, formatCount),
    known(row.throughputPercent?.value, (percent) => formatShare(percent / 100)),
    known(row.mmu10ms?.value, formatShare),
    known(row.cpuOverWall, formatRatio),
    known(row.mostUsedBytes, formatBytes),
    known(row.leastHeapOverLive, formatRatio),
  ].map((text) => ({ text }));
}

const legend =
  'An operation: one of the program, with its share of allocation, barriers and collections. p99, p99.9: of the pauses, ' +
  'by nearest rank; of fewer than 100, or 1,000, the longest. Throughput: the share of the time in which the program did not stand ' +
  'still. MMU 10 ms: of every 10 ms, what the program had at least; of a shorter run, of all of it. Reference counting ' +
  `frees as it goes: what it frees at once is a pause from ${pauseSteps} objects and slots on, and else the program's own work. ` +
  'Cpu: processor time over time. Most used: of the heap. Least heap: the smallest that does, over what is live at most. Work counts are in ' +
  'the run file and the HTML report. A narrow terminal shows fewer columns; --json has all.';

/** The report in text. */
export function gcRunText(report: GcRunReport, looks: Looks): string {
  const { title, trace, run, notRun } = report;
  const width = looks.columns;
  const paint = painter(looks.colour);
  const processes = run.conduct[0]?.processes ?? 0;
  const head =
    `${oneLine(title)}: ${formatCount(trace.rows.length / mutatorRowWords)} operations, ` +
    `${formatBytes(trace.liveWords * wordBytes)} live at most; ${formatCount(processes)} fresh process${processes === 1 ? '' : 'es'}.`;
  const parts = heapsOf(report).flatMap((heap) => {
    const name = `Heap of ${formatBytes(heap.bytes)}, ${formatRatio(heap.overLive)} of what is live at most`;
    const left = [
      ...new Set(
        heap.leftOut.map(
          ({ what, reason }) => `Left out: ${oneLine(what.replace(/ \(.*\)$/, ''))}: ${oneLine(reason)}`,
        ),
      ),
    ];
    return [
      paint('strong', wrap(name, width)),
      ...(heap.served.length === 0 ? [] : [renderTable(columns, heap.served.map(cellsOf), { width, paint })]),
      timelinesText(
        (run.timelines ?? [])
          .filter(({ point }) => point['heapBytes'] === heap.bytes)
          .map((each) => ({ ...each, group: 'all' })),
        { width, unicode: looks.unicode, paint },
      ),
      [...verdictTexts(heap), ...lostTexts(heap), ...left].map((text) => wrap(text, width)).join('\n'),
    ].filter((text) => text !== '');
  });
  const absent = notRun.map(({ id, reason }) => wrap(`Not run: ${id}: ${reason}`, width));
  return `${[wrap(head, width), ...parts, ...absent, wrap(legend, width)].join('\n\n')}\n`;
}

/** The report as data. */
export function gcRunData(report: GcRunReport): unknown {
  const { title, trace } = report;
  return {
    title,
    operations: trace.rows.length / mutatorRowWords,
    liveBytes: trace.liveWords * wordBytes,
    heaps: heapsOf(report),
    notRun: report.notRun,
  };
}
