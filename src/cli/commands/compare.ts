/** `linefill compare <old> <new>`: a regression gate over two saved runs. */
import { resolve } from 'node:path';
import { compareRuns, defaultThreshold } from '../../experiment/compare-runs.ts';
import { readRun } from '../../experiment/run-file.ts';
import type { GateOutcome } from '../../stats/verdict.ts';
import { comparisonText } from '../../report/comparison-text.ts';
import { exitCodes, type Io, looksOf } from '../io.ts';

export interface CompareOptions {
  readonly force?: boolean;
  readonly json?: boolean;
  /** The slowdown to put up with, a fraction. */
  readonly threshold?: number;
}

const codes: Readonly<Record<GateOutcome, number>> = {
  'equal-or-better': exitCodes.good,
  regressed: exitCodes.bad,
  inconclusive: exitCodes.unclear,
};

/** The command. Its result is the exit code. */
export async function compareCommand(
  paths: readonly [string, string],
  options: CompareOptions,
  io: Io,
): Promise<number> {
  const [before, after] = [
    await readRun(resolve(io.cwd, paths[0])),
    await readRun(resolve(io.cwd, paths[1])),
  ];
  const comparison = compareRuns(before, after, options.threshold ?? defaultThreshold);
  const isForced = options.force === true;
  const isRefused = comparison.incomparable.length > 0 && !isForced;
  if (options.json === true) {
    const nothing = { arms: [], unmatched: [], outcome: 'inconclusive' };
    const said = { ...comparison, forced: isForced, ...(isRefused ? nothing : {}) };
    io.stdout.write(`${JSON.stringify(said, null, 2)}\n`);
  } else {
    io.stdout.write(comparisonText(comparison, { ...looksOf(io.stdout, io.env), isForced }));
  }
  return isRefused ? exitCodes.unclear : codes[comparison.outcome];
}
