/**
 * The quick look at the machine between blocks of rounds: a ping-pong between two CPUs, dependent loads in 8 MiB,
 * and a fixed chain of arithmetic. A guest's host moves virtual CPUs and neighbours take cache within minutes; two
 * modes in these figures are two regimes, and only what was taken within one may be compared.
 */
import { fixedWork } from '../kernel/fixed-work.ts';
import { pointerChase } from '../kernel/pointer-chase.ts';
import { inOrder } from '../kernel/signature.ts';
import { HandOver } from './hand-over.ts';
import { GroupRoom } from './room.ts';
import { type AnyArguments, setUp, timeNative } from './thread-arm.ts';

export interface ProbeReading {
  readonly pingPongNs: number | null;
  readonly chaseNs: number;
  readonly fixedNs: number;
}

const chaseBytes = 8 * 2 ** 20;
const lineElements = 16;
const hops = 2048;
/** The least of some short games: an interrupt in one of them is no regime. */
const games = 3;
const roundTrips = 500;
const steps = 20_000;

/**
 * Links one slot a line into one cycle by a linear congruence, a full period for a power of two (Hull and Dobell
 * 1962): each hop goes to a page that no prefetcher foresees. A shuffle would take a fresh process three times as long.
 */
export function linkByCongruence(next: Uint32Array, seed: number): void {
  const last = next.length / lineElements - 1;
  const increment = (2 * seed + 1) >>> 0;
  for (let slot = 0; slot <= last; slot++) {
    next[slot * lineElements] = ((Math.imul(slot, 69069) + increment) & last) * lineElements;
  }
}

/** Holds the probe's own 8 MiB; `close()` frees them. */
export class RegimeProbe {
  readonly #room = new GroupRoom();
  readonly #handOver: HandOver | null;
  readonly #chase: { next: Uint32Array; start: number; hops: number };
  readonly #fixed: AnyArguments;

  constructor(cpus: readonly number[], seed: number) {
    const seat = { room: this.#room, seed, cpus };
    const partner = cpus[1];
    this.#handOver = partner === undefined ? null : new HandOver(partner, roundTrips, seat);
    const next = this.#room.array('uint32', chaseBytes / 4, 4096);
    linkByCongruence(next, seed);
    this.#chase = { next, start: 0, hops };
    this.#fixed = setUp(fixedWork, { steps }, seat);
  }

  read(): ProbeReading {
    const once = { warmup: 0, iterations: 1 };
    const pingPongNs = this.#handOver === null ? null : Math.min(...this.#handOver.play(games));
    const chase = timeNative(pointerChase.id, inOrder(pointerChase.signature, this.#chase), once);
    // Goes on where it ended, so that no look finds the lines that the last one brought in.
    this.#chase.start = Number(chase.checksum);
    const fixed = timeNative(fixedWork.id, inOrder(fixedWork.signature, this.#fixed), once);
    return {
      pingPongNs,
      chaseNs: chase.elapsedNs / hops,
      fixedNs: fixed.elapsedNs,
    };
  }

  close(): void {
    this.#room.close();
  }
}
