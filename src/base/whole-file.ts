/**
 * Writes a file whole or not at all: into a temporary beside its place, flushed to the disk, then renamed over it.
 * Whoever reads the place sees the old file or the new one, never a part; a crash, a full disk or a signal leaves
 * neither a torn file nor the temporary.
 * Source: rename(2) on atomic replacement; Pillai et al., "All file systems are not created equal", OSDI 2014, on why
 * the data must be flushed before the rename.
 */
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UserError } from './errors.ts';

const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Where a file asked for at `path` will stand: absolute, symbolic links followed, so that a rename replaces what
 * the link names and not the link.
 * @throws UserError when nothing can be written there: no such folder, a folder, a device, no permission
 */
export function checkPlace(path: string): string {
  const asked = resolve(path);
  const folder = dirname(asked);
  const around = statOf(folder);
  if (around === null)
    throw new UserError(`"${path}": there is no folder ${folder}`, `make it first: mkdir -p ${folder}`);
  if (!around.isDirectory()) {
    throw new UserError(
      `"${path}": ${folder} is a file, not a folder`,
      'name a file in a folder that exists',
    );
  }
  const there = statOf(asked);
  if (there?.isDirectory()) {
    throw new UserError(`"${path}" is a folder`, `name a file in it: ${join(path, 'name')}`);
  }
  if (there !== null && !there.isFile()) {
    throw new UserError(`"${path}" is a device or a pipe, not a file`, 'name a file');
  }
  const place = there === null ? asked : realpathSync(asked);
  try {
    accessSync(dirname(place), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unwritable(path, error);
  }
  return place;
}

function statOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left, the disk is full',
  EDQUOT: 'no space left, the disk quota is used up',
  EFBIG: 'the limit on the size of a file is reached (ulimit -f)',
  EMFILE: 'the limit on open files is reached (ulimit -n)',
};

const cures: Readonly<Record<string, string>> = {
  ENOSPC: 'make room, or name a file on another disk',
  EDQUOT: 'make room, or name a file on another disk',
  EFBIG: 'raise the limit: ulimit -f unlimited',
  EMFILE: 'raise the limit: ulimit -n 1024',
};

/** Why the system refuses to write, in words. @param code the error's, as 'ENOSPC'; one that is not known stays */
export function refusalText(code: string): string {
  return reasons[code] ?? code;
}

function unwritable(path: string, error: unknown): UserError {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  const cure = cures[code] ?? 'name a file in a folder of your own';
  return new UserError(`"${path}" can't be written: ${refusalText(code)}`, cure);
}

/** Two writers of one place in one process never share a temporary. */
let written = 0;

function temporaryFor(place: string): string {
  return join(dirname(place), `.${basename(place)}.${process.pid}-${written++}.tmp`);
}

/**
 * Writes `text` to `path`, replacing what was there at the very end.
 * @throws UserError as `checkPlace`, or when the disk refuses
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  const place = checkPlace(path);
  const temporary = temporaryFor(place);
  guard(temporary);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, place);
  } catch (error) {
    remove(temporary);
    throw unwritable(path, error);
  } finally {
    unguard(temporary);
  }
}

/** A file that is too large to be held: written bit by bit, and at its place only when `finish` says that it is whole. */
export class WholeFile {
  readonly #place: string;
  readonly #temporary: string;
  readonly #path: string;
  #file = -1;

  /** @throws UserError as `checkPlace`, or when the disk refuses; so do the methods */
  constructor(path: string) {
    this.#path = path;
    this.#place = checkPlace(path);
    this.#temporary = temporaryFor(this.#place);
    guard(this.#temporary);
    this.#file = this.#orAbandon(() => openSync(this.#temporary, 'wx'));
  }

  write(bytes: Uint8Array): void {
    this.#orAbandon(() => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    });
  }

  finish(): void {
    this.#orAbandon(() => {
      fsyncSync(this.#file);
      closeSync(this.#file);
      this.#file = -1;
      renameSync(this.#temporary, this.#place);
    });
    unguard(this.#temporary);
  }

  /** Leaves the place as it was. */
  abandon(): void {
    if (this.#file >= 0) closeSync(this.#file);
    this.#file = -1;
    remove(this.#temporary);
    unguard(this.#temporary);
  }

  #orAbandon<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.abandon();
      throw unwritable(this.#path, error);
    }
  }
}

/** Temporaries that go when the process does. */
const unfinished = new Set<string>();

function guard(temporary: string): void {
  if (unfinished.size === 0) {
    process.on('exit', removeAll);
    for (const signal of signals) process.on(signal, onSignal);
  }
  unfinished.add(temporary);
}

function unguard(temporary: string): void {
  unfinished.delete(temporary);
  if (unfinished.size > 0) return;
  process.off('exit', removeAll);
  for (const signal of signals) process.off(signal, onSignal);
}

function removeAll(): void {
  for (const temporary of unfinished) remove(temporary);
}

/** A signal that somebody else handles, too, is left to them: they may want the file. */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  removeAll();
  process.off(signal, onSignal);
  process.kill(process.pid, signal);
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was never made, or it has been renamed.
  }
}
