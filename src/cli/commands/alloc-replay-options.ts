/** The words of `linefill alloc replay`. */
import { type Command, Option } from 'commander';
import { UserError } from '../../base/errors.ts';
import type { Profile } from '../../experiment/experiment.ts';
import { type Desk, examples } from '../desk.ts';
import { measuringOptions } from '../measuring-options.ts';
import { numbersOption, type Setting } from '../settings.ts';
import { parseAmount } from '../values.ts';

export interface AllocReplayOptions {
  readonly allocators: readonly string[];
  readonly rows: number;
  readonly allowTruncated?: boolean;
  readonly json?: boolean;
  readonly out?: string;
  readonly profile: Profile;
  readonly cpus?: readonly number[];
  readonly seed: number;
  readonly set?: readonly Setting[];
  readonly budget?: number;
}

/** What one call of a kernel goes through at most: native/allocators/trace-work.h. */
export const mostReplayedRows: number = 2 ** 24;

/** `--rows`: how many operations, from the first. */
export function parseRows(text: string): number {
  const rows = parseAmount(text, false);
  if (rows !== null && Number.isInteger(rows) && rows >= 1 && rows <= mostReplayedRows) return rows;
  throw new UserError(
    `--rows "${text}" is not a whole number from 1 to ${mostReplayedRows}`,
    'for example: --rows 1000000',
  );
}

/** Adds `replay` to `alloc`. */
export function addReplay(alloc: Command, { io, lab, finish }: Desk): void {
  const allocators = new Option(
    '--allocators <list>',
    'ids, or all (ours and the installed ones of others), ours, others, typescript',
  );
  const replay = alloc
    .command('replay')
    .summary('which allocator serves a trace best')
    .description(
      'Serves the operations of a trace with every allocator, one after another by one thread, and says which does it ' +
        'best: time a call, single calls at worst, memory and fragmentation; with intervals. Allocators of others ' +
        'have their memory measured from outside, in processes of their own.',
    )
    .argument('<trace>', 'a trace file, or a workload')
    .addOption(
      allocators
        .argParser((text: string) => text.split(',').map((word) => word.trim().toLowerCase()))
        .default(['all'], 'all'),
    )
    .addOption(
      new Option('--rows <n>', 'no more operations than these, from the first')
        .argParser(parseRows)
        .default(mostReplayedRows),
    )
    .addOption(numbersOption('a number of a workload, such as slots=1000; repeatable', 'slots=1000'))
    .option('--allow-truncated', 'take a file that breaks off as far as it is whole')
    .option('--json', 'print JSON')
    .option('--out <file>', 'keep the run in a file, as linefill run does');
  measuringOptions(replay);
  replay.action(async (trace: string, flags: AllocReplayOptions) => {
    const { allocReplayCommand } = await import('./alloc-replay.ts');
    finish(await allocReplayCommand(trace, flags, io, lab));
  });
  examples(replay, [
    ['linefill alloc replay app.trace', 'a recorded program over all allocators'],
    ['linefill alloc replay larson --allocators tlsf,malloc,mimalloc', 'a workload over three'],
    ['linefill alloc replay app.trace --budget 2m --out replay.json', 'thoroughly, and kept'],
  ]);
}
