/**
 * Several threads over a general allocator of others, started and joined within the kernel's call: only they hold the
 * addresses of blocks, so that no script can forge one. Native twin: native/kernels/crowd.cc.
 */
import { defineKernel, type Kernel, numberAt, type Place, type Point } from '../../kernel/kernel.ts';
import type { Arguments } from '../../kernel/signature.ts';
import { crowdChecksum } from './crowd-reference.ts';
import {
  crowdLiveBlocks,
  crowdOperations,
  crowdPatterns,
  crowdSettingsAt,
  crowdWorkloadAt,
} from './crowd-workloads.ts';

const signature = {
  peer: 'uint32',
  pattern: 'uint32',
  cpus: 'const uint32[]',
  threads: 'uint32',
  rounds: 'uint32',
  steps: 'uint32',
  width: 'uint32',
  moves: 'uint32',
  sizes: 'const uint32[]',
  choices: 'const uint32[]',
  cpuNs: 'observed float64[]',
} as const;
export type CrowdArguments = Arguments<typeof signature>;

/** Lengths without a common factor, so that sizes and choices meet in ever new pairs. */
const sizesLength = 8000;
const choicesLength = 8191;
const wordBytes = 4;
/** What an allocator adds to a block, at most: as in native/allocators/crowd.cc. */
const overheadBytes = 64;

/** A block's size, over and over; the same for all threads. */
export function sizesOf({ point, prng, room }: Place): Uint32Array {
  const { bytes } = crowdWorkloadAt(point);
  const { leastBytes, mostBytes } = crowdSettingsAt(point);
  return room.share('sizes', () =>
    new Uint32Array(sizesLength).map(() => bytes(prng, leastBytes, mostBytes)),
  );
}

/** Slots of a part; in other patterns any word, of which they read parts. */
export function choicesOf({ point, prng, room }: Place): Uint32Array {
  const { pattern } = crowdWorkloadAt(point);
  const { width } = crowdSettingsAt(point);
  return room.share('choices', () =>
    new Uint32Array(choicesLength).map(() => prng.below(pattern === 'slots' ? width : 2 ** 32)),
  );
}

function operationsAt(point: Point): number {
  return crowdOperations(crowdWorkloadAt(point).pattern, numberAt(point, 'threads'), crowdSettingsAt(point));
}

/** Point: workload, threads, `peer`: its place in the list of the addon's peers, and settings of the workload. */
export const crowd: Kernel<typeof signature> = defineKernel({
  id: 'crowd',
  summary: 'threads allocate, hand over and free blocks of a general allocator',
  signature,
  setup(place) {
    const { point, room, cpus } = place;
    const { pattern, moves } = crowdWorkloadAt(point);
    const { rounds, steps, width } = crowdSettingsAt(point);
    return {
      peer: numberAt(point, 'peer'),
      pattern: crowdPatterns.indexOf(pattern),
      cpus: Uint32Array.from(cpus),
      threads: numberAt(point, 'threads'),
      rounds,
      steps,
      width,
      moves,
      sizes: sizesOf(place),
      choices: choicesOf(place),
      cpuNs: room.array('float64', 1),
    };
  },
  reference: crowdChecksum,
  agreement: { kind: 'exact' },
  work: (point) => ({ operations: operationsAt(point), bytes: 0 }),
  footprintBytes(point) {
    const { pattern, largest = 1 } = crowdWorkloadAt(point);
    const settings = crowdSettingsAt(point);
    const live = crowdLiveBlocks(pattern, numberAt(point, 'threads'), settings);
    return live * (settings.mostBytes * largest + overheadBytes) + wordBytes * (sizesLength + choicesLength);
  },
});

/** The CPU time of all threads for an operation of the last call; nothing where the system can't say. */
export function crowdMetrics(args: CrowdArguments): Record<string, number> {
  const { cpuNs, pattern, threads } = args;
  const operations = crowdOperations(crowdPatterns[pattern]!, threads, {
    ...args,
    leastBytes: 0,
    mostBytes: 0,
  });
  return cpuNs[0]! < 0 ? {} : { cpuNs: cpuNs[0]! / operations };
}
