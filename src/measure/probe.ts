/**
 * The quick look at the machine between blocks of rounds: a ping-pong between two CPUs, dependent loads in 8 MiB,
 * and a fixed chain of arithmetic. A guest's host moves virtual CPUs and neighbours take cache within minutes; two
 * modes in these figures are two regimes, and only what was taken within one may be compared.
 */
import { fixedWork } from '../kernel/fixed-work.ts';
import { linkByCongruence } from '../kernel/chase-order.ts';
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
const lineBytes = 64;
const hops = 2048;
/** The least of some short games: an interrupt in one of them is no regime. */
const games = 3;
const roundTrips = 500;
const steps = 20_000;

/** Holds the probe's own 8 MiB; `close()` frees them. */
export class RegimeProbe {
  readonly #room = new GroupRoom();
  readonly #handOver: HandOver | null;
  readonly #chase: { links: Uint32Array; cursors: Uint32Array; hops: number };
  readonly #fixed: AnyArguments;
  #last: ProbeReading | null = null;
  #lastAt = 0;

  constructor(cpus: readonly number[], seed: number) {
    const seat = { room: this.#room, seed, cpus };
    const partner = cpus[1];
    this.#handOver = partner === undefined ? null : new HandOver(partner, roundTrips, seat);
    const links = this.#room.array('uint32', chaseBytes / 4, 4096);
    linkByCongruence(links, chaseBytes / lineBytes, lineBytes, seed);
    this.#chase = { links, cursors: new Uint32Array(1), hops };
    this.#fixed = setUp(fixedWork, { steps }, seat);
  }

  /** The last reading if it is no older than `ageMs`, else a new one: groups may follow each other quickly. */
  recent(ageMs: number): ProbeReading {
    if (this.#last === null || performance.now() - this.#lastAt > ageMs) this.#last = this.#read();
    return this.#last;
  }

  #read(): ProbeReading {
    const once = { warmup: 0, iterations: 1 };
    const pingPongNs = this.#handOver === null ? null : Math.min(...this.#handOver.play(games));
    // Goes on where the last look ended, and so finds none of the lines that that one brought in.
    const chase = timeNative(pointerChase.id, inOrder(pointerChase.signature, this.#chase), once);
    const fixed = timeNative(fixedWork.id, inOrder(fixedWork.signature, this.#fixed), once);
    this.#lastAt = performance.now();
    return { pingPongNs, chaseNs: chase.elapsedNs / hops, fixedNs: fixed.elapsedNs };
  }

  close(): void {
    this.#room.close();
  }
}
