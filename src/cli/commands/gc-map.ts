/** `linefill gc map`: where collectors keep every object of a program, over time, on one screen or as a page. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ContractError, UserError } from '../../base/errors.ts';
import { Prng } from '../../base/prng.ts';
import { formatBytes } from '../../base/units.ts';
import { checkPlace, writeWhole } from '../../base/whole-file.ts';
import { type Film, filmOf, mostFilmWords } from '../../collectors/film.ts';
import { type CollectorChoice, collectorChoices } from '../../collectors/plans.ts';
import { stepPrograms } from '../../collectors/step-programs.ts';
import { type Steps, stepsOf } from '../../collectors/steps.ts';
import { programOf } from '../../experiments/collection/collector-run.ts';
import { heapWordsFor, needyTrace } from '../../experiments/collection/mutate-kernels.ts';
import type { CollectorMap } from '../../report/heap-map/collector-map.ts';
import type { MutatorTrace } from '../../trace/mutator-rows.ts';
import { type MutatorProgram, mutatorTrace } from '../../trace/mutators.ts';
import { exitCodes, type Io, looksOf } from '../io.ts';
import { meant } from '../nearest.ts';
import { namedProgram } from '../program-word.ts';
import type { Setting } from '../settings.ts';
import { parseAmount } from '../values.ts';
import type { GcMapOptions, HeapSize } from './gc-map-options.ts';

const wordBytes = 4;
/** What every heap is a multiple of, in words. */
const lineWords = 16;

/** The program's numbers that were set. */
function numbersOf(set: readonly Setting[], { id, parameters }: MutatorProgram): Record<string, number> {
  const names = Object.keys(parameters);
  const pairs = set.map(({ name, values }) => {
    if (!names.includes(name)) {
      throw new UserError(
        `--set ${name}: ${id} has no such number`,
        meant(name, names, `choose from: ${names.join(', ')}`),
      );
    }
    const value = values.length === 1 ? parseAmount(values[0]!, false) : null;
    if (value !== null && Number.isInteger(value) && value >= 0) return [name, value] as const;
    throw new UserError(
      `--set ${name}=${values.join(',')} is not one whole number`,
      `for example: --set ${name}=1000`,
    );
  });
  return Object.fromEntries(pairs);
}

/** The program's trace; what it has to say against its numbers is about options. */
function traced(program: MutatorProgram, { set = [], seed }: GcMapOptions): MutatorTrace {
  try {
    return mutatorTrace(program, numbersOf(set, program), new Prng(seed));
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    throw new UserError(error.message, 'choose other numbers: --set');
  }
}

function chosen(word: string): CollectorChoice[] {
  const ids = collectorChoices.map(({ id }) => id);
  const all = word.split(',').map((part) => {
    const id = part.trim();
    const found = collectorChoices.find((each) => each.id === id);
    if (found !== undefined) return found;
    throw new UserError(`--collector: there is no "${id}"`, meant(id, ids, `choose from: ${ids.join(', ')}`));
  });
  if (all.length <= 2) return all;
  throw new UserError(
    `--collector: ${all.length} collectors don't fit beside one another`,
    'name one or two',
  );
}

/** The same for all of them. */
function heapWordsOf(heap: HeapSize, live: number, choices: readonly CollectorChoice[]): number {
  const asked =
    'percent' in heap
      ? heapWordsFor(live, heap.percent)
      : Math.floor(heap.bytes / wordBytes / lineWords) * lineWords;
  const least = Math.max(...choices.map(({ kind }) => kind.leastWords));
  if ('bytes' in heap && asked < least) {
    throw new UserError(
      `--heap: ${formatBytes(heap.bytes)} is less than ${choices.map(({ id }) => id).join(' or ')} can work in`,
      `--heap ${least * wordBytes}B`,
    );
  }
  const words = Math.max(asked, Math.ceil(least / lineWords) * lineWords);
  if (words <= mostFilmWords) return words;
  throw new UserError(
    `a heap of ${formatBytes(words * wordBytes)} is more than can be drawn`,
    `take a smaller program, or --heap ${formatBytes(mostFilmWords * wordBytes).replaceAll(' ', '')} at most`,
  );
}

function filmed(choice: CollectorChoice, heapWords: number, trace: MutatorTrace): Film {
  try {
    return filmOf(choice, heapWords, trace);
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    throw new UserError(`${choice.title}: ${error.message}`, 'pass another heap by --heap');
  }
}

function steppedSmall(choice: CollectorChoice): Steps {
  return stepsOf(choice, stepPrograms[0]!);
}

function checkOut(out: string, force: boolean, io: Io): string {
  const place = checkPlace(resolve(io.cwd, out));
  if (existsSync(place) && !force) {
    throw new UserError(`"${out}" is there already`, 'name another file, or pass --force to write over it');
  }
  return place;
}

/** The command. Its result is the exit code. */
export async function gcMapCommand(word: string, options: GcMapOptions, io: Io): Promise<number> {
  const choices = chosen(options.collector);
  const place = options.out === undefined ? null : checkOut(options.out, options.force === true, io);
  const named = await namedProgram(word, io);
  const program = programOf(named);
  const trace = needyTrace(traced(program, options));
  const heapWords = heapWordsOf(options.heap, trace.liveWords, choices);
  const map: CollectorMap = {
    title: 'model' in named ? word : program.id,
    about: program.title,
    liveBytes: trace.liveWords * wordBytes,
    stepTitle: stepPrograms[0]!.title,
    films: choices.map((choice) => ({
      id: choice.id,
      title: choice.title,
      film: filmed(choice, heapWords, trace),
      steps: place === null ? null : steppedSmall(choice),
    })),
  };
  const { collectorMapText, renderCollectorMap } = await import('../../report/heap-map/collector-map.ts');
  if (place !== null) {
    await writeWhole(place, renderCollectorMap(map, options.color));
    io.stderr.write(`Heap map: ${options.out}\n`);
    return exitCodes.good;
  }
  const { columns, colour, unicode } = looksOf(io.stdout, io.env);
  const by = options.color ?? 'free';
  io.stdout.write(collectorMapText(map, { width: columns, colour, unicode, by, only: false }));
  return exitCodes.good;
}
