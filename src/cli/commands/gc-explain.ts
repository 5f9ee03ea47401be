/** `linefill gc explain`: what a collector does, and what a program of objects does; nothing is measured. */
import { UserError } from '../../base/errors.ts';
import { Prng } from '../../base/prng.ts';
import { formatCount } from '../../base/units.ts';
import { type CollectorChoice, collectorChoices } from '../../collectors/plans.ts';
import { wordsOfCollector } from '../../experiments/collection/collector-words.ts';
import { painter, type Paint, wrap } from '../../report/lines.ts';
import { amountOf, amountText, type MutatorAmount } from '../../trace/mutator-amount.ts';
import { type MutatorProgram, mutators, mutatorTrace } from '../../trace/mutators.ts';
import { defaultSeed } from '../measuring-options.ts';
import { exitCodes, type Io, looksOf } from '../io.ts';
import { meant } from '../nearest.ts';

/** The drawings' width; text of their width is read beside them. */
const mostColumns = 60;

const keeping: Readonly<Record<CollectorChoice['kind']['keeps'], string>> = {
  nothing: 'After a full collection that the program asks for, nothing is left that it can not reach.',
  floating: 'What dies while it works may stay until its next collection.',
  cycles: 'Objects that name each other in a circle are never freed.',
};

function listed(width: number, paint: Paint): string {
  const lines = (all: readonly { readonly id: string; readonly title: string }[]): string =>
    all.map(({ id, title }) => wrap(title, width, `  ${id}: `, '    ')).join('\n');
  const blocks = [
    `${paint('strong', 'Collectors')}\n${lines(collectorChoices)}`,
    `${paint('strong', 'Programs to run them on')}\n${lines(mutators)}`,
    wrap(
      'Every program can be told what it has live (--live) and how much it allocates in a thousand operations (--rate).',
      width,
    ),
    wrap(
      'One of them: linefill gc explain <id>. A program over the collectors: linefill gc run <program>',
      width,
    ),
  ];
  return `${blocks.join('\n\n')}\n`;
}

/** The collector's own text, with its settings. */
function explained({ id, title, kind, settings }: CollectorChoice, width: number, paint: Paint): string {
  const words = wordsOfCollector(kind.id);
  const section = (name: string, text: string): string =>
    `${paint('strong', name)}\n${wrap(text, width, '  ')}`;
  const flat = (text: string): string => text.replaceAll('\n', ' ');
  const set = kind.settings.map(({ name, summary, unit }, i) => {
    const value = unit === 'none' ? `${settings[i]}` : `${settings[i]} ${unit}`;
    return wrap(`${summary} (${value})`, width, `  ${name}: `, '    ');
  });
  const blocks = [
    paint('strong', wrap(`${title} (${id})`, width)),
    ...(words === null ? [] : [wrap(flat(words.does), width), words.drawing.replace(/^(?=.)/gm, '  ')]),
    ...(words === null ? [] : [section('Costs', flat(words.costs))]),
    section('Keeps', keeping[kind.keeps]),
    ...(set.length === 0 ? [] : [[paint('strong', 'Settings'), ...set].join('\n')]),
    ...(words === null ? [] : [section('Shows here', flat(words.shows)), section('Source', words.source)]),
    wrap(`Run it: linefill gc run --collectors ${id}`, width),
  ];
  return `${blocks.join('\n\n')}\n`;
}

/** What a program allocates and has live, and its numbers, by their usual values. */
function programText(program: MutatorProgram, width: number, paint: Paint): string {
  const { id, title, source, parameters, sizing } = program;
  const amountWith = (settings: Readonly<Record<string, number>>): MutatorAmount =>
    amountOf(mutatorTrace(program, settings, new Prng(defaultSeed)));
  const most = formatCount(Math.floor(amountWith({ reads: 0 }).rateBytes));
  const own = Object.entries(parameters)
    .filter(([name]) => name !== 'liveBytes' && name !== 'rateBytes')
    .map(([name, value]) => `  ${name}: ${value}`);
  const blocks = [
    paint('strong', wrap(`${title} (${id})`, width)),
    wrap(`As it is, ${amountText(amountWith({}))}.`, width),
    [
      paint('strong', 'Told by options'),
      wrap(`what it can reach at most, in place of ${sizing?.live}`, width, '  --live <size>: ', '    '),
      wrap(
        `what it allocates in each thousand operations, in place of reads; up to ${most} B with the numbers below`,
        width,
        '  --rate <size>: ',
        '    ',
      ),
    ].join('\n'),
    [paint('strong', 'Numbers of its own (--set)'), ...own].join('\n'),
    `${paint('strong', 'Source')}\n${wrap(source, width, '  ')}`,
    wrap(`Run it: linefill gc run ${id}`, width),
  ];
  return `${blocks.join('\n\n')}\n`;
}

/** The command; null lists the collectors and the programs. Its result is the exit code. */
export function gcExplainCommand(id: string | null, io: Io): number {
  const { columns, colour } = looksOf(io.stdout, io.env);
  const width = Math.min(columns, mostColumns);
  if (id === null) {
    io.stdout.write(listed(width, painter(colour)));
    return exitCodes.good;
  }
  const program = mutators.find((each) => each.id === id);
  if (program !== undefined) {
    io.stdout.write(programText(program, width, painter(colour)));
    return exitCodes.good;
  }
  const choice = collectorChoices.find((each) => each.id === id);
  if (choice === undefined) {
    const ids = [...collectorChoices, ...mutators].map((each) => each.id);
    throw new UserError(
      `there is no collector or program "${id}"`,
      meant(id, ids, 'linefill gc explain lists them'),
    );
  }
  io.stdout.write(explained(choice, width, painter(colour)));
  return exitCodes.good;
}
