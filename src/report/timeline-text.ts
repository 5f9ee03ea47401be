/** When programs stood still, for the terminal: a line of time an arm, and how much of every stretch they had. */
import type { Timeline } from '../experiment/run.ts';
import { formatNs } from '../base/units.ts';
import type { MetricTable } from './arrange.ts';
import { oneLine, pad, type Paint, textWidth, wrap } from './lines.ts';
import { formatShare, notAvailable } from './numbers.ts';
import { type Cell, type Column, renderTable, type Row } from './table.ts';

interface Frame {
  readonly width: number;
  readonly unicode: boolean;
  readonly paint: Paint;
}

/** How much of a column's time a program stood still: none, then ever more. */
const shades = { unicode: ' ▁▂▃▄▅▆▇█', ascii: ' .:-=+*%#' } as const;
const fewestCells = 16;
/** More lines under one another are no picture. */
const mostLines = 32;

/** Of each of `cells` equal parts of a time, the share that its pauses take. */
export function stillShares(
  { pauses }: Pick<Timeline, 'pauses'>,
  wallNs: number,
  cells: number,
): Float64Array {
  const shares = new Float64Array(cells);
  const cellNs = wallNs / cells;
  if (!(cellNs > 0)) return shares;
  for (const [, startNs, endNs] of pauses) {
    const last = Math.min(cells - 1, Math.floor(endNs / cellNs));
    for (let cell = Math.max(0, Math.floor(startNs / cellNs)); cell <= last; cell++) {
      const held = Math.min(endNs, (cell + 1) * cellNs) - Math.max(startNs, cell * cellNs);
      shares[cell]! += Math.max(0, held) / cellNs;
    }
  }
  return shares;
}

function longestNs({ pauses }: Timeline): number {
  return pauses.reduce((most, [, startNs, endNs]) => Math.max(most, endNs - startNs), 0);
}

function barOf(timeline: Timeline, wallNs: number, cells: number, { unicode }: Frame): string {
  const own = Math.max(1, Math.round((cells * timeline.wallNs) / wallNs));
  const levels = unicode ? shades.unicode : shades.ascii;
  const most = levels.length - 1;
  // A pause that is there is seen, however short.
  const bar = [...stillShares(timeline, timeline.wallNs, own)].map(
    (share) => levels[share === 0 ? 0 : Math.min(most, Math.max(1, Math.round(share * most)))],
  );
  return pad(`${bar.join('')}|`, cells + 1, 'left');
}

/** Cut in the middle: names of a family differ at their ends. */
function shortened(name: string, width: number, { unicode }: Frame): string {
  if (name.length <= width) return name;
  const cut = unicode ? '…' : '..';
  const head = Math.ceil((width - cut.length) / 2);
  return `${name.slice(0, head)}${cut}${name.slice(head - width + cut.length)}`;
}

/** A line of time for each arm of a group, all on one scale. */
function groupText(group: string, timelines: readonly Timeline[], frame: Frame): string {
  const shown = timelines.slice(0, mostLines);
  const names = shown.map(({ arm }) => oneLine(arm));
  const ends = shown.map((each) => (each.pauses.length === 0 ? 'none' : formatNs(longestNs(each))));
  const nameWidth = Math.min(Math.max(...names.map(textWidth)), Math.floor(frame.width / 3));
  const endWidth = Math.max(...ends.map(textWidth));
  const cells = frame.width - nameWidth - endWidth - 3;
  if (cells < fewestCells) return '';
  const wallNs = Math.max(...shown.map((each) => each.wallNs));
  const lines = shown.map((each, i) => {
    const name = pad(shortened(names[i]!, nameWidth, frame), nameWidth, 'left');
    return `${name} ${barOf(each, wallNs, cells, frame)} ${pad(ends[i]!, endWidth, 'right')}`;
  });
  const more = timelines.length - shown.length;
  return [
    ...(group === 'all' ? [] : [wrap(oneLine(group), frame.width)]),
    ...lines,
    ...(more === 0 ? [] : [`and ${more} more`]),
  ].join('\n');
}

/** All timelines of an experiment; empty where there are none. */
export function timelinesText(timelines: readonly Timeline[], frame: Frame): string {
  const groups = new Map<string, Timeline[]>();
  for (const each of timelines) groups.set(each.group, [...(groups.get(each.group) ?? []), each]);
  const drawn = [...groups]
    .map(([group, mine]) => groupText(group, mine, frame))
    .filter((text) => text !== '');
  if (drawn.length === 0) return '';
  const title =
    'When the program stood still (in the first process, the run whose longest pause is the median), and its longest pause';
  const levels = frame.unicode ? shades.unicode : shades.ascii;
  const legend = `${levels[1]} stood still a little of a column's time, ${levels.at(-1)} all of it, blank: it ran; | its end.`;
  const note = (text: string): string => frame.paint('dim', wrap(text, frame.width));
  return [note(title), ...drawn, note(legend)].join('\n');
}

/** Metrics by their windows, and what a table of them is called. */
const families = [
  [
    /^mmu(\d+)ms$/,
    'Minimum mutator utilisation: of every stretch so long, what share the program had at least',
  ],
  [/^bmu(\d+)ms$/, 'Bounded minimum mutator utilisation: of every stretch so long or longer'],
] as const;

/** True for a metric that is drawn as a part of the table of utilisation. */
export function isUtilisation({ metric }: Pick<MetricTable, 'metric'>): boolean {
  return families.some(([windowed]) => windowed.test(metric));
}

/** Minimum mutator utilisation, and its bounded form: a row an arm, a column a window; empty where none was measured. */
export function utilisationText(tables: readonly MetricTable[], frame: Frame): string {
  return families
    .map(([windowed, title]) => familyText(tables, windowed, title, frame))
    .filter((text) => text !== '')
    .join('\n');
}

function familyText(
  tables: readonly MetricTable[],
  windowed: RegExp,
  title: string,
  { width, paint }: Frame,
): string {
  const windows = tables.filter(({ metric }) => windowed.test(metric));
  const [first] = windows;
  if (first === undefined) return '';
  const columns: Column[] = [
    { header: 'variant', align: 'left', least: 8 },
    ...windows.map(({ metric }): Column => ({ header: `${windowed.exec(metric)![1]} ms`, align: 'right' })),
  ];
  const rows = first.groups.flatMap(({ key, arms }): Row[] => [
    ...(first.groups.length === 1 ? [] : [{ across: oneLine(key) }]),
    ...arms.map(({ measurement }): Cell[] => [
      { text: oneLine(measurement.arm) },
      ...windows.map(({ groups }) => {
        const found = groups.find((group) => group.key === key);
        const arm = found?.arms.find((each) => each.measurement.arm === measurement.arm);
        const median = arm?.measurement.summary.median;
        return { text: median === undefined ? notAvailable : formatShare(median) };
      }),
    ]),
  ]);
  return [paint('dim', wrap(title, width)), renderTable(columns, rows, { width, paint })].join('\n');
}
