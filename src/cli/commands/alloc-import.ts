/** `linefill alloc import`: another tool's trace as a trace file. */
import { basename, extname, resolve } from 'node:path';
import { existsSync } from 'node:fs';
import { UserError } from '../../base/errors.ts';
import { formatBytes, formatCount } from '../../base/units.ts';
import { TraceFileWriter } from '../../trace/file-writer.ts';
import { readRep, repAlignmentBytes } from '../../trace/rep.ts';
import { exitCodes, type Io, type Lab } from '../io.ts';

export interface OutOptions {
  readonly out: string;
  readonly force?: boolean;
}

/** Where a trace is to stand. @throws UserError where something stands there already, unless forced */
export function tracePlace({ out, force = false }: OutOptions, io: Io): string {
  const place = resolve(io.cwd, out);
  if (!force && existsSync(place)) {
    throw new UserError(`"${out}" exists`, 'name another file, or write over it: --force');
  }
  return place;
}

/** The command. */
export async function allocImportCommand(
  path: string,
  options: OutOptions,
  io: Io,
  lab: Lab,
): Promise<number> {
  if (extname(path) !== '.rep') {
    throw new UserError(
      `"${path}" is in no format that can be imported`,
      'known formats: .rep (malloc-lab); a program of your own is recorded: linefill alloc record',
    );
  }
  const writer = new TraceFileWriter(tracePlace(options, io), {
    source: 'imported',
    tool: `linefill ${lab.version}`,
    alignmentBytes: repAlignmentBytes,
    program: basename(path),
  });
  try {
    await readRep(resolve(io.cwd, path), writer);
  } catch (error) {
    writer.abandon();
    throw error;
  }
  const { bytes, records } = writer.finish();
  io.stdout.write(`${options.out}: ${formatCount(records)} operations, ${formatBytes(bytes)}\n`);
  return exitCodes.good;
}
