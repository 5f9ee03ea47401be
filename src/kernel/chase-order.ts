/**
 * In which order a chase visits its slots, and the links that make it do so. Random orders are one cycle over all
 * slots, so that a walk visits every one before it repeats. After google/multichase: groups of slots are visited in
 * a random order, and so are the slots of each group; a group of the whole set meets the TLB at every hop, a group of
 * a page takes it out.
 */
import { ContractError } from '../base/errors.ts';
import type { Prng } from '../base/prng.ts';
import { shuffledIndexes } from '../base/shuffled-indexes.ts';

/**
 * `random`: anywhere in the set; `in-page`: all of a page, then another page; `sequential` and `backward`: ascending
 * and descending addresses; `stride-4`: every fourth slot, then the slots beside those, and so on; `streams-4`: four
 * runs of ascending addresses in four parts of the set, a slot of each in turn. `in-16-pages`: all of 16 pages, then of
 * another 16, which every TLB holds, while prefetchers see nothing; `page-lines`: slots that are pages, of which each
 * gives one line, in a random order.
 */
export type ChaseOrder =
  | 'random'
  | 'in-page'
  | 'in-16-pages'
  | 'page-lines'
  | 'sequential'
  | 'backward'
  | `stride-${number}`
  | `streams-${number}`;

const pageBytes = 4096;
const lineBytes = 64;
const elementBytes = 4;

/** Byte offsets of slots `strideBytes` apart: groups in a random order, and in each group its slots in a random order. */
export function groupedOrder(
  slots: number,
  strideBytes: number,
  groupSlots: number,
  prng: Prng,
): Uint32Array {
  const groups = shuffledIndexes(new Uint32Array(Math.ceil(slots / groupSlots)), prng);
  const order = new Uint32Array(slots);
  let at = 0;
  for (const group of groups) {
    const first = group * groupSlots;
    const count = Math.min(groupSlots, slots - first);
    const inside = shuffledIndexes(order.subarray(at, at + count), prng);
    for (let i = 0; i < count; i++) inside[i] = (first + inside[i]!) * strideBytes;
    at += count;
  }
  return order;
}

/**
 * One line of each slot, the slots in a random order. From page to page the next line is taken: lines at one offset of
 * all pages would compete for one set of the first cache. Of a slot of many pages a random one counts, so that slots a
 * power of two apart do not compete for one set of a TLB that keeps their small pages.
 */
function pageLinesOrder(slots: number, strideBytes: number, prng: Prng): Uint32Array {
  const order = groupedOrder(slots, strideBytes, slots, prng);
  const pagesPerSlot = Math.max(1, Math.floor(strideBytes / pageBytes));
  const linesPerPage = Math.max(1, Math.floor(Math.min(strideBytes, pageBytes) / lineBytes));
  for (let i = 0; i < slots; i++) {
    const line = (order[i]! / strideBytes) % linesPerPage;
    order[i]! += prng.below(pagesPerSlot) * pageBytes + line * lineBytes;
  }
  return order;
}

/** Slots in `pages` pages, one at least. */
function slotsIn(pages: number, strideBytes: number): number {
  return Math.max(1, Math.floor((pages * pageBytes) / strideBytes));
}

/** Every `step`-th slot from slot 0 on, then from slot 1 on, until all were visited. */
function stridedOrder(slots: number, strideBytes: number, step: number): Uint32Array {
  const order = new Uint32Array(slots);
  let at = 0;
  for (let phase = 0; phase < step; phase++) {
    for (let slot = phase; slot < slots; slot += step) order[at++] = slot * strideBytes;
  }
  return order;
}

/**
 * A prime number of slots: by so much each stream starts later in its part than the one before. Parts begin at round
 * addresses, whose lines would all compete for one set of a cache, and would all cross into a page at once.
 */
const streamLead = 67;

/**
 * One slot of each stream a turn. Which one goes first is drawn anew each turn: the addresses alone tell the streams
 * apart, not which of a loop's instructions reads them.
 */
function streamOrder(slots: number, strideBytes: number, streams: number, prng: Prng): Uint32Array {
  const longest = Math.ceil(slots / streams);
  const order = new Uint32Array(slots);
  let at = 0;
  for (let step = 0; step < longest; step++) {
    let stream = prng.below(streams);
    for (let i = 0; i < streams; i++, stream = stream + 1 === streams ? 0 : stream + 1) {
      const first = stream * longest;
      const length = Math.min(longest, slots - first);
      if (step < length) order[at++] = (first + ((step + stream * streamLead) % length)) * strideBytes;
    }
  }
  return order;
}

/** The number in `stride-4` or `streams-4`. */
function countIn(kind: ChaseOrder): number {
  const count = Number(kind.slice(kind.indexOf('-') + 1));
  if (Number.isInteger(count) && count >= 1) return count;
  throw new ContractError(`there is no order "${kind}" of a chase: its number must be a whole one from 1 on`);
}

/**
 * Byte offsets of `slots` slots, `strideBytes` apart, in the order of a visit.
 * @throws ContractError for `stride-` or `streams-` without a whole number
 */
export function visitingOrder(kind: ChaseOrder, slots: number, strideBytes: number, prng: Prng): Uint32Array {
  switch (kind) {
    case 'random':
      return groupedOrder(slots, strideBytes, slots, prng);
    case 'in-page':
      return groupedOrder(slots, strideBytes, slotsIn(1, strideBytes), prng);
    case 'in-16-pages':
      return groupedOrder(slots, strideBytes, slotsIn(16, strideBytes), prng);
    case 'page-lines':
      return pageLinesOrder(slots, strideBytes, prng);
    case 'sequential':
      return stridedOrder(slots, strideBytes, 1);
    case 'backward':
      return stridedOrder(slots, strideBytes, 1).reverse();
    default:
      return kind.startsWith('stride-')
        ? stridedOrder(slots, strideBytes, countIn(kind))
        : streamOrder(slots, strideBytes, countIn(kind), prng);
  }
}

/** Writes, at each byte offset of `order`, the next one; the last names the first. Returns `links`. */
export function linkInOrder(links: Uint32Array, order: Uint32Array): Uint32Array {
  for (let i = 0; i < order.length; i++) {
    links[order[i]! / elementBytes] = order[i + 1 === order.length ? 0 : i + 1]!;
  }
  return links;
}

/**
 * Links `slots` slots, `strideBytes` apart, into one cycle by a linear congruence, a full period for a power of two
 * (Hull and Dobell 1962); of a number between two, the slots beyond it are stepped over, which leaves one cycle. Each
 * hop goes to a page that no prefetcher foresees, and the links are written in ascending order: for sets of many
 * megabytes, where a shuffle would take a fresh process longer than its measuring. Returns `links`.
 */
export function linkByCongruence(
  links: Uint32Array,
  slots: number,
  strideBytes: number,
  seed: number,
): Uint32Array {
  const last = 2 ** Math.ceil(Math.log2(Math.max(1, slots))) - 1;
  const increment = (2 * seed + 1) >>> 0;
  const apart = strideBytes / elementBytes;
  for (let slot = 0; slot < slots; slot++) {
    let next = slot;
    do next = (Math.imul(next, 69069) + increment) & last;
    while (next >= slots);
    links[slot * apart] = next * strideBytes;
  }
  return links;
}
