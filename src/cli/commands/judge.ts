/** `linefill judge <run>`: the claims, judged again on a saved run. Needs no hardware. */
import { resolve } from 'node:path';
import type { Verdict } from '../../experiment/claim.ts';
import { judgeRun } from '../../experiment/judge.ts';
import { readRun } from '../../experiment/run-file.ts';
import { statusText, verdictCount } from '../../report/cells.ts';
import { painter, wrap } from '../../report/lines.ts';
import { verdictText } from '../../report/text-experiment.ts';
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

/** The command. Its result is the exit code. */
export async function judgeCommand(
  path: string,
  options: { readonly json?: boolean },
  io: Io,
  lab: Lab,
): Promise<number> {
  const run = await readRun(resolve(io.cwd, path));
  const experiments = await lab.experiments();
  const verdicts = judgeRun(run, experiments);
  if (options.json === true) {
    io.stdout.write(`${JSON.stringify(verdicts, null, 2)}\n`);
    return exitCodes.good;
  }
  const { columns: width, colour } = looksOf(io.stdout, io.env);
  const paint = painter(colour);
  const known = new Set(experiments.map(({ id }) => id));
  const unknown = run.conduct.map(({ experiment }) => experiment).filter((id) => !known.has(id));
  const count = verdictCount(verdicts);
  const blocks = [
    ...verdicts.map((verdict) => verdictText(verdict, { width, paint })),
    ...unknown.map((id) =>
      wrap(`This linefill has no experiment "${id}": its claims are not judged.`, width),
    ),
    ...changes(run.verdicts, verdicts).map((change) => wrap(change, width)),
    wrap(
      count === null ? 'The run holds nothing that a claim is about.' : `Claims on that machine: ${count}.`,
      width,
    ),
  ];
  io.stdout.write(`${blocks.join('\n\n')}\n`);
  return exitCodes.good;
}
