/** What `linefill alloc replay` prints: a line an allocator, and which one serves the trace best. */
import { formatBytes, formatCount, formatInterval, formatNs, formatRatio } from '../../base/units.ts';
import type { LeftOut } from '../../experiment/run.ts';
import { libraryPeers } from '../../experiments/allocation/peers.ts';
import { replayId, replayMemoryId, replayTailsId } from '../../experiments/allocation/replayed-trace.ts';
import { oneLine, painter, wrap } from '../../report/lines.ts';
import { formatConfidence, formatShare, notAvailable } from '../../report/numbers.ts';
import { type Cell, type Column, renderTable } from '../../report/table.ts';
import type { Looks } from '../io.ts';
import {
  foundIn,
  type Ranged,
  type ReplayFound,
  type ReplayReport,
  type Served,
} from './alloc-replay-report.ts';

const list = (ids: readonly string[]): string => ids.join(', ');

/** 'x, [low, high]'; without brackets where there is no interval. */
function rangedNs({ value, low, high }: Ranged): string {
  return low === null || high === null
    ? formatNs(value)
    : `${formatNs(value)} [${formatNs(low)}, ${formatNs(high)}]`;
}

function leastOf(rows: readonly Served[], of: (row: Served) => number | null): Served | null {
  const known = rows.filter((row) => of(row) !== null);
  return known.toSorted((a, b) => of(a)! - of(b)!)[0] ?? null;
}

/** How far the intervals can be believed; or why there are none, and what to do. */
function confidenceText({ conduct, confidence }: ReplayFound): string {
  if (conduct === null) return '';
  const { processes, comparisons } = conduct;
  if (confidence === null) {
    const count = processes === 1 ? '1 process gives' : `${formatCount(processes)} processes give`;
    return ` ${count} no interval: more are needed, by --budget 2m, fewer --allocators or fewer --rows.`;
  }
  const all = comparisons > 1 ? `, all ${formatCount(comparisons)} comparisons together with 95%` : '';
  return ` Each interval holds with ${formatConfidence(confidence)} or more${all}.`;
}

function timeTexts(found: ReplayFound): string[] {
  const { served, fastest, conduct } = found;
  if (fastest === null) return ['Time: nothing was measured.'];
  const { nsACall, low, high } = served.find(({ id }) => id === fastest.id)!;
  const beats = fastest.faster.length === 0 ? '' : ` Shown to be faster than ${list(fastest.faster)}.`;
  const open = fastest.untold.length === 0 ? '' : ` Not shown to be faster than ${list(fastest.untold)}.`;
  const apart =
    fastest.floor === null
      ? ''
      : ` Differences under ${formatRatio(fastest.floor)} can't be told apart here.`;
  const interval = low === null ? '' : `, ${formatInterval(low, high)}`;
  const regimes = conduct?.regimes ?? null;
  return [
    `Time: ${fastest.id}, ${formatNs(nsACall!)} a call${interval}.${beats}${open}${apart}${confidenceText(found)}`,
    ...(regimes === null ? [] : [`Two regimes: ${regimes} Each is compared within itself.`]),
  ];
}

/** Whether two figures can't be told apart by their intervals; without one, by their values alone. */
function overlap(one: Ranged, other: Ranged): boolean {
  return (
    (one.low ?? one.value) <= (other.high ?? other.value) &&
    (other.low ?? other.value) <= (one.high ?? one.value)
  );
}

function tailTexts({ served, clock }: ReplayFound): string[] {
  const steady = leastOf(served, ({ p999Ns }) => p999Ns?.value ?? null);
  if (steady === null) return [];
  const best = steady.p999Ns!;
  const same = served.filter(({ p999Ns }) => p999Ns !== null && overlap(p999Ns, best)).map(({ id }) => id);
  const slow = leastOf(served, ({ maxNs }) => maxNs?.value ?? null)!;
  const slowest = ` The slowest call of all is shortest with ${slow.id}, ${rangedNs(slow.maxNs!)}.`;
  const atFloor = clock !== null && (best.value <= clock.value || overlap(best, clock));
  if (atFloor) {
    return [
      `Single calls: 999 of 1,000 take no longer than reading the clock alone, ${rangedNs(clock)}, with ${list(same)}.${slowest}`,
    ];
  }
  const others = same.filter((id) => id !== steady.id);
  const open = others.length === 0 ? '' : ` Not told apart from it: ${list(others)}.`;
  const floor = clock === null ? '' : `; the clock alone ${rangedNs(clock)}`;
  return [`Single calls: ${steady.id}, 999 of 1,000 within ${rangedNs(best)}${floor}.${open}${slowest}`];
}

function memoryTexts(served: readonly Served[]): string[] {
  return (['of ours', 'of others'] as const).flatMap((what) => {
    const some = served.filter(({ figures }) => (figures !== null) === (what === 'of ours'));
    const small = leastOf(some, ({ memoryBytes }) => memoryBytes);
    if (small === null) return [];
    const ratio = small.overLive === null ? '' : `, ${formatRatio(small.overLive)} of what was live`;
    const drained = leastOf(some, ({ drainedBytes }) => drainedBytes);
    const after =
      drained === null
        ? ''
        : ` When all is freed ${drained.id} keeps least, ${formatBytes(drained.drainedBytes!)}.`;
    return [`Memory, ${what}: ${small.id}, ${formatBytes(small.memoryBytes!)}${ratio}.${after}`];
  });
}

/** Of ours, whose insides are known. */
function fragmentationTexts(served: readonly Served[]): string[] {
  const best = (
    of: (figures: NonNullable<Served['figures']>['fragmentation']) => number | null,
    format: (value: number) => string,
  ): string | null => {
    const value = (row: Served): number | null =>
      row.figures === null ? null : of(row.figures.fragmentation);
    const one = leastOf(served, value);
    return one === null ? null : `${one.id} (${format(value(one)!)})`;
  };
  const parts = [
    ['most memory over most live', best((one) => one.peakUsedOverPeakLive, formatRatio)],
    ['inside of blocks', best((one) => one.internal, formatShare)],
    ['holes between them', best((one) => one.holes, formatShare)],
  ].flatMap(([what, text]) => (text === null ? [] : [`${what} ${text}`]));
  return parts.length === 0 ? [] : [`Fragmentation, of ours, least: ${list(parts)}.`];
}

/** Which allocator serves the trace best, in sentences. */
export function verdictTexts(found: ReplayFound): string[] {
  return [
    ...timeTexts(found),
    ...tailTexts(found),
    ...memoryTexts(found.served),
    ...fragmentationTexts(found.served),
  ];
}

const columns: readonly Column[] = [
  { header: 'allocator', align: 'left' },
  { header: 'a call', align: 'right' },
  { header: 'interval', align: 'left', spare: 6 },
  { header: 'CPU', align: 'right', spare: 3 },
  { header: 'ratio', align: 'right' },
  { header: 'interval', align: 'left', spare: 4 },
  { header: 'p99', align: 'right', spare: 4 },
  { header: 'p99.9', align: 'right' },
  { header: 'p99.99', align: 'right', spare: 2 },
  { header: 'slowest', align: 'right', spare: 1 },
  { header: 'memory', align: 'right' },
  { header: 'over live', align: 'right' },
  { header: 'drained', align: 'right', spare: 1 },
  { header: 'F1', align: 'right', spare: 2 },
  { header: 'F4', align: 'right', spare: 5 },
  { header: 'internal', align: 'right', spare: 4 },
  { header: 'holes', align: 'right', spare: 5 },
  { header: 'external', align: 'right', spare: 0 },
  { header: 'metadata', align: 'right', spare: 0 },
];

function cellsOf(row: Served): Cell[] {
  const { figures, low, high, ratio } = row;
  const known = <T>(value: T | null | undefined, format: (value: T) => string): string =>
    value === null || value === undefined ? notAvailable : format(value);
  const isBaseline = row.nsACall !== null && ratio === null;
  const ns = (one: Ranged | null): string => known(one?.value, formatNs);
  const of = figures?.fragmentation;
  return [
    row.id,
    known(row.nsACall, formatNs),
    low === null ? notAvailable : formatInterval(low, high),
    known(row.cpuNsACall, formatNs),
    isBaseline ? 'baseline' : known(ratio?.value, formatRatio),
    isBaseline
      ? ''
      : ratio === null || ratio.low === null
        ? notAvailable
        : formatInterval(ratio.low, ratio.high),
    ns(row.p99Ns),
    ns(row.p999Ns),
    ns(row.p9999Ns),
    ns(row.maxNs),
    known(row.memoryBytes, formatBytes),
    known(row.overLive, formatRatio),
    known(row.drainedBytes, formatBytes),
    known(of?.meanUsedOverLive, formatRatio),
    known(of?.peakUsedOverPeakLive, formatRatio),
    known(of?.internal, formatShare),
    known(of?.holes, formatShare),
    known(of?.external, formatShare),
    known(of?.metadata, formatShare),
  ].map((text) => ({ text }));
}

const legend =
  "A call: an allocation, a free or a realloc, the trace's row read and the block's first word written or read with it; CPU: " +
  "its processor time. Ratio: over the baseline's time. p99 and the like: of native calls timed one by one, a read of the " +
  'clock in each; n/a of too few calls. Memory, at most: of ours the end of the highest block in the heap (n/a where the ' +
  "heap's size decides that); of others what came into RAM in a process of their own, every page of a block written, where " +
  '16 MiB and more are live at once (n/a also where memory that it had from before served a part): Rss of smaps_rollup, ' +
  'which that process reads a hundred times between two operations. Over live: memory over what was live, both at the ' +
  'moment when most was. Drained: what is in RAM when all is freed. F1 and F4: of Johnstone and Wilson the mean over time, ' +
  'and most memory over most live; n/a where little is live. When most is live, internal: of the blocks in use, what nobody asked ' +
  'for; holes: of all below the highest block, what is free; external: of all that is free in the heap, what is outside the ' +
  'largest piece; metadata: of all that is not free, what is in no block. A narrow terminal shows fewer columns; --json has all.';

/** What is to be known of allocators of libraries, where some are there. */
function libraryLegend({ contenders }: ReplayReport): string {
  const shown = libraryPeers.filter((peer) => contenders.some(({ id }) => id === peer));
  if (shown.length === 0) return '';
  const monotonic = shown.includes('pmr-monotonic')
    ? ' pmr-monotonic takes nothing back before that: what it saves in time it keeps in memory.'
    : '';
  return ` ${list(shown)}: made anew for each replay, over operator new, and gone at its end.${monotonic}`;
}

/** What an experiment measures, for who reads that it was left out. */
const measures: Readonly<Record<string, string>> = {
  [replayId]: 'the time of a call',
  [replayTailsId]: 'single calls',
  [replayMemoryId]: 'memory of others',
};

function leftOutText({ experiment, what, reason }: LeftOut): string {
  const where = measures[experiment];
  return `Left out: ${where === undefined ? '' : `${where}, `}${what}: ${reason}`;
}

/** What the trace is, and what became of its threads and its rest. */
export function headText({ title, outline, words, run }: ReplayReport): string {
  const processes = run.conduct[0]?.processes ?? 0;
  const threads =
    words.threads > 1
      ? ` ${formatCount(words.threads)} threads made them; one replays them, one after another.`
      : '';
  return (
    `${oneLine(title)}: ${words.isCut ? 'the first ' : ''}${formatCount(outline.rows)} operations${words.isCut ? ' of more' : ''}, ` +
    `${formatBytes(outline.peakBytes)} live at most; ${formatCount(processes)} fresh process${processes === 1 ? '' : 'es'}.${threads}`
  );
}

/** The report in text. */
export function replayText(report: ReplayReport, looks: Looks): string {
  const { leftOut, run } = report;
  const found = foundIn(report);
  const paint = painter(looks.colour);
  const left = [
    ...leftOut.map(({ id, reason }) => `Left out: ${id}: ${reason}`),
    ...new Set(run.leftOut.map(leftOutText)),
  ];
  const paragraphs = [
    wrap(headText(report), looks.columns),
    renderTable(columns, found.served.map(cellsOf), { width: looks.columns, paint }),
    [...verdictTexts(found), ...left].map((text) => wrap(text, looks.columns)).join('\n'),
    wrap(`${legend}${libraryLegend(report)}`, looks.columns),
  ];
  return `${paragraphs.join('\n\n')}\n`;
}
