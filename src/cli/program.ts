/**
 * The command line: which commands, arguments and options there are, and what becomes of an error. A command's own
 * code is loaded when it is chosen, so that `linefill list` does not wait for what measuring needs.
 */
import { Argument, Command, CommanderError, Option } from 'commander';
import { UserError } from '../base/errors.ts';
import { profiles } from '../experiment/experiment.ts';
import { painter } from '../report/lines.ts';
import { shells } from './completion.ts';
import { complaint, Finished, printError } from './complaint.ts';
import { exitCodes, type Io, type Lab, looksOf } from './io.ts';
import { meant } from './nearest.ts';
import type { Format } from './render.ts';
import { parseSetting, type Setting } from './settings.ts';
import { parseBudget, parseCpus, parseProfile, parseSeed, parseThreshold } from './values.ts';

const defaultSeed = 1;

interface FormatFlags {
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly markdown?: boolean;
}

interface RunFlags extends FormatFlags {
  readonly profile: (typeof profiles)[number];
  readonly set?: readonly Setting[];
  readonly cpus?: readonly number[];
  readonly seed: number;
  readonly budget?: number;
  readonly out?: string | false;
  readonly html?: string | false;
}

/** Runs a command line, without the interpreter and the script. Resolves with the exit code; never rejects. */
export async function main(argv: readonly string[], io: Io, lab: Lab): Promise<number> {
  let code: number = exitCodes.good;
  try {
    const program = buildProgram(io, lab, (result) => {
      code = result;
    });
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof Finished) return exitCodes.good;
    return printError(error, io);
  }
}

/** The whole tree of commands; `finish` gets a command's exit code. */
export function buildProgram(io: Io, lab: Lab, finish: (code: number) => void): Command {
  const program = new Command('linefill')
    .description('What memory really costs on this machine: experiments, intervals, verdicts.')
    .version(lab.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false);
  // Before the commands are made: they inherit it.
  configure(program, io);
  addMeasuring(program, io, lab, finish);
  addReading(program, io, lab, finish);
  addShell(program, io, lab, finish);
  examples(program, [
    ['linefill run', 'measure the standard set, about a minute'],
    ['linefill explain false-sharing', 'what an experiment asks, and how'],
    ['linefill judge linefill-run-*.json', 'the claims again, on a saved run'],
  ]);
  program.action(() => program.outputHelp());
  for (const command of [program, ...program.commands]) {
    command.exitOverride((error: CommanderError) => {
      throw complaint(error, command, program);
    });
  }
  return program;
}

function configure(program: Command, io: Io): void {
  const looks = looksOf(io.stdout, io.env);
  const paint = painter(looks.colour);
  program.configureOutput({
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => io.stderr.write(text),
    // Errors are thrown, and printed in one form by `printError`.
    outputError: () => undefined,
    getOutHelpWidth: () => looks.columns,
    getErrHelpWidth: () => looks.columns,
    getOutHasColors: () => looks.colour,
    getErrHasColors: () => looks.colour,
  });
  program.configureHelp({ styleTitle: (title) => paint('strong', title), minWidthToWrap: 20 });
}

/** What to type, and what it does. */
type Example = readonly [line: string, does: string];

function examples(command: Command, lines: readonly Example[]): void {
  const title = lines.length === 1 ? 'Example:' : 'Examples:';
  const text = lines.map(([line, does]) => `  $ ${line}\n      ${does}`).join('\n');
  command.addHelpText('after', `\n${title}\n${text}`);
}

function experimentArgument(name: string, description: string): Argument {
  return new Argument(name, description);
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

function addMeasuring(program: Command, io: Io, lab: Lab, finish: (code: number) => void): void {
  const run = program
    .command('run')
    .summary('measure, judge and report')
    .description(
      'Measures experiments and judges their claims. Prints tables and verdicts, and writes a run file and an HTML ' +
        'report. Ctrl-C keeps what was measured.',
    )
    .addArgument(experimentArgument('[ids...]', 'experiments or labs; all of them unless told'))
    .addOption(
      new Option('--profile <name>', 'how thorough').choices(profiles).argParser(parseProfile).default('quick'),
    )
    .addOption(
      new Option('--set <param=v1,v2>', "values for a parameter, instead of the profile's; repeatable").argParser(
        (text: string, before: readonly Setting[] | undefined) => [...(before ?? []), parseSetting(text)],
      ),
    )
    .addOption(new Option('--cpus <list>', 'CPUs to use, best first: 0,1 or 0-3').argParser(parseCpus))
    .addOption(new Option('--seed <n>', 'seed of all inputs').argParser(parseSeed).default(defaultSeed))
    .addOption(new Option('--budget <time>', "time for the whole run: 60s, 2m; unless told, the profile's").argParser(parseBudget))
    .option('--out <file>', 'the run file; linefill-run-<time>.json unless told')
    .option('--no-out', 'write no run file')
    .option('--html <file>', 'the HTML report; linefill-report-<time>.html beside the run file unless told')
    .option('--no-html', 'write no HTML report')
    .action(async (ids: string[], flags: RunFlags) => {
      const { runCommand } = await import('./commands/run.ts');
      const { json: _json, csv: _csv, markdown: _markdown, set, ...rest } = flags;
      finish(await runCommand(ids, { ...rest, set: set ?? [], format: formatOf(flags) }, io, lab));
    });
  formatOptions(run);
  examples(run, [
    ['linefill run', 'the standard set'],
    ['linefill run false-sharing --profile full', 'one experiment, thoroughly'],
    ['linefill run access-order --set workingSetBytes=64KiB,1MiB --cpus 0', 'chosen sizes on one CPU'],
    ['linefill run hardware --budget 30s --out before.json --no-html', 'a lab in half a minute, the run file only'],
  ]);

  const machine = program
    .command('machine')
    .summary('what is known of this machine')
    .description('Prints the facts about this machine, and whether each was reported or measured, and by what.')
    .option('--no-measure', 'only what is reported: at once, and without the addon')
    .option('--json', 'print JSON')
    .action(async (flags: { json?: boolean; measure: boolean }) => {
      const { machineCommand } = await import('./commands/machine.ts');
      finish(await machineCommand(flags, io, lab));
    });
  examples(machine, [['linefill machine', 'a table, caches and distances measured in a second or two']]);
}

function addReading(program: Command, io: Io, lab: Lab, finish: (code: number) => void): void {
  const list = program
    .command('list')
    .summary('the experiments, their questions and claims')
    .description('Lists the experiments by lab: id, question, claims.')
    .option('--json', 'print JSON')
    .action(async (flags: FormatFlags) => {
      const { listCommand } = await import('./commands/list.ts');
      finish(await listCommand(flags, io, lab));
    });
  examples(list, [['linefill list --json', 'for another program']]);

  const explain = program
    .command('explain')
    .summary('what an experiment asks, and how')
    .description('Explains an experiment: question, idea, memory layout, parameters, variants, claims, sources.')
    .addArgument(experimentArgument('<id>', 'an experiment'))
    .action(async (id: string) => {
      const { explainCommand } = await import('./commands/explain.ts');
      finish(await explainCommand(id, io, lab));
    });
  examples(explain, [['linefill explain false-sharing', 'with a drawing of the memory']]);

  const judge = program
    .command('judge')
    .summary('judge the claims again on a saved run')
    .description('Judges the claims on a saved run. Needs no hardware: the raw samples are in the file.')
    .argument('<run>', 'a run file')
    .option('--json', 'print JSON')
    .action(async (path: string, flags: FormatFlags) => {
      const { judgeCommand } = await import('./commands/judge.ts');
      finish(await judgeCommand(path, flags, io, lab));
    });
  examples(judge, [['linefill judge before.json', 'a verdict a claim']]);

  const report = program
    .command('report')
    .summary('show a saved run again')
    .description('Shows a saved run: as tables, or in another form.')
    .argument('<run>', 'a run file');
  report.addOption(
    new Option('--html <file>', 'write an HTML report').conflicts(['json', 'csv', 'markdown']),
  );
  formatOptions(report);
  report.action(async (path: string, flags: FormatFlags & { html?: string }) => {
    const { reportCommand } = await import('./commands/report.ts');
    const html = flags.html === undefined ? {} : { html: flags.html };
    finish(await reportCommand(path, { ...html, format: formatOf(flags) }, io, lab));
  });
  examples(report, [
    ['linefill report before.json', 'tables and verdicts'],
    ['linefill report before.json --csv > samples.csv', 'every sample, for another program'],
  ]);

  const compare = program
    .command('compare')
    .summary('has anything become slower from one run to another?')
    .description(
      'Compares two saved runs arm by arm. Exit code 0: equal or better; 1: something regressed; ' +
        '3: inconclusive or incomparable; 2: a mistake in the command.',
    )
    .argument('<old>', 'a run file')
    .argument('<new>', 'a run file')
    .addOption(new Option('--threshold <share>', 'the slowdown to put up with; 5% unless told').argParser(parseThreshold))
    .option('--force', 'compare incomparable runs all the same')
    .option('--json', 'print JSON')
    .action(async (before: string, after: string, flags: { threshold?: number; force?: boolean; json?: boolean }) => {
      const { compareCommand } = await import('./commands/compare.ts');
      finish(await compareCommand([before, after], flags, io));
    });
  examples(compare, [['linefill compare before.json after.json --threshold 3%', 'as a gate in CI']]);
}

function addShell(program: Command, io: Io, lab: Lab, finish: (code: number) => void): void {
  const completion = program
    .command('completion')
    .summary('completion for your shell')
    .description('Prints a script that completes commands, options and experiments in your shell.')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(shells))
    .action(async (shell: string) => {
      const { completionScript } = await import('./completion.ts');
      io.stdout.write(completionScript(shell, program, await lab.experiments()));
      finish(exitCodes.good);
    });
  completion.registeredArguments[0]!.argParser((shell: string) => {
    if (shells.includes(shell)) return shell;
    throw new UserError(`there is no completion for "${shell}"`, meant(shell, shells));
  });
  examples(completion, [
    ['source <(linefill completion bash)', 'now, in bash; in ~/.bashrc for good'],
    ['source <(linefill completion zsh)', 'the same in zsh, after compinit'],
    ['linefill completion fish | source', 'the same in fish'],
  ]);

  const help = program
    .command('help')
    .summary('help on a command')
    .description('Prints help on a command.')
    .argument('[command]', 'a command')
    .action((name: string | undefined) => {
      const command = name === undefined ? program : program.commands.find((one) => one.name() === name);
      if (command === undefined) {
        const names = program.commands.map((one) => one.name());
        throw new UserError(`there is no command "${name}"`, meant(name ?? '', names));
      }
      command.outputHelp();
    });
  examples(help, [['linefill help run', 'the same as linefill run --help']]);
}
