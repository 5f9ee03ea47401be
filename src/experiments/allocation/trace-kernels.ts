/**
 * Kernels that replay a workload's trace: over each general allocator of ours, in a heap with room for it, and over those
 * of others, whose checksum is the sum of the tags alone. `…Tails` time each row by itself.
 * Native twins: native/kernels/heap-work.cc, native/kernels/peer-work.cc.
 */
import { lineBytes, wordBytes } from '../../allocators/allocation.ts';
import { type HeapKind, heaps, oneSizeHeaps } from '../../allocators/heaps.ts';
import { poolBlockBytes } from '../../allocators/pool-heap.ts';
import { heapTraceWork, type RowTimes, slotParts, valueTraceWork } from '../../allocators/trace-work.ts';
import type { ValueStore } from '../../allocators/trace-work.ts';
import { objects } from '../../allocators/value-stores.ts';
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
  type Work,
} from '../../kernel/kernel.ts';
import type { Arguments } from '../../kernel/signature.ts';
import { outlineOf } from '../../trace/outline.ts';
import { type AllocationTrace, rowWords } from '../../trace/rows.ts';
import { type Settings, type Workload, workloads, workloadTrace } from '../../trace/workloads.ts';
import { askedOf } from './library-fit.ts';

const heapSignature = {
  heap: 'uint32[]',
  parameter: 'uint32',
  trace: 'const uint32[]',
  slots: 'uint32[]',
} as const;
const heapTailsSignature = {
  heap: 'uint32[]',
  parameter: 'uint32',
  trace: 'const uint32[]',
  slots: 'uint32[]',
  timesNs: 'observed uint32[]',
} as const;
const peerSignature = { trace: 'const uint32[]', slots: 'uint64[]', peer: 'uint32' } as const;
const peerTailsSignature = {
  trace: 'const uint32[]',
  slots: 'uint64[]',
  peer: 'uint32',
  timesNs: 'observed uint32[]',
} as const;

export type HeapWork = Kernel<typeof heapSignature>;
export type HeapTails = Kernel<typeof heapTailsSignature>;
export type PeerWork = Kernel<typeof peerSignature>;
export type PeerTails = Kernel<typeof peerTailsSignature>;
type PeerArguments = Arguments<typeof peerSignature>;

/** A heap has this many times the most that is live at once, and some more, for what rounding and gaps take. */
const roomFactor = 3;
const spareBytes = 4 * 2 ** 20;

/** The parameter of a pool, as a trace of one size needs it. */
function blockBytesOf(trace: AllocationTrace): number {
  const { sizes, mostAlignment } = askedOf(trace);
  const [bytes = 0] = sizes;
  return poolBlockBytes(bytes, mostAlignment);
}

/** The workload of a point. Throws ContractError for one that nobody knows. */
function workloadAt(point: Point): Workload {
  const id = textAt(point, 'workload');
  const workload = workloads.find((each) => each.id === id);
  if (workload === undefined) throw new ContractError(`there is no workload called ${id}`);
  return workload;
}

/** The parameter that says how long a workload goes on, and how many allocations one of it makes, about. */
const lengths: Readonly<Record<string, readonly [name: string, each: (settings: Settings) => number]>> = {
  pair: ['pairs', () => 1],
  'batch-lifo': ['rounds', ({ blocks }) => blocks!],
  'batch-fifo': ['rounds', ({ blocks }) => blocks!],
  'batch-random': ['rounds', ({ blocks }) => blocks!],
  'batch-butterfly': ['rounds', ({ blocks }) => blocks!],
  'glibc-simple': ['blocksEach', () => 4],
  'glibc-thread': ['replacements', () => 1],
  larson: ['replacements', () => 1],
  'alloc-test': ['steps', () => 1 / 2],
  'request-frees': ['requests', ({ blocksEach }) => blocksEach!],
  'request-resets': ['requests', ({ blocksEach }) => blocksEach!],
  server: ['steps', () => 1],
};

/**
 * A point's settings of its workload: the coordinates of its parameters' names, unless they say `own`, and the length
 * that makes about as many allocations as `allocations` says, where the point has that.
 */
function settingsAt(point: Point, { id, parameters }: Workload): Settings {
  const given = Object.keys(parameters)
    .filter((name) => point[name] !== undefined && point[name] !== own)
    .map((name) => [name, numberAt(point, name)] as const);
  const settings = { ...parameters, ...Object.fromEntries(given) };
  const length = lengths[id];
  if (length === undefined || point['allocations'] === undefined) return settings;
  const [name, each] = length;
  if (given.some(([known]) => known === name)) return settings;
  return { ...settings, [name]: Math.max(1, Math.round(numberAt(point, 'allocations') / each(settings))) };
}

/** A point's trace. */
export function traceAt(point: Point, prng: Prng): AllocationTrace {
  const workload = workloadAt(point);
  return workloadTrace(workload, settingsAt(point, workload), prng);
}

/** What a trace amounts to. */
export interface Outlined {
  readonly rows: number;
  readonly allocations: number;
  readonly ids: number;
  readonly peakBytes: number;
}

export function outlined(trace: AllocationTrace): Outlined {
  const { rows, allocations, peakLiveBytes } = outlineOf(trace);
  return { rows, allocations, ids: trace.ids, peakBytes: peakLiveBytes };
}

/** Where the kernels have their traces from. */
export interface TraceSource {
  /** Arms of a group whose points have the same name share one trace. */
  name(point: Point): string;
  /** What a point's trace amounts to, about, whatever the seed: a plan asks for it once for each arm. */
  outline(point: Point): Outlined;
  make(point: Point, prng: Prng): AllocationTrace;
  /** Bytes of the heap of an allocator of ours, where others than roomFor() says. */
  readonly heapBytes?: (point: Point) => number;
}

const outlines = new Map<string, Outlined>();

/** The workload that a point names. */
export const workloadSource: TraceSource = {
  name: (point) => textAt(point, 'workload'),
  outline(point) {
    const key = JSON.stringify([point['workload'], settingsAt(point, workloadAt(point))]);
    const outline = outlines.get(key) ?? outlined(traceAt(point, new Prng(1)));
    outlines.set(key, outline);
    return outline;
  },
  make: traceAt,
};

/** Bytes of a heap for a trace with so much live at most, unless somebody knows better. */
export function roomFor(peakBytes: number, spare: number = spareBytes): number {
  return Math.ceil((roomFactor * peakBytes + spare) / lineBytes) * lineBytes;
}

interface Shared {
  readonly rows: Uint32Array;
  readonly ids: number;
  /** Room for the trace in a heap of ours. */
  readonly roomBytes: number;
}

type Setup = {
  readonly work: (point: Point) => Work;
  readonly sharedBytes: (point: Point) => Record<string, number>;
  readonly footprintBytes: (point: Point) => number;
};

/** What the kernels take from a source, whatever they replay it over. */
export class Source {
  readonly #source: TraceSource;

  constructor(source: TraceSource) {
    this.#source = source;
  }

  /** The trace, made once for all arms of a group that replay the same. */
  shared({ point, prng, room }: Place): Shared {
    const { name, make } = this.#source;
    return room.share(`trace of ${name(point)}`, () => {
      const trace = make(point, prng);
      return { ...trace, roomBytes: roomFor(outlineOf(trace).peakLiveBytes) };
    });
  }

  heapArguments(place: Place): Arguments<typeof heapSignature> {
    const { rows, ids, roomBytes } = this.shared(place);
    const heapBytes = this.#source.heapBytes?.(place.point) ?? roomBytes;
    return {
      heap: place.room.array('uint32', heapBytes / wordBytes, 4096),
      parameter:
        place.point['parameter'] === own ? blockBytesOf({ rows, ids }) : numberAt(place.point, 'parameter'),
      trace: rows,
      slots: place.room.array('uint32', ids * slotParts),
    };
  }

  peerArguments(place: Place): PeerArguments {
    const { rows, ids } = this.shared(place);
    return {
      trace: rows,
      slots: place.room.array('uint64', ids * slotParts),
      peer: numberAt(place.point, 'peer'),
    };
  }

  /** Where the time of each row goes. */
  rowTimes(place: Place): Uint32Array {
    return place.room.array('uint32', this.shared(place).rows.length / rowWords);
  }

  /** What is asked of a kernel beside its arguments; `timed`: with the times of all rows. */
  common(of: 'heap' | 'peer', timed: boolean): Setup {
    const { name, outline, heapBytes } = this.#source;
    const traceBytes = (point: Point): number => outline(point).rows * rowWords * wordBytes;
    return {
      // A time is divided by the rows; by the allocations where the point says `per: 'allocation'`.
      work(point) {
        const { rows, allocations } = outline(point);
        return { operations: point['per'] === 'allocation' ? allocations : rows, bytes: 0 };
      },
      sharedBytes: (point) => ({ [`trace of ${name(point)}`]: traceBytes(point) }),
      footprintBytes(point) {
        const { rows, ids, peakBytes } = outline(point);
        const blocks = of === 'heap' ? (heapBytes?.(point) ?? roomFor(peakBytes)) : roomFactor * peakBytes;
        const slotBytes = (of === 'heap' ? 1 : 2) * ids * slotParts * wordBytes;
        return traceBytes(point) + blocks + slotBytes + (timed ? rows * wordBytes : 0);
      },
    };
  }
}

/** For kernels that replay a source's traces in a way of their own. */
export function tracesOf(source: TraceSource): Source {
  return new Source(source);
}

const ofWorkloads = new Source(workloadSource);
const exact = { kind: 'exact' } as const;

/** Point: workload, its parameters, `parameter` of the allocator; `own`: as the trace needs it, of a pool. Work: one operation a row. */
function heapWork({ id, title, make }: HeapKind): HeapWork {
  return defineKernel({
    id: `${id}-work`,
    summary: `replays a trace over a ${title} allocator and keeps no books`,
    signature: heapSignature,
    setup: (place) => ofWorkloads.heapArguments(place),
    reference: ({ heap, parameter, trace, slots }) =>
      heapTraceWork(make, heap, parameter, trace, slots, null),
    agreement: exact,
    ...ofWorkloads.common('heap', false),
  });
}

function heapTails({ id, title, make }: HeapKind): HeapTails {
  return defineKernel({
    id: `${id}-tails`,
    summary: `the same over a ${title} allocator, each row timed`,
    signature: heapTailsSignature,
    setup: (place) => ({ ...ofWorkloads.heapArguments(place), timesNs: ofWorkloads.rowTimes(place) }),
    reference: ({ heap, parameter, trace, slots, timesNs }) =>
      heapTraceWork(make, heap, parameter, trace, slots, timesNs),
    agreement: exact,
    ...ofWorkloads.common('heap', true),
  });
}

const kinds = [...heaps, ...oneSizeHeaps];
/** By the allocator's id. */
export const heapWorks: ReadonlyMap<string, HeapWork> = new Map(
  kinds.map((kind) => [kind.id, heapWork(kind)]),
);
export const heapTailsOf: ReadonlyMap<string, HeapTails> = new Map(
  kinds.map((kind) => [kind.id, heapTails(kind)]),
);

/** The work over values of JavaScript; the slots, which native code leaves empty, stay so. */
export function valueWork<T>(store: ValueStore<T>): (args: PeerArguments) => bigint {
  return (args) => timedValueWork(store, args, null);
}

function timedValueWork<T>(store: ValueStore<T>, { trace, slots }: PeerArguments, times: RowTimes): bigint {
  slots.fill(0n);
  return valueTraceWork(store, trace, slots.length / slotParts, times);
}

/** Point: workload, its parameters, `peer`: its place in the list of the addon's peers. */
export const peerWork: PeerWork = defineKernel({
  id: 'peer-work',
  summary: "replays a trace over malloc or another's allocator; in TypeScript over new objects",
  signature: peerSignature,
  setup: (place) => ofWorkloads.peerArguments(place),
  reference: valueWork(objects),
  agreement: exact,
  ...ofWorkloads.common('peer', false),
});

export const peerTails: PeerTails = defineKernel({
  id: 'peer-tails',
  summary: 'the same, each row timed',
  signature: peerTailsSignature,
  setup: (place) => ({ ...ofWorkloads.peerArguments(place), timesNs: ofWorkloads.rowTimes(place) }),
  reference: (args) => timedValueWork(objects, args, args.timesNs),
  agreement: exact,
  ...ofWorkloads.common('peer', true),
});

/** The four kernels over traces from elsewhere. Point: `parameter` of an allocator of ours, `peer` of another. */
export interface TraceKernels {
  heapWork(id: string): HeapWork;
  heapTails(id: string): HeapTails;
  readonly peerWork: PeerWork;
  readonly peerTails: PeerTails;
}

export function kernelsOver(traces: TraceSource): TraceKernels {
  const source = new Source(traces);
  return {
    heapWork: (id) => ({
      ...heapWorks.get(id)!,
      setup: (place) => source.heapArguments(place),
      ...source.common('heap', false),
    }),
    heapTails: (id) => ({
      ...heapTailsOf.get(id)!,
      setup: (place) => ({ ...source.heapArguments(place), timesNs: source.rowTimes(place) }),
      ...source.common('heap', true),
    }),
    peerWork: {
      ...peerWork,
      setup: (place) => source.peerArguments(place),
      ...source.common('peer', false),
    },
    peerTails: {
      ...peerTails,
      setup: (place) => ({ ...source.peerArguments(place), timesNs: source.rowTimes(place) }),
      ...source.common('peer', true),
    },
  };
}
