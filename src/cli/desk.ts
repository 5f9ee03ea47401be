/** What commands are made with: the desk they work at, their examples, and their names in the tree. */
import type { Command } from 'commander';
import type { Io, Lab } from './io.ts';

/** What every command works with. */
export interface Desk {
  readonly io: Io;
  readonly lab: Lab;
  /** Gets the command's exit code. */
  readonly finish: (code: number) => void;
}

/** What to type, and what it does. */
type Example = readonly [line: string, does: string];

/** Adds examples to the end of a command's help. */
export function examples(command: Command, lines: readonly Example[]): void {
  const title = lines.length === 1 ? 'Example:' : 'Examples:';
  const text = lines.map(([line, does]) => `  $ ${line}\n      ${does}`).join('\n');
  command.addHelpText('after', `\n${title}\n${text}`);
}

/** What is typed after `linefill` to get to a command: `run`, `alloc record`; empty for the program itself. */
export function pathOf(command: Command): string {
  if (command.parent === null) return '';
  return `${pathOf(command.parent)} ${command.name()}`.trim();
}

/** Every command below one, each before its own. */
export function commandsUnder(command: Command): Command[] {
  return command.commands.flatMap((one) => [one, ...commandsUnder(one)]);
}

/** The paths of all commands. */
export function commandPaths(program: Command): string[] {
  return commandsUnder(program).map(pathOf);
}

/** The command of this path, word by word; null where there is none. */
export function commandAt(program: Command, names: readonly string[]): Command | null {
  const [name, ...rest] = names;
  if (name === undefined) return program;
  const next = program.commands.find((one) => one.name() === name);
  return next === undefined ? null : commandAt(next, rest);
}
