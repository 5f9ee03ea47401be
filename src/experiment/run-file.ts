/** Runs in files: read with every check, written whole. */
import { readFile } from 'node:fs/promises';
import { ContractError, UserError } from '../base/errors.ts';
import { writeWhole } from '../base/whole-file.ts';
import type { Run } from './run.ts';
import { faultOf, parseRun } from './schema.ts';

/** Longer than any string that V8 can hold would fail anyway, with a worse message. */
const largestBytes = 2 ** 29 - 24;

/**
 * The run in a file.
 * @throws UserError when there is no such file, it can't be read, or `parseRun` refuses what is in it
 */
export async function readRun(path: string): Promise<Run> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw unreadable(path, error as NodeJS.ErrnoException);
  }
  if (bytes.length > largestBytes)
    throw new UserError(`"${path}" is larger than any run file`, 'give a run file');
  // As PowerShell's redirection writes, for one.
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16)
    throw new UserError(`"${path}" is UTF-16 text; a run file is UTF-8`, 'convert it, or use --out');
  return parseRun(bytes.toString('utf8').replace(/^\uFEFF/, ''), `"${path}"`);
}

function unreadable(path: string, error: NodeJS.ErrnoException): UserError {
  if (error.code === 'ENOENT') {
    return new UserError(`there is no file "${path}"`, 'linefill run writes one and says where');
  }
  if (error.code === 'EISDIR') return new UserError(`"${path}" is a folder`, 'name the run file in it');
  if (error.code === 'EACCES') return new UserError(`"${path}" may not be read: no permission`);
  if (error.code === 'ERR_FS_FILE_TOO_LARGE') return new UserError(`"${path}" is larger than any run file`);
  return new UserError(`"${path}" can't be read: ${error.message}`);
}

/** A run as the text of a run file: one line, with an end of line. */
export function runText(run: Run): string {
  return `${JSON.stringify(run)}\n`;
}

/**
 * Writes a run to a file, whole or not at all; a file that is there is replaced.
 * @throws UserError when nothing can be written there (see `checkPlace`)
 * @throws ContractError when the run could not be read back: JSON turns NaN and infinity into null
 */
export async function writeRun(path: string, run: Run): Promise<void> {
  const text = runText(run);
  const fault = faultOf(JSON.parse(text));
  if (fault !== null) throw new ContractError(`this run could not be read back from a file: ${fault}`);
  await writeWhole(path, text);
}
