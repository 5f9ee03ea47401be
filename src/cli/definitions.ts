/**
 * The commands: their arguments, options and examples. A command's own code is loaded when it is chosen, so that
 * `linefill list` does not wait for what measuring needs.
 */
import { Argument, type Command, Option } from 'commander';
import { UserError } from '../base/errors.ts';
import type { Profile } from '../experiment/experiment.ts';
import { addAlloc } from './commands/alloc.ts';
import { addGc } from './commands/gc.ts';
import type { LayoutOptions } from './commands/layout.ts';
import { shells } from './completion.ts';
import { commandAt, commandPaths, type Desk, examples } from './desk.ts';
import { exitCodes } from './io.ts';
import { meant } from './nearest.ts';
import type { Format } from './render.ts';
import { defaultSeed, measuringOptions, profileOption } from './measuring-options.ts';
import { parseSetting, type Setting } from './settings.ts';
import { parseRepeat, parseThreshold } from './values.ts';

/** Adds all commands, in the order in which help shows them. */
export function addCommands(program: Command, desk: Desk): void {
  for (const add of [
    addRun,
    addMachine,
    addList,
    addExplain,
    addJudge,
    addReport,
    addCompare,
    addLayout,
    addAlloc,
    addGc,
    addCounters,
  ])
    add(program, desk);
  addCompletion(program, desk);
  addHelp(program);
}

interface FormatFlags {
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly markdown?: boolean;
}

function formatOptions(command: Command): void {
  command
    .addOption(new Option('--json', 'print the run as JSON instead of tables').conflicts(['csv', 'markdown']))
    .addOption(new Option('--csv', 'print every sample as CSV, a row each').conflicts(['json', 'markdown']))
    .addOption(new Option('--markdown', 'print Markdown').conflicts(['json', 'csv']));
}

function formatOf({ json, csv, markdown }: FormatFlags): Format {
  if (json === true) return 'json';
  if (csv === true) return 'csv';
  return markdown === true ? 'markdown' : 'text';
}

interface RunFlags extends FormatFlags {
  readonly profile: Profile;
  readonly set?: readonly Setting[];
  readonly cpus?: readonly number[];
  readonly seed: number;
  readonly budget?: number;
  readonly out?: string | false;
  readonly html?: string | false;
}

function addRun(program: Command, { io, lab, finish }: Desk): void {
  const run = program
    .command('run')
    .summary('measure, judge and report')
    .description(
      'Measures experiments and judges their claims. Prints tables and verdicts, and writes a run file and an HTML ' +
        'report. Ctrl-C keeps what was measured.',
    )
    .argument('[ids...]', 'experiments, labs, or all; the standard set unless told');
  runOptions(run);
  formatOptions(run);
  run.action(async (ids: string[], flags: RunFlags) => {
    const { runCommand } = await import('./commands/run.ts');
    finish(await runCommand(ids, { ...flags, set: flags.set ?? [], format: formatOf(flags) }, io, lab));
  });
  examples(run, [
    ['linefill run', 'the standard set'],
    ['linefill run hardware', 'a lab, in about a minute'],
    ['linefill run false-sharing --profile full', 'one experiment, thoroughly'],
    ['linefill run access-order --set workingSetBytes=64KiB,1MiB --cpus 0', 'chosen sizes on one CPU'],
    [
      'linefill run hardware --budget 30s --out before.json --no-html',
      'a lab in half a minute, the run file only',
    ],
  ]);
}

function runOptions(run: Command): void {
  const set = new Option(
    '--set <param=v1,v2>',
    "values for a parameter, instead of the profile's (a comma inside a value: \\,); repeatable",
  );
  measuringOptions(run);
  run
    .addOption(
      set.argParser((text: string, before?: readonly Setting[]) => [...(before ?? []), parseSetting(text)]),
    )
    .option('--out <file>', 'the run file; linefill-run-<time>.json unless told')
    .option('--no-out', 'write no run file')
    .option('--html <file>', 'the HTML report; linefill-report-<time>.html beside the run file unless told')
    .option('--no-html', 'write no HTML report');
}

function addMachine(program: Command, { io, lab, finish }: Desk): void {
  const machine = program
    .command('machine')
    .summary('what is known of this machine')
    .description(
      'Prints the facts about this machine, and whether each was reported or measured, and by what.',
    )
    .option(
      '--measure',
      'infer caches, TLB, bandwidth and clock by experiments, in about a minute; keep the profile for later runs',
    )
    .option('--no-measure', 'only what is reported: at once, and without the addon')
    .addOption(profileOption('how thorough --measure is'))
    .option('--json', 'print JSON')
    .action(async (flags: { json?: boolean; measure?: boolean; profile: Profile }) => {
      if (flags.measure !== true && machine.getOptionValueSource('profile') === 'cli') {
        const cure = `linefill machine --measure --profile ${flags.profile}`;
        throw new UserError('--profile says how thorough --measure is, which is not there', cure);
      }
      if (flags.measure === true) {
        const { machineMeasureCommand } = await import('./commands/machine-measure.ts');
        finish(await machineMeasureCommand({ ...flags, seed: defaultSeed }, io, lab));
        return;
      }
      const { machineCommand } = await import('./commands/machine.ts');
      finish(await machineCommand({ ...flags, measure: flags.measure ?? true }, io, lab));
    });
  examples(machine, [
    ['linefill machine', 'a table; caches and distances are measured in a second or two'],
    ['linefill machine --measure', 'the ladder, inferred and kept; later runs choose their sizes by it'],
  ]);
}

function addList(program: Command, { io, lab, finish }: Desk): void {
  const list = program
    .command('list')
    .summary('the experiments, their questions and claims')
    .description('Lists the experiments by lab: id, question, claims.')
    .option('--json', 'print JSON')
    .action(async (flags: { json?: boolean }) => {
      const { listCommand } = await import('./commands/list.ts');
      finish(await listCommand(flags, io, lab));
    });
  examples(list, [['linefill list --json', 'for another program']]);
}

function addExplain(program: Command, { io, lab, finish }: Desk): void {
  const explain = program
    .command('explain')
    .summary('what an experiment asks, and how')
    .description(
      'Explains an experiment: question, idea, memory layout, parameters, variants, claims, sources.',
    )
    .argument('<id>', 'an experiment')
    .action(async (id: string) => {
      const { explainCommand } = await import('./commands/explain.ts');
      finish(await explainCommand(id, io, lab));
    });
  examples(explain, [['linefill explain false-sharing', 'with a drawing of the memory']]);
}

function addJudge(program: Command, { io, lab, finish }: Desk): void {
  const judge = program
    .command('judge')
    .summary('judge and infer again on a saved run')
    .description(
      'Judges the claims on a saved run, and infers and predicts its figures again. Needs no hardware: the raw samples ' +
        'are in the file.',
    )
    .argument('<run>', 'a run file')
    .option('--json', 'print JSON')
    .action(async (path: string, flags: { json?: boolean }) => {
      const { judgeCommand } = await import('./commands/judge.ts');
      finish(await judgeCommand(path, flags, io, lab));
    });
  examples(judge, [['linefill judge before.json', 'a verdict a claim']]);
}

function addReport(program: Command, { io, lab, finish }: Desk): void {
  const report = program
    .command('report')
    .summary('show a saved run again')
    .description('Shows a saved run: as tables, or in another form.')
    .argument('<run>', 'a run file')
    .addOption(new Option('--html <file>', 'write an HTML report').conflicts(['json', 'csv', 'markdown']));
  formatOptions(report);
  report.action(async (path: string, flags: FormatFlags & { html?: string }) => {
    const { reportCommand } = await import('./commands/report.ts');
    finish(await reportCommand(path, { ...flags, format: formatOf(flags) }, io, lab));
  });
  examples(report, [
    ['linefill report before.json', 'tables and verdicts'],
    ['linefill report before.json --csv > samples.csv', 'every sample, for another program'],
  ]);
}

function addCompare(program: Command, { io, lab, finish }: Desk): void {
  const threshold = new Option('--threshold <share>', 'the slowdown to put up with; 5% unless told');
  const compare = program
    .command('compare')
    .summary('has anything become slower from one run to another?')
    .description(
      'Compares two saved runs arm by arm. Exit code 0: equal or better; 1: something regressed; ' +
        '3: inconclusive or incomparable; 2: a mistake in the command. On the machine of the new run, what has ' +
        'regressed is measured again first, and counts only when it regresses twice.',
    )
    .argument('<old>', 'a run file')
    .argument('<new>', 'a run file')
    .addOption(threshold.argParser(parseThreshold))
    .option('--force', 'compare incomparable runs all the same')
    .option('--no-remeasure', 'believe the new run as it is')
    .option('--json', 'print JSON')
    .action(
      async (
        before: string,
        after: string,
        flags: { threshold?: number; force?: boolean; json?: boolean; remeasure: boolean },
      ) => {
        const { compareCommand } = await import('./commands/compare.ts');
        finish(await compareCommand([before, after], flags, io, lab));
      },
    );
  examples(compare, [['linefill compare before.json after.json --threshold 3%', 'as a gate in CI']]);
}

function addLayout(program: Command, { io, lab, finish }: Desk): void {
  const layout = program
    .command('layout')
    .summary("which memory layout suits a structure's loops?")
    .description(
      "Takes a structure's fields and the loops over an array of it; predicts the cache lines that each loop costs " +
        'and the false sharing of its threads in several forms (reordered, SoA, hot/cold split, padded), measures ' +
        'them side by side, and says which to take, if any.',
    )
    .argument('[file]', 'a layout file (see --example)')
    .option('--example', 'print a complete layout file to start from')
    .addOption(
      new Option('--no-measure', 'only what can be predicted: at once, and without the addon').conflicts([
        'profile',
        'cpus',
        'seed',
        'budget',
      ]),
    )
    .option('--json', 'print JSON')
    .option('--out <file>', 'keep the run in a file, as linefill run does');
  measuringOptions(layout);
  layout.action(async (path: string | undefined, flags: LayoutOptions) => {
    const { layoutCommand } = await import('./commands/layout.ts');
    finish(await layoutCommand(path, flags, io, lab));
  });
  examples(layout, [
    ['linefill layout --example > layout.json', 'a file to start from'],
    ['linefill layout layout.json --no-measure', 'lines, holes and false sharing, by prediction alone'],
    ['linefill layout layout.json --budget 30s', 'measured as well, with a recommendation'],
  ]);
}

function addCounters(program: Command, { io, lab, finish }: Desk): void {
  const repeat = new Option('--repeat <n>', 'run it so often, and print medians with intervals');
  // Options after the program's name are the program's own.
  program.enablePositionalOptions();
  const counters = program
    .command('counters')
    .summary('what any program cost: misses, faults, switches')
    .description(
      'Runs a program with its own streams, signals and exit code, and prints on stderr what the system counted of ' +
        'it, of its threads and of all that it started: cache and TLB misses, page faults, switches; n/a and the ' +
        'reason where the system counts nothing. Exit code 127: there is no such program; 126: it can not be run.',
    )
    .usage('[options] [--] <program> [args...]')
    .argument('[program...]', 'what to run, and its arguments')
    .addOption(repeat.argParser(parseRepeat).default(1))
    .option('--out <file>', 'keep the counts of every run in a file, as JSON')
    .passThroughOptions()
    .action(async (command: string[], flags: { repeat: number; out?: string }) => {
      const { countersCommand } = await import('./commands/counters.ts');
      finish(await countersCommand(command, flags, io, lab));
    });
  examples(counters, [
    ['linefill counters -- node app.js', 'one run'],
    ['linefill counters --repeat 10 --out before.json -- node app.js', 'medians of ten runs, kept in a file'],
  ]);
}

function addCompletion(program: Command, { io, lab, finish }: Desk): void {
  const shellArgument = new Argument('<shell>', 'your shell').choices(shells).argParser((shell: string) => {
    if (shells.includes(shell)) return shell;
    throw new UserError(`there is no completion for "${shell}"`, meant(shell, shells));
  });
  const completion = program
    .command('completion')
    .summary('completion for your shell')
    .description('Prints a script that completes commands, options and experiments in your shell.')
    .addArgument(shellArgument)
    .action(async (shell: string) => {
      const { completionScript } = await import('./completion.ts');
      io.stdout.write(completionScript(shell, program, await lab.experiments()));
      finish(exitCodes.good);
    });
  examples(completion, [
    ['source <(linefill completion bash)', 'now, in bash; in ~/.bashrc for good'],
    ['source <(linefill completion zsh)', 'the same in zsh, after compinit'],
    ['linefill completion fish | source', 'the same in fish'],
  ]);
}

function addHelp(program: Command): void {
  const help = program
    .command('help')
    .summary('help on a command')
    .description('Prints help on a command.')
    .argument('[command...]', 'a command')
    .action((names: string[]) => {
      const command = commandAt(program, names);
      if (command === null) {
        throw new UserError(
          `there is no command "${names.join(' ')}"`,
          meant(names.join(' '), commandPaths(program)),
        );
      }
      command.outputHelp();
    });
  examples(help, [['linefill help run', 'the same as linefill run --help']]);
}
