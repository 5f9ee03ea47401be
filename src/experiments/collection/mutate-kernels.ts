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
import { liveWords } from '../../trace/object-graph.ts';

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
/** Pauses that a run has room for. */
const mostPauses = 2 ** 16;

/** A trace and what it needs at least. */
export interface NeedyTrace extends MutatorTrace {
  readonly liveWords: number;
}

function programAt(point: Point): MutatorProgram {
  const id = textAt(point, 'mutator');
  const program = mutators.find((each) => each.id === id);
  if (program === undefined) throw new ContractError(`there is no mutator called ${id}`);
  return program;
}

/** A point's trace: its mutator, with the coordinates of its parameters' names, unless they say `own`. */
export function mutatorTraceAt(point: Point, prng: Prng): NeedyTrace {
  const program = programAt(point);
  const given = Object.keys(program.parameters).filter(
    (name) => point[name] !== undefined && point[name] !== own,
  );
  const settings = Object.fromEntries(given.map((name) => [name, numberAt(point, name)]));
  const trace = mutatorTrace(program, settings, prng);
  return { ...trace, liveWords: liveWords(trace, everyWords(trace)) };
}

/** How often liveWords looks: a hundred times in a trace. */
function everyWords({ rows }: MutatorTrace): number {
  return Math.max(1000, rows.length / mutatorRowWords / 10);
}

/** Words of a heap of so many percent of what is live at most. */
export function heapWordsFor(live: number, percent: number): number {
  const words = heapStart + (live * percent) / 100;
  return Math.max(leastCollectedWords, Math.ceil(words / 16) * 16);
}

/** The coordinates that choose a trace. */
function traceKey(point: Point): string {
  const { parameters } = programAt(point);
  return JSON.stringify([point['mutator'], ...Object.keys(parameters).map((name) => point[name] ?? own)]);
}

const outlines = new Map<string, { rows: number; roots: number; liveWords: number }>();

/** What a point's trace amounts to, about, whatever the seed. */
function outlineAt(point: Point): { rows: number; roots: number; liveWords: number } {
  const key = traceKey(point);
  const known = outlines.get(key);
  if (known !== undefined) return known;
  const { rows, roots, liveWords: live } = mutatorTraceAt(point, new Prng(1));
  const outline = { rows: rows.length / mutatorRowWords, roots, liveWords: live };
  outlines.set(key, outline);
  return outline;
}

/** Point: mutator and its parameters, heapPercent of what is live, the collector's settings by name. Work: one operation a row. */
function mutateKernel({ id, kernel, make, settings }: CollectorKind): MutateKernel {
  return defineKernel({
    id: kernel,
    summary: `runs a mutator over ${id}`,
    signature: mutateSignature,
    setup: ({ point, prng, room }: Place) => {
      const trace = room.share(`trace ${traceKey(point)}`, () => mutatorTraceAt(point, prng));
      const heapWords = heapWordsFor(trace.liveWords, numberAt(point, 'heapPercent'));
      return {
        heap: room.array('uint32', heapWords, 4096),
        scratch: new Uint32Array(heapWords + trace.roots),
        roots: room.array('uint32', trace.roots),
        settings: Uint32Array.from(settings, ({ name, default: usual }) => {
          const value = point[name];
          return typeof value === 'number' ? value : usual;
        }),
        trace: trace.rows,
        answers: new Uint32Array(0),
        counts: room.array('float64', countNumbers),
        pauses: room.array('float64', pauseRoom(mostPauses)),
      };
    },
    reference: (args) => {
      const { heap, scratch, roots, trace, answers, counts } = args;
      const pauses = new PauseLog(args.pauses);
      const room = { heap, scratch, roots, pauses, watcher: unwatched };
      return BigInt(mutate(make, room, [...args.settings], trace, answers, counts));
    },
    agreement: { kind: 'exact' },
    work: (point) => ({ operations: outlineAt(point).rows, bytes: 0 }),
    sharedBytes: (point) => ({
      [`trace ${traceKey(point)}`]: outlineAt(point).rows * mutatorRowWords * wordBytes,
    }),
    footprintBytes: (point) => {
      const { rows, liveWords: live } = outlineAt(point);
      const heapBytes = heapWordsFor(live, numberAt(point, 'heapPercent')) * wordBytes;
      return rows * mutatorRowWords * wordBytes + 2 * heapBytes;
    },
  });
}

/** By the collector's id. */
export const mutateKernels: ReadonlyMap<string, MutateKernel> = new Map(
  collectorKinds.map((kind) => [kind.id, mutateKernel(kind)]),
);
