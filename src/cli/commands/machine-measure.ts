/** `linefill machine --measure`: the ladder of this machine in one table, inferred beside reported, and kept. */
import { contradictions } from '../../experiment/contradictions.ts';
import type { Profile } from '../../experiment/experiment.ts';
import type { Run } from '../../experiment/run.ts';
import { cachesOf, makeProfile } from '../../machine/profile.ts';
import { oneLine, painter, wrap } from '../../report/lines.ts';
import { type Cell, type Column, renderTable } from '../../report/table.ts';
import { Interrupts } from '../interrupts.ts';
import { exitCodes, type Io, type Lab, looksOf } from '../io.ts';
import { checkProfilePlace, keepProfile } from '../profile-place.ts';
import { ProgressLine } from '../progress.ts';
import { ladderExperiments, type LadderRow, ladderRows, outwards } from './machine-ladder.ts';

/** Enough for each experiment to have the processes that an interval takes. */
const quickBudgetMs = 55_000;

export interface MeasuringOptions {
  readonly json?: boolean;
  readonly profile: Profile;
  readonly seed: number;
}

function table(all: readonly LadderRow[], io: Io): string {
  const looks = looksOf(io.stdout, io.env);
  const columns: Column[] = [
    { header: 'level', align: 'left' },
    { header: 'what', align: 'left', least: 14 },
    { header: 'inferred', align: 'right' },
    { header: 'interval', align: 'left' },
    { header: 'reported', align: 'right' },
    { header: 'by', align: 'left', spare: 0 },
  ];
  const rows = all.map(({ rung, what, value, range, reported, reportedBy }, i): Cell[] => [
    // A name once a rung.
    { text: rung === all[i - 1]?.rung ? '' : rung, style: 'strong' },
    { text: oneLine(what) },
    { text: value },
    { text: range },
    { text: reported },
    { text: oneLine(reportedBy) },
  ]);
  return renderTable(columns, rows, { width: looks.columns, paint: painter(looks.colour) });
}

function answerText(run: Run, found: readonly string[], io: Io): string {
  const { columns } = looksOf(io.stdout, io.env);
  const rows = ladderRows(run.inferences, run.machine);
  const said = [
    ...(found.length === 0
      ? ['No contradiction: what was measured agrees with what is reported.']
      : found.map((text) => `Contradiction: ${text}`)),
    ...rows.flatMap(({ note }) => (note === '' ? [] : [note])),
    ...run.warnings.map((text) => `Warning: ${text}`),
  ];
  return `${table(rows, io)}\n\n${said.map((text) => wrap(oneLine(text), columns)).join('\n')}\n`;
}

/** Why a run makes no profile; null: it does. What was kept before is better than half a ladder. */
function whyNotKept(profile: Profile, { inferences }: Run, isInterrupted: boolean): string | null {
  if (isInterrupted) return 'Interrupted: no profile was kept.';
  if (profile === 'smoke') return 'The smoke profile only shows that all of it works: nothing was kept.';
  const { length } = cachesOf(inferences);
  return length > 0 ? null : 'No cache could be told from the curve of latencies: no profile was kept.';
}

async function measured(
  options: MeasuringOptions,
  io: Io,
  lab: Lab,
): Promise<{ run: Run; isInterrupted: boolean }> {
  const all = await lab.experiments();
  const experiments = ladderExperiments.flatMap((wanted) => all.filter(({ id }) => id === wanted));
  const line = new ProgressLine(io.stderr, looksOf(io.stderr, io.env));
  const interrupts = new Interrupts(io, (text) => line.note(text));
  const { profile, seed } = options;
  try {
    const budgetMs = profile === 'quick' ? quickBudgetMs : null;
    const request = { experiments, profile, settings: {}, cpus: null, seed, budgetMs };
    const run = await lab.measure(request, (event) => line.update(event), interrupts.signal);
    return { run, isInterrupted: interrupts.signal.aborted };
  } finally {
    line.clear();
    interrupts.release();
  }
}

/** The command. Its result is the exit code. */
export async function machineMeasureCommand(options: MeasuringOptions, io: Io, lab: Lab): Promise<number> {
  checkProfilePlace((await lab.describeMachine()).id, io.env);
  const { run, isInterrupted } = await measured(options, io, lab);
  const found = contradictions(run.machine, run.inferences);
  const figures = outwards(run.inferences);
  const profile = makeProfile(run.machine, figures, run.startedAt, `linefill ${lab.version}`);
  io.stdout.write(
    options.json === true
      ? `${JSON.stringify({ ...profile, contradictions: found, warnings: run.warnings }, null, 2)}\n`
      : answerText(run, found, io),
  );
  const reason = whyNotKept(options.profile, run, isInterrupted);
  io.stderr.write(`${reason ?? `Profile: ${await keepProfile(profile, io.env)}`}\n`);
  if (isInterrupted) return exitCodes.interrupted;
  return run.conduct.some(({ stopped }) => stopped === 'failed') ? exitCodes.bad : exitCodes.good;
}
