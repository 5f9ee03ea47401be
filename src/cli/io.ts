/**
 * All that the commands touch of the world outside: two streams, the environment, the clock and signals; and the lab
 * itself. Tests hand in others, so that every command runs in process with a scripted clock and lab.
 */
import type { Experiment } from '../experiment/experiment.ts';
import type { MeasureRequest, Progress } from '../experiment/request.ts';
import type { Run } from '../experiment/run.ts';
import type { Machine } from '../machine/types.ts';

export interface Sink {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Null where nobody knows: a pipe, a file. */
  readonly columns: number | null;
}

export interface Io {
  /** Results only. */
  readonly stdout: Sink;
  /** Progress, notes, errors. */
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls the listener on SIGINT, SIGTERM and SIGHUP instead of dying, and says which; returns what undoes that. */
  onInterrupt(listener: (signal: NodeJS.Signals) => void): () => void;
  /** Ends the process at once. */
  quit(code: number): void;
}

export interface Lab {
  readonly version: string;
  /** The list; the addon is not loaded. */
  experiments(): Promise<readonly Experiment[]>;
  /** What is reported of this machine; nothing is measured. */
  describeMachine(): Promise<Machine>;
  /** The same with what our kernels find: takes a second or two. */
  surveyMachine(): Promise<Machine>;
  /** Resolves with what was measured, also when the signal aborts it: then the run is marked incomplete. */
  measure(request: MeasureRequest, progress: (event: Progress) => void, signal: AbortSignal): Promise<Run>;
}

/** What the process ends with. */
export const exitCodes = {
  good: 0,
  /** A regression was found, or an experiment failed. */
  bad: 1,
  /** The person at the keyboard can mend it. */
  user: 2,
  /** Neither good nor bad could be shown. */
  unclear: 3,
  /** Our own mistake (EX_SOFTWARE of sysexits.h). */
  internal: 70,
  /** As a shell reports a process that SIGINT ended. */
  interrupted: 130,
} as const;

/** How output to a sink is to look. */
export interface Looks {
  readonly columns: number;
  readonly colour: boolean;
  readonly unicode: boolean;
  /** Whether a line can be written over: a terminal, and nobody's log. */
  readonly rewrites: boolean;
}

const usualColumns = 80;

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

/**
 * Colour where a person reads: FORCE_COLOR says yes, or no with 0; NO_COLOR (no-color.org), CI, a pipe and a dumb
 * terminal say no. More than ASCII where the locale, or Windows Terminal, promises UTF-8.
 */
export function looksOf(sink: Sink, env: Io['env']): Looks {
  const isCi = isSet(env['CI']) && env['CI'] !== 'false';
  const isScreen = sink.isTTY && env['TERM'] !== 'dumb';
  const forced = env['FORCE_COLOR'];
  const colour = isSet(forced)
    ? forced !== '0' && forced !== 'false'
    : isScreen && !isCi && !isSet(env['NO_COLOR']);
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find(isSet) ?? '';
  const asked = Number(env['COLUMNS']);
  return {
    columns: sink.columns ?? (Number.isInteger(asked) && asked > 0 ? asked : usualColumns),
    colour,
    unicode: /utf-?8/i.test(locale) || isSet(env['WT_SESSION']),
    rewrites: isScreen && !isCi,
  };
}
