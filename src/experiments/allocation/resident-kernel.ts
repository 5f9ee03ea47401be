/**
 * What a trace keeps in RAM over the process's own malloc, or over a library's allocator: resident memory is read with
 * the bytes that are live at that moment, every so many rows. To be run in a child process whose malloc is the one that
 * is meant.
 * Native twin: native/kernels/peer-resident.cc.
 */
import { slotParts, valueTraceWork } from '../../allocators/trace-work.ts';
import { objects } from '../../allocators/value-stores.ts';
import type { Metric } from '../../experiment/experiment.ts';
import { defineKernel, type Kernel, numberAt } from '../../kernel/kernel.ts';
import { tracesOf, type TraceSource, workloadSource } from './trace-kernels.ts';

const signature = {
  trace: 'const uint32[]',
  slots: 'uint64[]',
  peer: 'uint32',
  reads: 'uint32',
  resident: 'observed float64[]',
} as const;
export type PeerResident = Kernel<typeof signature>;

/** In the order of the native kernel's "resident". */
const readings = ['most', 'liveAtMost', 'atMostLive', 'mostLive', 'drained'] as const;
/** Enough to meet the peak within some parts in a hundred; a read takes a millisecond or more. */
const reads = 100;

export const residentMetrics: readonly Metric[] = [
  { id: 'mostBytes', title: 'most in RAM (Rss)', unit: 'B', better: 'less' },
  { id: 'overMostLive', title: 'in RAM (Rss) over live, when most was live', unit: 'x', better: 'less' },
  { id: 'drainedBytes', title: 'in RAM (Rss) when all is freed', unit: 'B', better: 'less' },
];

/** The metrics of one call. A ratio to nothing is left out. */
export function observeResident({ resident }: { readonly resident: Float64Array }): Record<string, number> {
  const of = (name: (typeof readings)[number]): number => resident[readings.indexOf(name)]!;
  const over = of('mostLive') > 0 ? { overMostLive: of('atMostLive') / of('mostLive') } : {};
  return { mostBytes: of('most'), ...over, drainedBytes: of('drained') };
}

/** The kernel over traces from anywhere. Work: the rows. */
function residentOver(
  source: TraceSource,
): Pick<PeerResident, 'setup' | 'work' | 'footprintBytes' | 'sharedBytes'> {
  const traces = tracesOf(source);
  return {
    setup(place) {
      const { rows, ids } = traces.shared(place);
      return {
        trace: rows,
        slots: place.room.array('uint64', ids * slotParts),
        peer: numberAt(place.point, 'peer'),
        reads,
        resident: place.room.array('float64', readings.length),
      };
    },
    ...traces.common('peer', false),
  };
}

/**
 * Point: workload, its parameters, `peer`: 0, the process's malloc, or a library's number. In TypeScript over new
 * objects, whose resident memory nobody asks for.
 */
export const peerResident: PeerResident = defineKernel({
  id: 'peer-resident',
  summary: 'replays a trace over malloc and reads what stays in RAM',
  signature,
  // 1. Forget what the slots held, 2. replay the rows, 3. let go of the rest.
  reference({ trace, slots }) {
    slots.fill(0n);
    return valueTraceWork(objects, trace, slots.length / slotParts, null);
  },
  agreement: { kind: 'exact' },
  ...residentOver(workloadSource),
});

/** The same over a trace of the user's. */
export function peerResidentOver(source: TraceSource): PeerResident {
  return { ...peerResident, ...residentOver(source) };
}
