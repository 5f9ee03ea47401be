/** Who can replay a workload's trace: allocators of ours in both languages, those of others, JavaScript's own values. */
import { type HeapChoice, heapChoices, oneSizeChoices } from '../../allocators/heaps.ts';
import { arrayBuffers, unsafeBuffers, zeroedBuffers } from '../../allocators/value-stores.ts';
import { noThing, thingPool } from '../../allocators/thing-pool.ts';
import type { ValueStore } from '../../allocators/trace-work.ts';
import { ContractError } from '../../base/errors.ts';
import type { Language, ThreadVariant } from '../../experiment/experiment.ts';
import { own, type Point } from '../../kernel/kernel.ts';
import { outlineOf } from '../../trace/outline.ts';
import type { Workload } from '../../trace/workloads.ts';
import { noReplayPeer, type PeerId, replayPeers } from './peers.ts';
import { heapWorks, peerWork, roomFor, valueWork, workloadSource } from './trace-kernels.ts';

function choice(id: string): HeapChoice {
  const all = [...heapChoices, ...oneSizeChoices];
  const found = all.find((each) => each.id === id);
  if (found === undefined) {
    throw new ContractError(`there is no allocator called ${id}: ${all.map((each) => each.id).join(', ')}`);
  }
  return found;
}

/** Whether an allocator can serve a workload: a stack only the last block first, a linear one only resets. */
export function serves({ kind }: HeapChoice, { order }: Workload): boolean {
  const kept = kind.order;
  return kept === 'any' || order === 'at-once' || kept === order;
}

/**
 * An allocator of ours; `fixed` has the workload, unless that is a parameter of the experiment. One whose blocks are of one
 * size has them as the trace needs, unless `fixed` says their bytes.
 */
export function heapVariant(id: string, language: Language, fixed: Point = {}): ThreadVariant {
  const { title, kind, parameter } = choice(id);
  const isNative = language === 'native';
  return {
    form: 'thread',
    id: isNative ? id : `ts-${id}`,
    title: isNative ? title : `TypeScript, ${title}`,
    kernel: heapWorks.get(kind.id)!,
    language,
    fixed: { parameter: kind.parameterFor === undefined ? parameter : own, ...fixed },
  };
}

/** An allocator of others. */
export function peerVariant(id: PeerId, fixed: Point = {}): ThreadVariant {
  return {
    form: 'thread',
    id,
    title: id,
    kernel: peerWork,
    language: 'native',
    fixed: { ...fixed, peer: replayPeers.indexOf(id) },
    refuses: () => noReplayPeer(id),
  };
}

const values = [
  { id: 'ts-objects', title: 'TypeScript, new objects', implementation: undefined },
  { id: 'ts-buffers', title: 'TypeScript, Buffer.allocUnsafe', implementation: valueWork(unsafeBuffers) },
  { id: 'ts-zeroed-buffers', title: 'TypeScript, Buffer.alloc', implementation: valueWork(zeroedBuffers) },
  { id: 'ts-array-buffers', title: 'TypeScript, new ArrayBuffer', implementation: valueWork(arrayBuffers) },
] as const;

/** What JavaScript allocates by itself. */
export function valueVariants(fixed: Point = {}): ThreadVariant[] {
  return values.map(({ id, title, implementation }) => ({
    form: 'thread',
    id,
    title,
    kernel: peerWork,
    language: 'typescript',
    fixed: { ...fixed, peer: 0 },
    ...(implementation === undefined ? {} : { implementation }),
  }));
}

/** Above so many blocks at once @thi.ng/malloc is left out: its free looks through a list of them. */
const mostBlocksOfThing = 4096;
/** Pools of traces that were replayed before: they live on from call to call, as others do. */
const thingPools = new WeakMap<Uint32Array, ValueStore<number>>();

function thingWork(args: Parameters<ReturnType<typeof valueWork>>[0]): bigint {
  const { trace, slots } = args;
  const store =
    thingPools.get(trace) ?? thingPool(roomFor(outlineOf({ rows: trace, ids: slots.length }).peakLiveBytes));
  thingPools.set(trace, store);
  return valueWork(store)(args);
}

/** @thi.ng/malloc, where the user has installed it. */
export function thingVariant(fixed: Point = {}): ThreadVariant {
  return {
    form: 'thread',
    id: 'ts-thing',
    title: 'TypeScript, @thi.ng/malloc',
    kernel: peerWork,
    language: 'typescript',
    fixed: { ...fixed, peer: 0 },
    implementation: thingWork,
    refuses: (point) =>
      noThing() ??
      (workloadSource.outline(point).ids > mostBlocksOfThing
        ? `its free looks through a list of all blocks, and here there may be more than ${mostBlocksOfThing}`
        : null),
  };
}
