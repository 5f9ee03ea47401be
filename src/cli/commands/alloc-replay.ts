/** `linefill alloc replay`: a trace over every allocator, and which serves it best. */
import { resolve } from 'node:path';
import { type HeapChoice, heapChoices } from '../../allocators/heaps.ts';
import { UserError } from '../../base/errors.ts';
import { formatBytes, formatCount, formatNs } from '../../base/units.ts';
import { checkPlace } from '../../base/whole-file.ts';
import { writeRun } from '../../experiment/run-file.ts';
import { unfitPeer } from '../../experiments/allocation/library-fit.ts';
import { noReplayPeer, replayPeers } from '../../experiments/allocation/peers.ts';
import {
  figuresWithRoom,
  replayFigures,
  type ReplayFigures,
} from '../../experiments/allocation/replay-figures.ts';
import {
  type Contender,
  replayExperiments,
  type ReplaySource,
  traceOf,
} from '../../experiments/allocation/replayed-trace.ts';
import { type Outlined, outlined, roomFor } from '../../experiments/allocation/trace-kernels.ts';
import { environment } from '../../native/binding.ts';
import { type AllocationTrace, rowWords } from '../../trace/rows.ts';
import { Interrupts } from '../interrupts.ts';
import { exitCodes, type Io, type Lab, looksOf } from '../io.ts';
import { meant } from '../nearest.ts';
import { ProgressLine } from '../progress.ts';
import { namedTrace } from '../trace-word.ts';
import { checkCpus } from '../values.ts';
import type { AllocReplayOptions } from './alloc-replay-options.ts';
import { replayData, type ReplayReport, replayText } from './alloc-replay-text.ts';

/** Ours that take blocks back in any order, as a program gives them. */
const ours: readonly HeapChoice[] = heapChoices.filter(({ kind }) => kind.order === 'any');

const groups: Readonly<Record<string, readonly string[]>> = {
  all: [...ours.map(({ id }) => id), ...replayPeers],
  ours: ours.map(({ id }) => id),
  others: replayPeers,
  typescript: ours.map(({ id }) => `ts-${id}`),
};
const choices: readonly string[] = [...Object.keys(groups), ...groups['all']!, ...groups['typescript']!];

function chosen(words: readonly string[]): string[] {
  for (const word of words) {
    if (!choices.includes(word)) {
      throw new UserError(
        `--allocators: there is no allocator "${word}"`,
        meant(word, choices, `groups: ${Object.keys(groups).join(', ')}; ids: ${groups['all']!.join(', ')}`),
      );
    }
  }
  return [...new Set(words.flatMap((word) => groups[word] ?? [word]))];
}

/** Where the trace comes from. */
function sourceOf(word: string, options: AllocReplayOptions, io: Io): Omit<ReplaySource, 'contenders'> {
  const { rows: mostRows, allowTruncated = false, seed } = options;
  const named = namedTrace(word, io, ({ order }) => order !== 'at-once');
  const trace = 'path' in named ? named : { workload: named.workload.id, seed };
  return { mostRows, allowTruncated, title: word, trace };
}

interface Prepared {
  readonly contenders: readonly Contender[];
  readonly figures: ReadonlyMap<string, ReplayFigures>;
  readonly leftOut: readonly { readonly id: string; readonly reason: string }[];
}

/**
 * One that takes so many times the fastest's time for a replay with books is not timed beside it, unless it was named:
 * all take turns, and most of the run would be its.
 */
const mostTimesFastest = 20;
/** Whoever would take so long for the books alone is left out unless it was named: told by the trace's beginning. */
const mostBooksNs = 5e9;
const beginningRows = 200_000;
/** Time for a run over a long trace, unless the user gave it: a profile's own is for small ones. */
const msAMillionRows = 15_000;

/** Allocators of ours that no program's trace can be served by, and why. */
const unfit: Readonly<Record<string, string>> = {
  linear: 'gives memory back only all at once',
  stack: 'takes back the last block first',
};

/** How long the whole trace would take with books, if it went on as it begins; refusals and errors are left to that. */
function guessedNs(
  { kind, parameter }: HeapChoice,
  { rows, ids }: AllocationTrace,
  heapBytes: number,
): number {
  const beginning = { rows: rows.subarray(0, beginningRows * rowWords), ids };
  if (beginning.rows.length === rows.length) return 0;
  const { elapsedNs } = replayFigures(kind, parameter, beginning, heapBytes);
  return (elapsedNs * rows.length) / beginning.rows.length;
}

const availableBytes = (): number => environment().availableMemoryBytes() ?? 2 ** 32;

/** One of ours: its figures, or why it can't be measured. */
function prepareHeap(
  choice: HeapChoice,
  trace: AllocationTrace,
  outline: Outlined,
  isNamed: boolean,
): ReplayFigures | string {
  const { kind, parameter } = choice;
  const least = roomFor(outline.peakBytes);
  const most = Math.min(2 ** 31, availableBytes() / 4);
  if (least > most) return `its heap of ${formatBytes(least)} is more than a quarter of the available memory`;
  let figures: ReplayFigures;
  try {
    const guessed = guessedNs(choice, trace, least);
    if (guessed > mostBooksNs && !isNamed) {
      return `a replay would take ${formatNs(guessed)} or more, as it begins; name it to have it all the same`;
    }
    figures = figuresWithRoom(kind, parameter, trace, least, most);
  } catch (error) {
    // A kernel's words, without the name that only the lab knows.
    return (error as Error).message.replace(/^[a-z-]+: /, '');
  }
  if (figures.refused === 0) return figures;
  return `refuses ${formatCount(figures.refused)} requests even in ${formatBytes(figures.heapBytes)}`;
}

/** Takes those out of the contenders that would take most of the time. `named`: by the user, each for itself. */
function withoutSlow(prepared: Prepared, named: readonly string[]): Prepared {
  const { contenders, figures } = prepared;
  const least = Math.min(...[...figures.values()].map(({ elapsedNs }) => elapsedNs));
  const slow = contenders.filter(({ id }) => {
    const elapsedNs = figures.get(id)?.elapsedNs ?? 0;
    return elapsedNs > mostTimesFastest * least && !named.includes(id);
  });
  const leftOut = slow.map(({ id }) => ({
    id,
    reason: `not timed: a replay takes ${formatNs(figures.get(id)!.elapsedNs)}, the fastest of ours ${formatNs(least)}; --allocators ${id} times it`,
  }));
  return {
    figures,
    contenders: contenders.filter((each) => !slow.includes(each)),
    leftOut: [...prepared.leftOut, ...leftOut],
  };
}

function prepare(
  ids: readonly string[],
  named: readonly string[],
  trace: AllocationTrace,
  outline: Outlined,
  say: (text: string) => void,
): Prepared {
  const contenders: Contender[] = [];
  const figures = new Map<string, ReplayFigures>();
  const whole = named.some((word) => word === 'all' || word === 'ours');
  const leftOut: { id: string; reason: string }[] = whole
    ? Object.entries(unfit).map(([id, reason]) => ({ id, reason }))
    : [];
  for (const id of ids) {
    const peer = replayPeers.find((each) => each === id);
    if (peer !== undefined) {
      const reason = noReplayPeer(peer) ?? unfitPeer(peer, trace, named.includes(peer), availableBytes());
      if (reason === null) contenders.push({ id, heapBytes: null, language: 'native' });
      else leftOut.push({ id, reason });
      continue;
    }
    say(`replaying over ${id}, with books`);
    const isTypeScript = id.startsWith('ts-');
    const shown = ours.find((each) => each.id === id.replace(/^ts-/, ''))!;
    const found = prepareHeap(shown, trace, outline, named.includes(id));
    if (typeof found === 'string') leftOut.push({ id, reason: found });
    else {
      figures.set(id, found);
      const { heapBytes } = found;
      contenders.push({ id: shown.id, heapBytes, language: isTypeScript ? 'typescript' : 'native' });
    }
  }
  return { contenders, figures, leftOut };
}

function nothingLeft({ leftOut }: Prepared): UserError {
  const why = leftOut.map(({ id, reason }) => `${id}: ${reason}`).join('; ');
  return new UserError(`none of these allocators can serve the trace: ${why}`, '--allocators all');
}

function budgetFor({ rows }: Outlined): number | null {
  return rows > 1e6 ? Math.ceil((rows / 1e6) * msAMillionRows) : null;
}

/** The command. Its result is the exit code. */
export async function allocReplayCommand(
  word: string,
  options: AllocReplayOptions,
  io: Io,
  lab: Lab,
): Promise<number> {
  const ids = chosen(options.allocators);
  const from = sourceOf(word, options, io);
  const place = options.out === undefined ? null : checkPlace(resolve(io.cwd, options.out));
  const machine = await lab.describeMachine();
  const allowed = (machine.cpus.value ?? []).map(({ id }) => id);
  const cpus = options.cpus === undefined ? null : checkCpus(options.cpus, allowed);
  const trace = await traceOf({ ...from, contenders: [] });
  const outline = outlined(trace);
  const line = new ProgressLine(io.stderr, looksOf(io.stderr, io.env));
  const interrupts = new Interrupts(io, (text) => line.note(text));
  try {
    const prepared = withoutSlow(
      prepare(ids, options.allocators, trace, outline, (text) => line.note(text)),
      options.allocators,
    );
    if (prepared.contenders.length === 0) throw nothingLeft(prepared);
    const source: ReplaySource = { ...from, contenders: prepared.contenders };
    const experiments = replayExperiments(source, trace);
    const { profile, seed, budget } = options;
    const run = await lab.measure(
      {
        experiments,
        source: { maker: 'replay', text: JSON.stringify(source) },
        profile,
        settings: {},
        cpus,
        seed,
        budgetMs: budget ?? budgetFor(outline),
      },
      (event) => line.update(event),
      interrupts.signal,
    );
    line.clear();
    if (place !== null) {
      await writeRun(place, run);
      io.stderr.write(`Run: ${options.out}\n`);
    }
    const report: ReplayReport = { title: word, outline, experiments, run, ...prepared };
    io.stdout.write(
      options.json === true
        ? `${JSON.stringify(replayData(report), null, 2)}\n`
        : replayText(report, looksOf(io.stdout, io.env)),
    );
    for (const warning of run.warnings) io.stderr.write(`${warning}\n`);
    if (interrupts.signal.aborted) return exitCodes.interrupted;
    return run.conduct.some(({ stopped }) => stopped === 'failed') ? exitCodes.bad : exitCodes.good;
  } finally {
    line.clear();
    interrupts.release();
  }
}
