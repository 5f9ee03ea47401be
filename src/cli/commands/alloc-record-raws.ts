/** What the recorder of `linefill alloc record` has left of each process, and the traces that are made of it. */
import { copyFileSync, mkdtempSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { countOperations, type SavedRecording, saveRecording } from '../../trace/recording.ts';

/** A process that did less is a shell on its way to a program, more often than not. */
export const fewestOperations = 1000;

/** What one process, or one of the programs that a process was by exec, left. */
export interface Raw {
  readonly path: string;
  readonly pid: number;
  /** How many programs the process was before. */
  readonly image: number;
  readonly parentPid: number;
  readonly bytes: number;
  readonly isSmall: boolean;
}

/** A process of which nothing was written. */
export interface Refusal {
  readonly pid: number;
  /** The error number; null where nobody knows. */
  readonly error: number | null;
}

export interface Trace {
  readonly place: string;
  readonly saved: SavedRecording;
}

/** What became of the raws. */
export interface Kept {
  /** The command's own. */
  readonly main: Trace | null;
  readonly others: readonly Trace[];
  /** How many were too small to be kept. */
  readonly small: number;
  /** Why a trace could not be written, in words. */
  readonly failures: readonly string[];
}

export interface Left {
  readonly raws: readonly Raw[];
  readonly refusals: readonly Refusal[];
}

/** What the folder has, of processes that have ended: those of `running` still write theirs. */
export function leftIn(folder: string, running: ReadonlySet<number>): Left {
  const raws: Raw[] = [];
  const refusals: Refusal[] = [];
  for (const name of readdirSync(folder)) {
    const [, id, image, error] = /^(\d+)-(\d+)\.raw(?:\.refused-(\d+))?$/.exec(name) ?? [];
    const pid = Number(id);
    if (id === undefined || running.has(pid)) continue;
    const read = error === undefined ? rawAt(join(folder, name), pid, Number(image)) : Number(error);
    if (read === 'empty') continue;
    if (read === null || typeof read === 'number') refusals.push({ pid, error: read });
    else raws.push(read);
  }
  return { raws, refusals };
}

/** A raw; the error number where the recorder had to stop before its first operation; null where it has no head. */
function rawAt(path: string, pid: number, image: number): Raw | number | 'empty' | null {
  try {
    const { head, records } = countOperations(path, fewestOperations);
    const { parentPid, stopped } = head;
    if (records === 0) return stopped === 0 ? 'empty' : stopped;
    // What breaks off is not small for having done little.
    const isSmall = records < fewestOperations && stopped === 0;
    return { path, pid, image, parentPid, isSmall, bytes: statSync(path).size };
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** The command's own process, as the program that it was in the end; if that was not recorded, the largest. */
function mainOf(raws: readonly Raw[]): Raw | undefined {
  const own = raws.filter(({ parentPid }) => parentPid === process.pid);
  if (own.length > 0) return own.toSorted((a, b) => b.image - a.image)[0];
  return raws.toSorted((a, b) => b.bytes - a.bytes)[0];
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/**
 * A disk that raws have filled has room for a trace only when its raw is not there: that goes to the folder for temporary
 * files. Returns a folder of its own there; null where there is room, or none there either.
 */
function movedAside({ path, bytes }: Raw): string | null {
  try {
    if (freeBytes(dirname(path)) >= bytes || freeBytes(tmpdir()) < bytes) return null;
    const folder = mkdtempSync(join(tmpdir(), 'linefill-raw-'));
    try {
      copyFileSync(path, join(folder, basename(path)));
      rmSync(path);
      return folder;
    } catch {
      rmSync(folder, { recursive: true, force: true });
      return null;
    }
  } catch {
    return null;
  }
}

/** A raw as a trace at `place`; null, and why, where that can't be written. The raw is gone in either case. */
function saved(raw: Raw, place: string, tool: string, failures: string[]): Trace | null {
  const aside = movedAside(raw);
  const path = aside === null ? raw.path : join(aside, basename(raw.path));
  try {
    return { place, saved: saveRecording(path, place, tool) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    failures.push(error.message);
    return null;
  } finally {
    rmSync(raw.path, { force: true });
    if (aside !== null) rmSync(aside, { recursive: true, force: true });
  }
}

/** Writes the traces: the command's own at `place`, the others beside it by their process. @param tool who writes them */
export function keep(raws: readonly Raw[], place: string, everyProcess: boolean, tool: string): Kept {
  const main = mainOf(raws);
  const others = raws
    .filter((raw) => raw !== main && (everyProcess || !raw.isSmall))
    .toSorted((a, b) => a.pid - b.pid || a.image - b.image);
  const named = others.map((raw) => {
    const isLast = raws.every(({ pid, image }) => pid !== raw.pid || image <= raw.image);
    return { raw, place: `${place}.${raw.pid}${isLast ? '' : `.${raw.image}`}` };
  });
  const wanted = main === undefined ? [] : [{ raw: main, place }, ...named];
  const small = raws.filter((raw) => wanted.every((one) => one.raw !== raw));
  for (const { path } of small) rmSync(path);
  const failures: string[] = [];
  const [own = null, ...rest] = wanted.map((one) => saved(one.raw, one.place, tool, failures));
  return { main: own, others: rest.filter((trace) => trace !== null), small: small.length, failures };
}
