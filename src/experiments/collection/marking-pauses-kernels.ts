/**
 * What marking-pauses runs: its program over the kernels of the collectors, and over concurrent marking in a shared heap,
 * where a worker can mark. Native twin of that one: native/kernels/concurrent-mutate.cc.
 */
import { unwatched } from '../../collectors/collector.ts';
import { MarkerWorker } from '../../collectors/marker-thread.ts';
import { mutate } from '../../collectors/mutate.ts';
import { PauseLog } from '../../collectors/pauses.ts';
import { concurrentOn } from '../../collectors/plans/concurrent.ts';
import { defineKernel, type Kernel, numberAt, type Place } from '../../kernel/kernel.ts';
import type { Arguments } from '../../kernel/signature.ts';
import type { Programs } from './collector-variants.ts';
import { livingOutline, livingTrace } from './marking-pauses-trace.ts';
import { type MutatorSource, mutateKernelsOver } from './mutate-kernels.ts';

const source: MutatorSource = {
  name: (point) => `living ${numberAt(point, 'liveBytes')}`,
  outline: (point) => livingOutline(numberAt(point, 'liveBytes')),
  make: (point, prng) => livingTrace(numberAt(point, 'liveBytes'), prng),
};

/** Point: liveBytes, heapPercent of that, the collector's settings by name. */
export const livingPrograms: Programs = { source, kernels: mutateKernelsOver(source) };

const sharedSignature = {
  heap: 'shared uint32[]',
  scratch: 'observed uint32[]',
  roots: 'uint32[]',
  settings: 'const uint32[]',
  trace: 'const uint32[]',
  answers: 'uint32[]',
  counts: 'float64[]',
  pauses: 'observed float64[]',
} as const;
type SharedArguments = Arguments<typeof sharedSignature>;

const { setup, reference, agreement, work, sharedBytes, footprintBytes } =
  livingPrograms.kernels.get('concurrent')!;

/** The same point. The reference marks in the final pause. */
export const sharedConcurrent: Kernel<typeof sharedSignature> = defineKernel<typeof sharedSignature>({
  id: 'concurrent-shared-mutate',
  summary: 'runs a mutator over concurrent marking in a shared heap',
  signature: sharedSignature,
  setup: (place: Place) => {
    const args = setup(place);
    const heap = place.room.shared('uint32', args.heap.length, 4096).fill(0);
    return { ...args, heap, scratch: place.room.shared('uint32', args.scratch.length) };
  },
  reference,
  agreement,
  work,
  ...(sharedBytes === undefined ? {} : { sharedBytes }),
  footprintBytes,
});

/** The worker that marks, and its heap: one at a time, since each keeps a heap alive. */
let hired: { readonly heap: Uint32Array; readonly worker: MarkerWorker } | null = null;

function workerFor({ heap, scratch }: SharedArguments): MarkerWorker {
  if (hired?.heap === heap) return hired.worker;
  hired?.worker.close();
  hired = null;
  hired = { heap, worker: new MarkerWorker(heap, scratch) };
  return hired.worker;
}

/** The same with a worker that marks. One that was left in the middle of a cycle is not used again. */
export function markedByWorker(args: SharedArguments): bigint {
  const { heap, scratch, roots, settings, trace, answers, counts } = args;
  const worker = workerFor(args);
  const room = { heap, scratch, roots, pauses: new PauseLog(args.pauses), watcher: unwatched };
  try {
    return BigInt(mutate(concurrentOn(worker), room, [...settings], trace, answers, counts));
  } catch (error) {
    worker.close();
    hired = null;
    throw error;
  }
}
