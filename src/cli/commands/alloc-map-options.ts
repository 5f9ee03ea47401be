/** The words of `linefill alloc map`. */
import { type Command, Option } from 'commander';
import { UserError } from '../../base/errors.ts';
import { formatBytes } from '../../base/units.ts';
import { type Desk, examples } from '../desk.ts';
import { numbersOption, type Setting } from '../settings.ts';
import { parseAmount, parseSeed } from '../values.ts';

/** A row, or a share of all rows. */
export type Instant = { readonly row: number } | { readonly share: number };

export interface AllocMapOptions {
  readonly allocator: string;
  readonly against?: string;
  readonly heapBytes?: number;
  readonly at?: Instant;
  readonly color?: 'size' | 'age' | 'free';
  readonly out?: string;
  readonly force?: boolean;
  readonly allowTruncated?: boolean;
  readonly seed: number;
  readonly set?: readonly Setting[];
}

const leastHeapBytes = 1024;
const mostHeapBytes = 2 ** 31;
/** What every heap is a multiple of. */
const lineBytes = 64;

/** `--heap-bytes`: a size that a heap may have. */
export function parseHeapBytes(text: string): number {
  const bytes = parseAmount(text, true);
  const cure = 'for example: --heap-bytes 16MiB';
  if (bytes === null) throw new UserError(`--heap-bytes "${text}" is not a size`, cure);
  if (bytes % lineBytes === 0 && bytes >= leastHeapBytes && bytes <= mostHeapBytes) return bytes;
  throw new UserError(
    `--heap-bytes "${text}" is not a multiple of ${lineBytes} B from ${formatBytes(leastHeapBytes)} to ${formatBytes(mostHeapBytes)}`,
    cure,
  );
}

/** `--at`: a row, or a share of the trace as '50%'. */
export function parseInstant(text: string): Instant {
  const match = /^(\d[\d_,]*(?:\.\d+)?)(%?)$/.exec(text.trim());
  const value = match === null ? Number.NaN : Number(match[1]!.replaceAll(/[_,]/g, ''));
  if (match?.[2] === '%' && value <= 100) return { share: value / 100 };
  if (match?.[2] === '' && Number.isSafeInteger(value)) return { row: value };
  throw new UserError(
    `--at "${text}" is neither a row nor a percentage`,
    'for example: --at 50% or --at 1200',
  );
}

/** Adds `map` to `alloc`. */
export function addMap(alloc: Command, { io, finish }: Desk): void {
  const heapBytes = new Option(
    '--heap-bytes <size>',
    'bytes of the heap; unless told, the least power of two that serves all',
  );
  const map = alloc
    .command('map')
    .summary('where an allocator puts the blocks of a trace')
    .description(
      'Draws the heap over time: addresses against rows of the trace, coloured by the size of the blocks, by their age ' +
        'or by how much is free. A screen of text, or with -o a page to zoom and go through row by row. Up to a ' +
        'million rows.',
    )
    .argument('<trace>', 'a trace file, or a workload')
    .option('--allocator <id>', 'one of ours, such as slab or best-fit', 'tlsf')
    .option('--against <id>', 'another one beside it, on the same trace')
    .addOption(heapBytes.argParser(parseHeapBytes))
    .addOption(
      new Option('--at <row>', 'the heap at a row, or at a share such as 50%').argParser(parseInstant),
    )
    .addOption(
      new Option('--color <what>', 'what colours show; size on a page, free in text').choices([
        'size',
        'age',
        'free',
      ]),
    )
    .addOption(numbersOption('a number of a workload, such as slots=1000; repeatable', 'slots=1000'))
    .addOption(new Option('--seed <n>', "seed of a workload's trace").argParser(parseSeed).default(1))
    .option('--allow-truncated', 'take a file that breaks off as far as it is whole')
    .option('-o, --out <file>', 'write the page')
    .option('--force', 'write over a file')
    .action(async (trace: string, flags: AllocMapOptions) => {
      const { allocMapCommand } = await import('./alloc-map.ts');
      finish(await allocMapCommand(trace, flags, io));
    });
  examples(map, [
    ['linefill alloc map larson --allocator tlsf', 'a workload, on one screen'],
    ['linefill alloc map app.trace --at 50%', 'the heap of a recorded program, halfway'],
    ['linefill alloc map app.trace --against best-fit -o map.html', 'two allocators side by side, as a page'],
  ]);
}
