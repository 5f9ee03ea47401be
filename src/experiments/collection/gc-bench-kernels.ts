/**
 * Kernels that run GCBench over each collector, in a heap that is a multiple of what the program has live at most.
 * Native twin: native/kernels/gc-bench.cc.
 */
import { unwatched } from '../../collectors/collector.ts';
import { countNumbers } from '../../collectors/counts.ts';
import { PauseLog, pauseRoom } from '../../collectors/pauses.ts';
import { type CollectorKind, collectorKinds } from '../../collectors/plans.ts';
import {
  gcBench,
  gcBenchLiveWords,
  gcBenchObjects,
  gcBenchRoots,
  type GcBenchShape,
  shapeNumbers,
  shapeOf,
} from '../../collectors/programs/gc-bench.ts';
import { defineKernel, type Kernel, numberAt, type Point } from '../../kernel/kernel.ts';
import type { Arguments } from '../../kernel/signature.ts';
import { heapWordsFor } from './mutate-kernels.ts';

const signature = {
  heap: 'uint32[]',
  scratch: 'scratch uint32[]',
  roots: 'uint32[]',
  settings: 'const uint32[]',
  shape: 'const uint32[]',
  counts: 'float64[]',
  pauses: 'observed float64[]',
} as const;

export type GcBenchArguments = Arguments<typeof signature>;
export type GcBenchKernel = Kernel<typeof signature>;

const wordBytes = 4;
/** Pauses that a run has room for. */
const mostPauses = 2 ** 16;

/** A point's shape, from the coordinates of its numbers' names. */
export function gcBenchShapeAt(point: Point): GcBenchShape {
  const at = (name: keyof GcBenchShape): number => numberAt(point, name);
  return {
    stretchDepth: at('stretchDepth'),
    longLivedDepth: at('longLivedDepth'),
    arrayDoubles: at('arrayDoubles'),
    leastDepth: at('leastDepth'),
    mostDepth: at('mostDepth'),
  };
}

function heapWordsAt(point: Point): number {
  return heapWordsFor(gcBenchLiveWords(gcBenchShapeAt(point)), numberAt(point, 'heapPercent'));
}

/** Point: the shape, heapPercent of what is live, the collector's settings by name. Work: one operation an object. */
function gcBenchKernel({ id, make, settings }: CollectorKind): GcBenchKernel {
  return defineKernel({
    id: `${id}-gc-bench`,
    summary: `runs GCBench over ${id}`,
    signature,
    setup: ({ point, room }) => {
      const shape = gcBenchShapeAt(point);
      const heapWords = heapWordsAt(point);
      const roots = gcBenchRoots(shape);
      return {
        // Fresh pages are touched here, where no time is taken.
        heap: room.array('uint32', heapWords, 4096).fill(0),
        scratch: new Uint32Array(heapWords + roots),
        roots: room.array('uint32', roots),
        settings: Uint32Array.from(settings, ({ name, default: usual }) => {
          const value = point[name];
          return typeof value === 'number' ? value : usual;
        }),
        shape: shapeNumbers(shape),
        counts: room.array('float64', countNumbers),
        pauses: room.array('float64', pauseRoom(mostPauses)),
      };
    },
    reference: ({ heap, scratch, roots, settings: given, shape, counts, pauses }) => {
      const room = { heap, scratch, roots, pauses: new PauseLog(pauses), watcher: unwatched };
      return gcBench(make, room, [...given], shapeOf(shape), counts);
    },
    agreement: { kind: 'exact' },
    work: (point) => ({ operations: gcBenchObjects(gcBenchShapeAt(point)), bytes: 0 }),
    footprintBytes: (point) => 2 * heapWordsAt(point) * wordBytes + pauseRoom(mostPauses) * 8,
  });
}

/** By the collector's id. */
export const gcBenchKernels: ReadonlyMap<string, GcBenchKernel> = new Map(
  collectorKinds.map((kind) => [kind.id, gcBenchKernel(kind)]),
);
