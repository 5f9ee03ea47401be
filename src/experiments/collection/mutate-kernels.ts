/**
 * Kernels that run a mutator over each collector, in a heap that is a multiple of what the mutator needs at least.
 * Native twin: native/kernels/mutate.cc.
 */
import { countNumbers } from '../../collectors/counts.ts';
import { heapStart, leastCollectedWords, unwatched } from '../../collectors/collector.ts';
import { mutate } from '../../collectors/mutate.ts';
import { PauseLog, pauseRoom } from '../../collectors/pauses.ts';
import { type CollectorKind, collectorKinds } from '../../collectors/plans.ts';
import { ContractError } from '../../base/errors.ts';
import { Prng } from '../../base/prng.ts';
import {
  defineKernel,
  type Kernel,
  numberAt,
  own,
  type Place,
  type Point,
  textAt,
} from '../../kernel/kernel.ts';
import { type MutatorTrace, mutatorRowWords } from '../../trace/mutator-rows.ts';
import { type MutatorProgram, mutators, mutatorTrace } from '../../trace/mutators.ts';
import { liveWords } from '../../trace/lifetimes.ts';

export const mutateSignature = {
  heap: 'uint32[]',
  scratch: 'scratch uint32[]',
  roots: 'uint32[]',
  settings: 'const uint32[]',
  trace: 'const uint32[]',
  answers: 'uint32[]',
  counts: 'float64[]',
  pauses: 'observed float64[]',
} as const;

export type MutateKernel = Kernel<typeof mutateSignature>;

const wordBytes = 4;
/** Room for pauses: for one in so many rows. Its pages cost time, and a log that is full says so. */
const rowsAPause = 16;
const mostPauses = 2 ** 16;

/** A trace and what it needs at least. */
export interface NeedyTrace extends MutatorTrace {
  readonly liveWords: number;
}

/** What a trace amounts to. */
interface Outlined {
  readonly rows: number;
  readonly roots: number;
  readonly liveWords: number;
}

/** Where a kernel's traces come from. */
export interface MutatorSource {
  /** The coordinates that choose a point's trace, as a key. */
  name(point: Point): string;
  /** What it amounts to, about, whatever the seed. */
  outline(point: Point): Outlined;
  make(point: Point, prng: Prng): NeedyTrace;
}

/** A trace with what it needs at least. */
export function needyTrace(trace: MutatorTrace): NeedyTrace {
  return { ...trace, liveWords: liveWords(trace) };
}

export function outlineOf({ rows, roots, liveWords: live }: NeedyTrace): Outlined {
  return { rows: rows.length / mutatorRowWords, roots, liveWords: live };
}

/** The traces of some mutators: a point names one, and has the coordinates of its parameters' names, unless they say `own`. */
export function mutatorSource(programs: readonly MutatorProgram[]): MutatorSource {
  const outlines = new Map<string, Outlined>();
  const programAt = (point: Point): MutatorProgram => {
    const id = textAt(point, 'mutator');
    const program = programs.find((each) => each.id === id);
    if (program === undefined) throw new ContractError(`there is no mutator called ${id}`);
    return program;
  };
  const source: MutatorSource = {
    name(point) {
      const names = Object.keys(programAt(point).parameters);
      return JSON.stringify([point['mutator'], ...names.map((name) => point[name] ?? own)]);
    },
    outline(point) {
      const key = source.name(point);
      const known = outlines.get(key);
      if (known !== undefined) return known;
      const outline = outlineOf(source.make(point, new Prng(1)));
      outlines.set(key, outline);
      return outline;
    },
    make(point, prng) {
      const program = programAt(point);
      const given = Object.keys(program.parameters).filter(
        (name) => point[name] !== undefined && point[name] !== own,
      );
      const settings = Object.fromEntries(given.map((name) => [name, numberAt(point, name)]));
      return needyTrace(mutatorTrace(program, settings, prng));
    },
  };
  return source;
}

/** Words of a heap of so many percent of what is live at most. */
export function heapWordsFor(live: number, percent: number): number {
  return heapOf(heapStart + (live * percent) / 100);
}

function heapOf(words: number): number {
  return Math.max(leastCollectedWords, Math.ceil(words / 16) * 16);
}

/** A point's heap: its own size in bytes, or a percentage of what is live at most. */
export function heapWordsAt(point: Point, live: number): number {
  const bytes = point['heapBytes'];
  return typeof bytes === 'number'
    ? heapOf(bytes / wordBytes)
    : heapWordsFor(live, numberAt(point, 'heapPercent'));
}

function pauseNumbersOf(rows: number): number {
  return pauseRoom(Math.min(mostPauses, Math.ceil(rows / rowsAPause)));
}

/** The kernel of a collector over traces of a source. Work: one operation a row. */
export function mutateKernel(
  { id, kernel, make, settings }: CollectorKind,
  source: MutatorSource,
): MutateKernel {
  const key = (point: Point): string => `trace ${source.name(point)}`;
  const traceBytes = (point: Point): number => source.outline(point).rows * mutatorRowWords * wordBytes;
  return defineKernel({
    id: kernel,
    summary: `runs a mutator over ${id}`,
    signature: mutateSignature,
    setup: ({ point, prng, room }: Place) => {
      const trace = room.share(key(point), () => source.make(point, prng));
      const heapWords = heapWordsAt(point, trace.liveWords);
      return {
        // Fresh pages are touched here, where no time is taken.
        heap: room.array('uint32', heapWords, 4096).fill(0),
        scratch: new Uint32Array(heapWords + trace.roots),
        roots: room.array('uint32', trace.roots),
        settings: Uint32Array.from(settings, ({ name, default: usual }) => {
          const value = point[name];
          return typeof value === 'number' ? value : usual;
        }),
        trace: trace.rows,
        answers: new Uint32Array(0),
        counts: room.array('float64', countNumbers),
        pauses: room.array('float64', pauseNumbersOf(trace.rows.length / mutatorRowWords)),
      };
    },
    reference: (args) => {
      const { heap, scratch, roots, trace, answers, counts } = args;
      const pauses = new PauseLog(args.pauses);
      const room = { heap, scratch, roots, pauses, watcher: unwatched };
      return BigInt(mutate(make, room, [...args.settings], trace, answers, counts));
    },
    agreement: { kind: 'exact' },
    work: (point) => ({ operations: source.outline(point).rows, bytes: 0 }),
    sharedBytes: (point) => ({ [key(point)]: traceBytes(point) }),
    footprintBytes: (point) => {
      const heapBytes = heapWordsAt(point, source.outline(point).liveWords) * wordBytes;
      return traceBytes(point) + 2 * heapBytes + pauseNumbersOf(source.outline(point).rows) * 8;
    },
  });
}

/** The kernels over traces of a source, by the collector's id. Point: what chooses the trace, heapPercent or heapBytes, settings by name. */
export function mutateKernelsOver(source: MutatorSource): ReadonlyMap<string, MutateKernel> {
  return new Map(collectorKinds.map((kind) => [kind.id, mutateKernel(kind, source)]));
}

/** The lab's own mutators. */
export const ownMutators: MutatorSource = mutatorSource(mutators);
export const mutateKernels: ReadonlyMap<string, MutateKernel> = mutateKernelsOver(ownMutators);
