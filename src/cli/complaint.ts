/** What becomes of an error: a sentence, what to type instead, and an exit code. */
import type { Command, CommanderError } from 'commander';
import { UserError } from '../base/errors.ts';
import { oneLine, painter, printable, wrap } from '../report/lines.ts';
import { commandsUnder, pathOf } from './desk.ts';
import { exitCodes, type Io, looksOf } from './io.ts';
import { meant } from './nearest.ts';

/** Thrown where the parser has printed help or the version, and all is done. */
export class Finished extends Error {
  override readonly name: string = 'Finished';
}

const done: ReadonlySet<string> = new Set(['commander.help', 'commander.helpDisplayed', 'commander.version']);

/** What was in quotes in the parser's message: the word that it did not know. */
function quoted(message: string): string {
  return /'([^']*)'/.exec(message)?.[1] ?? '';
}

/** The parser's error in our words, with the nearest valid choice. */
export function complaint(error: CommanderError, command: Command, program: Command): Error {
  if (done.has(error.code)) return new Finished(error.message);
  const word = quoted(error.message);
  const path = pathOf(command);
  const usage = `usage: ${`linefill ${path}`.trim()} ${command.usage()}`;
  switch (error.code) {
    case 'commander.unknownCommand':
    case 'commander.excessArguments': {
      const names = command.commands.map((one) => one.name());
      if (names.length > 0) {
        const [asked = word] = command.args;
        const cure = meant(asked, names, `choose from: ${names.join(', ')}`);
        return new UserError(`there is no command "${`${path} ${asked}`.trim()}"`, cure);
      }
      return new UserError(`${path} was given too much: "${command.args.at(-1)}"`, usage);
    }
    case 'commander.unknownOption': {
      const known = command.options.flatMap(({ long }) =>
        long === undefined || long === null ? [] : [long],
      );
      const where = command === program ? 'linefill --help' : `linefill ${path} --help`;
      const elsewhere = command === program ? ownerOf(word, program) : null;
      return new UserError(
        `there is no option "${word}"`,
        elsewhere ?? meant(word, [...known, '--help'], where),
      );
    }
    case 'commander.missingArgument':
      return new UserError(`${path} needs <${word}>`, usage);
    case 'commander.missingMandatoryOptionValue':
      return new UserError(`${path} needs ${/--\S+( <[^>]*>)?/.exec(word)?.[0] ?? word}`, usage);
    case 'commander.optionMissingArgument':
      return new UserError(`${word.split(' ')[0]} needs a value: ${word}`, `see linefill ${path} --help`);
    case 'commander.conflictingOption': {
      const [, one, other] = /'([^']*)'.*'([^']*)'/.exec(error.message) ?? [];
      return new UserError(
        `${one?.split(' ')[0]} and ${other?.split(' ')[0]} can't be used together`,
        'choose one',
      );
    }
    default:
      return new UserError(error.message.replace(/^error: /, ''), usage);
  }
}

/** An option that belongs to a command, given without one. */
function ownerOf(word: string, program: Command): string | null {
  const owner = commandsUnder(program).find(({ options }) =>
    options.some(({ long }) => long === word.split('=')[0]),
  );
  return owner === undefined ? null : `it belongs to a command: linefill ${pathOf(owner)} ${word}`;
}

/** Prints an error on stderr; returns the exit code that goes with it. */
export function printError(error: unknown, io: Io): number {
  const { colour, columns } = looksOf(io.stderr, io.env);
  const title = painter(colour)('bad', 'error:');
  if (error instanceof UserError) {
    const message = wrap(oneLine(error.message), columns - 7);
    const cure = error.cure === null ? '' : `${wrap(oneLine(error.cure), columns, '  ')}\n`;
    io.stderr.write(`${title} ${message}\n${cure}`);
    return exitCodes.user;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  io.stderr.write(
    `${title} linefill has a bug. Please report it with this and the command you typed:\n${printable(stack)}\n`,
  );
  return exitCodes.internal;
}
