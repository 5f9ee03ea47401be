/** A buffer handed to and fro between two CPUs. Native twin: native/kernels/line-transfer.cc. */
import { defineKernel, type Kernel, numberAt } from '../../kernel/kernel.ts';
import { waitOn } from '../../kernel/patience.ts';

const lineBytes = 64;
const lineWords = 16;
const alignmentBytes = 4096;

const signature = {
  lines: 'shared uint32[]',
  baton: 'shared uint32[]',
  role: 'uint32',
  rounds: 'uint32',
} as const;

function awaitTurn(baton: Uint32Array, turn: number): void {
  let deadlineNs = 0n;
  for (let looks = 1; Atomics.load(baton, 0) !== turn; looks++) {
    deadlineNs = waitOn('line-transfer', looks, deadlineNs);
  }
}

function writeLines(lines: Uint32Array, turn: number): number {
  const count = lines.length / lineWords;
  for (let line = 0; line < count; line++) lines[line * lineWords] = turn + line;
  return count;
}

/** How many lines hold what was written in that turn. */
function readLines(lines: Uint32Array, turn: number): number {
  const count = lines.length / lineWords;
  let right = 0;
  for (let line = 0; line < count; line++) if (lines[line * lineWords] === (turn + line) >>> 0) right++;
  return right;
}

/** Point: bufferBytes, rounds (each: one writes, the other reads). A team of two: role 0 writes, role 1 reads. */
export const lineTransfer: Kernel<typeof signature> = defineKernel({
  id: 'line-transfer',
  summary: 'hands a buffer to and fro: one writes it, the other reads it',
  signature,
  setup: ({ point, room, member: role }) => ({
    lines: room.share('lines', () =>
      room.shared('uint32', (numberAt(point, 'bufferBytes') / lineBytes) * lineWords, alignmentBytes),
    ),
    baton: room.share('baton', () => room.shared('uint32', lineWords, alignmentBytes)),
    role,
    rounds: numberAt(point, 'rounds'),
  }),
  // 1. The baton counts turns: even ones write, odd ones read. 2. The writer puts the turn's number, plus the line's
  // own, into each line; 3. the reader looks for just that. Answer: the lines that were right, all rounds together; a
  // writer's always are.
  reference({ lines, baton, role, rounds }) {
    const seen = Atomics.load(baton, 0);
    let turn = ((((role === 0 ? seen + 1 : seen) >>> 1) << 1) + role) >>> 0;
    let right = 0;
    for (let round = 0; round < rounds; round++, turn = (turn + 2) >>> 0) {
      awaitTurn(baton, turn);
      right += role === 0 ? writeLines(lines, turn) : readLines(lines, turn - 1);
      Atomics.store(baton, 0, turn + 1);
    }
    return BigInt(right);
  },
  agreement: { kind: 'exact' },
  // A whole line travels, though a word of it is all that is written and read.
  work(point) {
    const bytes = numberAt(point, 'bufferBytes') * numberAt(point, 'rounds');
    return { operations: bytes / lineBytes, bytes };
  },
  footprintBytes: (point) => numberAt(point, 'bufferBytes') + 3 * alignmentBytes,
});
