/** How long a line takes from the calling thread's CPU to another one: short games of ping-pong, one after another. */
import { pingPongPair } from '../kernel/ping-pong.ts';
import { inOrder } from '../kernel/signature.ts';
import { type Seat, setUp, timeNative } from './thread-arm.ts';

const once = { warmup: 0, iterations: 1 };

/** A line shared with one partner. */
export class HandOver {
  readonly #values: readonly unknown[];
  readonly #elapsedNs: Float64Array;
  readonly #handOvers: number;

  constructor(partnerCpu: number, roundTrips: number, seat: Seat) {
    const args = setUp(pingPongPair, { partnerCpu, roundTrips }, seat);
    this.#values = inOrder(pingPongPair.signature, args);
    this.#elapsedNs = args['elapsedNs'] as Float64Array;
    this.#handOvers = 2 * roundTrips;
  }

  /** ns a hand-over, one figure a game. Throws where the partner's CPU is not ours. */
  play(games: number): number[] {
    return Array.from({ length: games }, () => {
      timeNative(pingPongPair.id, this.#values, once);
      return this.#elapsedNs[0]! / this.#handOvers;
    });
  }
}
