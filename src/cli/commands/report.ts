/** `linefill report <run>`: a saved run, shown again. */
import { resolve } from 'node:path';
import { checkPlace, writeWhole } from '../../base/whole-file.ts';
import { readRun } from '../../experiment/run-file.ts';
import { exitCodes, type Io, type Lab, looksOf } from '../io.ts';
import { type Format, render } from '../render.ts';

export interface ReportOptions {
  readonly html?: string;
  readonly format: Format;
}

/** The command. Its result is the exit code. */
export async function reportCommand(path: string, options: ReportOptions, io: Io, lab: Lab): Promise<number> {
  const place = options.html === undefined ? null : resolve(io.cwd, options.html);
  if (place !== null) checkPlace(place);
  const run = await readRun(resolve(io.cwd, path));
  const experiments = await lab.experiments();
  if (place === null) {
    io.stdout.write(await render(run, experiments, options.format, looksOf(io.stdout, io.env)));
    return exitCodes.good;
  }
  const { renderHtml } = await import('../../report/html/page.ts');
  await writeWhole(place, renderHtml(run, experiments));
  io.stderr.write(`Report: ${options.html}\n`);
  return exitCodes.good;
}
