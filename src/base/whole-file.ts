/**
 * Writes a file whole or not at all: into a temporary beside its place, flushed to the disk, then renamed over it.
 * Whoever reads the place sees the old file or the new one, never a part; a crash, a full disk or a signal leaves
 * neither a torn file nor the temporary.
 * Source: rename(2) on atomic replacement; Pillai et al., "All file systems are not created equal", OSDI 2014, on why
 * the data must be flushed before the rename.
 */
import { accessSync, constants, realpathSync, type Stats, statSync, unlinkSync } from 'node:fs';
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
  if (around === null) throw new UserError(`"${path}": there is no folder ${folder}`, `make it first: mkdir -p ${folder}`);
  if (!around.isDirectory()) {
    throw new UserError(`"${path}": ${folder} is a file, not a folder`, 'name a file in a folder that exists');
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

function unwritable(path: string, error: unknown): UserError {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  const reason =
    { EACCES: 'no permission', EROFS: 'the file system is read-only', ENOSPC: 'the disk is full' }[code] ?? code;
  return new UserError(`"${path}" can't be written: ${reason}`, 'name a file in a folder of your own');
}

/** Two writers of one place in one process never share a temporary. */
let written = 0;

/**
 * Writes `text` to `path`, replacing what was there at the very end.
 * @throws UserError as `checkPlace`, or when the disk refuses
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  const place = checkPlace(path);
  const temporary = join(dirname(place), `.${basename(place)}.${process.pid}-${written++}.tmp`);
  const release = removeOnDeath(temporary);
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
    release();
  }
}

/** Until released, the file goes when the process does. Signals that somebody else handles are left to them. */
function removeOnDeath(temporary: string): () => void {
  const onExit = (): void => remove(temporary);
  const onSignal = (signal: NodeJS.Signals): void => {
    if (process.listenerCount(signal) > 1) return;
    remove(temporary);
    release();
    process.kill(process.pid, signal);
  };
  const release = (): void => {
    process.off('exit', onExit);
    for (const signal of signals) process.off(signal, onSignal);
  };
  process.on('exit', onExit);
  for (const signal of signals) process.on(signal, onSignal);
  return release;
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was never made, or it has been renamed.
  }
}
