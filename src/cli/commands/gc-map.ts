/** `linefill gc map`: where collectors keep every object of a program, over time, on one screen or as a page. */
import { ContractError, UserError } from '../../base/errors.ts';
import { Prng } from '../../base/prng.ts';
import { formatBytes } from '../../base/units.ts';
import { writeWhole } from '../../base/whole-file.ts';
import { type Film, filmOf, mostFilmWords } from '../../collectors/film.ts';
import { type CollectorChoice, collectorChoices } from '../../collectors/plans.ts';
import { stepPrograms } from '../../collectors/step-programs.ts';
import { type Steps, stepsOf } from '../../collectors/steps.ts';
import { programOf } from '../../experiments/collection/collector-run.ts';
import { heapWordsFor, type NeedyTrace, needyTrace } from '../../experiments/collection/mutate-kernels.ts';
import type { CollectorMap } from '../../report/heap-map/collector-map.ts';
import { type MutatorTrace, mutatorRowWords } from '../../trace/mutator-rows.ts';
import { type MutatorProgram, mutatorTrace, ownSettings } from '../../trace/mutator.ts';
import { exitCodes, type Io, looksOf } from '../io.ts';
import { meant } from '../nearest.ts';
import { outPlace } from '../out-place.ts';
import { namedProgram } from '../program-word.ts';
import { type Setting, wholeNumber } from '../settings.ts';
import type { GcMapOptions, HeapSize } from './gc-map-options.ts';
import { checkLack, withOptions } from './gc-program-options.ts';

const wordBytes = 4;
/** What every heap is a multiple of, in words. */
const lineWords = 16;

/** The program's numbers that were set. */
function numbersOf(set: readonly Setting[], program: MutatorProgram): Record<string, number> {
  const { id, parameters } = program;
  const names = Object.keys(parameters);
  const pairs = set.map((setting) => {
    const { name } = setting;
    checkLack(`--set ${name}`, name, program);
    if (!names.includes(name)) {
      throw new UserError(
        `--set ${name}: ${id} has no such number`,
        meant(name, names, `choose from: ${names.join(', ')}`),
      );
    }
    return [name, wholeNumber(setting)] as const;
  });
  return Object.fromEntries(pairs);
}

/** The program's trace; what it has to say against its numbers is about options. */
function traced(program: MutatorProgram, options: GcMapOptions): MutatorTrace {
  const { set = [], seed } = options;
  const draw = (): Prng => new Prng(seed);
  try {
    const asked = withOptions(numbersOf(set, program), options, program);
    return mutatorTrace(program, ownSettings(program, asked, draw), draw());
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    throw new UserError(error.message, 'choose other numbers: --live, --rate, --set');
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

/** The most words that were reachable at once before the film ended. */
function liveWordsIn({ cut, rectangles }: Film, trace: NeedyTrace): number {
  if (cut === null) return trace.liveWords;
  const rows = trace.rows.subarray(0, rectangles.rows * mutatorRowWords);
  return needyTrace({ ...trace, rows }).liveWords;
}

function steppedSmall(choice: CollectorChoice): Steps {
  return stepsOf(choice, stepPrograms[0]!);
}

/** The command. Its result is the exit code. */
export async function gcMapCommand(word: string, options: GcMapOptions, io: Io): Promise<number> {
  const choices = chosen(options.collector);
  const { out, force } = options;
  const place = out === undefined ? null : outPlace({ out, force: force === true }, io);
  const named = await namedProgram(word, io);
  const program = programOf(named);
  const trace = needyTrace(traced(program, options));
  const heapWords = heapWordsOf(options.heap, trace.liveWords, choices);
  const map: CollectorMap = {
    title: 'model' in named ? word : program.id,
    about: program.title,
    liveBytes: trace.liveWords * wordBytes,
    stepTitle: stepPrograms[0]!.title,
    films: choices.map((choice) => {
      const film = filmed(choice, heapWords, trace);
      return {
        id: choice.id,
        title: choice.title,
        film,
        liveBytes: liveWordsIn(film, trace) * wordBytes,
        steps: place === null ? null : steppedSmall(choice),
      };
    }),
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
