/** `linefill alloc replay`: a trace over every allocator, and which serves it best. */
import { resolve } from 'node:path';
import { type HeapChoice, heapChoices, oneSizeChoices } from '../../allocators/heaps.ts';
import { needsOf } from '../../allocators/placements.ts';
import { UserError } from '../../base/errors.ts';
import { checkPlace } from '../../base/whole-file.ts';
import type { Profile } from '../../experiment/experiment.ts';
import type { Run } from '../../experiment/run.ts';
import { writeRun } from '../../experiment/run-file.ts';
import { withWords } from '../../experiment/run-words.ts';
import { fittedTo, unfitPeer } from '../../experiments/allocation/library-fit.ts';
import { noReplayPeer, replayPeers } from '../../experiments/allocation/peers.ts';
import type { ReplayFigures } from '../../experiments/allocation/replay-figures.ts';
import {
  type Contender,
  openTrace,
  replayExperiments,
  type ReplaySource,
  variantOf,
} from '../../experiments/allocation/replayed-trace.ts';
import { type Outlined, outlined } from '../../experiments/allocation/trace-kernels.ts';
import { environment } from '../../native/binding.ts';
import type { AllocationTrace } from '../../trace/rows.ts';
import { Interrupts } from '../interrupts.ts';
import { exitCodes, type Io, type Lab, looksOf } from '../io.ts';
import { meant } from '../nearest.ts';
import { ProgressLine } from '../progress.ts';
import { namedTrace } from '../trace-word.ts';
import { checkCpus } from '../values.ts';
import { type PreparedHeap, prepareHeap, slowOnes } from './alloc-replay-heaps.ts';
import type { AllocReplayOptions } from './alloc-replay-options.ts';
import { foundIn, replayData, type ReplayReport } from './alloc-replay-report.ts';
import { headText, replayText, verdictTexts } from './alloc-replay-text.ts';

/** Ours that take blocks back in any order, as a program gives them; a pool, where it asks for one size. */
const ours: readonly HeapChoice[] = [...heapChoices, ...oneSizeChoices].filter(
  ({ kind }) => kind.order === 'any',
);

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
  const { rows: mostRows, allowTruncated = false, seed, set = [] } = options;
  const named = namedTrace(word, set, io, ({ order }) => order !== 'at-once');
  const trace = 'path' in named ? named : { workload: named.workload.id, settings: named.settings, seed };
  return { mostRows, allowTruncated, title: word, trace };
}

interface Prepared {
  readonly contenders: readonly Contender[];
  /** By variant. */
  readonly figures: ReadonlyMap<string, ReplayFigures>;
  readonly leftOut: readonly { readonly id: string; readonly reason: string }[];
}

/** Time for a run over a long trace, unless the user gave it: a profile's own is for a million rows at most. */
const msAMillionRows: Readonly<Record<Profile, number>> = { smoke: 3000, quick: 15_000, full: 150_000 };
/** No less than over the longest trace that the profile's own is for. */
const leastMs: Readonly<Record<Profile, number>> = { smoke: 6000, quick: 30_000, full: 300_000 };

/** Allocators of ours that no program's trace can be served by, and why. */
const unfit: Readonly<Record<string, string>> = {
  linear: 'gives memory back only all at once',
  stack: 'takes back the last block first',
};

const availableBytes = (): number => environment().availableMemoryBytes() ?? 2 ** 32;

function contenderOf(
  { id, kind, parameter }: HeapChoice,
  { heapBytes }: ReplayFigures,
  isTypeScript: boolean,
): Contender {
  const language = isTypeScript ? 'typescript' : 'native';
  return { id, heapBytes, language, ...(kind.parameterFor === undefined ? {} : { parameter }) };
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
  const workNs = new Map<string, number | null>();
  // Both languages have the same figures.
  const heaps = new Map<string, PreparedHeap>();
  const whole = named.some((word) => word === 'all' || word === 'ours');
  const leftOut: { id: string; reason: string }[] = whole
    ? Object.entries(unfit).map(([id, reason]) => ({ id, reason }))
    : [];
  const preparation = {
    trace,
    peakRow: needsOf(trace).peakRow,
    peakBytes: outline.peakBytes,
    availableBytes: availableBytes(),
  };
  for (const id of ids) {
    const peer = replayPeers.find((each) => each === id);
    if (peer !== undefined) {
      const reason = noReplayPeer(peer) ?? unfitPeer(peer, trace, named.includes(peer), availableBytes());
      if (reason === null) contenders.push({ id, heapBytes: null, language: 'native' });
      else leftOut.push({ id, reason });
      continue;
    }
    const shown = fittedTo(ours.find((each) => each.id === id.replace(/^ts-/, ''))!, trace);
    if (typeof shown === 'string') {
      leftOut.push({ id, reason: shown });
      continue;
    }
    const ways = [shown.id, `ts-${shown.id}`];
    if (!heaps.has(shown.id)) {
      say(`replaying over ${shown.id}, with books`);
      const isNamed = ways.some((way) => named.includes(way));
      heaps.set(shown.id, prepareHeap(shown, preparation, isNamed));
    }
    const { found, workNs: ns } = heaps.get(shown.id)!;
    workNs.set(shown.id, ns);
    if (typeof found === 'string') leftOut.push({ id, reason: found });
    else {
      figures.set(id, found);
      contenders.push(contenderOf(shown, found, id.startsWith('ts-')));
    }
  }
  const slow = slowOnes(contenders, workNs, named);
  return {
    contenders: contenders.filter((each) => !slow.has(variantOf(each))),
    figures,
    leftOut: [...leftOut, ...[...slow].map(([id, reason]) => ({ id, reason }))],
  };
}

function nothingLeft({ leftOut }: Prepared): UserError {
  const why = leftOut.map(({ id, reason }) => `${id}: ${reason}`).join('; ');
  return new UserError(`none of these allocators can serve the trace: ${why}`, '--allocators all');
}

function budgetFor({ rows }: Outlined, profile: Profile): number | null {
  return rows > 1e6 ? Math.max(leastMs[profile], Math.ceil((rows / 1e6) * msAMillionRows[profile])) : null;
}

/** The run with what a reader has to know of it elsewhere: the trace, what was found, who was left out. */
function keptOf(report: ReplayReport): Run {
  const { experiments, leftOut } = report;
  const [times, ...others] = experiments;
  const conclusions = [
    headText(report),
    ...verdictTexts(foundIn(report)),
    ...leftOut.map(({ id, reason }) => `Left out: ${id}: ${reason}`),
  ];
  const run = withWords(report.run, times!, conclusions);
  return others.reduce((kept, experiment) => withWords(kept, experiment, []), run);
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
  const { trace, words } = await openTrace({ ...from, contenders: [] });
  const outline = outlined(trace);
  const line = new ProgressLine(io.stderr, looksOf(io.stderr, io.env));
  const interrupts = new Interrupts(io, (text) => line.note(text));
  try {
    const prepared = prepare(ids, options.allocators, trace, outline, (text) => line.note(text));
    if (prepared.contenders.length === 0) throw nothingLeft(prepared);
    const source: ReplaySource = { ...from, contenders: prepared.contenders };
    const experiments = replayExperiments(source, trace);
    const { profile, seed, budget } = options;
    const measured = await lab.measure(
      {
        experiments,
        source: { maker: 'replay', text: JSON.stringify(source) },
        profile,
        settings: {},
        cpus,
        seed,
        budgetMs: budget ?? budgetFor(outline, profile),
      },
      (event) => line.update(event),
      interrupts.signal,
    );
    line.clear();
    const report: ReplayReport = { title: word, outline, words, experiments, run: measured, ...prepared };
    const run = keptOf(report);
    if (place !== null) {
      await writeRun(place, run);
      io.stderr.write(`Run: ${options.out}\n`);
    }
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
