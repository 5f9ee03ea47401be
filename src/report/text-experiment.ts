/** One experiment for the terminal: question, table, plot, verdicts, and what was left out. */
import type { Verdict } from '../experiment/claim.ts';
import type { Comparison, Run } from '../experiment/run.ts';
import type { Arm, ArmGroup, ExperimentResult, MetricTable } from './arrange.ts';
import {
  type ArmCells,
  armCells,
  conductText,
  confidenceText,
  coordinateColumns,
  curveNamer,
  effectText,
  elsewhereCells,
  elsewhereText,
  floorText,
  hasComparisons,
  pointText,
  statusText,
  tableTitle,
  titleOf,
} from './cells.ts';
import { curveLegend, type CurveTable, renderCurves } from './curve-table.ts';
import { inferredTable } from './inferred.ts';
import { oneLine, type Paint, printable, type Style, textWidth, wrap } from './lines.ts';
import { formatCoordinate, formatQuantity } from './numbers.ts';
import { predictedHeaders, predictedNotes, predictedRows, predictedSentence } from './predicted.ts';
import { renderMatrix } from './matrix.ts';
import { chooseSeries, renderPlot, type Series } from './plot.ts';
import { processorTime } from './processor-time.ts';
import { type Cell, type Column, renderTable, type Row } from './table.ts';
import { isUtilisation, timelinesText, utilisationText } from './timeline-text.ts';

/** What every part of the report needs to know of the page it is on. */
export interface TextFrame {
  readonly run: Run;
  readonly width: number;
  readonly unicode: boolean;
  readonly paint: Paint;
}

const plotHeight = 11;
const statusStyles: Readonly<Record<Verdict['status'], Style>> = {
  supported: 'good',
  refuted: 'bad',
  inconclusive: 'doubt',
  'not-applicable': 'dim',
};
const resultStyles: Readonly<Record<string, Style>> = {
  faster: 'good',
  slower: 'bad',
  inconclusive: 'doubt',
};

/** The experiment's part of the report, without a last end of line. */
export function experimentText(result: ExperimentResult, frame: TextFrame): string {
  const blocks = [
    heading(result, frame),
    ...result.tables.filter((table) => !isUtilisation(table)).map((table) => tableText(table, result, frame)),
    utilisationText(result.tables, frame),
    timelinesText(result.timelines, frame),
    plotText(result, frame),
    inferredText(result, frame),
    predictedText(result, frame),
    ...result.verdicts.map((verdict) => verdictText(verdict, frame)),
    leftOutText(result, frame),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

/** What was judged of the experiment, with the figures that were inferred and predicted; no measurements. */
export function judgedText(result: ExperimentResult, frame: TextFrame): string {
  const blocks = [
    title(result, frame),
    inferredText(result, frame),
    predictedText(result, frame),
    ...result.verdicts.map((verdict) => verdictText(verdict, frame)),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function title(result: ExperimentResult, { width, paint, unicode }: TextFrame): string {
  const rule = (unicode ? '─' : '-').repeat(width);
  const name = result.text === null ? result.id : `${titleOf(result)} (${result.id})`;
  return `${paint('dim', rule)}\n${paint('strong', wrap(oneLine(name), width))}`;
}

function heading(result: ExperimentResult, frame: TextFrame): string {
  const { width, paint } = frame;
  const lines = [title(result, frame)];
  if (result.text !== null) lines.push(wrap(oneLine(result.text.question), width));
  if (result.conduct !== null) {
    lines.push(paint('dim', wrap(`${conductText(result.conduct)}.`, width)));
    if (result.conduct.regimes !== null) {
      lines.push(paint('doubt', wrap(sentence(result.conduct.regimes), width)));
    }
  }
  const conclusions = (result.text?.conclusions ?? []).map((each) => wrap(oneLine(each), width));
  return [lines.join('\n'), ...(conclusions.length === 0 ? [] : [conclusions.join('\n')])].join('\n\n');
}

function tableText(table: MetricTable, result: ExperimentResult, frame: TextFrame): string {
  const { width, paint } = frame;
  const chart = result.text?.chart;
  const isMatrix = chart?.kind === 'matrix' && chart.y !== undefined;
  const matrix = isMatrix ? renderMatrix(table, chart.x, chart.y!, frame) : null;
  const name = wrap(oneLine(tableTitle(table)), width);
  if (matrix !== null) return `${paint('dim', name)}\n${matrix}`;
  const isSweep = chart?.kind === 'lines' && !hasComparisons(table);
  const curves = isSweep ? renderCurves(table, chart.x, frame) : null;
  if (curves !== null) return curvesText(table, curves, result, frame);
  const parts = [paint('dim', name), rowsText(table, frame), notes(table, result, frame)];
  return parts.filter((part) => part !== '').join('\n');
}

/** The curves, what is on none of them, and how both are read. */
function curvesText(
  table: MetricTable,
  { text, rest }: CurveTable,
  result: ExperimentResult,
  frame: TextFrame,
): string {
  const { width, paint, unicode } = frame;
  const lone = table.groups.length === 1 ? pointText(table.groups[0]!.point) : '';
  const about = [tableTitle(table), lone].filter((part) => part !== '').join('; ');
  const rows = rowsText({ ...table, groups: rest }, frame);
  const isSure = confidenceText(table, result.conduct) !== null;
  const legend = isSure ? curveLegend(unicode) : 'No intervals: too few processes.';
  return [
    paint('dim', wrap(oneLine(about), width)),
    text,
    ...(rows === '' ? [] : ['', rows]),
    notes(table, result, frame, legend),
  ].join('\n');
}

/** Columns that some tables have. */
interface Shown {
  readonly compared: boolean;
  readonly hasCpu: boolean;
}

/** A row an arm, under the names of the groups. */
function rowsText(table: MetricTable, frame: TextFrame): string {
  const names = coordinateColumns(table);
  const compared = hasComparisons(table);
  const hasCpu = table.groups.some(({ arms }) =>
    arms.some(({ measurement }) => processorTime(measurement) !== null),
  );
  const columns: Column[] = [
    { header: 'variant', align: 'left', least: 8 },
    ...names.map((name): Column => ({ header: oneLine(name), align: 'right' })),
    { header: 'median', align: 'right' },
    { header: 'interval', align: 'left', ...(compared ? { spare: 0 } : {}) },
    ...(hasCpu ? [{ header: 'CPU', align: 'right', spare: -1 } as const] : []),
  ];
  if (compared) {
    columns.push(
      { header: 'ratio', align: 'right' },
      { header: 'interval', align: 'left' },
      { header: 'shown', align: 'left' },
    );
  }
  columns.push({ header: 'noise', align: 'right', spare: 1 });
  const inColumns = table.groups.every(({ arms }) => arms.length === 1);
  const rows = table.groups.flatMap((group): Row[] => [
    ...(inColumns || pointText(group.point) === '' ? [] : [{ across: oneLine(pointText(group.point)) }]),
    ...group.arms.flatMap((arm) => rowsOf(arm, names, { compared, hasCpu })),
  ]);
  return renderTable(columns, rows, frame);
}

/** An arm's row, and a second one where it was compared in two regimes. */
function rowsOf(arm: Arm, names: readonly string[], shown: Shown): Row[] {
  const { measurement, comparison, elsewhere } = arm;
  const coordinates = names.map((name): Cell => {
    const value = measurement.point[name];
    return { text: value === undefined ? '' : oneLine(formatCoordinate(name, value)) };
  });
  const own: Cell[] = [{ text: oneLine(measurement.variant) }, ...coordinates];
  const row = [...own, ...figures(armCells(arm), comparison, measurement.summary.unstable, shown)];
  const other = elsewhereCells(arm);
  if (other === null) return [row];
  const blanks = coordinates.map((): Cell => ({ text: '' }));
  return [
    row,
    [{ text: `  ${elsewhereText}`, style: 'dim' }, ...blanks, ...figures(other, elsewhere, false, shown)],
  ];
}

function figures(
  cells: ArmCells,
  comparison: Comparison | null,
  isUnstable: boolean,
  { compared, hasCpu }: Shown,
): readonly Cell[] {
  const style = comparison === null ? undefined : resultStyles[comparison.result];
  return [
    { text: printable(cells.median) },
    { text: cells.medianRange },
    ...(hasCpu ? [{ text: cells.cpu }] : []),
    ...(compared
      ? [
          { text: cells.ratio },
          { text: cells.ratioRange },
          { text: cells.shown, ...(style === undefined ? {} : { style }) },
        ]
      : []),
    { text: cells.noise, ...(isUnstable ? { style: 'doubt' as const } : {}) },
  ];
}

/** How sure this table is. */
function notes(
  table: MetricTable,
  { conduct }: ExperimentResult,
  { width, paint }: TextFrame,
  legend: string | null = null,
): string {
  const said = [legend, confidenceText(table, conduct), floorText(table)].filter((one) => one !== null);
  return said.length === 0 ? '' : paint('dim', wrap(said.join(' '), width));
}

/** The sweep of the first metric, where the experiment says that lines show it. */
function plotText(result: ExperimentResult, { run, width, unicode }: TextFrame): string {
  const chart = result.text?.chart;
  const table = result.tables[0];
  if (chart?.kind !== 'lines' || table === undefined) return '';
  const { drawn, left } = chooseSeries(seriesOf(table.groups, chart.x));
  const caches = chart.cacheLines ? (run.machine.caches.value ?? []) : [];
  const levels = new Map(
    caches
      .filter(({ kind }) => kind !== 'instruction')
      .map(({ level, sizeBytes }) => [`L${level}`, sizeBytes]),
  );
  const plot = renderPlot(drawn, {
    width,
    height: plotHeight,
    logX: chart.logX,
    logY: chart.logY,
    unicode,
    formatX: (value) => formatCoordinate(chart.x, value),
    formatY: (value) => oneLine(formatQuantity(value, table.unit)),
    markers: [...levels].map(([label, at]) => ({ at, label })),
  });
  if (plot === null) return '';
  const more =
    left.length === 0
      ? ''
      : `\n${wrap(`Not drawn, as more lines could not be told apart: ${namesOf(left)}.`, width)}`;
  return `${wrap(oneLine(`${chart.title} (${chart.x})`), width)}\n${plot}${more}`;
}

/** A series for each variant at each value of what is not on the x-axis. */
function seriesOf(groups: readonly ArmGroup[], x: string): Series[] {
  const arms = groups.flatMap((group) => group.arms.map(({ measurement }) => measurement));
  const nameOf = curveNamer(arms, [x]);
  const series = new Map<string, [number, number][]>();
  for (const measurement of arms) {
    const at = measurement.point[x];
    if (typeof at !== 'number') continue;
    const name = oneLine(nameOf(measurement));
    series.set(name, [...(series.get(name) ?? []), [at, measurement.summary.median]]);
  }
  return [...series].map(([name, points]) => ({ name, points: points.toSorted(([a], [b]) => a - b) }));
}

/** 'read, write (threads 2); copy (threads 4)': what follows the variants is said once. */
function namesOf(series: readonly Series[]): string {
  const variants = new Map<string, string[]>();
  for (const { name } of series) {
    const blank = name.indexOf(' ');
    const [variant, at] = blank < 0 ? [name, ''] : [name.slice(0, blank), name.slice(blank + 1)];
    variants.set(at, [...(variants.get(at) ?? []), variant]);
  }
  return [...variants].map(([at, names]) => names.join(', ') + (at === '' ? '' : ` (${at})`)).join('; ');
}

/** What the machine is found to be, beside what it says. */
function inferredText({ inferences }: ExperimentResult, frame: TextFrame): string {
  if (inferences.length === 0) return '';
  const { width, paint } = frame;
  const { columns, notes: remarks } = inferredTable(inferences);
  const spares: Readonly<Record<string, Partial<Column>>> = {
    inferred: { least: 16 },
    reported: { spare: 1 },
    by: { spare: 0 },
  };
  const shown = columns.map(
    ({ header, isNumber }): Column => ({ header, align: isNumber ? 'right' : 'left', ...spares[header] }),
  );
  const rows = inferences.map((_, i) => columns.map(({ cells }): Cell => ({ text: oneLine(cells[i]!) })));
  const said = remarks.map((remark) => paint('dim', wrap(oneLine(remark), width)));
  return [renderTable(shown, rows, frame), ...said].join('\n');
}

/** What the cache model makes of the same addresses: misses and times. */
function predictedText(result: ExperimentResult, frame: TextFrame): string {
  const rows = predictedRows(result);
  const said = predictedSentence(rows);
  if (said === null) return '';
  const [where, variant, predicted, measured, ratio, misses] = predictedHeaders;
  const columns: Column[] = [
    { header: where, align: 'left' },
    { header: variant, align: 'left' },
    { header: predicted, align: 'right' },
    { header: measured, align: 'right' },
    { header: ratio, align: 'right' },
    { header: misses, align: 'left', least: 12 },
  ];
  const cells = rows.map((row): Cell[] => [
    { text: oneLine(row.where) },
    { text: oneLine(row.variant) },
    { text: row.predicted },
    { text: row.measured },
    { text: row.ratio, ...(row.isFar ? { style: 'doubt' as const } : {}) },
    { text: oneLine(row.misses) },
  ]);
  const sentences = [said, ...predictedNotes(rows)].map((each) =>
    frame.paint('dim', wrap(oneLine(each), frame.width)),
  );
  return [renderTable(columns, cells, frame), ...sentences].join('\n');
}

/** A verdict: the word, the statement, the source's number beside ours, and the sentence that says why. */
function verdictText(verdict: Verdict, { width, paint }: TextFrame): string {
  const head = `${statusText(verdict.status)}: ${oneLine(verdict.claim)}`;
  const [source, here] = [`source: ${oneLine(verdict.source)}`, `here: ${effectText(verdict)}`];
  const beside = `  ${source}   ${here}`;
  const numbers =
    textWidth(beside) <= width ? [beside] : [source, here].map((line) => wrap(line, width, '  '));
  return [
    paint(statusStyles[verdict.status], wrap(head, width)),
    wrap(`claim: ${oneLine(verdict.statement)}`, width, '  '),
    ...numbers,
    wrap(sentence(verdict.sentence), width, '  '),
  ].join('\n');
}

/** One line that begins with a capital. */
function sentence(text: string): string {
  const line = oneLine(text);
  return line.charAt(0).toUpperCase() + line.slice(1);
}

function leftOutText({ leftOut }: ExperimentResult, { width, paint }: TextFrame): string {
  if (leftOut.length === 0) return '';
  const lines = leftOut.map(({ what, reason }) => wrap(oneLine(`${what}: ${reason}`), width, '  '));
  return [paint('dim', 'Left out:'), ...lines].join('\n');
}
