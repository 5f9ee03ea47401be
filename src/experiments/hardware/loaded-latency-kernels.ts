/**
 * One member of a team follows dependent loads, the others stream through memory until it is done. Native twin:
 * native/kernels/loaded-chase.cc.
 */
import { ContractError, InvariantError } from '../../base/errors.ts';
import { linkInOrder, visitingOrder } from '../../kernel/chase-order.ts';
import { defineKernel, type Kernel, numberAt, type Place, textAt } from '../../kernel/kernel.ts';
import type { Arguments } from '../../kernel/signature.ts';
import { touch } from './bandwidth-reference.ts';

const signature = {
  links: 'shared uint32[]',
  cursor: 'shared uint32[]',
  stream: 'observed float64[]',
  laps: 'shared uint32[]',
  seen: 'observed float64[]',
  member: 'uint32',
  members: 'uint32',
  hops: 'uint32',
  pauseNs: 'uint32',
} as const;
export type LoadedArguments = Arguments<typeof signature>;

/** Loads of one lap: about half a millisecond. */
const hopsOfLap = 4096;
const lineBytes = 64;
const linkBytes = 4;
const numberBytes = 8;
/** Members write words and figures of their own: none shares a pair of lines with another. */
const wordStride = 32;
const seenStride = 16;
const pageElements = 512;
const pagesBetweenLooks = 256;
const looksBetweenClocks = 2 ** 20;
const patienceNs = 10_000_000_000n;
const alone = 'loaded-chase: the partner did not answer within 10 s';

/** How far a lap is ahead of another; both wrap at 2^32. */
function ahead(lap: number, other: number): number {
  return (lap - other) | 0;
}

function waitFor(laps: Uint32Array, member: number, lap: number): void {
  let deadlineNs = 0n;
  for (let looks = 1; ahead(Atomics.load(laps, member * wordStride), lap) < 0; looks++) {
    if (looks % looksBetweenClocks !== 0) continue;
    const nowNs = process.hrtime.bigint();
    if (deadlineNs === 0n) deadlineNs = nowNs + patienceNs;
    if (nowNs > deadlineNs) throw new InvariantError(alone);
  }
}

/**
 * 1. Wait until every other member has begun this lap. 2. Each load's address is the load before: `hops` of them, from
 * where the cursor stands. 3. The lap is over for all. Answer: where the cursor stands now.
 */
function chase({ links, cursor, laps, seen, members, hops }: LoadedArguments): bigint {
  const lap = (Atomics.load(laps, 0) + 1) >>> 0;
  for (let other = 1; other < members; other++) waitFor(laps, other, lap);
  const startNs = process.hrtime.bigint();
  let at = cursor[0]!;
  for (let i = 0; i < hops; i++) at = links[at >>> 2]!;
  seen[0] = Number(process.hrtime.bigint() - startNs);
  cursor[0] = at;
  Atomics.store(laps, 0, lap);
  return BigInt(at);
}

/** Four sums, as bandwidth's read. */
function readPage(stream: Float64Array, from: number): number {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  for (let i = from; i < from + pageElements; i += 4) {
    first += stream[i]!;
    second += stream[i + 1]!;
    third += stream[i + 2]!;
    fourth += stream[i + 3]!;
  }
  return first + second + third + fourth;
}

/** What pages sum up to goes here, so that no engine may leave a read out. */
export const lastSum: Float64Array = new Float64Array(1);

/**
 * 1. Say that this lap has begun. 2. Page after page, until the chase's lap is over: read one, and pause. 3. Note how
 * long that took and how much it was. Answer: the lap.
 */
function streamOn({ stream, laps, seen, member, pauseNs }: LoadedArguments): bigint {
  touch(stream);
  const pages = Math.floor(stream.length / pageElements);
  const lap = (Atomics.load(laps, member * wordStride) + 1) >>> 0;
  const isOver = (): boolean => ahead(Atomics.load(laps, 0), lap) >= 0;
  let page = seen[2]! < pages ? seen[2]! : 0;
  let read = 0;
  const startNs = process.hrtime.bigint();
  Atomics.store(laps, member * wordStride, lap);
  while (!isOver()) {
    lastSum[0] = readPage(stream, page * pageElements);
    page = page + 1 === pages ? 0 : page + 1;
    read++;
    if (pauseNs > 1) {
      const untilNs = process.hrtime.bigint() + BigInt(pauseNs);
      while (process.hrtime.bigint() < untilNs && !isOver());
    }
    if (read % pagesBetweenLooks === 0 && process.hrtime.bigint() - startNs > patienceNs) {
      throw new InvariantError(alone);
    }
  }
  seen[0] = Number(process.hrtime.bigint() - startNs);
  seen[1] = read * pageElements * numberBytes;
  seen[2] = page;
  return BigInt(lap);
}

interface Memory {
  readonly slots: number;
  readonly links: Uint32Array;
  readonly first: number;
  /** One for all arms, so that none finds the lines in a cache that another has just been to. */
  readonly cursor: Uint32Array;
  /** A member each; the chaser's is empty. */
  readonly streams: readonly Float64Array[];
}

/**
 * Made once a process, since a team's room would make it anew for every arm. The last one only: a process that goes on
 * to another size lets it go.
 */
let memory: Memory | null = null;

function memoryFor({ point, prng, room, members }: Place): Memory {
  const slots = Math.max(1, Math.floor(numberAt(point, 'workingSetBytes') / lineBytes));
  if (memory?.slots === slots && memory.streams.length === members) return memory;
  // Let go first: both may not fit.
  memory = null;
  const order = visitingOrder('in-16-pages', slots, lineBytes, prng);
  const links = linkInOrder(room.shared('uint32', (slots * lineBytes) / linkBytes), order);
  const elements = Math.max(pageElements, (slots * lineBytes) / numberBytes);
  const streams = Array.from({ length: members }, (_, member) =>
    room.shared('float64', member === 0 ? 0 : elements, 4096),
  );
  memory = { slots, links, first: order[0]!, cursor: room.shared('uint32', 1), streams };
  return memory;
}

function setup(place: Place): LoadedArguments {
  const { point, room, member, members } = place;
  const { links, first, cursor, streams } = memoryFor(place);
  const laps = room.share('laps', () => room.shared('uint32', members * wordStride, 128));
  const seen = room.share('seen', () => room.shared('float64', members * seenStride, 128));
  const isChaser = member === 0;
  if (isChaser) cursor[0] = first;
  return {
    links: isChaser ? links : room.shared('uint32', 0),
    cursor,
    stream: streams[member]!,
    laps,
    seen: seen.subarray(member * seenStride),
    member,
    members,
    hops: hopsOfLap,
    pauseNs: numberAt(point, 'pauseNs'),
  };
}

/** A pause so long that a CPU draws next to nothing; the curve starts there. */
export const idlePauseNs = 100_000;

/**
 * Point: workingSetBytes (of the links, and of each stream), streamers, pauseNs (after each page; 1: none),
 * language. A team: member 0 chases, the others stream.
 */
export const loadedChase: Kernel<typeof signature> = defineKernel({
  id: 'loaded-chase',
  summary: 'follows a cycle of links while others draw on the memory',
  signature,
  setup,
  reference(args) {
    if (args.member >= args.members) throw new ContractError('loaded-chase: no such member');
    return args.member === 0 ? chase(args) : streamOn(args);
  },
  agreement: { kind: 'exact' },
  work: () => ({ operations: hopsOfLap, bytes: linkBytes * hopsOfLap }),
  // All arms go through the same memory: the idle one, which is in every group, accounts for it.
  footprintBytes: (point) =>
    textAt(point, 'language') === 'native' && numberAt(point, 'pauseNs') === idlePauseNs
      ? numberAt(point, 'workingSetBytes') * (1 + numberAt(point, 'streamers'))
      : 0,
});

/** Of the last lap: ns a load of the chaser, GB/s of all others together. */
export function loadOf({ seen, hops }: LoadedArguments): { latency: number; load: number } {
  let load = 0;
  for (let at = seenStride; at < seen.length; at += seenStride) load += seen[at + 1]! / seen[at]!;
  return { latency: seen[0]! / hops, load };
}
