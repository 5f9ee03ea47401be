/**
 * `linefill counters -- <program> [args...]`: runs a program as if it had been started by itself, with its streams, its
 * signals and its exit code, and prints on stderr what the system counted meanwhile.
 */
import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { isatty } from 'node:tty';
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

export interface CountersOptions {
  readonly repeat: number;
  /** Where the counts are kept, as JSON. */
  readonly out?: string;
}

/** As shells report a program that is not there, and one that can't be run. */
const notFound = 127;
const notRunnable = 126;

/** The program could not be started. */
class StartError extends Error {
  override readonly name: string = 'StartError';
  readonly code: string;
  constructor(error: NodeJS.ErrnoException) {
    super(error.message);
    this.code = error.code ?? 'unknown';
  }
}

/**
 * Signals that we get go on to the program. What a terminal's key sends it sends to all of its foreground, and so to
 * the program by itself: a second one would make it quit at once where it would have cleared up.
 */
class Relay {
  #child: { kill(signal: NodeJS.Signals): boolean } | null = null;
  #isStopped = false;
  readonly release: () => void;

  constructor(io: Io) {
    this.release = io.onInterrupt((signal) => {
      this.#isStopped = true;
      const isFromKey = signal !== 'SIGTERM' && [0, 1, 2].some((fd) => isatty(fd));
      if (!isFromKey) this.#child?.kill(signal);
    });
  }

  /** Whether somebody wants it to end. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  to(child: { kill(signal: NodeJS.Signals): boolean } | null): void {
    this.#child = child;
  }
}

type Ending = Pick<ProgramRun, 'elapsedNs' | 'exitCode' | 'signal'>;

/**
 * Starts the program and waits for its end. The time holds the fork, a millisecond or so: after it, a short program may
 * have ended before we get to read a clock.
 */
function launch([program = '', ...words]: readonly string[], io: Io, relay: Relay): Promise<Ending> {
  return new Promise((resolveEnding, reject) => {
    const fail = (error: Error): void => reject(new StartError(error));
    const start = process.hrtime.bigint();
    try {
      const child = spawn(program, words, { stdio: 'inherit', cwd: io.cwd, env: { ...io.env } });
      relay.to(child);
      child.on('error', fail);
      child.on('exit', (exitCode, signal) => {
        relay.to(null);
        resolveEnding({ elapsedNs: Number(process.hrtime.bigint() - start), exitCode, signal });
      });
    } catch (error) {
      fail(error as Error);
    }
  });
}

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

/** As a shell says how a program ended. */
function codeOf({ exitCode, signal }: ProgramRun): number {
  return signal === null
    ? (exitCode ?? exitCodes.bad)
    : 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
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

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

/** What was wrong with a program that is there, and what to type instead. */
function refusal(program: string, { code, message }: StartError, io: Io): readonly [string, string] {
  if (isFolder(resolve(io.cwd, program))) return ['it is a folder', 'name a program in it'];
  switch (code) {
    case 'EACCES':
      return ['it is not executable', `chmod +x ${program}, or name what runs it: node ${program}`];
    case 'ENOEXEC':
      return ['it is no program of this system', `name what runs it: node ${program}`];
    case 'E2BIG':
      return ['its arguments are longer than the system allows', 'give fewer, or in a file'];
    case 'ENOTDIR':
      return ['a part of its path is no folder', 'check the path'];
    case 'ENOENT':
      return [
        'what its first line or its header asks for is not there',
        `name what runs it: node ${program}`,
      ];
    default:
      return [message, 'start it without linefill to see whether it runs'];
  }
}

function startComplaint(program: string, error: StartError, io: Io): UserError {
  const place = resolve(io.cwd, program);
  if (!existsSync(io.cwd))
    return new UserError(`the working folder ${io.cwd} is gone`, 'change to one that exists');
  if (error.code === 'ENOENT' && !/[/\\]/.test(program)) {
    const isHere = existsSync(place) && !isFolder(place);
    const cure = isHere ? `did you mean ./${program}?` : 'check its name, or give its path';
    return new UserError(`there is no program "${program}" in PATH`, cure);
  }
  if (error.code === 'ENOENT' && !existsSync(place)) {
    return new UserError(`there is no program "${program}"`, 'check its path');
  }
  const [reason, cure] = refusal(program, error, io);
  return new UserError(`"${program}" can't be run: ${reason}`, cure);
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
