/**
 * What the machine really is, measured before anything is chosen from it: the curve of dependent loads over
 * working sets, and the distance of every pair of CPUs.
 */
import { Prng } from '../base/prng.ts';
import { linkCycle, pointerChase } from '../kernel/pointer-chase.ts';
import type { CpuDistance } from '../machine/types.ts';
import { environment } from '../native/binding.ts';
import { median } from '../stats/index.ts';
import { HandOver } from './hand-over.ts';
import { GroupRoom } from './room.ts';
import { timeNative } from './thread-arm.ts';

export interface Survey {
  readonly curve: readonly { readonly workingSetBytes: number; readonly nsPerLoad: number }[];
  readonly distances: readonly CpuDistance[];
}

const smallestBytes = 8 * 2 ** 10;
const hops = 20_000;
const repeats = 5;
const roundTrips = 5000;
const mostPairs = 256;

/** Huge pages, where the system gives them, keep the cost of address translation out of the curve. */
function roomForCurve(bytes: number): { room: GroupRoom; next: Uint32Array } {
  const huge = new GroupRoom('transparent');
  try {
    return { room: huge, next: huge.array('uint32', bytes / 4, 4096) };
  } catch {
    const room = new GroupRoom();
    return { room, next: room.array('uint32', bytes / 4, 4096) };
  }
}

/** ns a dependent load at each size: the least of some walks, each over another part of the cycle. */
function latencyCurve(largestBytes: number, pointsPerOctave: number): Survey['curve'] {
  const { room, next } = roomForCurve(largestBytes);
  try {
    const curve: { workingSetBytes: number; nsPerLoad: number }[] = [];
    const octaves = Math.log2(largestBytes / smallestBytes);
    for (let i = 0; i <= octaves * pointsPerOctave; i++) {
      const slots = Math.round((smallestBytes * 2 ** (i / pointsPerOctave)) / 64);
      linkCycle(next, slots, 16, new Prng(i));
      let least = Number.POSITIVE_INFINITY;
      let start = 0;
      for (let repeat = 0; repeat < repeats; repeat++) {
        const timed = timeNative(pointerChase.id, [next, start, hops], { warmup: 0, iterations: 1 });
        start = Number(timed.checksum);
        least = Math.min(least, timed.elapsedNs / hops);
      }
      curve.push({ workingSetBytes: slots * 64, nsPerLoad: least });
    }
    return curve;
  } finally {
    room.close();
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
    return { curve, distances: first === undefined ? [] : distances(cpus) };
  } finally {
    environment().unpin();
  }
}
