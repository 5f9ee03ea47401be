/** `linefill gc run`: a program of objects over the collectors, and which serves it best. */
import { ContractError, UserError } from '../../base/errors.ts';
import { Prng } from '../../base/prng.ts';
import { formatBytes } from '../../base/units.ts';
import { mostCollectedWords } from '../../collectors/collector.ts';
import { type CollectorChoice, collectorChoices } from '../../collectors/plans.ts';
import { withWords } from '../../experiment/run-words.ts';
import { leastHeapWords, settingsRefusal } from '../../experiments/collection/collector-least-heap.ts';
import {
  type CollectorContender,
  collectorRunExperiment,
  type CollectorRunSource,
  type MeasuredTrace,
  programOf,
  programTrace,
} from '../../experiments/collection/collector-run.ts';
import { noTypeScript } from '../../experiments/collection/collector-variants.ts';
import { heapWordsFor, type NeedyTrace } from '../../experiments/collection/mutate-kernels.ts';
import { oneLine } from '../../report/lines.ts';
import { mutatorRowWords } from '../../trace/mutator-rows.ts';
import { type MutatorProgram, ownSettings } from '../../trace/mutator.ts';
import type { Settings } from '../../trace/workload.ts';
import { Interrupts } from '../interrupts.ts';
import { exitCodes, type Io, type Lab, looksOf } from '../io.ts';
import { choosePlaces, closingCode, keepRun } from '../kept-files.ts';
import { meant } from '../nearest.ts';
import { namedProgram } from '../program-word.ts';
import { ProgressLine } from '../progress.ts';
import { type Setting, wholeNumber } from '../settings.ts';
import { checkCpus } from '../values.ts';
import type { HeapSize } from './gc-map-options.ts';
import { checkLack, withOptions } from './gc-program-options.ts';
import type { GcRunOptions } from './gc-run-options.ts';
import { type GcRunReport, gcRunData } from './gc-run-report.ts';
import { conclusionsOf, gcRunText } from './gc-run-text.ts';

const wordBytes = 4;
const native = collectorChoices.map(({ id }) => id);
const typescript = collectorChoices
  .filter((choice) => noTypeScript(choice) === null)
  .map(({ id }) => `ts-${id}`);
const groups: Readonly<Record<string, readonly string[]>> = {
  all: [...native, ...typescript],
  native,
  typescript,
};
const choices: readonly string[] = [...Object.keys(groups), ...groups['all']!];

/** Those in TypeScript that can't be run by this command. */
function notRun(): { readonly id: string; readonly reason: string }[] {
  return collectorChoices.flatMap((choice) => {
    const reason = noTypeScript(choice);
    return reason === null ? [] : [{ id: `ts-${choice.id}`, reason }];
  });
}

/** Collectors as they are called here: by id, in TypeScript with `ts-` before it. */
function chosen(words: readonly string[]): string[] {
  for (const word of words) {
    if (choices.includes(word)) continue;
    const reason = notRun().find(({ id }) => id === word)?.reason;
    if (reason !== undefined) throw new UserError(`--collectors: ${word} can't be run here`, reason);
    throw new UserError(
      `--collectors: there is no collector "${word}"`,
      meant(word, choices, `groups: ${Object.keys(groups).join(', ')}; ids: ${native.join(', ')}`),
    );
  }
  return [...new Set(words.flatMap((word) => groups[word] ?? [word]))];
}

function choiceOf(id: string): CollectorChoice {
  return collectorChoices.find((each) => each.id === id.replace(/^ts-/, ''))!;
}

interface Sets {
  /** Of the program. */
  readonly program: Record<string, number>;
  /** Of every collector that has a setting of the name. */
  readonly collectors: Record<string, number>;
}

/** Sorts the settings out: the program's own, else the collectors'. */
function setsOf(set: readonly Setting[], program: MutatorProgram, ids: readonly string[]): Sets {
  const ofProgram = Object.keys(program.parameters);
  const ofCollectors = [...new Set(ids.flatMap((id) => choiceOf(id).kind.settings.map(({ name }) => name)))];
  const sets: Sets = { program: {}, collectors: {} };
  for (const setting of set) {
    const { name } = setting;
    const to = ofProgram.includes(name) ? sets.program : ofCollectors.includes(name) ? sets.collectors : null;
    checkLack(`--set ${name}`, name, program);
    if (to === null) {
      const names = [...ofProgram, ...ofCollectors];
      throw new UserError(
        `--set ${name}: neither ${program.id} nor a chosen collector has such a number`,
        meant(name, names, `choose from: ${names.join(', ')}`),
      );
    }
    to[name] = wholeNumber(setting);
  }
  return sets;
}

/** What tells a collector from another of its kind is in its id: no setting may make that untrue. */
function checkIds(ids: readonly string[], set: Record<string, number>): void {
  for (const { id, kind, settings } of ids.map(choiceOf)) {
    for (const [at, { name }] of kind.settings.entries()) {
      const value = set[name];
      if (value === undefined || value === settings[at]) continue;
      const others = collectorChoices.filter(
        (each) => each.kind === kind && each.settings[at] !== settings[at],
      );
      if (others.length === 0) continue;
      const other = others.find((each) => each.settings[at] === value);
      throw new UserError(
        `--set ${name}=${value}: ${id} is the one with ${name}=${settings[at]}`,
        `name the one that you mean: --collectors ${other?.id ?? [id, ...others.map((each) => each.id)].join(' or ')}`,
      );
    }
  }
}

function contendersOf(ids: readonly string[], set: Record<string, number>): CollectorContender[] {
  return ids.map((id) => {
    const { id: collector, kind } = choiceOf(id);
    const own = Object.entries(set).filter(([name]) =>
      kind.settings.some((setting) => setting.name === name),
    );
    return {
      id: collector,
      language: id.startsWith('ts-') ? 'typescript' : 'native',
      settings: Object.fromEntries(own),
    };
  });
}

function bytesOf(heap: HeapSize, { liveWords }: NeedyTrace): number {
  const lineBytes = 64;
  const bytes =
    'percent' in heap
      ? heapWordsFor(liveWords, heap.percent) * wordBytes
      : Math.ceil(heap.bytes / lineBytes) * lineBytes;
  if (bytes > mostCollectedWords * wordBytes) {
    const [asked, most] = [formatBytes(bytes), formatBytes(mostCollectedWords * wordBytes)];
    throw new UserError(
      `--heap: ${asked} is more than the ${most} that a collector can manage`,
      `--heap ${most.replaceAll(' ', '')}, or less`,
    );
  }
  if ('percent' in heap || bytes >= liveWords * wordBytes) return bytes;
  throw new UserError(
    `--heap ${formatBytes(heap.bytes)} is less than the ${formatBytes(liveWords * wordBytes)} that the program has live at most`,
    'for example: --heap 200%',
  );
}

/** What somebody can mend, in the words of who found it. */
async function asUserError<T>(make: () => T | Promise<T>, cure: string): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof ContractError) throw new UserError(error.message, cure);
    throw error;
  }
}

/** A contender's collector as it was set. */
function choiceAsSet({ id, settings }: CollectorContender): CollectorChoice {
  const choice = choiceOf(id);
  return {
    ...choice,
    settings: choice.kind.settings.map(({ name }, i) => Number(settings[name] ?? choice.settings[i])),
  };
}

/** In the user's words: what he set, and no array of the kernel's. */
function checkCollectorSettings(
  contenders: readonly CollectorContender[],
  heapsBytes: readonly number[],
): void {
  for (const contender of contenders) {
    const { id, settings } = contender;
    const set = Object.entries(settings).map(([name, value]) => `--set ${name}=${value}`);
    for (const bytes of set.length === 0 ? [] : heapsBytes) {
      const refusal = settingsRefusal(choiceAsSet(contender), bytes / wordBytes);
      if (refusal === null) continue;
      const said = refusal
        .replace(/^"settings"/, 'it')
        .replace(' in "settings"', '')
        .replace(
          /(\d+) words\b/,
          (_, words: string) => `${words} words (${formatBytes(Number(words) * wordBytes)})`,
        );
      throw new UserError(
        `${set.join(', ')}: in a heap of ${formatBytes(bytes)} ${id} can't: ${said}`,
        `see linefill gc explain ${id}`,
      );
    }
  }
}

/** By id of the collector: words of a small heap that does; null: none that was tried. It ends early once `goesOn` says no. */
async function leastHeaps(
  contenders: readonly CollectorContender[],
  trace: NeedyTrace,
  goesOn: () => boolean,
): Promise<ReadonlyMap<string, number | null>> {
  const found = new Map<string, number | null>();
  for (const contender of contenders) {
    const { id } = contender;
    if (found.has(id)) continue;
    const words = await asUserError(
      () => leastHeapWords(choiceAsSet(contender), trace, goesOn),
      `see linefill gc explain ${id}`,
    );
    if (words === undefined) break;
    found.set(id, words);
  }
  return found;
}

/** A longer program would be run for seconds to find out. */
const mostRowsToTry = 2e6;
/** For the smallest heaps of all of them; the run that goes on then is ended by its own patience. */
const mostMsToTry = 20_000;
/** Time for a run over a long program, unless the user gave it: a profile's own is for small ones. */
const msAMillionRows = 20_000;

/** The smallest heaps; none of those that would take too long, which is said. */
async function leastOf(
  contenders: readonly CollectorContender[],
  trace: NeedyTrace,
  signal: AbortSignal,
  tell: (text: string) => void,
): Promise<ReadonlyMap<string, number | null>> {
  if (trace.rows.length / mutatorRowWords > mostRowsToTry) return new Map();
  tell('looking for the smallest heap of each');
  const endMs = performance.now() + mostMsToTry;
  const least = await leastHeaps(contenders, trace, () => !signal.aborted && performance.now() < endMs);
  const missing = [...new Set(contenders.map(({ id }) => id))].filter((id) => !least.has(id));
  if (missing.length > 0 && !signal.aborted) {
    tell(`not looked for after ${mostMsToTry / 1000} s: the smallest heap of ${missing.join(', ')}`);
  }
  return least;
}

const otherNumbers = 'choose other numbers: --live, --rate, --set';

/** A live set as numbers of the program's own: looked for once, and not in every fresh process. */
function ownNumbers(program: MutatorProgram, asked: Settings, seed: number): Promise<Settings> {
  return asUserError(() => ownSettings(program, asked, () => new Prng(seed)), otherNumbers);
}

/** All that is known before anything is measured. */
interface Prepared {
  readonly program: MutatorProgram;
  readonly source: CollectorRunSource;
  readonly trace: MeasuredTrace;
}

async function prepared(
  word: string,
  options: GcRunOptions,
  io: Io,
  tell: (text: string) => void,
): Promise<Prepared> {
  const ids = chosen(options.collectors);
  const named = await namedProgram(word, io);
  const program = programOf(named);
  const { program: settings, collectors } = setsOf(options.set ?? [], program, ids);
  checkIds(ids, collectors);
  const asked = withOptions(settings, options, program);
  const live = asked['liveBytes'] ?? 0;
  if (live > 0) tell(`looking for numbers of ${program.id} that give ${formatBytes(live)} live at most`);
  const { seed } = options;
  const made = { program: named, settings: await ownNumbers(program, asked, seed), seed };
  const trace = await asUserError(() => programTrace(made), otherNumbers);
  const heapsBytes = [...new Set(options.heap.map((heap) => bytesOf(heap, trace)))].toSorted((a, b) => a - b);
  const contenders = contendersOf(ids, collectors);
  checkCollectorSettings(contenders, heapsBytes);
  const title = 'model' in named ? oneLine(word) : program.id;
  return { program, trace, source: { ...made, title, heapsBytes, contenders } };
}

/** The words of `linefill gc map` for the same trace. */
function mapArguments({ title, settings, seed }: CollectorRunSource): string {
  const set = Object.entries(settings).map(([name, value]) => ` --set ${name}=${value}`);
  return `${title}${set.join('')} --seed ${seed}`;
}

/** The command. Its result is the exit code. */
export async function gcRunCommand(word: string, options: GcRunOptions, io: Io, lab: Lab): Promise<number> {
  const places = choosePlaces(options, io);
  const machine = await lab.describeMachine();
  const allowed = (machine.cpus.value ?? []).map(({ id }) => id);
  const cpus = options.cpus === undefined ? null : checkCpus(options.cpus, allowed);
  const { seed, profile, budget } = options;
  const line = new ProgressLine(io.stderr, looksOf(io.stderr, io.env));
  const tell = (text: string): void => line.note(text);
  const { program, source, trace } = await prepared(word, options, io, tell);
  const { title, contenders } = source;
  const experiment = collectorRunExperiment(source, trace);
  const rows = trace.rows.length / mutatorRowWords;
  const interrupts = new Interrupts(io, tell);
  try {
    const least = await leastOf(contenders, trace, interrupts.signal, tell);
    const measured = await lab.measure(
      {
        experiments: [experiment],
        source: { maker: 'collectors', text: JSON.stringify(source) },
        profile,
        settings: {},
        cpus,
        seed,
        budgetMs: budget ?? (rows > 1e6 ? Math.ceil((rows / 1e6) * msAMillionRows) : null),
      },
      (event) => line.update(event),
      interrupts.signal,
    );
    line.clear();
    const isWhole = options.collectors.some((each) => each === 'all' || each === 'typescript');
    const report: GcRunReport = {
      title,
      trace,
      duration: program.sizing?.duration ?? 'steps',
      experiment,
      run: measured,
      least,
      notRun: isWhole ? notRun() : [],
    };
    const run = withWords(measured, experiment, conclusionsOf(report, mapArguments(source)));
    const looks = looksOf(io.stdout, io.env);
    const text = (): string =>
      options.json === true ? `${JSON.stringify(gcRunData(report), null, 2)}\n` : gcRunText(report, looks);
    await keepRun(run, [experiment], places, text, io);
    for (const warning of run.warnings) io.stderr.write(`${warning}\n`);
    const code = closingCode(run, interrupts.signal.aborted, io);
    return code === exitCodes.good && run.measurements.length === 0 ? exitCodes.bad : code;
  } finally {
    line.clear();
    interrupts.release();
  }
}
