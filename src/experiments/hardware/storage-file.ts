/**
 * The file that the storage experiment reads: the user's, which is opened for reading only, or one of our own. Ours has
 * no name from before its first byte on: it is unlinked as soon as it is open, so that nothing stays behind however the
 * process ends, and is opened again through the process's list of open files, which Linux has.
 */
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  openSync,
  statfsSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContractError } from '../../base/errors.ts';
import { formatBytes, formatCount } from '../../base/units.ts';
import { Prng } from '../../base/prng.ts';
import type { Scalar } from '../../kernel/kernel.ts';

/** The value of the parameter `file` that asks for a file of our own. */
export const ownFile = 'temporary';
/** Room for blocks that stay in the system's cache and for blocks that do not. */
export const smallestFileBytes: number = 2 ** 22;

const chunkBytes = 2 ** 20;
const pageBytes = 4096;
const contentSeed = 1;
/** File systems whose files are the system's cache and nothing more: tmpfs and ramfs (statfs(2)). */
const inMemory: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

/** Why a path names no file that can be read here, as the end of a sentence; null: it does. */
function faultOf(path: string): string | null {
  try {
    const found = statSync(path);
    if (found.isDirectory()) return `${path} is a directory`;
    if (!found.isFile()) return `${path} is no regular file`;
    accessSync(path, constants.R_OK);
    if (found.size < smallestFileBytes) return `${path} has ${formatCount(found.size)} B`;
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? `there is no ${path}` : `${path} can't be read (${code})`;
  }
}

/** For Parameter.check: null where `value` asks for our own file or names one that can be read. */
export function checkFile(value: Scalar): string | null {
  if (value === ownFile) return null;
  const least = formatBytes(smallestFileBytes).replace(' ', '');
  const must = `file must be "${ownFile}" or the path of a regular file of at least ${least} that you may read`;
  const fault = typeof value === 'string' && value !== '' ? faultOf(value) : null;
  if (typeof value === 'string' && value !== '' && fault === null) return null;
  return fault === null ? must : `${must}; ${fault}`;
}

/** A new file without a name, open for reading and writing. Its place in the list of open files is its path. */
function openUnnamed(folder: string): number {
  const path = join(folder, `linefill-${process.pid}-${randomBytes(6).toString('hex')}`);
  const fd = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return fd;
}

const pathOf = (fd: number): string => `/proc/self/fd/${fd}`;

/** Whether a file's folder is in memory: nothing lies below the system's cache there. */
function isInMemory(path: string): boolean {
  return inMemory.has(statfsSync(path).type);
}

/** Why a folder takes no file of ours, as the end of a sentence; null: it does. */
function folderFault(folder: string): string | null {
  try {
    const fd = openUnnamed(folder);
    const isReached = existsSync(pathOf(fd));
    closeSync(fd);
    return isReached ? null : 'no path leads to a file without a name: /proc is not mounted';
  } catch (error) {
    return `${folder} takes no temporary file (${(error as NodeJS.ErrnoException).code})`;
  }
}

/** Where temporary files outlive a restart (hier(7)), and so lie on a device: /tmp is often in memory. */
const lastingFolder = '/var/tmp';

/** `usual`, unless that one is in memory or takes no file, and `lasting` is neither. */
export function folderOnDevice(usual: string, lasting: string): string {
  const serves = (folder: string): boolean => folderFault(folder) === null && !isInMemory(folder);
  return !serves(usual) && serves(lasting) ? lasting : usual;
}

/** The folder of our own file: the one that the environment names, whatever it is; else one on a device, if there is. */
function ownFolder(): string {
  const isNamed = ['TMPDIR', 'TMP', 'TEMP'].some((name) => Boolean(process.env[name]));
  return isNamed || process.platform !== 'linux' ? tmpdir() : folderOnDevice(tmpdir(), lastingFolder);
}

/** Bytes that no file system can shrink or share: random ones, no two pages of the file alike. */
function fill(fd: number, bytes: number): void {
  const prng = new Prng(contentSeed);
  const words = new Uint32Array(chunkBytes / Uint32Array.BYTES_PER_ELEMENT);
  for (let i = 0; i < words.length; i++) words[i] = prng.next();
  const chunk = new Uint8Array(words.buffer);
  for (let done = 0; done < bytes; ) {
    for (let at = 0; at < chunkBytes; at += pageBytes)
      words[at / Uint32Array.BYTES_PER_ELEMENT] = prng.next();
    done += writeSync(fd, chunk, 0, Math.min(chunkBytes, bytes - done), done);
  }
  fdatasyncSync(fd);
}

const own = new Map<number, string>();

/**
 * The path of our own file of `bytes` bytes: written at the first call, and there until the process ends.
 * @throws Error where the system refuses, ContractError where the file would have no path (see `ownFileFault`)
 */
export function ownFileOf(bytes: number): string {
  const known = own.get(bytes);
  if (known !== undefined) return known;
  if (process.platform !== 'linux') throw new ContractError('a file without a name has a path on Linux only');
  const fd = openUnnamed(ownFolder());
  try {
    fill(fd, bytes);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  own.set(bytes, pathOf(fd));
  return pathOf(fd);
}

const otherFolder = 'set TMPDIR to another folder, or --set file=PATH';

/** Why there can be no file of our own of that size; null: there can. */
export function ownFileFault(bytes: number, platform: string): string | null {
  if (platform !== 'linux') {
    return 'a temporary file that nothing leaves behind needs Linux: name a file, --set file=PATH';
  }
  const folder = ownFolder();
  const fault = folderFault(folder);
  if (fault !== null) return `${fault}: ${otherFolder}`;
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  // Half of what is left stays left.
  return 2 * bytes <= free ? null : `${folder} has ${formatBytes(free)} free: ${otherFolder}`;
}

/** Null where the system opens `path` for direct reads; else why not. */
function directFaultOf(path: string): string | null {
  try {
    closeSync(openSync(path, constants.O_RDONLY | constants.O_DIRECT));
    return null;
  } catch (error) {
    return `its file system has no direct reads (${(error as NodeJS.ErrnoException).code})`;
  }
}

function probeOwnFolder(): string | null {
  const fd = openUnnamed(ownFolder());
  try {
    return directFaultOf(pathOf(fd));
  } finally {
    closeSync(fd);
  }
}

const deviceFaults = new Map<string, string | null>();

function askDevice(file: string): string | null {
  const place = file === ownFile ? ownFolder() : file;
  if (isInMemory(place)) {
    return `${place} is in memory, with no device below it: --set file=PATH names a file on a disk`;
  }
  if (process.platform !== 'linux') return null;
  return file === ownFile ? probeOwnFolder() : directFaultOf(file);
}

/** Why a file can't be read from its device; null: it can. Asked of the system once a file. */
export function deviceFault(file: string): string | null {
  if (!deviceFaults.has(file)) deviceFaults.set(file, askDevice(file));
  return deviceFaults.get(file)!;
}
