/** The words of `linefill gc map`. */
import { type Command, Option } from 'commander';
import { UserError } from '../../base/errors.ts';
import { type Desk, examples } from '../desk.ts';
import { numbersOption, type Setting } from '../settings.ts';
import { parseAmount, parseSeed } from '../values.ts';
import { type ProgramOptions, programOptions } from './gc-program-options.ts';

/** In percent of what is reachable at most, or of its own size. */
export type HeapSize = { readonly percent: number } | { readonly bytes: number };

export interface GcMapOptions extends ProgramOptions {
  readonly collector: string;
  readonly heap: HeapSize;
  readonly color?: 'space' | 'age' | 'size' | 'free';
  readonly out?: string;
  readonly force?: boolean;
  readonly set?: readonly Setting[];
  readonly seed: number;
}

const mostPercent = 10_000;

/** `--heap`: '200%', or a size. */
export function parseHeap(text: string): HeapSize {
  const percent = /^(\d{1,5})%$/.exec(text.trim());
  const cure = 'for example: --heap 200% or --heap 4MiB';
  if (percent === null) {
    const bytes = parseAmount(text, true);
    if (bytes !== null && Number.isSafeInteger(bytes) && bytes >= 1024) return { bytes };
    throw new UserError(`--heap "${text}" is neither a percentage nor a size from 1 KiB on`, cure);
  }
  const value = Number(percent[1]);
  if (value >= 100 && value <= mostPercent) return { percent: value };
  throw new UserError(`--heap "${text}" is not from 100% to ${mostPercent}%`, cure);
}

/** Adds `map` to `gc`. */
export function addGcMap(gc: Command, { io, finish }: Desk): void {
  const map = gc
    .command('map')
    .summary('where a collector keeps the objects of a program')
    .description(
      'Draws the heap over time: addresses against rows of the program, coloured by space, by the age or the size of the ' +
        'objects, or by how much is free. A screen of text, or with -o a page to zoom and go through row by row, with a ' +
        'small collection to step through. Up to a million objects.',
    )
    .argument('[mutator]', 'a program of objects, or a recorded model', 'rewiring')
    .option('--collector <ids>', 'one of ours, or two separated by a comma', 'semi-space')
    .addOption(
      new Option('--heap <size>', 'the heap: percent of what is reachable at most, or a size')
        .argParser(parseHeap)
        .default({ percent: 200 }, '200%'),
    )
    .addOption(
      new Option('--color <what>', 'what colours show; space or age on a page, free in text').choices([
        'space',
        'age',
        'size',
        'free',
      ]),
    );
  programOptions(map);
  map
    .addOption(numbersOption('a number of the program, such as steps=1000; repeatable', 'steps=1000'))
    .addOption(new Option('--seed <n>', "seed of the program's trace").argParser(parseSeed).default(1))
    .option('-o, --out <file>', 'write the page')
    .option('--force', 'write over a file')
    .action(async (mutator: string, flags: GcMapOptions) => {
      const { gcMapCommand } = await import('./gc-map.ts');
      finish(await gcMapCommand(mutator, flags, io));
    });
  examples(map, [
    ['linefill gc map', 'a program under a copying collector, on one screen'],
    ['linefill gc map rewiring --collector semi-space,mark-sweep -o map.html', 'two side by side, as a page'],
  ]);
}
