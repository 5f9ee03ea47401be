/** Running somebody's program as if it had been started by itself: its streams, its signals, its exit code. */
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isatty } from 'node:tty';
import { UserError } from '../base/errors.ts';
import { exitCodes, type Io } from './io.ts';

/** The program could not be started. */
export class StartError extends Error {
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
export class Relay {
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

/** How a program ended. */
export interface Ending {
  readonly elapsedNs: number;
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/**
 * Starts the program and waits for its end. The time holds the fork, a millisecond or so: after it, a short program may
 * have ended before we get to read a clock.
 * @param environment variables that it gets beside ours
 * @throws StartError
 */
export function launch(
  [program = '', ...words]: readonly string[],
  io: Io,
  relay: Relay,
  environment: Readonly<Record<string, string>> = {},
): Promise<Ending> {
  return new Promise((resolveEnding, reject) => {
    const fail = (error: Error): void => reject(new StartError(error));
    const start = process.hrtime.bigint();
    try {
      const child = spawn(program, words, {
        stdio: 'inherit',
        cwd: io.cwd,
        env: { ...io.env, ...environment },
      });
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

/** What a program has around it that we have not. */
export interface Surroundings {
  readonly variables: Readonly<Record<string, string>>;
  /** A library that goes into it, and into all that it starts, before any other. */
  readonly preload?: string;
}

/** LD_PRELOAD is a list in which spaces and colons separate: a library below such a name is copied to elsewhere. */
function preloadable(path: string): { readonly path: string; readonly release: () => void } {
  if (!/[\s:]/.test(path)) return { path, release: () => undefined };
  const folder = mkdtempSync(join(tmpdir(), 'linefill-preload-'));
  const copy = join(folder, 'preload.so');
  copyFileSync(path, copy);
  return { path: copy, release: () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * Runs a program within its surroundings. @returns what `onEnd` makes of its end, until when signals are relayed
 * @throws UserError where it can't be run
 */
export async function launchWith<T>(
  command: readonly string[],
  { variables, preload }: Surroundings,
  io: Io,
  onEnd: (ending: Ending, relay: Relay) => T | Promise<T>,
): Promise<T> {
  const library = preload === undefined ? null : preloadable(preload);
  const relay = new Relay(io);
  try {
    const others = io.env['LD_PRELOAD'] ?? '';
    const preloads = library === null ? {} : { LD_PRELOAD: `${library.path}:${others}`.replace(/:$/, '') };
    return await onEnd(await launch(command, io, relay, { ...variables, ...preloads }), relay);
  } catch (error) {
    if (error instanceof StartError) throw startComplaint(command[0] ?? '', error, io);
    throw error;
  } finally {
    relay.release();
    library?.release();
  }
}

/**
 * The program of a command line. @param needs what is said where there is none, as 'alloc check needs a program to run'
 * @throws UserError
 */
export function neededProgram([program = '']: readonly string[], needs: string, example: string): string {
  if (program === '') throw new UserError(needs, `for example: ${example}`);
  return program;
}

/** As a shell says how a program ended. */
export function codeOf({ exitCode, signal }: Omit<Ending, 'elapsedNs'>): number {
  return signal === null
    ? (exitCode ?? exitCodes.bad)
    : 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
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

/** Why a program could not be started, and what to type instead. */
export function startComplaint(program: string, error: StartError, io: Io): UserError {
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
