/** The words of `linefill gc record` and `linefill gc info`. */
import { type Command, Option } from 'commander';
import { type Desk, examples } from '../desk.ts';
import type { GcRecordOptions } from './gc-record.ts';

/** Adds `record` to `gc`. */
export function addGcRecord(gc: Command, { io, lab, finish }: Desk): void {
  const record = gc
    .command('record')
    .summary("a Node program's sizes and lifetimes, as a model to run collectors on")
    .description(
      'Runs a Node program with its own streams, signals and exit code, and samples what it allocates and how long it ' +
        'lives: V8 notes an allocation each 40 KB or so, and now and then is asked which of those still live, for ' +
        'which it collects fully: for about a twentieth of the time, and at the exit. So the program has collections ' +
        'more than it would; no option of V8 is set. The file has a model of it: sizes, survival by age in bytes ' +
        'allocated, no contents and no references. What is printed says how good a program made from the model is. ' +
        'Of several Node processes the one that allocated most is taken; worker threads are left out. A program that ' +
        'is killed leaves what was seen up to its last look. Objects that V8 allocates at one go count as one. ' +
        'Only objects of the heap are sampled: of what lies off it, as the contents of Buffers and other ArrayBuffers do, ' +
        'it is told how much there was at the looks; linefill alloc record sees what is asked of malloc for it. ' +
        'Node.js 20.19 or later.',
    )
    .usage('-o <file> [options] [--] <program> [args...]')
    .argument('[program...]', 'what to run, and its arguments')
    .requiredOption('-o, --out <file>', 'the model file')
    .option('--force', 'write over the model file')
    .addOption(
      new Option('--samples <how-many>', 'few, usual, many or most: one each 127, 40, 20 or 6 KB allocated')
        .choices(['few', 'usual', 'many', 'most'])
        .default('usual'),
    )
    .passThroughOptions()
    .action(async (command: string[], flags: GcRecordOptions) => {
      const { gcRecordCommand } = await import('./gc-record.ts');
      finish(await gcRecordCommand(command, flags, io, lab));
    });
  examples(record, [
    ['linefill gc record -o app.gc.json -- node app.js', 'a model of a run'],
    ['linefill gc run app.gc.json', 'every collector on something like it'],
    ['linefill gc run app.gc.json --live 4MiB', 'the same with more live at once; it takes longer'],
  ]);
}

/** Adds `info` to `gc`. */
export function addGcInfo(gc: Command, { io, finish }: Desk): void {
  const info = gc
    .command('info')
    .summary('what is in a recorded model, and how good it is')
    .description(
      'Says what is in a model that gc record wrote, and draws its survival curve beside that of the program that is ' +
        "made from it. How much lives at once in that one is the program's own, or the largest that a quick run affords: " +
        'linefill gc run --live chooses another. Ages are scaled to it, sizes are not.',
    )
    .argument('<model>', 'a model file')
    .action(async (path: string) => {
      const { gcInfoCommand } = await import('./gc-record.ts');
      finish(await gcInfoCommand(path, io));
    });
  examples(info, [['linefill gc info app.gc.json', 'sizes, lifetimes, the curve']]);
}
