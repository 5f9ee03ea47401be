/** Kernels that store references over a collector of each barrier. Native twin: native/kernels/pointer-stores.cc. */
import { unwatched } from '../../collectors/collector.ts';
import { countNumbers } from '../../collectors/counts.ts';
import { PauseLog } from '../../collectors/pauses.ts';
import { type CollectorKind, collectorKinds } from '../../collectors/plans.ts';
import {
  pointerStores,
  pointerStoresColumns,
  pointerStoresRoots,
  type PointerStoresShape,
  storesShapeNumbers,
  storesShapeOf,
} from '../../collectors/programs/pointer-stores.ts';
import type { Prng } from '../../base/prng.ts';
import { defineKernel, type Kernel, numberAt, type Point, textAt } from '../../kernel/kernel.ts';
import type { Arguments } from '../../kernel/signature.ts';
import { settingsAt } from './collector-settings.ts';

const signature = {
  heap: 'uint32[]',
  scratch: 'scratch uint32[]',
  roots: 'uint32[]',
  settings: 'const uint32[]',
  shape: 'const uint32[]',
  order: 'const uint32[]',
  offsets: 'scratch uint32[]',
  counts: 'float64[]',
  times: 'observed float64[]',
} as const;

export type PointerStoresArguments = Arguments<typeof signature>;
type PointerStoresKernel = Kernel<typeof signature>;

const wordBytes = 4;
const leastHeapWords = 2 ** 16;
/** An object, what collectors need beside it, and room that no collection begins for by itself. */
const heapWordsAnObject = 64;
/** A store buffer has an entry for so many words of the heap: every slot that is written down finds one. */
const heapWordsALoggedSlot = 128;

function storesAt(point: Point): number {
  return numberAt(point, 'passes') * numberAt(point, 'objects');
}

/** The stores that a kernel's arguments come to. */
export function storesOf({ shape, order }: Pick<PointerStoresArguments, 'shape' | 'order'>): number {
  return (storesShapeOf(shape).passes * order.length) / pointerStoresColumns;
}

function isYoung(point: Point): boolean {
  return textAt(point, 'targets') === 'young';
}

function heapWordsAt(point: Point): number {
  const logged = isYoung(point) ? Math.floor(storesAt(point) / 2) : 0;
  const words = Math.max(
    leastHeapWords,
    heapWordsAnObject * numberAt(point, 'objects'),
    heapWordsALoggedSlot * logged,
  );
  return Math.ceil(words / 16) * 16;
}

/** A pause comes sooner than this, in the collectors that are given the time for one. */
function shapeAt(point: Point): PointerStoresShape {
  const untilPause = heapWordsAt(point) / 4;
  return {
    passes: numberAt(point, 'passes'),
    young: Number(isYoung(point)),
    wordsBefore: point['pauses'] === 'before' ? untilPause : 0,
    wordsAfter: point['pauses'] === 'after' ? untilPause : 0,
  };
}

/** The objects in some order, then what each names in even passes, and in odd ones: any of as many. */
export function storeOrder(objects: number, prng: Prng): Uint32Array {
  const order = Uint32Array.from({ length: pointerStoresColumns * objects }, () => prng.below(objects));
  order.set(prng.shuffle(Uint32Array.from({ length: objects }, (_, i) => i)));
  return order;
}

/**
 * Point: objects, passes, targets (`old` or `young`), pauses (`before` the stores, so that marking is under way, or
 * `after` them, so that the young are collected; else none), the collector's settings by name. Work: one operation a store.
 */
function pointerStoresKernel(kind: CollectorKind): PointerStoresKernel {
  const key = (point: Point): string => `order ${numberAt(point, 'objects')}`;
  const orderWords = (point: Point): number => pointerStoresColumns * numberAt(point, 'objects');
  return defineKernel({
    id: `${kind.id}-pointer-stores`,
    summary: `stores references over ${kind.id}`,
    signature,
    setup: ({ point, prng, room }) => {
      const heapWords = heapWordsAt(point);
      return {
        // Fresh pages are touched here, where no time is taken.
        heap: room.array('uint32', heapWords, 4096).fill(0),
        scratch: new Uint32Array(heapWords + pointerStoresRoots),
        roots: room.array('uint32', pointerStoresRoots),
        settings: settingsAt(kind, point),
        shape: storesShapeNumbers(shapeAt(point)),
        order: room.share(key(point), () => storeOrder(numberAt(point, 'objects'), prng)),
        offsets: room.array('uint32', orderWords(point)),
        counts: room.array('float64', countNumbers),
        times: room.array('float64', 1),
      };
    },
    reference: (args) => {
      const { heap, scratch, roots, settings, shape, order, offsets } = args;
      const room = { heap, scratch, roots, pauses: new PauseLog(new Float64Array(0)), watcher: unwatched };
      const plan = { shape: storesShapeOf(shape), order, offsets };
      return pointerStores(kind.make, room, [...settings], plan, args);
    },
    agreement: { kind: 'exact' },
    work: (point) => ({ operations: storesAt(point), bytes: 0 }),
    sharedBytes: (point) => ({ [key(point)]: orderWords(point) * wordBytes }),
    footprintBytes: (point) => 2 * (heapWordsAt(point) + orderWords(point)) * wordBytes,
  });
}

/** One of each barrier: what other collectors do at a store is what one of these does. */
const ids: ReadonlySet<string> = new Set([
  'mark-sweep',
  'generational-scan',
  'generational',
  'generational-buffer',
  'incremental',
  'concurrent',
  'ref-count',
  'ref-count-cycles',
  'ref-count-deferred',
  'ref-count-deferred-cycles',
]);

/** By the collector's id. */
export const pointerStoresKernels: ReadonlyMap<string, PointerStoresKernel> = new Map(
  collectorKinds.filter(({ id }) => ids.has(id)).map((kind) => [kind.id, pointerStoresKernel(kind)]),
);
