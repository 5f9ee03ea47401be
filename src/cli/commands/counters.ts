/**
 * `linefill counters -- <program> [args...]`: runs a program as if it had been started by itself, with its streams, its
 * signals and its exit code, and prints on stderr what the system counted meanwhile.
 */
import { resolve } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { checkPlace, writeWhole } from '../../base/whole-file.ts';
import {
  countersFormat,
  countersSchemaVersion,
  figuresOf,
  type PeakResident,
  type ProgramCounter,
  type ProgramCounts,
  type ProgramRun,
} from '../../experiment/program-counts.ts';
import { type ChildUsage, environment } from '../../native/binding.ts';
import { renderCounters } from '../../report/counters-text.ts';
import { printError } from '../complaint.ts';
import { exitCodes, type Io, type Lab, looksOf } from '../io.ts';
import { codeOf, launch, Relay, StartError, startComplaint } from '../launch.ts';

export interface CountersOptions {
  readonly repeat: number;
  /** Where the counts are kept, as JSON. */
  readonly out?: string;
}

/** As shells report a program that is not there, and one that can't be run. */
const notFound = 127;
const notRunnable = 126;

function usageBetween(before: ChildUsage, after: ChildUsage): ProgramRun['usage'] {
  const between = (name: keyof ProgramRun['usage']): number | null => {
    const [first, last] = [before[name], after[name]];
    return first === null || last === null ? null : last - first;
  };
  return {
    userNs: between('userNs'),
    systemNs: between('systemNs'),
    minorFaults: between('minorFaults'),
    majorFaults: between('majorFaults'),
    voluntarySwitches: between('voluntarySwitches'),
    involuntarySwitches: between('involuntarySwitches'),
  };
}

/** One run, counted by counters of its own, so that what an earlier run left behind is not counted here. */
async function countOnce(
  command: readonly string[],
  counters: readonly ProgramCounter[],
  io: Io,
  relay: Relay,
): Promise<ProgramRun> {
  const native = environment();
  const open = new native.ChildCounters();
  try {
    const before = native.childUsage();
    const ending = await launch(command, io, relay);
    const { counts, shares } = open.read();
    const usage = usageBetween(before, native.childUsage());
    const entries = counters.map(({ name }, i) => {
      const [count, share] = [counts[i]!, shares[i]!];
      return [name, Number.isNaN(count) ? null : { count, share }] as const;
    });
    return { ...ending, counts: Object.fromEntries(entries), usage };
  } finally {
    open.dispose();
  }
}

/** A fork's own peak wavers by this much. */
const peakSlackBytes = 512 * 1024;

/** The peak of what ran since `before`, which is known only where it exceeds what was there already. */
function peakSince(before: ChildUsage): PeakResident | null {
  const native = environment();
  const bytes = native.childUsage().peakResidentBytes;
  const forked = native.forkedPeakBytes();
  if (bytes === null || forked === null) return null;
  const isBound = bytes <= forked + peakSlackBytes || bytes === before.peakResidentBytes;
  return { bytes, isBound };
}

function factsOf(): ProgramCounter[] {
  const open = new (environment().ChildCounters)();
  try {
    return open.facts();
  } finally {
    open.dispose();
  }
}

interface Counted {
  readonly counts: ProgramCounts;
  readonly exitCode: number;
}

async function countAll(
  command: readonly string[],
  options: CountersOptions,
  io: Io,
  lab: Lab,
): Promise<Counted> {
  const counters = factsOf();
  const before = environment().childUsage();
  const startedAt = new Date(io.now()).toISOString();
  const runs: ProgramRun[] = [];
  const relay = new Relay(io);
  let exitCode: number = exitCodes.good;
  try {
    while (runs.length < options.repeat && !relay.isStopped) {
      const run = await countOnce(command, counters, io, relay);
      if (exitCode === exitCodes.good) exitCode = codeOf(run);
      // One that was cut short says nothing beside whole ones.
      if (relay.isStopped && runs.length > 0) break;
      runs.push(run);
      if (run.signal !== null) break;
    }
  } finally {
    relay.release();
  }
  const counts: ProgramCounts = {
    format: countersFormat,
    schemaVersion: countersSchemaVersion,
    tool: { name: 'linefill', version: lab.version },
    startedAt,
    command,
    asked: options.repeat,
    counters,
    runs,
    peakResident: peakSince(before),
  };
  return { counts, exitCode };
}

/** The command. Its result is the program's own exit code; 128 and the signal's number where one ended it. */
export async function countersCommand(
  command: readonly string[],
  options: CountersOptions,
  io: Io,
  lab: Lab,
): Promise<number> {
  const [program] = command;
  if (program === undefined || program === '') {
    throw new UserError('counters needs a program to run', 'for example: linefill counters -- node app.js');
  }
  const place = options.out === undefined ? null : resolve(io.cwd, options.out);
  if (place !== null) checkPlace(place);
  try {
    const { counts, exitCode } = await countAll(command, options, io, lab);
    io.stderr.write(`\n${renderCounters(counts, looksOf(io.stderr, io.env))}`);
    if (place !== null) {
      await writeWhole(place, `${JSON.stringify({ ...counts, figures: figuresOf(counts) }, null, 2)}\n`);
      io.stderr.write(`Counts: ${options.out}\n`);
    }
    return exitCode;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    printError(startComplaint(program, error, io), io);
    return error.code === 'ENOENT' ? notFound : notRunnable;
  }
}
