/**
 * The command line: the tree of commands, and what becomes of an error. `main` is all of linefill but the real streams
 * and the real lab.
 */
import { Command, type CommanderError } from 'commander';
import { painter } from '../report/lines.ts';
import { complaint, Finished, printError } from './complaint.ts';
import { addCommands } from './definitions.ts';
import { commandsUnder, examples } from './desk.ts';
import { exitCodes, type Io, type Lab, looksOf } from './io.ts';

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
  addCommands(program, { io, lab, finish });
  examples(program, [
    ['linefill run', 'measure the standard set, about a minute'],
    ['linefill explain false-sharing', 'what an experiment asks, and how'],
    ['linefill judge before.json', 'the claims again, on a saved run'],
  ]);
  program.action(() => program.outputHelp());
  for (const command of [program, ...commandsUnder(program)]) {
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
