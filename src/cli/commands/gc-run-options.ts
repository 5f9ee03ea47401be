/** The words of `linefill gc run`. */
import { type Command, Option } from 'commander';
import type { Profile } from '../../experiment/experiment.ts';
import { type Desk, examples } from '../desk.ts';
import type { FileOptions } from '../kept-files.ts';
import { measuringOptions } from '../measuring-options.ts';
import { numbersOption, type Setting } from '../settings.ts';
import { type HeapSize, parseHeap } from './gc-map-options.ts';
import { type ProgramOptions, programOptions } from './gc-program-options.ts';

export interface GcRunOptions extends FileOptions, ProgramOptions {
  readonly collectors: readonly string[];
  readonly heap: readonly HeapSize[];
  readonly set?: readonly Setting[];
  readonly json?: boolean;
  readonly profile: Profile;
  readonly cpus?: readonly number[];
  readonly seed: number;
  readonly budget?: number;
}

const listed = (text: string): string[] => text.split(',').map((word) => word.trim().toLowerCase());

/** Adds `run` to `gc`. */
export function addGcRun(gc: Command, { io, lab, finish }: Desk): void {
  const collectors = new Option('--collectors <list>', 'ids, or all, native, typescript');
  const heap = new Option(
    '--heap <list>',
    'sizes of the heap: percent of what is reachable at most, or bytes',
  );
  const set = numbersOption(
    'a number in place of a usual one, of the program or of the collectors that have it; repeatable',
    'steps=1000',
  );
  const run = gc
    .command('run')
    .summary('which collector serves a program best')
    .description(
      'Runs a program of objects over the collectors, in C++ and in TypeScript, each in a heap of the same size, in ' +
        'turns and in fresh processes, and says which serves it best in time, pauses and memory; with intervals. ' +
        'Writes a run file and an HTML report.',
    )
    .argument(
      '[mutator]',
      'a program of objects (linefill gc explain lists them), or a model of linefill gc record',
      'rewiring',
    )
    .addOption(collectors.argParser(listed).default(['all'], 'all'))
    .addOption(
      heap
        .argParser((text: string) => text.split(',').map((word) => parseHeap(word)))
        .default([{ percent: 300 }], '300%'),
    );
  programOptions(run);
  run
    .addOption(set)
    .option('--json', 'print JSON')
    .option('--out <file>', 'the run file; linefill-run-<time>.json unless told')
    .option('--no-out', 'write no run file')
    .option('--html <file>', 'the HTML report; linefill-report-<time>.html beside the run file unless told')
    .option('--no-html', 'write no HTML report');
  measuringOptions(run);
  run.action(async (mutator: string, flags: GcRunOptions) => {
    const { gcRunCommand } = await import('./gc-run.ts');
    finish(await gcRunCommand(mutator, flags, io, lab));
  });
  examples(run, [
    ['linefill gc run rewiring', 'a program over all collectors'],
    ['linefill gc run rewiring --collectors native --heap 150%,300%', 'in a tight heap and in an ample one'],
    ['linefill gc run rewiring --set steps=100000 --budget 1m', 'a longer program, thoroughly'],
    ['linefill gc run cycles --live 1MiB --rate 2KiB', 'another live set, and more work between allocations'],
  ]);
}
