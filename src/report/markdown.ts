/** A run as GitHub-flavoured Markdown, to be pasted into an issue or kept beside code. */
import type { Inference } from '../experiment/inference.ts';
import type { Run } from '../experiment/run.ts';
import type { ExperimentText } from './experiment-text.ts';
import { type Arm, arrange, type ExperimentResult, type MetricTable } from './arrange.ts';
import {
  type ArmCells,
  armCells,
  conductText,
  confidenceText,
  coordinateColumns,
  effectText,
  elsewhereCells,
  elsewhereText,
  floorText,
  hasComparisons,
  machineText,
  statusText,
  tableTitle,
  titleOf,
  unstableMark,
  verdictCount,
} from './cells.ts';
import { inferredTable } from './inferred.ts';
import { oneLine } from './lines.ts';
import { formatCoordinate, formatDuration } from './numbers.ts';
import {
  type PredictedCells,
  predictedHeaders,
  predictedNotes,
  predictedRows,
  predictedSentence,
} from './predicted.ts';

/** Text of a run or an experiment, with whatever Markdown or HTML would take for its own made harmless. */
function escaped(text: string): string {
  return oneLine(text).replace(/[\\`*_{}[\]<>|#~&]/g, (character) => `\\${character}`);
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/**
 * The whole run as Markdown, with a last end of line.
 * @param texts what this version knows of the experiments; a run of others is shown without their words
 */
export function renderMarkdown(run: Run, texts: readonly ExperimentText[]): string {
  const { tool, profile, startedAt, seed, complete } = run;
  const count = verdictCount(run.verdicts);
  const elapsed = run.conduct.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);
  const parts = [
    '# Linefill run',
    escaped(`Linefill ${tool.version}, ${profile} profile, ${startedAt}, seed ${seed}. ${machineText(run)}.`),
    ...(complete ? [] : ['**This run is incomplete: it holds what was measured until it was stopped.**']),
    `${count === null ? 'No claim was judged' : `Claims on this machine: ${count}`}. Measured in ${formatDuration(elapsed)}.`,
    ...arrange(run, texts).map(experimentPart),
    ...(run.warnings.length === 0
      ? []
      : ['## Warnings', run.warnings.map((text) => `- ${escaped(text)}`).join('\n')]),
  ];
  return `${parts.join('\n\n')}\n`;
}

function experimentPart(result: ExperimentResult): string {
  const { conduct, text, inferences, verdicts, leftOut } = result;
  const parts = [`## ${escaped(titleOf(result))}`];
  if (text !== null) parts.push(escaped(text.question));
  const conclusions = text?.conclusions ?? [];
  if (conclusions.length > 0) parts.push(conclusions.map((each) => `- ${escaped(each)}`).join('\n'));
  if (conduct !== null) parts.push(`${escaped(conductText(conduct))}.`);
  if (conduct !== null && conduct.regimes !== null) parts.push(escaped(conduct.regimes));
  for (const table of result.tables) parts.push(tablePart(table, result));
  if (inferences.length > 0) parts.push(inferredPart(inferences));
  const predicted = predictedRows(result);
  if (predicted.length > 0) parts.push(predictedPart(predicted));
  if (verdicts.length > 0) {
    const rows = verdicts.map((verdict) =>
      tableRow([
        statusText(verdict.status),
        `${escaped(verdict.claim)}: ${escaped(verdict.statement)}`,
        escaped(verdict.source),
        verdict.measured === undefined ? effectText(verdict) : escaped(verdict.measured),
        escaped(verdict.sentence),
      ]),
    );
    parts.push(
      [tableRow(['verdict', 'claim', 'source', 'here', 'why']), '|---|---|---|---:|---|', ...rows].join('\n'),
    );
  }
  if (leftOut.length > 0) {
    parts.push(
      'Left out:',
      leftOut.map(({ what, reason }) => `- ${escaped(`${what}: ${reason}`)}`).join('\n'),
    );
  }
  return parts.join('\n\n');
}

function inferredPart(inferences: readonly Inference[]): string {
  const { columns, notes } = inferredTable(inferences);
  const rows = inferences.map((_, i) => tableRow(columns.map(({ cells }) => escaped(cells[i]!))));
  const heads = tableRow(columns.map(({ header }) => header));
  const rule = tableRow(columns.map(({ isNumber }) => (isNumber ? '---:' : '---')));
  const said = notes.map((note) => `- ${escaped(note)}`);
  return [[heads, rule, ...rows].join('\n'), ...(said.length === 0 ? [] : [said.join('\n')])].join('\n\n');
}

function predictedPart(rows: readonly PredictedCells[]): string {
  const cells = rows.map(({ where, variant, predicted, measured, ratio, misses }) =>
    tableRow([where, variant, predicted, measured, ratio, misses].map(escaped)),
  );
  const table = [tableRow(predictedHeaders), '|---|---|---:|---:|---:|---|', ...cells].join('\n');
  const said = predictedNotes(rows).map((note) => `- ${escaped(note)}`);
  return [
    table,
    escaped(predictedSentence(rows) ?? ''),
    ...(said.length === 0 ? [] : [said.join('\n')]),
  ].join('\n\n');
}

function tablePart(table: MetricTable, { conduct }: ExperimentResult): string {
  const inside = coordinateColumns(table);
  const shared = [...new Set(table.groups.flatMap(({ point }) => Object.keys(point)))];
  const names = [...shared, ...inside.filter((name) => !shared.includes(name))];
  const compared = hasComparisons(table);
  const ratios = compared ? ['ratio', 'interval', 'shown'] : [];
  const head = ['variant', ...names.map(escaped), 'median', 'interval', ...ratios, 'noise'];
  const rule = [
    '---',
    ...names.map(() => '---:'),
    '---:',
    '---',
    ...(compared ? ['---:', '---', '---'] : []),
    '---:',
  ];
  const rows = table.groups.flatMap(({ arms }) => arms.flatMap((arm) => armRows(arm, names, compared)));
  const notes = [confidenceText(table, conduct), floorText(table)].filter((note) => note !== null);
  return [
    `${escaped(tableTitle(table))}:`,
    [head, rule, ...rows].map(tableRow).join('\n'),
    ...(notes.length === 0 ? [] : [notes.join(' ')]),
  ].join('\n\n');
}

/** An arm's row, and a second one where it was compared in two regimes. */
function armRows(arm: Arm, names: readonly string[], compared: boolean): string[][] {
  const { variant, point, summary } = arm.measurement;
  const coordinates = names.map((name) => {
    const value = point[name];
    return value === undefined ? '' : escaped(formatCoordinate(name, value));
  });
  const cells = armCells(arm);
  const noise = `${cells.noise}${summary.unstable ? ' (unstable)' : ''}`;
  const row = [escaped(variant), ...coordinates, ...figures({ ...cells, noise }, compared)];
  const other = elsewhereCells(arm);
  if (other === null) return [row];
  return [row, [`${escaped(variant)}, ${elsewhereText}`, ...coordinates, ...figures(other, compared)]];
}

function figures(
  { median, medianRange, ratio, ratioRange, shown, noise }: ArmCells,
  compared: boolean,
): string[] {
  const word = shown === 'nothing' ? 'no difference' : shown;
  return [
    escaped(median.trimEnd().replace(unstableMark, '')),
    medianRange,
    ...(compared ? [ratio, ratioRange, word] : []),
    noise,
  ];
}
