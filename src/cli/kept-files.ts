/** The files that a run is kept in: the run itself and its page; where they will stand, and writing them. */
import { existsSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { checkPlace, writeWhole } from '../base/whole-file.ts';
import type { Experiment } from '../experiment/experiment.ts';
import type { Run } from '../experiment/run.ts';
import { writeRun } from '../experiment/run-file.ts';
import { exitCodes, type Io } from './io.ts';

/** What the user says of them; false: no file. */
export interface FileOptions {
  readonly out?: string | false;
  readonly html?: string | false;
}

/** Where the results will stand, checked before anything is measured. */
export interface Places {
  readonly out: string | null;
  readonly html: string | null;
}

/** '20261121T093000Z': sorts by time and is a file name on every system. */
function stamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+|[-:]/g, '');
}

/** A name that is not taken. */
function freshName(folder: string, stem: string, ending: string): string {
  for (let n = 1; ; n++) {
    const path = join(folder, `${stem}${n === 1 ? '' : `-${n}`}${ending}`);
    if (!existsSync(path)) return path;
  }
}

/** Chooses names where the user gave none. Throws UserError for a place where nothing can be written. */
export function choosePlaces({ out, html }: FileOptions, io: Io): Places {
  const time = stamp(io.now());
  const asked = typeof out === 'string' ? resolve(io.cwd, out) : null;
  // The report goes beside the run: nothing is written where nobody asked for it.
  const folder = asked === null ? io.cwd : dirname(asked);
  const places: Places = {
    out: out === false ? null : (asked ?? freshName(io.cwd, `linefill-run-${time}`, '.json')),
    html:
      html === false
        ? null
        : html === undefined
          ? freshName(folder, `linefill-report-${time}`, '.html')
          : resolve(io.cwd, html),
  };
  const checked = [places.out, places.html].map((path) => (path === null ? null : checkPlace(path)));
  if (checked[0] !== null && checked[0] === checked[1]) {
    throw new UserError(`--out and --html both name ${basename(checked[0]!)}`, 'give each a file of its own');
  }
  return places;
}

function shown(path: string, io: Io): string {
  const short = relative(io.cwd, path);
  return short.startsWith('..') ? path : short;
}

/** The run file first: all else can be made again from it. What was written is said, whatever fails. */
export async function keepRun(
  run: Run,
  experiments: readonly Experiment[],
  places: Places,
  render: () => string | Promise<string>,
  io: Io,
): Promise<void> {
  const written: string[] = [];
  try {
    if (places.out !== null) {
      await writeRun(places.out, run);
      written.push(`Run:    ${shown(places.out, io)}\n`);
    }
    io.stdout.write(await render());
    if (places.html !== null) {
      const { renderHtml } = await import('../report/html/page.ts');
      await writeWhole(places.html, renderHtml(run, experiments));
      written.push(`Report: ${shown(places.html, io)}\n`);
    }
  } finally {
    for (const line of written) io.stderr.write(line);
  }
}

/** What a command that measured ends with; what was interrupted or failed is said. */
export function closingCode(run: Run, isInterrupted: boolean, io: Io): number {
  if (isInterrupted) {
    if (!run.complete) io.stderr.write('The run was interrupted: it is incomplete.\n');
    return exitCodes.interrupted;
  }
  const failed = run.conduct
    .filter(({ stopped }) => stopped === 'failed')
    .map(({ experiment }) => experiment);
  if (failed.length === 0) return exitCodes.good;
  io.stderr.write(`Failed: ${failed.join(', ')}; the warnings say why.\n`);
  return exitCodes.bad;
}
