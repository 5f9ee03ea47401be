/** `linefill gc explain`: what a collector does, and what a program of objects does; nothing is measured. */
import { UserError } from '../../base/errors.ts';
import { Prng } from '../../base/prng.ts';
import { formatCount } from '../../base/units.ts';
import { type CollectorChoice, collectorChoices } from '../../collectors/plans.ts';
import { wordsOfCollector } from '../../experiments/collection/collector-words.ts';
import { wrap } from '../../report/lines.ts';
import { amountOf, amountText, type MutatorAmount } from '../../trace/mutator-amount.ts';
import { type MutatorProgram, mutators, mutatorTrace } from '../../trace/mutators.ts';
import { doing, explainingLooks, inBlocks, listing, type Looks, section } from '../explained.ts';
import { exitCodes, type Io } from '../io.ts';
import { defaultSeed } from '../measuring-options.ts';
import { meant } from '../nearest.ts';

const keeping: Readonly<Record<CollectorChoice['kind']['keeps'], string>> = {
  nothing: 'After a full collection that the program asks for, nothing is left that it can not reach.',
  floating: 'What dies while it works may stay until its next collection.',
  cycles: 'Objects that name each other in a circle are never freed.',
};

function listed(looks: Looks): string {
  return inBlocks([
    listing('Collectors', collectorChoices, looks),
    listing('Programs to run them on', mutators, looks),
    wrap(
      'Every program can be told what it has live (--live) and how much it allocates in a thousand operations (--rate).',
      looks.width,
    ),
    wrap(
      'One of them: linefill gc explain <id>. A program over the collectors: linefill gc run <program>',
      looks.width,
    ),
  ]);
}

/** The collector's own text, with its settings. */
function explained({ id, title, kind, settings }: CollectorChoice, looks: Looks): string {
  const { width, paint } = looks;
  const words = wordsOfCollector(kind.id);
  const set = kind.settings.map(({ name, summary, unit }, i) => {
    const value = unit === 'none' ? `${settings[i]}` : `${settings[i]} ${unit}`;
    return wrap(`${summary} (${value})`, width, `  ${name}: `, '    ');
  });
  return inBlocks([
    paint('strong', wrap(`${title} (${id})`, width)),
    ...(words === null ? [] : [...doing(words, looks), section('Costs', words.costs, looks)]),
    section('Keeps', keeping[kind.keeps], looks),
    ...(set.length === 0 ? [] : [[paint('strong', 'Settings'), ...set].join('\n')]),
    ...(words === null
      ? []
      : [section('Shows here', words.shows, looks), section('Source', words.source, looks)]),
    wrap(`Run it: linefill gc run --collectors ${id}`, width),
  ]);
}

/** What a program allocates and has live, and its numbers, by their usual values. */
function programText(program: MutatorProgram, looks: Looks): string {
  const { width, paint } = looks;
  const { id, title, source, parameters, sizing } = program;
  const amountWith = (settings: Readonly<Record<string, number>>): MutatorAmount =>
    amountOf(mutatorTrace(program, settings, new Prng(defaultSeed)));
  const most = formatCount(Math.floor(amountWith({ reads: 0 }).rateBytes));
  const own = Object.entries(parameters)
    .filter(([name]) => name !== 'liveBytes' && name !== 'rateBytes')
    .map(([name, value]) => `  ${name}: ${value}`);
  return inBlocks([
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
    section('Source', source, looks),
    wrap(`Run it: linefill gc run ${id}`, width),
  ]);
}

/** The command; null lists the collectors and the programs. Its result is the exit code. */
export function gcExplainCommand(id: string | null, io: Io): number {
  const looks = explainingLooks(io);
  if (id === null) {
    io.stdout.write(listed(looks));
    return exitCodes.good;
  }
  const program = mutators.find((each) => each.id === id);
  if (program !== undefined) {
    io.stdout.write(programText(program, looks));
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
  io.stdout.write(explained(choice, looks));
  return exitCodes.good;
}
