/** The lists of general allocators: what is not here does not exist for the lab. */
import { wordBytes } from './allocation.ts';
import { Buddy } from './buddy.ts';
import { Debug } from './debug.ts';
import { frontWords, wordsWithBack } from './debug-layout.ts';
import { FreeList, fit } from './free-list.ts';
import { alignmentWords, grainWords, type MakeHeap } from './heap.ts';
import { Linear } from './linear.ts';
import { MultiPool } from './multi-pool.ts';
import { poolBlockBytes, PoolHeap } from './pool-heap.ts';
import { Segregated } from './segregated.ts';
import { Slab } from './slab.ts';
import { SmallObject } from './small-object.ts';
import { Stack } from './stack.ts';
import { Tlsf } from './tlsf.ts';

export interface HeapKind {
  readonly id: string;
  /** The kernel that replays a trace over its native twin. */
  readonly replay: string;
  readonly title: string;
  readonly make: MakeHeap;
  /** Values of the parameter by name. */
  readonly parameters: Readonly<Record<string, number>>;
  /** Blocks come back in the reverse of their order, or all at once, or else in any. */
  readonly order: 'any' | 'lifo' | 'at-once';
  /** What it once cut up for one size stays cut up when all was given back, for ever or until it is needed. */
  readonly keeps?: boolean;
  /**
   * Its blocks are of one size, and it serves a program that asks for one: the parameter for requests of up to so many
   * bytes, aligned to no more than this. Left out: it serves any sizes.
   */
  readonly parameterFor?: (bytes: number, alignmentBytes: number) => number;
}

const none = { '': 0 } as const;

/** Those that serve any sizes. */
export const heaps: readonly HeapKind[] = [
  {
    id: 'linear',
    replay: 'linear-replay',
    title: 'linear',
    make: Linear.create,
    parameters: none,
    order: 'at-once',
  },
  {
    id: 'stack',
    replay: 'stack-replay',
    title: 'stack',
    make: Stack.create,
    parameters: none,
    order: 'lifo',
  },
  {
    id: 'free-list',
    replay: 'free-list-replay',
    title: 'free list',
    make: FreeList.create,
    parameters: fit,
    order: 'any',
  },
  {
    id: 'segregated',
    replay: 'segregated-replay',
    title: 'segregated fit',
    make: Segregated.create,
    parameters: none,
    order: 'any',
  },
  { id: 'tlsf', replay: 'tlsf-replay', title: 'TLSF', make: Tlsf.create, parameters: none, order: 'any' },
  { id: 'buddy', replay: 'buddy-replay', title: 'buddy', make: Buddy.create, parameters: none, order: 'any' },
  {
    id: 'multi-pool',
    replay: 'multi-pool-replay',
    title: 'pools of size classes',
    make: MultiPool.create,
    parameters: none,
    order: 'any',
    keeps: true,
  },
  { id: 'slab', replay: 'slab-replay', title: 'slab', make: Slab.create, parameters: none, order: 'any' },
  {
    id: 'small-object',
    replay: 'small-object-replay',
    title: 'small objects',
    make: SmallObject.create,
    parameters: none,
    order: 'any',
  },
];

/** Those whose blocks are of one size. */
export const oneSizeHeaps: readonly HeapKind[] = [
  {
    id: 'pool-heap',
    replay: 'pool-heap-replay',
    title: 'pool',
    make: PoolHeap.create,
    parameters: {},
    order: 'any',
    parameterFor: poolBlockBytes,
  },
];

/** An allocator of the lists, with a value of its parameter. */
export interface HeapChoice {
  /** `tlsf`; of a free list `best-fit`. */
  readonly id: string;
  readonly title: string;
  readonly kind: HeapKind;
  /** The kind's place in the list, which is that of native/allocators/heaps.h. */
  readonly number: number;
  readonly parameter: number;
}

/** All that a user can choose from for any trace, in the order of the list. */
export const heapChoices: readonly HeapChoice[] = heaps.flatMap((kind, number) =>
  Object.entries(kind.parameters).map(([name, parameter]) => ({
    id: name === '' ? kind.id : `${name}-fit`,
    title: name === '' ? kind.title : `${kind.title}, ${name} fit`,
    kind,
    number,
    parameter,
  })),
);

/** What a user can choose beside them for a trace of one size; the parameter is the trace's (`fitted`). */
export const oneSizeChoices: readonly HeapChoice[] = oneSizeHeaps.map((kind, i) => ({
  id: 'pool',
  title: kind.title,
  kind,
  number: heaps.length + i,
  parameter: 0,
}));

/** The choice for requests of up to so many bytes, aligned to no more than this. */
export function fitted(choice: HeapChoice, bytes: number, alignmentBytes: number): HeapChoice {
  const { kind, parameter } = choice;
  return { ...choice, parameter: kind.parameterFor?.(bytes, alignmentBytes) ?? parameter };
}

const debugReplays: Readonly<Record<string, string>> = {
  linear: 'debug-linear-replay',
  stack: 'debug-stack-replay',
  'free-list': 'debug-free-list-replay',
  segregated: 'debug-segregated-replay',
  tlsf: 'debug-tlsf-replay',
  buddy: 'debug-buddy-replay',
  'multi-pool': 'debug-multi-pool-replay',
  slab: 'debug-slab-replay',
  'small-object': 'debug-small-object-replay',
  'pool-heap': 'debug-pool-heap-replay',
};

function wrapped(kind: HeapKind): HeapKind {
  return {
    ...kind,
    id: `debug-${kind.id}`,
    replay: debugReplays[kind.id]!,
    title: `${kind.title}, in the debug wrapper`,
    make: (heap, parameter) => Debug.create(kind.make, heap, parameter),
    // What was freed last is held back.
    keeps: true,
  };
}

/** The same ones, each in the debug wrapper. */
export const debugHeaps: readonly HeapKind[] = heaps.map(wrapped);

/** The wrapper asks for more than it is asked for, and aligns by itself. */
function wrappedBytes(bytes: number, alignmentBytes: number): number {
  return (frontWords + alignmentWords(alignmentBytes) - grainWords + wordsWithBack(bytes)) * wordBytes;
}

export const debugOneSizeHeaps: readonly HeapKind[] = oneSizeHeaps.map((kind) => ({
  ...wrapped(kind),
  parameterFor: (bytes, alignmentBytes) => kind.parameterFor!(wrappedBytes(bytes, alignmentBytes), 0),
}));
