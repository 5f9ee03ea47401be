/**
 * `linefill alloc`: what an allocator would do for a program of your own. The commands below it, with their options;
 * what they do is loaded when one is chosen.
 */
import type { Command } from 'commander';
import { type Desk, examples } from '../desk.ts';
import type { OutOptions } from '../out-place.ts';
import type { CheckOptions } from './alloc-check.ts';
import { addExplain } from './alloc-explain-options.ts';
import type { InfoOptions } from './alloc-info.ts';
import { addMap } from './alloc-map-options.ts';
import type { RecordOptions } from './alloc-record.ts';
import { addReplay } from './alloc-replay-options.ts';

/** Adds `alloc` and all that is below it, in the order in which help shows them. */
export function addAlloc(program: Command, desk: Desk): void {
  const alloc = program
    .command('alloc')
    .summary("which allocator serves a program's own requests best?")
    .description(
      'Records what a program asks of its allocator into a trace file, says what is in it, and serves the same ' +
        'requests with other allocators.',
    )
    .helpCommand(false)
    .action(() => alloc.outputHelp());
  // Options after a recorded program's name are the program's own.
  alloc.enablePositionalOptions();
  for (const add of [addRecord, addReplay, addInfo, addMap, addImport, addCheck, addExplain])
    add(alloc, desk);
  examples(alloc, [
    ['linefill alloc record -o app.trace -- node app.js', 'what a program asks for'],
    ['linefill alloc info app.trace', 'what is in the trace'],
    ['linefill alloc replay app.trace', 'which allocator serves it best'],
  ]);
}

/** Where a new trace goes, for every command that makes one. */
function outOptions(command: Command): void {
  command.requiredOption('-o, --out <file>', 'the trace file').option('--force', 'write over the trace file');
}

function addRecord(alloc: Command, { io, lab, finish }: Desk): void {
  const record = alloc
    .command('record')
    .summary('what a program asks of its allocator, as a trace')
    .description(
      'Runs a program with its own streams, signals and exit code, with a recorder preloaded that notes each malloc, ' +
        'calloc, realloc, memalign and free, and new and delete with them: sizes, order and threads, no addresses and ' +
        'no contents. Each process has a trace of its own: the command that was run at the file named, the others ' +
        'beside it with their process id behind the name; what a forked child inherited is not in its trace. A ' +
        "thread's own order is exact, that between threads to within some dozens of operations. Memory that a " +
        'program maps for itself is not seen. What a call costs is bounded: a look-up in a table by address and some ' +
        'bytes written to a buffer of its own thread; now and then a stamp of the clock or a new buffer. The usual ' +
        'way takes no lock that threads share, and no contents are ever copied. The table takes up to half a byte of ' +
        'memory for each byte of heap with small blocks, less with larger ones, more where they lie 8 bytes apart. How much that is on a machine is ' +
        'measured by npm run bench -- recorder in a checkout of Linefill. What the command leaves running is waited ' +
        'for up to 2 s. Linux on x64 and arm64 only.',
    )
    .usage('-o <file> [options] [--] <program> [args...]')
    .argument('[program...]', 'what to run, and its arguments')
    .option('--every-process', 'keep the traces of small processes too, and list each')
    .passThroughOptions()
    .action(async (command: string[], flags: RecordOptions) => {
      const { allocRecordCommand } = await import('./alloc-record.ts');
      finish(await allocRecordCommand(command, flags, io, lab));
    });
  outOptions(record);
  examples(record, [
    ['linefill alloc record -o app.trace -- node app.js', 'a trace of a run'],
    ['linefill alloc info app.trace', 'what is in it'],
  ]);
}

function addInfo(alloc: Command, { io, finish }: Desk): void {
  const info = alloc
    .command('info')
    .summary('what is in a trace')
    .description('Says what is in a trace: operations, what was live at most, sizes, lifetimes, threads.')
    .argument('<trace>', 'a trace file')
    .option('--allow-truncated', 'read a file that breaks off as far as it is whole')
    .option('--json', 'print JSON')
    .action(async (path: string, flags: InfoOptions) => {
      const { allocInfoCommand } = await import('./alloc-info.ts');
      finish(await allocInfoCommand(path, flags, io));
    });
  examples(info, [['linefill alloc info app.trace', 'a line a figure']]);
}

function addImport(alloc: Command, { io, lab, finish }: Desk): void {
  const imported = alloc
    .command('import')
    .summary("another tool's trace as a trace file")
    .description('Turns a trace of malloc-lab (.rep) into a trace file.')
    .argument('<file>', 'a .rep file')
    .action(async (path: string, flags: OutOptions) => {
      const { allocImportCommand } = await import('./alloc-import.ts');
      finish(await allocImportCommand(path, flags, io, lab));
    });
  outOptions(imported);
  examples(imported, [['linefill alloc import random.rep -o random.trace', 'a trace of malloc-lab']]);
}

function addCheck(alloc: Command, { io, finish }: Desk): void {
  const check = alloc
    .command('check')
    .summary('what a program does wrong with its blocks')
    .description(
      'Runs a program with its own streams and signals, with a checker preloaded that serves its malloc, calloc, ' +
        'realloc, memalign, free, new and delete, and says on stderr what went wrong, with the sites where the block ' +
        'was allocated and first freed: double free, use after free, overflow, underflow, foreign and misaligned ' +
        "free, a free of another kind or size than the block's. Blocks have canaries around them and are held back " +
        'when they are freed; what was written is found at the free, in one of the next calls, or at the end. With ' +
        '--guard the access itself is refused and shown, reads too, and ends the program. The exit code is the ' +
        "program's own; 1 where that is 0 and faults were found. Some microseconds a call. Linux only.",
    )
    .usage('[options] [--] <program> [args...]')
    .argument('[program...]', 'what to run, and its arguments')
    .option('--guard', 'every block in pages of its own, up to 28,000 at once')
    .option('--stop', 'end the program at the first fault')
    .passThroughOptions()
    .action(async (command: string[], flags: CheckOptions) => {
      const { allocCheckCommand } = await import('./alloc-check.ts');
      finish(await allocCheckCommand(command, flags, io));
    });
  examples(check, [
    ['linefill alloc check -- ./app', 'its faults'],
    ['linefill alloc check --guard -- ./app', 'which access overflows'],
  ]);
}
