/** `linefill compare <old> <new>`: a regression gate over two saved runs. */
import { resolve } from 'node:path';
import { compareRuns, defaultThreshold, type RunComparison } from '../../experiment/compare-runs.ts';
import { confirm, suspects } from '../../experiment/confirm.ts';
import type { Run } from '../../experiment/run.ts';
import { readRun } from '../../experiment/run-file.ts';
import { comparisonText } from '../../report/comparison-text.ts';
import type { GateOutcome } from '../../stats/verdict.ts';
import { exitCodes, type Io, type Lab, looksOf } from '../io.ts';
import { Interrupts } from '../interrupts.ts';
import { ProgressLine } from '../progress.ts';

export interface CompareOptions {
  readonly force?: boolean;
  readonly json?: boolean;
  /** The slowdown to put up with, a fraction. */
  readonly threshold?: number;
  /** False: believe the new run as it is. */
  readonly remeasure?: boolean;
}

const codes: Readonly<Record<GateOutcome, number>> = {
  'equal-or-better': exitCodes.good,
  regressed: exitCodes.bad,
  inconclusive: exitCodes.unclear,
};

/** The suspicious experiments measured again as the new run was; null where this is not the new run's machine. */
async function measureAgain(
  ids: readonly string[],
  after: Run,
  io: Io,
  lab: Lab,
): Promise<Run | 'interrupted' | null> {
  const machine = await lab.describeMachine();
  if (machine.id !== after.machine.id || machine.fingerprint !== after.machine.fingerprint) return null;
  const experiments = (await lab.experiments()).filter(({ id }) => ids.includes(id));
  if (experiments.length === 0) return null;
  const cpus = after.conduct.find(({ experiment }) => ids.includes(experiment))?.cpus ?? null;
  const { profile, settings, seed } = after;
  const line = new ProgressLine(io.stderr, looksOf(io.stderr, io.env));
  const interrupts = new Interrupts(
    io,
    (text) => line.note(text),
    'Stopping. Press Ctrl-C again to quit at once.',
  );
  line.note(`Measuring again what has regressed: ${ids.join(', ')} (--no-remeasure skips it).`);
  try {
    const request = { experiments, profile, settings, cpus, seed, budgetMs: null };
    const run = await lab.measure(request, (event) => line.update(event), interrupts.signal);
    return interrupts.signal.aborted ? 'interrupted' : run;
  } finally {
    line.clear();
    interrupts.release();
  }
}

async function confirmed(
  first: RunComparison,
  before: Run,
  after: Run,
  io: Io,
  lab: Lab,
): Promise<RunComparison | 'interrupted'> {
  const ids = suspects(first);
  const again = ids.length === 0 ? null : await measureAgain(ids, after, io, lab);
  if (again === null || again === 'interrupted') return again ?? first;
  return confirm(first, compareRuns(before, again, first.threshold));
}

/** The command. Its result is the exit code. */
export async function compareCommand(
  paths: readonly [string, string],
  options: CompareOptions,
  io: Io,
  lab: Lab,
): Promise<number> {
  const [before, after] = [
    await readRun(resolve(io.cwd, paths[0])),
    await readRun(resolve(io.cwd, paths[1])),
  ];
  const first = compareRuns(before, after, options.threshold ?? defaultThreshold);
  const isForced = options.force === true;
  const isRefused = first.incomparable.length > 0 && !isForced;
  const isFinal = isRefused || options.remeasure === false;
  const comparison = isFinal ? first : await confirmed(first, before, after, io, lab);
  if (comparison === 'interrupted') return exitCodes.interrupted;
  if (options.json === true) {
    const { arms, outcome, ...rest } = comparison;
    const said = isRefused ? { outcome: 'inconclusive', arms: [] } : { outcome, arms };
    io.stdout.write(`${JSON.stringify({ ...rest, forced: isForced, ...said }, null, 2)}\n`);
  } else {
    io.stdout.write(comparisonText(comparison, { ...looksOf(io.stdout, io.env), isForced }));
  }
  return isRefused ? exitCodes.unclear : codes[comparison.outcome];
}
