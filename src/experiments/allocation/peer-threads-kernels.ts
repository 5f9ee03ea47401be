/**
 * The same work over malloc and allocators of others. JavaScript can't hand an object to another thread: the reference
 * makes one for each tag on either side, and the tag alone crosses. Native twin: native/kernels/peer-threads.cc.
 */
import { wordBytes } from '../../allocators/allocation.ts';
import { defineKernel, type Kernel, numberAt } from '../../kernel/kernel.ts';
import type { Arguments } from '../../kernel/signature.ts';
import { type GeneralPeerId, generalPeers } from './peers.ts';
import { partOf, workOf } from './pool-threads-kernels.ts';
import { firstTag, layDown, onTheClock, ringWords, roles, takeUp } from './thread-work.ts';

const peerSignature = {
  ring: 'observed uint32[]',
  peer: 'uint32',
  thread: 'uint32',
  role: 'uint32',
  blocks: 'uint32',
  count: 'uint32',
  blockBytes: 'uint32',
  cpuNs: 'observed float64[]',
} as const;
type PeerArguments = Arguments<typeof peerSignature>;

interface Cell {
  readonly tag: number;
}

/** What a block takes of an allocator's memory at most: its own headers, and size classes. */
const overhead = 2;

function objectBatches(thread: number, blocks: number, count: number): bigint {
  const slots: (Cell | null)[] = Array.from({ length: blocks }, () => null);
  let tag = firstTag(thread);
  let sum = 0;
  for (let left = count; left >= blocks; left -= blocks) {
    // 1. Allocate and tag the batch. 2. Read each tag back and free its block.
    for (let i = 0; i < blocks; i++) {
      slots[i] = { tag };
      tag = (tag + 1) >>> 0;
    }
    for (let i = 0; i < blocks; i++) {
      sum += slots[i]!.tag;
      slots[i] = null;
    }
  }
  return BigInt(sum);
}

function handOver({ ring, thread, role, count }: PeerArguments): bigint {
  const cells: [Cell | null] = [null];
  let sum = 0;
  const pass = (tag: number): number => {
    cells[0] = { tag };
    sum += cells[0].tag;
    return tag;
  };
  let tag = firstTag(thread);
  if (roles[role] === 'consumer') takeUp(ring, count, pass);
  else {
    layDown(ring, count, () => {
      const passed = pass(tag);
      tag = (tag + 1) >>> 0;
      return passed;
    });
  }
  return BigInt(sum);
}

/** Point: peer (an id of generalPeers), workload, threads, blocks (a batch), blockBytes, steps. */
export const peerThreads: Kernel<typeof peerSignature> = defineKernel({
  id: 'peer-threads',
  summary: "batches, or blocks that another thread frees, of malloc or of another's allocator",
  signature: peerSignature,
  setup: (place) => ({
    ...partOf(place),
    peer: generalPeers.indexOf(place.point['peer'] as GeneralPeerId),
    blockBytes: numberAt(place.point, 'blockBytes'),
  }),
  reference: (args) =>
    onTheClock(args.cpuNs, args.thread, () =>
      roles[args.role] === 'own' ? objectBatches(args.thread, args.blocks, args.count) : handOver(args),
    ),
  agreement: { kind: 'exact' },
  work: workOf,
  footprintBytes: (point) => {
    const blocks = Math.max(numberAt(point, 'blocks'), ringWords);
    return (
      numberAt(point, 'threads') * (overhead * blocks * numberAt(point, 'blockBytes') + wordBytes * ringWords)
    );
  },
});
