/**
 * The quick look at the machine between blocks of rounds: a ping-pong between two CPUs, dependent loads in 8 MiB,
 * and a fixed chain of arithmetic. A guest's host moves virtual CPUs and neighbours take cache within minutes; two
 * modes in these figures are two regimes, and only what was taken within one may be compared.
 */
import { Prng } from '../base/prng.ts';
import { fixedWork } from '../kernel/fixed-work.ts';
import { pingPongPair } from '../kernel/ping-pong.ts';
import { linkCycle, pointerChase } from '../kernel/pointer-chase.ts';
import { inOrder } from '../kernel/signature.ts';
import { GroupRoom } from './room.ts';
import { type AnyArguments, setUp, timeNative } from './thread-arm.ts';

export interface ProbeReading {
  readonly pingPongNs: number | null;
  readonly chaseNs: number;
  readonly fixedNs: number;
}

const chaseBytes = 8 * 2 ** 20;
const hops = 2048;
const roundTrips = 4000;
const steps = 20_000;

/** Holds the probe's own 8 MiB; `close()` frees them. */
export class RegimeProbe {
  readonly #room = new GroupRoom();
  readonly #pair: AnyArguments | null;
  readonly #chase: { next: Uint32Array; start: number; hops: number };
  readonly #fixed: AnyArguments;

  constructor(cpus: readonly number[], seed: number) {
    const seat = { room: this.#room, seed, cpus };
    const partner = cpus[1];
    this.#pair = partner === undefined ? null : setUp(pingPongPair, { partnerCpu: partner, roundTrips }, seat);
    const next = this.#room.array('uint32', chaseBytes / 4, 4096);
    linkCycle(next, chaseBytes / 64, 16, new Prng(seed));
    this.#chase = { next, start: 0, hops };
    this.#fixed = setUp(fixedWork, { steps }, seat);
  }

  read(): ProbeReading {
    const once = { warmup: 0, iterations: 1 };
    const pair = this.#pair === null ? null : timeNative(pingPongPair.id, inOrder(pingPongPair.signature, this.#pair), once);
    const chase = timeNative(pointerChase.id, inOrder(pointerChase.signature, this.#chase), once);
    // Goes on where it ended, so that no look finds the lines that the last one brought in.
    this.#chase.start = Number(chase.checksum);
    const fixed = timeNative(fixedWork.id, inOrder(fixedWork.signature, this.#fixed), once);
    return {
      pingPongNs: pair === null ? null : pair.elapsedNs / (2 * roundTrips),
      chaseNs: chase.elapsedNs / hops,
      fixedNs: fixed.elapsedNs,
    };
  }

  close(): void {
    this.#room.close();
  }
}
