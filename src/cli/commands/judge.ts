/**
 * `linefill judge <run>`: the claims, judged again on a saved run, with the figures that are inferred and predicted
 * again beside them. Needs no hardware.
 */
import { resolve } from 'node:path';
import type { Verdict } from '../../experiment/claim.ts';
import type { Inference } from '../../experiment/inference.ts';
import { inferRun, judgeRun, predictRun } from '../../experiment/judge.ts';
import { readRun } from '../../experiment/run-file.ts';
import { arrange } from '../../report/arrange.ts';
import { statusText, verdictCount } from '../../report/cells.ts';
import { painter, wrap } from '../../report/lines.ts';
import { formatFigure } from '../../report/numbers.ts';
import { judgedText } from '../../report/text-experiment.ts';
import { exitCodes, type Io, type Lab, looksOf } from '../io.ts';

/** Claims whose verdict is another one than the run file holds: their judges have changed since. */
function changes(stored: readonly Verdict[], fresh: readonly Verdict[]): string[] {
  return fresh.flatMap((verdict) => {
    const old = stored.find(
      ({ experiment, claim }) => experiment === verdict.experiment && claim === verdict.claim,
    );
    if (old === undefined) return [`${verdict.claim} is judged for the first time.`];
    if (old.status === verdict.status) return [];
    return [`${verdict.claim} was ${statusText(old.status)} when the run was made.`];
  });
}

/** Figures that are others than the run file holds, in a sentence; null: none is. */
function changedFigures(stored: readonly Inference[], fresh: readonly Inference[]): string | null {
  const changed = fresh.flatMap((figure) => {
    const old = stored.find(({ experiment, id }) => experiment === figure.experiment && id === figure.id);
    if (old === undefined) return [];
    const [was, is] = [old, figure].map(({ value, unit }) => formatFigure(value, unit));
    return was === is ? [] : [`${figure.title} ${was}`];
  });
  return changed.length === 0
    ? null
    : `When the run was made the figures were others: ${changed.join(', ')}.`;
}

/** The command. Its result is the exit code. */
export async function judgeCommand(
  path: string,
  options: { readonly json?: boolean },
  io: Io,
  lab: Lab,
): Promise<number> {
  const stored = await readRun(resolve(io.cwd, path));
  const experiments = await lab.experiments();
  const verdicts = judgeRun(stored, experiments);
  const inferences = inferRun(stored, experiments);
  const predictions = predictRun(stored, experiments);
  if (options.json === true) {
    io.stdout.write(`${JSON.stringify({ verdicts, inferences, predictions }, null, 2)}\n`);
    return exitCodes.good;
  }
  const { columns: width, colour, unicode } = looksOf(io.stdout, io.env);
  const run = { ...stored, verdicts, inferences, predictions };
  const frame = { run, width, unicode, paint: painter(colour) };
  // An experiment whose words the run holds makes no claim.
  const known = new Set([...experiments, ...(stored.words ?? [])].map(({ id }) => id));
  const results = arrange(run, experiments).filter(
    (result) => result.verdicts.length + result.inferences.length + result.predictions.length > 0,
  );
  const unknown = run.conduct.map(({ experiment }) => experiment).filter((id) => !known.has(id));
  const figures = changedFigures(stored.inferences, inferences);
  const count = verdictCount(verdicts);
  const blocks = [
    ...results.map((result) => judgedText(result, frame)),
    ...unknown.map((id) =>
      wrap(`This linefill has no experiment "${id}": its claims are not judged.`, width),
    ),
    ...changes(stored.verdicts, verdicts).map((change) => wrap(change, width)),
    ...(figures === null ? [] : [wrap(figures, width)]),
    wrap(
      count === null ? 'The run holds nothing that a claim is about.' : `Claims on that machine: ${count}.`,
      width,
    ),
  ];
  io.stdout.write(`${blocks.join('\n\n')}\n`);
  return exitCodes.good;
}
