/**
 * One line handed to and fro between two CPUs; half a round trip is what a line costs that another core has just
 * written. Native twin: native/kernels/ping-pong.cc.
 */
import { defineKernel, type Kernel, numberAt } from './kernel.ts';
import { waitOn } from './patience.ts';

const alone = {
  line: 'shared uint32[]',
  partnerCpu: 'uint32',
  roundTrips: 'uint32',
  elapsedNs: 'observed float64[]',
} as const;
const member = { line: 'shared uint32[]', role: 'uint32', roundTrips: 'uint32', swap: 'uint32' } as const;

/** From one word that is played on to the next: 256 B, so that no two share a line or a pair of lines. */
const apart = 64;
/** A page of its own: no third CPU has a part in its lines, and what one address costs by its place is averaged out. */
const pageWords = 1024;

function handOver(line: Uint32Array, at: number, from: number, to: number, swap: boolean): void {
  let deadlineNs = 0n;
  for (let looks = 1; ; looks++) {
    if (swap) {
      if (Atomics.compareExchange(line, at, from, to) === from) return;
    } else if (Atomics.load(line, at) === from) {
      Atomics.store(line, at, to);
      return;
    }
    deadlineNs = waitOn('ping-pong', looks, deadlineNs);
  }
}

/** One role's part of the game on one word: the number that it wrote last. */
function play(line: Uint32Array, at: number, role: number, roundTrips: number, swap: boolean): number {
  const seen = Atomics.load(line, at);
  let turn = firstTurn(role === 0 ? seen + 1 : seen) + role;
  for (let i = 0; i < roundTrips; i++, turn = (turn + 2) >>> 0)
    handOver(line, at, turn, (turn + 1) >>> 0, swap);
  return (turn - 1) >>> 0;
}

/** The even number from which both roles go on; words wrap at 2^32, as the native ones do. */
function firstTurn(seen: number): number {
  return ((seen >>> 1) << 1) >>> 0;
}

/** Point: roundTrips, swap (0: by store, 1: by compare-and-swap). A team of two: role 0 serves, role 1 returns. */
export const pingPong: Kernel<typeof member> = defineKernel({
  id: 'ping-pong',
  summary: 'hands one line to and fro with another member',
  signature: member,
  setup: ({ point, room, member: role }) => ({
    line: room.share('line', () => room.shared('uint32', pageWords, 4 * pageWords)),
    role,
    roundTrips: numberAt(point, 'roundTrips'),
    swap: numberAt(point, 'swap'),
  }),
  // 1. The word counts hand-overs, from an even number on. 2. Role 0 makes even odd, 3. role 1 makes odd even,
  // 4. `roundTrips` times each. 5. Each line of the array has a word of its own, and an equal part of the round trips,
  // the first ones the odd ones out. Answer: the sum of the numbers that this role wrote last.
  reference({ line, role, roundTrips, swap }) {
    const lines = Math.ceil(line.length / apart);
    let sum = 0;
    for (let i = 0; i < lines; i++) {
      const trips = Math.floor(roundTrips / lines) + (i < roundTrips % lines ? 1 : 0);
      sum += play(line, i * apart, role, trips, swap === 1);
    }
    return BigInt(sum);
  },
  agreement: { kind: 'exact' },
  work: (point) => ({
    operations: 2 * numberAt(point, 'roundTrips'),
    bytes: 8 * numberAt(point, 'roundTrips'),
  }),
  footprintBytes: () => 2 * 4 * pageWords,
});

/**
 * Point: roundTrips, partnerCpu. One call plays both sides, for the quick probe. `elapsedNs[0]` is the time of the
 * game alone: a sample's time also holds the partner's birth, which takes longer.
 */
export const pingPongPair: Kernel<typeof alone> = defineKernel({
  id: 'ping-pong-pair',
  summary: 'the same with a thread of its own on a named CPU',
  signature: alone,
  setup: ({ point, room }) => ({
    line: room.shared('uint32', 64, 256),
    partnerCpu: numberAt(point, 'partnerCpu'),
    roundTrips: numberAt(point, 'roundTrips'),
    elapsedNs: room.array('float64', 1),
  }),
  // One thread plays both roles in turn: the same hand-overs, so the same last number. It is the number that the
  // returning role wrote last.
  reference({ line, roundTrips, elapsedNs }) {
    let turn = firstTurn(Atomics.load(line, 0));
    const beganNs = process.hrtime.bigint();
    for (let i = 0; i < roundTrips; i++, turn = (turn + 2) >>> 0) {
      handOver(line, 0, turn, turn + 1, false);
      handOver(line, 0, turn + 1, (turn + 2) >>> 0, false);
    }
    elapsedNs[0] = Number(process.hrtime.bigint() - beganNs);
    return BigInt(turn);
  },
  agreement: { kind: 'exact' },
  work: (point) => ({
    operations: 2 * numberAt(point, 'roundTrips'),
    bytes: 8 * numberAt(point, 'roundTrips'),
  }),
  footprintBytes: () => 1024,
});
