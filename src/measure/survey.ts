/**
 * What the machine really is, measured before anything is chosen from it: the curve of dependent loads over
 * working sets, and the distance of every pair of CPUs.
 */
import { Prng } from '../base/prng.ts';
import { linkByCongruence, linkInOrder, visitingOrder } from '../kernel/chase-order.ts';
import { pointerChase } from '../kernel/pointer-chase.ts';
import type { CpuDistance } from '../machine/types.ts';
import { environment } from '../native/binding.ts';
import { median } from '../stats/index.ts';
import { HandOver } from './hand-over.ts';
import { GroupRoom } from './room.ts';
import { timeNative } from './thread-arm.ts';

export interface Survey {
  readonly curve: readonly { readonly workingSetBytes: number; readonly nsPerLoad: number }[];
  readonly distances: readonly CpuDistance[];
  /** Share of memory asked for as huge pages that came as such; null where nobody can say. */
  readonly hugeShare: number | null;
}

const lineBytes = 64;
const smallestBytes = 8 * 2 ** 10;
/** Of a larger set, shuffling would take longer than all of its walks. */
const shuffledSlots = 2 ** 14;
const hops = 20_000;
const repeats = 5;
const roundTrips = 5000;
const mostPairs = 256;

/** Huge pages, where the system gives them, keep the cost of address translation out of the curve. */
function linksIn(room: GroupRoom, bytes: number): Uint32Array {
  try {
    return room.array('uint32', bytes / 4, 4096, 'transparent');
  } catch {
    return room.array('uint32', bytes / 4, 4096);
  }
}

/** ns a dependent load at each size: the least of some walks, each over another part of the cycle. */
function latencyCurve(largestBytes: number, pointsPerOctave: number): Survey['curve'] {
  const room = new GroupRoom();
  try {
    const links = linksIn(room, largestBytes);
    const curve: { workingSetBytes: number; nsPerLoad: number }[] = [];
    const octaves = Math.log2(largestBytes / smallestBytes);
    for (let i = 0; i <= octaves * pointsPerOctave; i++) {
      const slots = Math.round((smallestBytes * 2 ** (i / pointsPerOctave)) / lineBytes);
      if (slots > shuffledSlots) linkByCongruence(links, slots, lineBytes, i);
      else linkInOrder(links, visitingOrder('random', slots, lineBytes, new Prng(i)));
      let least = Number.POSITIVE_INFINITY;
      const cursors = new Uint32Array(1);
      for (let repeat = 0; repeat < repeats; repeat++) {
        const timed = timeNative(pointerChase.id, [links, cursors, hops], { warmup: 0, iterations: 1 });
        least = Math.min(least, timed.elapsedNs / hops);
      }
      curve.push({ workingSetBytes: slots * lineBytes, nsPerLoad: least });
    }
    return curve;
  } finally {
    room.close();
  }
}

function hugeShare(): number | null {
  const bytes = 8 * 2 ** 20;
  try {
    const region = new (environment().Region)(bytes, { pages: 'transparent' });
    try {
      new Uint8Array(region.buffer).fill(1);
      const huge = region.hugeBytes();
      return huge === null ? null : huge / bytes;
    } finally {
      region.discard();
    }
  } catch {
    return null;
  }
}

function distances(cpus: readonly number[]): CpuDistance[] {
  const found: CpuDistance[] = [];
  const room = new GroupRoom();
  try {
    for (const [i, from] of cpus.entries()) {
      environment().pin(from);
      for (const to of cpus.slice(i + 1)) {
        if (found.length >= mostPairs) return found;
        const times = new HandOver(to, roundTrips, { room, seed: i, cpus }).play(repeats);
        found.push({ from, to, oneWayNs: Number(median(times).toFixed(1)) });
      }
    }
    return found;
  } finally {
    room.close();
  }
}

/**
 * Surveys the machine on the calling thread, pinned to the CPUs named; unpins it afterwards. Where the system lets
 * nobody choose a CPU there are no distances.
 */
export function survey(cpus: readonly number[], largestBytes: number, pointsPerOctave: number): Survey {
  const [first] = environment().allowedCpus.length > 0 ? cpus : [];
  try {
    if (first !== undefined) environment().pin(first);
    const curve = latencyCurve(largestBytes, pointsPerOctave);
    return { curve, distances: first === undefined ? [] : distances(cpus), hugeShare: hugeShare() };
  } finally {
    environment().unpin();
  }
}
