/** What `linefill alloc replay` prints: a line an allocator, and which one serves the trace best. */
import { formatBytes, formatCount, formatInterval, formatNs, formatRatio } from '../../base/units.ts';
import type { Experiment } from '../../experiment/experiment.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { makeFindings } from '../../experiment/make-findings.ts';
import type { Run } from '../../experiment/run.ts';
import type { ReplayFigures } from '../../experiments/allocation/replay-figures.ts';
import { libraryPeers } from '../../experiments/allocation/peers.ts';
import {
  type Contender,
  replayId,
  replayMemoryId,
  replayTailsId,
} from '../../experiments/allocation/replayed-trace.ts';
import type { Outlined } from '../../experiments/allocation/trace-kernels.ts';
import { oneLine, painter, wrap } from '../../report/lines.ts';
import { notAvailable } from '../../report/numbers.ts';
import { type Cell, type Column, renderTable } from '../../report/table.ts';
import type { Looks } from '../io.ts';

export interface ReplayReport {
  readonly title: string;
  readonly outline: Outlined;
  /** The time of a call, single calls, memory of others. */
  readonly experiments: readonly Experiment[];
  readonly run: Run;
  readonly contenders: readonly Contender[];
  /** Of ours, by id. */
  readonly figures: ReadonlyMap<string, ReplayFigures>;
  readonly leftOut: readonly { readonly id: string; readonly reason: string }[];
}

/** An allocator's line. */
interface Served {
  readonly id: string;
  readonly nsACall: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Over the baseline's time. */
  readonly ratio: number | null;
  readonly p99Ns: number | null;
  readonly p999Ns: number | null;
  readonly p9999Ns: number | null;
  readonly maxNs: number | null;
  /** Of ours the end of the highest payload; of others what came into RAM at most. */
  readonly memoryBytes: number | null;
  /** Memory over what was live, both at the moment when most was live. */
  readonly overLive: number | null;
  readonly figures: ReplayFigures | null;
}

interface Measured {
  readonly findings: Findings;
  readonly group: Group;
}

function measuredOf(run: Run, experiment: Experiment): Measured | null {
  const findings = makeFindings(run, experiment);
  const group = findings.groups[0];
  return group === undefined ? null : { findings, group };
}

const variantOf = ({ id, language }: Contender): string => (language === 'typescript' ? `ts-${id}` : id);

/**
 * What a process of Node has left over in its malloc when it starts is no longer small beside less than this: a smaller
 * trace's memory can't be told from outside.
 */
const leastOutsideBytes = 16 * 2 ** 20;

/** What the run holds of each of the three experiments; null: nothing. */
interface Parts {
  readonly times: Measured | null;
  readonly tails: Measured | null;
  readonly memory: Measured | null;
}

function partsOf({ experiments, run }: ReplayReport): Parts {
  const part = (id: string): Measured | null => {
    const experiment = experiments.find((each) => each.id === id);
    return experiment === undefined ? null : measuredOf(run, experiment);
  };
  return { times: part(replayId), tails: part(replayTailsId), memory: part(replayMemoryId) };
}

function medianOf(part: Measured | null, variant: string, metric: string): number | null {
  return part?.findings.measurement(part.group, { variant }, metric)?.summary.median ?? null;
}

function servedOf(contender: Contender, report: ReplayReport, { times, tails, memory }: Parts): Served {
  const id = variantOf(contender);
  const summary = times?.findings.measurement(times.group, { variant: id })?.summary;
  const { baseline } = report.experiments[0]!;
  const over =
    times === null || id === baseline.variant
      ? null
      : times.findings.ratio(times.group, { variant: id }, baseline);
  const figures = report.figures.get(id) ?? null;
  const { peakBytes } = report.outline;
  const grownBytes = medianOf(memory, id, 'mostBytes');
  // Less than what was live: memory that it held before has served some of it.
  const isSeen = grownBytes !== null && peakBytes >= leastOutsideBytes && grownBytes >= peakBytes;
  const inRamBytes = isSeen ? grownBytes : null;
  return {
    id,
    nsACall: summary?.median ?? null,
    low: summary?.low ?? null,
    high: summary?.high ?? null,
    ratio: over === null || 'missing' in over ? null : over.ratio,
    p99Ns: medianOf(tails, id, 'p99Ns'),
    p999Ns: medianOf(tails, id, 'p999Ns'),
    p9999Ns: medianOf(tails, id, 'p9999Ns'),
    maxNs: medianOf(tails, id, 'maxNs'),
    memoryBytes: figures === null ? inRamBytes : figures.books.reachWords * 4,
    overLive:
      figures !== null
        ? figures.fragmentation.usedOverPeakLive
        : inRamBytes === null
          ? null
          : medianOf(memory, id, 'overMostLive'),
    figures,
  };
}

/** The fastest, and whom it is shown to beat. */
interface Fastest {
  readonly id: string;
  /** Ratios nearer to 1 than this can't be told from 1; null: not known. */
  readonly floor: number | null;
  readonly faster: readonly string[];
  readonly untold: readonly string[];
}

function fastestOf(served: readonly Served[], times: Measured | null): Fastest | null {
  const timed = served.filter(({ nsACall }) => nsACall !== null).toSorted((a, b) => a.nsACall! - b.nsACall!);
  const [first, ...others] = timed;
  if (first === undefined || times === null) return null;
  const faster: string[] = [];
  const untold: string[] = [];
  let floor: number | null = null;
  for (const { id } of others) {
    const ratio = times.findings.ratio(times.group, { variant: id }, { variant: first.id });
    const isShown =
      !('missing' in ratio) && ratio.low !== null && ratio.floor !== null && ratio.low > ratio.floor;
    (isShown ? faster : untold).push(id);
    if (!('missing' in ratio)) floor = ratio.floor;
  }
  return { id: first.id, floor, faster, untold };
}

function least<T>(rows: readonly T[], of: (row: T) => number | null): T | null {
  const known = rows.filter((row) => of(row) !== null);
  return known.toSorted((a, b) => of(a)! - of(b)!)[0] ?? null;
}

const list = (ids: readonly string[]): string => ids.join(', ');

function verdictTexts(served: readonly Served[], fastest: Fastest | null, floorNs: number | null): string[] {
  const texts: string[] = [];
  if (fastest === null) texts.push('Time: nothing was measured.');
  else {
    const { nsACall, low, high } = served.find(({ id }) => id === fastest.id)!;
    const beats = fastest.faster.length === 0 ? '' : ` Shown to be faster than ${list(fastest.faster)}.`;
    const open = fastest.untold.length === 0 ? '' : ` Not shown to be faster than ${list(fastest.untold)}.`;
    const apart =
      fastest.floor === null
        ? ''
        : ` Differences under ${formatRatio(fastest.floor)} can't be told apart here.`;
    texts.push(
      `Time: ${fastest.id}, ${formatNs(nsACall!)} a call${low === null ? '' : `, ${formatInterval(low, high)}`}.${beats}${open}${apart}`,
    );
  }
  const steady = least(served, ({ p999Ns }) => p999Ns);
  if (steady !== null) {
    const floor = floorNs === null ? '' : `; the clock alone ${formatNs(floorNs)}`;
    texts.push(`Single calls: ${steady.id}, 999 of 1,000 within ${formatNs(steady.p999Ns!)}${floor}.`);
  }
  for (const what of ['of ours', 'of others'] as const) {
    const some = served.filter(({ figures }) => (figures !== null) === (what === 'of ours'));
    const small = least(some, ({ memoryBytes }) => memoryBytes);
    if (small === null) continue;
    const { id, memoryBytes, overLive } = small;
    const ratio = overLive === null ? '' : `, ${formatRatio(overLive)} of what was live`;
    texts.push(`Memory, ${what}: ${id}, ${formatBytes(memoryBytes!)}${ratio}.`);
  }
  return texts;
}

const columns: readonly Column[] = [
  { header: 'allocator', align: 'left' },
  { header: 'a call', align: 'right' },
  { header: 'interval', align: 'left', spare: 4 },
  { header: 'ratio', align: 'right' },
  { header: 'p99', align: 'right', spare: 3 },
  { header: 'p99.9', align: 'right' },
  { header: 'p99.99', align: 'right', spare: 1 },
  { header: 'slowest', align: 'right', spare: 0 },
  { header: 'memory', align: 'right' },
  { header: 'over live', align: 'right' },
  { header: 'F1', align: 'right', spare: 1 },
  { header: 'F4', align: 'right', spare: 3 },
  { header: 'internal', align: 'right', spare: 2 },
];

function cellsOf(row: Served): Cell[] {
  const { figures, low, high } = row;
  const known = (value: number | null | undefined, format: (value: number) => string): string =>
    value === null || value === undefined ? notAvailable : format(value);
  const isBaseline = row.nsACall !== null && row.ratio === null;
  return [
    row.id,
    known(row.nsACall, formatNs),
    low === null ? notAvailable : formatInterval(low, high),
    isBaseline ? 'baseline' : known(row.ratio, formatRatio),
    known(row.p99Ns, formatNs),
    known(row.p999Ns, formatNs),
    known(row.p9999Ns, formatNs),
    known(row.maxNs, formatNs),
    known(row.memoryBytes, formatBytes),
    known(row.overLive, formatRatio),
    known(figures?.fragmentation.meanUsedOverLive, formatRatio),
    known(figures?.fragmentation.peakUsedOverPeakLive, formatRatio),
    known(figures?.fragmentation.internal, (share) => `${(100 * share).toFixed(0)}%`),
  ].map((text) => ({ text }));
}

const legend =
  "A call: an allocation, a free or a realloc, the trace's row read and the block's first word written or read with it. " +
  "Ratio: over the baseline's time. p99 and the like: of calls timed one by one, a read of the clock in each. Memory, at " +
  'most: of ours the end of the highest block in the heap; of others what came into RAM in a process of their own, every ' +
  'page of a block written, where 16 MiB and more are live at once (n/a also where memory that it had from before served ' +
  'a part): Rss of smaps_rollup, which that process reads a hundred times between two operations. Over live: memory over ' +
  "what was live, both at the moment when most was. F1 and F4: Johnstone and Wilson's, the mean over time, and most " +
  'memory over most live. Internal: of the blocks left at the end, what nobody asked for. A narrow terminal shows fewer ' +
  'columns; --json has all.';

/** What is to be known of allocators of libraries, where some are there. */
function libraryLegend({ contenders }: ReplayReport): string {
  const shown = libraryPeers.filter((peer) => contenders.some(({ id }) => id === peer));
  if (shown.length === 0) return '';
  const monotonic = shown.includes('pmr-monotonic')
    ? ' pmr-monotonic takes nothing back before that: what it saves in time it keeps in memory.'
    : '';
  return ` ${list(shown)}: made anew for each replay, over operator new, and gone at its end.${monotonic}`;
}

function arranged(report: ReplayReport): {
  served: Served[];
  fastest: Fastest | null;
  floorNs: number | null;
} {
  const parts = partsOf(report);
  // What was not timed may have figures all the same.
  const timed = new Set(report.contenders.map(variantOf));
  const untimed = [...report.figures.keys()]
    .filter((id) => !timed.has(id))
    .map((id): Contender => ({ id, heapBytes: 0, language: 'native' }));
  const served = [...report.contenders, ...untimed].map((each) => servedOf(each, report, parts));
  return {
    served,
    fastest: fastestOf(served, parts.times),
    floorNs: medianOf(parts.tails, 'clock', 'p999Ns'),
  };
}

/** The report in text. */
export function replayText(report: ReplayReport, looks: Looks): string {
  const { title, outline, leftOut, run } = report;
  const { served, fastest, floorNs } = arranged(report);
  const paint = painter(looks.colour);
  const head =
    `${oneLine(title)}: ${formatCount(outline.rows)} operations, ${formatBytes(outline.peakBytes)} live at most; ` +
    `${formatCount(run.conduct[0]?.processes ?? 0)} fresh process${run.conduct[0]?.processes === 1 ? '' : 'es'}.`;
  const rows = served.toSorted((a, b) => (a.nsACall ?? Infinity) - (b.nsACall ?? Infinity)).map(cellsOf);
  const notMeasured = run.leftOut.map(({ what, reason }) => `Left out: ${what}: ${reason}`);
  const left = [...leftOut.map(({ id, reason }) => `Left out: ${id}: ${reason}`), ...new Set(notMeasured)];
  const paragraphs = [
    wrap(head, looks.columns),
    renderTable(columns, rows, { width: looks.columns, paint }),
    [...verdictTexts(served, fastest, floorNs), ...left].map((text) => wrap(text, looks.columns)).join('\n'),
    wrap(`${legend}${libraryLegend(report)}`, looks.columns),
  ];
  return `${paragraphs.join('\n\n')}\n`;
}

/** The report as data. */
export function replayData(report: ReplayReport): unknown {
  const { title, outline, leftOut } = report;
  const { served, fastest, floorNs } = arranged(report);
  return { title, ...outline, fastest, clockP999Ns: floorNs, allocators: served, leftOut };
}
