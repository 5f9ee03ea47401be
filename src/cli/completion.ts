/**
 * Completion scripts, generated from the tree of commands and the list of experiments. What can be typed stands in the
 * script itself, so that pressing Tab starts nothing.
 */
import type { Command, Option } from 'commander';
import type { Experiment } from '../experiment/experiment.ts';
import { everything } from './choose.ts';
import { pathOf } from './desk.ts';

export const shells: readonly string[] = ['bash', 'zsh', 'fish'];

/** What may stand in a place: some words, a file, another program and its arguments, or what nobody can guess. */
type Place =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'file' | 'program' | 'free' };

interface Flag {
  readonly name: string;
  readonly description: string;
  /** Null: it takes no value. */
  readonly value: Place | null;
}

interface Entry {
  /** As it is typed after `linefill`: `run`, `alloc record`. */
  readonly path: string;
  /** The last word of that. */
  readonly name: string;
  /** What can follow its name where it only holds other commands. */
  readonly below: readonly Entry[];
  readonly description: string;
  readonly flags: readonly Flag[];
  readonly operand: Place;
}

function flagOf({ long, description, required, argChoices, flags }: Option): Flag {
  const isFile = flags.includes('<file>');
  const words = argChoices ?? [];
  const value: Place = words.length > 0 ? { kind: 'words', words } : { kind: isFile ? 'file' : 'free' };
  return { name: long ?? '', description, value: required ? value : null };
}

function operandOf(
  command: Command,
  ids: readonly string[],
  labs: readonly string[],
  names: readonly string[],
): Place {
  const [argument] = command.registeredArguments;
  switch (argument?.name()) {
    case undefined:
      return { kind: 'free' };
    case 'ids':
      return { kind: 'words', words: [...ids, ...labs, everything] };
    case 'id':
      return { kind: 'words', words: ids };
    case 'command':
      return { kind: 'words', words: names };
    case 'program':
      return { kind: 'program' };
    default:
      return argument?.argChoices === undefined
        ? { kind: 'file' }
        : { kind: 'words', words: argument.argChoices };
  }
}

function entriesOf(program: Command, experiments: readonly Experiment[]): Entry[] {
  const ids = experiments.map(({ id }) => id);
  const labs = [...new Set(experiments.map(({ lab }) => lab))];
  const names = program.commands.map((command) => command.name());
  const entryOf = (command: Command): Entry => {
    const below = command.commands.map(entryOf);
    const words = below.map(({ name }) => name);
    return {
      path: pathOf(command),
      name: command.name(),
      below,
      description: command.summary(),
      flags: [...command.options.map(flagOf), { name: '--help', description: 'print help', value: null }],
      operand: words.length > 0 ? { kind: 'words', words } : operandOf(command, ids, labs, names),
    };
  };
  return program.commands.map(entryOf);
}

/** Every entry, those below others too. */
function everyEntry(entries: readonly Entry[]): Entry[] {
  return entries.flatMap((entry) => [entry, ...everyEntry(entry.below)]);
}

/**
 * The script that a shell sources.
 * @param shell one of `shells`
 */
export function completionScript(
  shell: string,
  program: Command,
  experiments: readonly Experiment[],
): string {
  const entries = entriesOf(program, experiments);
  if (shell === 'bash') return bashScript(entries);
  return shell === 'zsh' ? zshScript(entries) : fishScript(entries);
}

function bashPlace(place: Place): string {
  if (place.kind === 'words') return `COMPREPLY=($(compgen -W '${place.words.join(' ')}' -- "$cur"))`;
  if (place.kind === 'free') return ':';
  const what = place.kind === 'program' ? '-c -f' : '-f';
  // Bash 3.2, as macOS has it, knows no compopt.
  return `compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen ${what} -- "$cur"))`;
}

function bashScript(commands: readonly Entry[]): string {
  const entries = everyEntry(commands);
  const values = entries.flatMap(({ path, flags }) =>
    flags.flatMap((flag) =>
      flag.value === null ? [] : [`    '${path} ${flag.name}') ${bashPlace(flag.value)}; return ;;`],
    ),
  );
  const flags = entries.map(
    (entry) =>
      `      '${entry.path}') COMPREPLY=($(compgen -W '${entry.flags.map(({ name }) => name).join(' ')}' -- "$cur")) ;;`,
  );
  const operands = entries.map(({ path, operand }) => `    '${path}') ${bashPlace(operand)} ;;`);
  const names = commands.map(({ name }) => name);
  const paths = entries.map(({ path }) => (path.includes(' ') ? `'${path}'` : `' ${path}'`));
  return `# Completion of linefill for bash: source <(linefill completion bash)
_linefill() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$command \${COMP_WORDS[i]}" in
      ${paths.join('|')}) command="\${command:+$command }\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$command $prev" in
${values.join('\n')}
  esac
  if [[ $cur == -* ]]; then
    case $command in
      '') COMPREPLY=($(compgen -W '--help --version' -- "$cur")) ;;
${flags.join('\n')}
    esac
    return
  fi
  case $command in
    '') COMPREPLY=($(compgen -W '${names.join(' ')}' -- "$cur")) ;;
${operands.join('\n')}
  esac
}
complete -F _linefill linefill
`;
}

/** Inside single quotes, in a description of zsh's _arguments. */
function zshText(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&').replaceAll("'", "'\\''");
}

function zshPlace(name: string, place: Place): string {
  if (place.kind === 'words') return `${name}:(${place.words.join(' ')})`;
  return `${name}:${place.kind === 'file' ? '_files' : ' '}`;
}

function zshCase({ name, flags, operand, below }: Entry, indent: string): string {
  if (below.length > 0) {
    const cases = below.map((entry) => zshCase(entry, `${indent}      `));
    const described = below.map((entry) => `'${entry.name}:${zshText(entry.description)}'`).join(' ');
    return [
      `${indent}${name})`,
      `${indent}  if (( CURRENT == 2 )); then`,
      `${indent}    commands=(${described})`,
      `${indent}    _describe 'command' commands`,
      `${indent}  else`,
      `${indent}    shift words`,
      `${indent}    (( CURRENT-- ))`,
      `${indent}    case $words[1] in`,
      ...cases,
      `${indent}    esac`,
      `${indent}  fi ;;`,
    ].join('\n');
  }
  const lines = flags.map((flag) => {
    const value = flag.value === null ? '' : `:${zshPlace(flag.name.slice(2), flag.value)}`;
    // Values that may be given several times stand in a free place of their own.
    const many = flag.name === '--set' ? '*' : '';
    return `'${many}${flag.name}[${zshText(flag.description)}]${value}'`;
  });
  const rest =
    operand.kind === 'free'
      ? []
      : // From there on the line is the other program's.
        [operand.kind === 'program' ? "'*::program:_normal'" : `'*:${zshPlace('operand', operand)}'`];
  return `${indent}${name}) _arguments ${[...lines, ...rest].join(` \\\n${indent}  `)} ;;`;
}

function zshScript(entries: readonly Entry[]): string {
  const names = entries.map(({ name, description }) => `    '${name}:${zshText(description)}'`);
  const cases = entries.map((entry) => zshCase(entry, '    '));
  return `#compdef linefill
# Completion of linefill for zsh: source <(linefill completion zsh)
_linefill() {
  local -a commands
  commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == _linefill ]]; then
  _linefill "$@"
else
  compdef _linefill linefill
fi
`;
}

function fishText(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

function fishPlace(place: Place): string {
  if (place.kind === 'words') return `-x -a ${fishText(place.words.join(' '))}`;
  return place.kind === 'file' ? '-r -F' : '-x';
}

/** When fish is to offer what an entry has: its words stand there, and no further command below it. */
function fishWhen({ path, below }: Entry): string {
  const seen = path.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
  const others = below.map(({ name }) => name);
  if (others.length > 0) seen.push(`not __fish_seen_subcommand_from ${others.join(' ')}`);
  return `complete -c linefill -n '${seen.join('; and ')}'`;
}

function fishScript(entries: readonly Entry[]): string {
  const commands = entries.map(
    ({ name, description }) =>
      `complete -c linefill -n __fish_use_subcommand -a ${name} -d ${fishText(description)}`,
  );
  const rest = everyEntry(entries).flatMap((entry) => {
    const { flags, operand, below } = entry;
    const when = fishWhen(entry);
    const options = flags.map((flag) => {
      const value = flag.value === null ? '' : ` ${fishPlace(flag.value)}`;
      return `${when} -l ${flag.name.slice(2)}${value} -d ${fishText(flag.description)}`;
    });
    if (below.length > 0) {
      options.push(...below.map((one) => `${when} -a ${one.name} -d ${fishText(one.description)}`));
    } else if (operand.kind === 'words') options.push(`${when} -a ${fishText(operand.words.join(' '))}`);
    if (operand.kind === 'file') options.push(`${when} -F`);
    if (operand.kind === 'program') options.push(`${when} -F -a '(__fish_complete_command)'`);
    return options;
  });
  return `${['# Completion of linefill for fish: linefill completion fish | source', 'complete -c linefill -f', ...commands, ...rest].join('\n')}\n`;
}
