/** What `linefill gc run` prints: a line a collector in each heap, and which one serves the program best. */
import { formatBytes, formatCount, formatInterval, formatNs, formatRatio } from '../../base/units.ts';
import { pauseSteps } from '../../collectors/counting.ts';
import { unstableMark } from '../../report/cells.ts';
import { traceText } from '../../experiments/collection/collector-run.ts';
import { oneLine, painter, wrap } from '../../report/lines.ts';
import { formatShare, notAvailable } from '../../report/numbers.ts';
import { type Cell, type Column, renderTable } from '../../report/table.ts';
import { timelinesText } from '../../report/timeline-text.ts';
import type { Looks } from '../io.ts';
import {
  type Fastest,
  type Figure,
  type GcRunReport,
  type Heap,
  heapsOf,
  plainId,
  type Served,
} from './gc-run-report.ts';

/** Processor time over time; a program that computes has 1. */
const leastCpu = 0.9;

const known = (value: number | null | undefined, format: (value: number) => string): string =>
  value === null || value === undefined ? notAvailable : format(value);

/** '1.20 ms', with its interval in ms. */
function ranged({ value, low, high }: Figure): string {
  return low === null || high === null
    ? formatNs(value)
    : `${formatNs(value)}, from ${formatNs(low)} to ${formatNs(high)}`;
}

const list = (ids: readonly string[]): string => ids.join(', ');

/** More are no list that is read. */
const mostNamed = 6;

function named(ids: readonly string[]): string {
  if (ids.length <= mostNamed) return list(ids);
  return `${list(ids.slice(0, mostNamed - 1))} and ${ids.length - mostNamed + 1} others`;
}

/** Whom the fastest is shown to beat: the shorter of two lists. */
function comparedText({ isSure, faster, untold }: Fastest): string {
  if (faster.length + untold.length === 0) return '';
  if (!isSure) return 'Too few processes to say who is faster: pass a larger --budget.';
  if (faster.length === 0) return 'Not shown to be faster than any other.';
  if (untold.length === 0 && faster.length > 2) return 'Shown to be faster than all others.';
  if (untold.length === 0) return `Shown to be faster than ${list(faster)}.`;
  return untold.length <= faster.length
    ? `Shown to be faster than all others but ${list(untold)}.`
    : `Shown to be faster than ${list(faster)} alone.`;
}

function throughputTexts({ served, fastest }: Heap): string[] {
  return fastest.map((one) => {
    const { nsAnOperation, language } = served.find(({ id }) => id === one.id)!;
    const { value, low, high } = nsAnOperation;
    const where = fastest.length > 1 ? `, ${language === 'native' ? 'native' : 'TypeScript'}` : '';
    return `Throughput${where}: ${one.id}, ${formatNs(value)} an operation, ${formatInterval(low, high)}. ${comparedText(one)}`.trimEnd();
  });
}

/** Told of those that collected: what had nothing to do is no winner. */
function pauseTexts({ served, fastest }: Heap): string[] {
  const language = served.find(({ id }) => id === fastest[0]?.id)?.language;
  const ours = served.filter((one) => one.language === language && !one.neverCollected);
  const without = ours.filter(({ pauses }) => pauses === 0);
  const [first, next] = ours
    .filter(({ pauses, longestPauseNs }) => pauses !== 0 && longestPauseNs !== null)
    .toSorted((a, b) => a.longestPauseNs!.value - b.longestPauseNs!.value);
  const beside = next === undefined ? '' : `; then ${next.id}, ${ranged(next.longestPauseNs!)}`;
  return [
    ...(first === undefined
      ? []
      : [`Pauses: ${first.id} has the shortest longest one, ${ranged(first.longestPauseNs!)}${beside}.`]),
    ...(without.length === 0
      ? []
      : [`No pause that was timed: ${list(without.map(({ id }) => id))}. What dies is free at once.`]),
  ];
}

function idleTexts({ served }: Heap, { duration }: GcRunReport): string[] {
  const ids = served.filter(({ neverCollected }) => neverCollected).map(({ id }) => id);
  return ids.length === 0
    ? []
    : [
        `Never collected, so that pauses, throughput and MMU tell nothing of them: ${named(ids)}. ` +
          `Pass a smaller --heap, or a longer program by --set ${duration}.`,
      ];
}

function verdictTexts(heap: Heap, report: GcRunReport): string[] {
  if (heap.served.length === 0) return ['Nothing was measured in this heap.'];
  const [small] = heap.served
    .filter(({ leastHeapOverLive }) => leastHeapOverLive !== null)
    .toSorted((a, b) => a.leastHeapOverLive! - b.leastHeapOverLive!);
  return [
    ...throughputTexts(heap),
    ...pauseTexts(heap),
    ...(small === undefined
      ? []
      : [
          `Memory: ${plainId(small.id)} can run it in the smallest heap, ${formatRatio(small.leastHeapOverLive!)} of what is live at most.`,
        ]),
    ...idleTexts(heap, report),
  ];
}

/** Of logs that were full, and of arms whose processor did something else. */
function cautionTexts({ served }: Heap): string[] {
  const lost = served.filter(({ figures }) => (figures['lostPauses'] ?? 0) > 0).map(({ id }) => id);
  const waited = served.filter(({ cpuOverWall }) => (cpuOverWall ?? 1) < leastCpu).map(({ id }) => id);
  return [
    ...(lost.length === 0
      ? []
      : [
          `More pauses than are logged: ${named(lost)}; lengths, throughput and MMU are of the time before the log was full.`,
        ]),
    ...(waited.length === 0
      ? []
      : [
          `Waited for a processor in more than a tenth of the time, so that pauses look longer: ${named(waited)}.`,
        ]),
  ];
}

function leftOutTexts({ outOfMemory, leftOut }: Heap): string[] {
  const each = outOfMemory.map(({ id, percent }) => `${id} (${percent}%)`);
  return [
    ...(each.length === 0 ? [] : [`Out of memory after so much of the program: ${list(each)}.`]),
    ...leftOut.map(({ ids, reason }) => `Left out: ${list(ids)}: ${reason}`),
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

function timeCell(figure: Figure): string {
  return `${formatNs(figure.value)}${figure.unstable ? unstableMark : ''}`;
}

function pauseCell({ pauses }: Served, figure: Figure | null): string {
  if (pauses === 0) return 'none';
  return figure === null ? notAvailable : timeCell(figure);
}

function cellsOf(row: Served): Cell[] {
  const time = row.nsAnOperation;
  return [
    row.id,
    timeCell(time),
    time.low === null ? notAvailable : formatInterval(time.low, time.high),
    row.isBaseline ? 'baseline' : known(row.ratio, formatRatio),
    pauseCell(row, row.longestPauseNs),
    pauseCell(row, row.p99PauseNs),
    pauseCell(row, row.p999PauseNs),
    known(row.pauses, formatCount),
    known(row.throughputPercent?.value, (percent) => formatShare(percent / 100)),
    known(row.mmu10ms?.value, formatShare),
    known(row.cpuOverWall, formatRatio),
    known(row.mostUsedBytes, formatBytes),
    known(row.leastHeapOverLive, formatRatio),
  ].map((text) => ({ text }));
}

const legend =
  'An operation: one of the program, with its share of allocation, barriers and collections. ~ marks medians of samples ' +
  'that scatter by 5% and more. p99, p99.9: of the pauses, ' +
  'by nearest rank; of fewer than 100, or 1,000, the longest. Throughput: the share of the time in which the program did not stand ' +
  'still. MMU 10 ms: of every 10 ms, what the program had at least; of a shorter run, of all of it. Reference counting ' +
  `frees as it goes: what it frees at once is a pause from ${pauseSteps} objects and slots on, and else the program's own work. ` +
  'Cpu: processor time over time. Most used: of the heap. Least heap: one that does, found by halving, over what is ' +
  'live at most; where holes decide, a larger one may not. Work counts are in ' +
  'the run file and the HTML report. A narrow terminal shows fewer columns; --json has all.';

/**
 * What the run comes to, as it stands above its report: of each heap who serves best, and in how small a heap each can
 * run. `place`: how `linefill gc map` is told of the program.
 */
export function conclusionsOf(report: GcRunReport, place: string): string[] {
  const { least, trace } = report;
  const leasts = [...least]
    .flatMap(([id, words]) => (words === null ? [] : [{ id, over: words / trace.liveWords }]))
    .toSorted((a, b) => a.over - b.over)
    .map(({ id, over }) => `${id} ${formatRatio(over)}`);
  const heaps = heapsOf(report);
  const label = ({ bytes, overLive }: Heap): string =>
    heaps.length === 1 ? '' : `Heap of ${formatBytes(bytes)}, ${formatRatio(overLive)} of live. `;
  return [
    ...heaps.flatMap((heap) =>
      [
        ...throughputTexts(heap),
        ...pauseTexts(heap),
        ...idleTexts(heap, report),
        ...cautionTexts(heap),
        ...leftOutTexts(heap),
      ].map((text) => `${label(heap)}${text}`),
    ),
    ...(leasts.length === 0
      ? []
      : [`A small heap that does, found by halving, over what is live at most: ${list(leasts)}.`]),
    `Where the objects lie over time: linefill gc map ${place}`,
  ];
}

/** The program, and how many processes the figures are of. */
function headText({ title, trace, run }: GcRunReport): string {
  const conduct = run.conduct[0];
  const processes = conduct?.processes ?? 0;
  const fewest = Math.min(
    processes,
    ...run.measurements
      .filter(({ metric, twin }) => metric === 'time' && !twin)
      .map(({ summary }) => summary.processes),
  );
  const regimes =
    (conduct?.regimes ?? null) === null || fewest === processes
      ? ''
      : ` Where the machine was in two states, figures are of the processes in one: ${formatCount(fewest)} at least.`;
  const budget = conduct?.stopped === 'budget' ? ' Ended when its time was spent.' : '';
  return (
    `${oneLine(title)}: ${traceText(trace)}; ` +
    `${formatCount(processes)} fresh process${processes === 1 ? '' : 'es'}.${regimes}${budget}`
  );
}

/** The report in text. */
export function gcRunText(report: GcRunReport, looks: Looks): string {
  const { run, notRun } = report;
  const width = looks.columns;
  const paint = painter(looks.colour);
  const parts = heapsOf(report).flatMap((heap) => {
    const name = `Heap of ${formatBytes(heap.bytes)}, ${formatRatio(heap.overLive)} of what is live at most`;
    const texts = [...verdictTexts(heap, report), ...cautionTexts(heap), ...leftOutTexts(heap)];
    return [
      paint('strong', wrap(name, width)),
      ...(heap.served.length === 0 ? [] : [renderTable(columns, heap.served.map(cellsOf), { width, paint })]),
      timelinesText(
        (run.timelines ?? [])
          .filter(({ point }) => point['heapBytes'] === heap.bytes)
          .map((each) => ({ ...each, group: 'all' })),
        { width, unicode: looks.unicode, paint },
      ),
      texts.map((text) => wrap(text, width)).join('\n'),
    ].filter((text) => text !== '');
  });
  const absent = notRun.map(({ id, reason }) => wrap(`Not run: ${id}: ${reason}`, width));
  return `${[wrap(headText(report), width), ...parts, ...absent, wrap(legend, width)].join('\n\n')}\n`;
}
