/** The list of general allocators: what is not here does not exist for the lab. */
import { Buddy } from './buddy.ts';
import { FreeList, fit } from './free-list.ts';
import type { MakeHeap } from './heap.ts';
import { Linear } from './linear.ts';
import { MultiPool } from './multi-pool.ts';
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
  /** What it once cut up for one size stays cut up, even when all was given back. */
  readonly keeps?: boolean;
}

const none = { '': 0 } as const;

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
