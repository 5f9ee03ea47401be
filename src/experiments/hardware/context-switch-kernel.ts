/**
 * A token that goes round a ring of threads or processes on one CPU; each reads its own working set whenever it has
 * the token. After lmbench's lat_ctx. Native twin: native/kernels/context-switch.cc.
 */
import { linkInOrder, visitingOrder } from '../../kernel/chase-order.ts';
import { defineKernel, type Kernel, numberAt, type Place, type Point, textAt } from '../../kernel/kernel.ts';
import type { Arguments } from '../../kernel/signature.ts';

const signature = {
  sets: 'const uint32[]',
  members: 'uint32',
  chained: 'uint32',
  processes: 'uint32',
  futex: 'uint32',
  passes: 'uint32',
  cpu: 'uint32',
  record: 'observed float64[]',
} as const;

const lineBytes = 64;
const elementBytes = 4;
const lineElements = lineBytes / elementBytes;
const warmLaps = 4;

/** What the passes of one call last about: long beside the birth of a ring, short beside a process's turns. */
const callNs = 2.5e6;
/** For choosing how many passes a call has, no more: a pass without a set, and a line of one. */
const typicalNs = { pass: 1500, lineInOrder: 1.2, lineChained: 8 } as const;
const fewestLaps = 8;

/** How many members share the CPU: one that hands the token to itself, or as many as the point has. */
export function membersAt(point: Point): number {
  return textAt(point, 'ring') === 'alone' ? 1 : numberAt(point, 'members');
}

/** Timed passes of one call: a multiple of the members. */
export function passesAt(point: Point): number {
  const lineNs = textAt(point, 'order') === 'chained' ? typicalNs.lineChained : typicalNs.lineInOrder;
  const passNs = typicalNs.pass + (lineNs * numberAt(point, 'workingSetBytes')) / lineBytes;
  const members = membersAt(point);
  return members * Math.max(fewestLaps, Math.round(callNs / passNs / members));
}

/** A set for each member, linked into one cycle by byte offsets, a link in each line. */
function makeSets({ point, prng, room }: Place): Uint32Array {
  const [members, bytes] = [membersAt(point), numberAt(point, 'workingSetBytes')];
  return room.share(`${members} sets of ${bytes} B`, () => {
    const elements = bytes / elementBytes;
    const sets = room.array('uint32', members * elements, lineBytes);
    for (let member = 0; member < members; member++) {
      const set = sets.subarray(member * elements, (member + 1) * elements);
      linkInOrder(set, visitingOrder('random', bytes / lineBytes, lineBytes, prng));
    }
    return sets;
  });
}

/** Point: workingSetBytes (of each member), members, ring ('alone', 'threads', 'processes'), token, order. */
export const contextSwitch: Kernel<typeof signature> = defineKernel({
  id: 'context-switch',
  summary: 'hands a token round a ring of threads or processes',
  signature,
  setup: (place) => ({
    sets: makeSets(place),
    members: membersAt(place.point),
    chained: textAt(place.point, 'order') === 'chained' ? 1 : 0,
    processes: textAt(place.point, 'ring') === 'processes' ? 1 : 0,
    futex: textAt(place.point, 'token') === 'futex' ? 1 : 0,
    passes: passesAt(place.point),
    cpu: place.cpus[0] ?? 0,
    record: place.room.array('float64', 2),
  }),
  // One thread takes every member's turn: JavaScript can neither fork nor put two threads on one CPU.
  reference({ sets, members, chained, passes, record }) {
    const elements = sets.length / members;
    let sum = 0;
    const began = performance.now();
    // 1. Member after member gets the token, four laps to warm up and then `passes` times in all;
    for (let lap = 0; lap < warmLaps + passes / members; lap++) {
      for (let member = 0; member < members; member++) {
        // 2. each reads its set and hands the token on.
        const first = member * elements;
        sum = (sum + (chained === 1 ? chase(sets, first, elements) : sumLines(sets, first, elements))) >>> 0;
      }
    }
    // 3. `record` gets times and switches: none here.
    record.set([(performance.now() - began) * 1e6, 0]);
    return BigInt(sum);
  },
  agreement: { kind: 'exact' },
  work: (point) => ({
    operations: passesAt(point),
    bytes: (passesAt(point) * numberAt(point, 'workingSetBytes')) / lineElements,
  }),
  footprintBytes: (point) => membersAt(point) * numberAt(point, 'workingSetBytes') + 4096,
});

function sumLines(sets: Uint32Array, first: number, elements: number): number {
  let sum = 0;
  for (let i = 0; i < elements; i += lineElements) sum = (sum + sets[first + i]!) >>> 0;
  return sum;
}

function chase(sets: Uint32Array, first: number, elements: number): number {
  let [sum, at] = [0, 0];
  for (let i = 0; i < elements; i += lineElements) {
    at = sets[first + at / elementBytes]!;
    sum = (sum + at) >>> 0;
  }
  return sum;
}

/** What a pass took without the birth and end of the ring, and how many switches it was. */
export function passMetrics({ record, passes }: Arguments<typeof signature>): Record<string, number> {
  return { passNs: record[0]! / passes, switches: record[1]! / passes };
}
