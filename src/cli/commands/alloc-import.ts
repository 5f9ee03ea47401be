/** `linefill alloc import`: another tool's trace as a trace file. */
import { statSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { formatBytes, formatCount } from '../../base/units.ts';
import { TraceFileWriter } from '../../trace/file-writer.ts';
import { readRep, repAlignmentBytes } from '../../trace/rep.ts';
import { exitCodes, type Io, type Lab } from '../io.ts';
import { type OutOptions, outPlace } from '../out-place.ts';

/** Whether two paths name one file, be it by a link. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

/** The command. */
export async function allocImportCommand(
  path: string,
  options: OutOptions,
  io: Io,
  lab: Lab,
): Promise<number> {
  if (extname(path).toLowerCase() !== '.rep') {
    throw new UserError(
      `"${path}" is in no format that can be imported`,
      'known formats: .rep (malloc-lab); a program of your own is recorded: linefill alloc record',
    );
  }
  const [source, place] = [resolve(io.cwd, path), outPlace(options, io)];
  if (isSame(source, place)) {
    throw new UserError(`"${options.out}" is what is imported`, 'name another file for the trace');
  }
  const writer = new TraceFileWriter(place, {
    source: 'imported',
    tool: `linefill ${lab.version}`,
    alignmentBytes: repAlignmentBytes,
    program: basename(path),
  });
  try {
    await readRep(source, writer);
  } catch (error) {
    writer.abandon();
    throw error;
  }
  const { bytes, records } = writer.finish();
  const operations = `${formatCount(records)} operation${records === 1 ? '' : 's'}`;
  io.stdout.write(`${options.out}: ${operations}, ${formatBytes(bytes)}\n`);
  return exitCodes.good;
}
