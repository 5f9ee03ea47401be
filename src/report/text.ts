/** A run for the terminal: what was asked, what was found and how sure, in as many columns as there are. */
import type { Run } from '../experiment/run.ts';
import type { ExperimentText } from './experiment-text.ts';
import { arrange } from './arrange.ts';
import { isExactCount, machineText, unstableMark, verdictCount } from './cells.ts';
import { oneLine, painter, wrap } from './lines.ts';
import { formatDuration } from './numbers.ts';
import { processorTime } from './processor-time.ts';
import { experimentText, type TextFrame } from './text-experiment.ts';

export interface TextOptions {
  readonly columns: number;
  readonly colour: boolean;
  /** Whether the terminal shows more than ASCII. */
  readonly unicode: boolean;
}

const ratioLegend =
  "Ratio: time over the baseline's; above 1 takes longer. Shown: 'nothing' is no difference shown beyond what can be " +
  "told apart here, 'unclear' is too few processes to say.";
const noiseLegend =
  `Noise: typical distance of a sample from the median; ${unstableMark} marks 5% and more as unstable. n/a: too few ` +
  'processes for an interval, or nothing to compare with.';
const cpuLegend = 'CPU: processor time, read around the sample, and so perhaps a little more than its time.';
const exactLegend = 'Exact: a count that is the same in all samples.';

/** In terminals no wider than this most tables have no room for processor times. */
const cpuColumns = 80;

/** Wider lines are hard to read. */
const mostColumns = 120;
const fewestColumns = 24;

/**
 * The whole run as text, with a last end of line.
 * @param texts what this version knows of the experiments; a run of others is shown without their words
 */
export function renderText(run: Run, texts: readonly ExperimentText[], options: TextOptions): string {
  const width = Math.max(fewestColumns, Math.min(mostColumns, options.columns));
  const frame: TextFrame = { width, unicode: options.unicode, paint: painter(options.colour), run };
  const results = arrange(run, texts);
  const parts = [head(frame), ...results.map((result) => experimentText(result, frame)), tail(frame)];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function head({ run, width, paint }: TextFrame): string {
  const { tool, profile, seed, startedAt } = run;
  const title = `Linefill ${oneLine(tool.version)}: ${profile} run of ${oneLine(startedAt)}, seed ${seed}`;
  const lines = [paint('strong', wrap(title, width)), wrap(oneLine(machineText(run)), width)];
  if (!run.complete) {
    lines.push(
      paint('doubt', wrap('This run is incomplete: it holds what was measured until it was stopped.', width)),
    );
  }
  return lines.join('\n');
}

function tail({ run, width, paint }: TextFrame): string {
  const elapsed = run.conduct.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);
  const count = verdictCount(run.verdicts);
  const claims = count === null ? 'No claim was judged.' : `Claims on this machine: ${count}.`;
  const legends = [
    ...(run.comparisons.length > 0 ? [ratioLegend] : []),
    ...(run.measurements.length > 0 ? [noiseLegend] : []),
    ...(width > cpuColumns && run.measurements.some((one) => processorTime(one) !== null) ? [cpuLegend] : []),
    ...(run.measurements.some(isExactCount) ? [exactLegend] : []),
  ];
  const key = legends.length > 0 ? [paint('dim', wrap(legends.join(' '), width))] : [];
  const warnings = run.warnings.map((warning) =>
    paint('doubt', wrap(oneLine(warning), width, 'Warning: ', '  ')),
  );
  const summary = `${claims} Measured in ${formatDuration(elapsed)}.`;
  return [...key, ...warnings, paint('strong', wrap(summary, width))].join('\n');
}
