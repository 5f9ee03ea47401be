/**
 * One line handed to and fro between two CPUs; half a round trip is what a line costs that another core has just
 * written. Native twin: native/kernels/ping-pong.cc.
 */
import { InvariantError } from '../base/errors.ts';
import { defineKernel, type Kernel, numberAt } from './kernel.ts';

const alone = {
  line: 'shared uint32[]',
  partnerCpu: 'uint32',
  roundTrips: 'uint32',
  elapsedNs: 'observed float64[]',
} as const;
const member = { line: 'shared uint32[]', role: 'uint32', roundTrips: 'uint32', swap: 'uint32' } as const;

const spinsBetweenLooks = 2 ** 20;
const patienceNs = 10_000_000_000n;

function handOver(line: Uint32Array, from: number, to: number, swap: boolean): void {
  let deadlineNs = 0n;
  for (let spins = 1; ; spins++) {
    if (swap) {
      if (Atomics.compareExchange(line, 0, from, to) === from) return;
    } else if (Atomics.load(line, 0) === from) {
      Atomics.store(line, 0, to);
      return;
    }
    if (spins % spinsBetweenLooks !== 0) continue;
    const nowNs = process.hrtime.bigint();
    if (deadlineNs === 0n) deadlineNs = nowNs + patienceNs;
    if (nowNs > deadlineNs) throw new InvariantError('ping-pong: the partner did not answer within 10 s');
  }
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
    line: room.share('line', () => room.shared('uint32', 64, 256)),
    role,
    roundTrips: numberAt(point, 'roundTrips'),
    swap: numberAt(point, 'swap'),
  }),
  // 1. The word counts hand-overs, from an even number on. 2. Role 0 makes even odd, 3. role 1 makes odd even,
  // 4. `roundTrips` times each. Answer: the number that this role wrote last.
  reference({ line, role, roundTrips, swap }) {
    const seen = Atomics.load(line, 0);
    let turn = firstTurn(role === 0 ? seen + 1 : seen) + role;
    for (let i = 0; i < roundTrips; i++, turn = (turn + 2) >>> 0)
      handOver(line, turn, (turn + 1) >>> 0, swap === 1);
    return BigInt((turn - 1) >>> 0);
  },
  agreement: { kind: 'exact' },
  work: (point) => ({
    operations: 2 * numberAt(point, 'roundTrips'),
    bytes: 8 * numberAt(point, 'roundTrips'),
  }),
  footprintBytes: () => 1024,
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
      handOver(line, turn, turn + 1, false);
      handOver(line, turn + 1, (turn + 2) >>> 0, false);
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
