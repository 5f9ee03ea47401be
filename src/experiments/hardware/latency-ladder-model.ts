/**
 * The ladder by the cache model: the machine that the curve shows, fed the addresses that the chase goes through. Where
 * both agree the curve is explained by caches alone; where they part, by what the model does not know.
 */
import { Prng } from '../../base/prng.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import type { Predicted } from '../../experiment/prediction.ts';
import { type ChaseOrder, linkInOrder, visitingOrder } from '../../kernel/chase-order.ts';
import { numberAt } from '../../kernel/kernel.ts';
import {
  chase,
  machineModel,
  type MachineModel,
  type MachineNumbers,
  predict,
  streamer,
} from '../../model/index.ts';
import { median } from '../../stats/index.ts';
import { type Level, levelsOf } from './latency-ladder-levels.ts';

const lineBytes = 64;
/** Where nothing says how many ways a cache has. */
const usualWays = 8;
/** Larger sets take longer to simulate than to measure. */
const mostBytes = 4 * 2 ** 20;
const smallPageBytes = 4096;
const hugePageBytes = 2 * 2 ** 20;
/** Fewer huge pages than this: the addresses behind them are those of small pages. */
const mostPages = 0.9;

const nextLine = { trainAfter: 2, distanceLines: 1, degreeLines: 1 } as const;

const ways: Readonly<Record<string, { readonly order: ChaseOrder; readonly strideBytes: number }>> = {
  random: { order: 'random', strideBytes: lineBytes },
  'in-page': { order: 'in-page', strideBytes: lineBytes },
  sequential: { order: 'sequential', strideBytes: lineBytes },
  strided: { order: 'sequential', strideBytes: 4 * lineBytes },
};

/** The machine that the curve shows; null where it shows no cache with an end. */
function machineOf(findings: Findings, pageBytes: number): MachineModel | null {
  const levels = levelsOf(findings);
  const [memory, caches] = [levels.at(-1), levels.slice(0, -1)];
  if (memory === undefined || caches.length === 0) return null;
  const shapeOf = ({ id, bytesOf, nsOf }: Level): MachineNumbers['levels'][number] => {
    const reported = (findings.machine.caches.value ?? []).find(
      (cache) => cache.kind !== 'instruction' && id === `l${cache.level}`,
    );
    const told = reported?.ways ?? null;
    return {
      sizeBytes: median(bytesOf),
      ways: told === null || told < 1 ? usualWays : told,
      lineBytes,
      latencyNs: median(nsOf),
    };
  };
  return machineModel({
    levels: caches.filter(({ bytesOf }) => bytesOf.length > 0).map(shapeOf),
    memoryLatencyNs: median(memory.nsOf),
    // Into the first cache the line after a rising run, into the second whole streams (Intel's manual, section 3.7).
    prefetchers: caches.length > 1 ? [streamer(1, nextLine), streamer(2)] : [],
    frames: { pageBytes, seed: 1 },
  });
}

/** An octave apart is enough to see where model and machine part. */
function isSampled(group: Group, all: readonly Group[]): boolean {
  const bytes = numberAt(group.point, 'workingSetBytes');
  if (bytes > mostBytes) return false;
  const sizes = all.map(({ point }) => numberAt(point, 'workingSetBytes'));
  const octave = Math.floor(Math.log2(bytes));
  return bytes === Math.min(...sizes.filter((size) => Math.floor(Math.log2(size)) === octave));
}

/** Predicted times of the single chains, in the steady state of a walk that repeats. */
export function predictLadder(findings: Findings): Predicted[] {
  const isHuge = (findings.machine.hugePagesGiven.value ?? 0) >= mostPages;
  const models = {
    transparent: machineOf(findings, isHuge ? hugePageBytes : smallPageBytes),
    small: machineOf(findings, smallPageBytes),
  };
  return findings.groups
    .filter((group) => isSampled(group, findings.groups))
    .flatMap((group) =>
      Object.entries(ways).flatMap(([variant, { order, strideBytes }]): Predicted[] => {
        const model = models[variant === 'random' ? 'transparent' : 'small'];
        if (model === null || findings.measurement(group, { variant }) === null) return [];
        const bytes = numberAt(group.point, 'workingSetBytes');
        const slots = Math.max(1, Math.floor(bytes / strideBytes));
        const visited = visitingOrder(order, slots, strideBytes, new Prng(slots));
        const links = linkInOrder(new Uint32Array((slots * strideBytes) / 4), visited);
        const walk = chase({ links, base: 0, cursors: [visited[0]!], hops: slots });
        return [{ group, arm: { variant }, value: predict(model, walk, { before: walk }).dependentNs }];
      }),
    );
}
