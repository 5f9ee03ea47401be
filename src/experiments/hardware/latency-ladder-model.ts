/**
 * The ladder by the cache model: the machine that the curve shows, fed the addresses that the chase goes through, link
 * by link: the run's seed makes the kernel's own cycle again. Where both agree the curve is explained by caches and TLB
 * alone; where they part, by what the model does not know.
 */
import { Prng } from '../../base/prng.ts';
import { formatBytes } from '../../base/units.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import type { Inferred } from '../../experiment/inference.ts';
import type { Predicted, PredictedMisses } from '../../experiment/prediction.ts';
import { inputSeed } from '../../kernel/input-seed.ts';
import { numberAt, type Point, textAt } from '../../kernel/kernel.ts';
import { cursorsOf, cycleAt, type CycleShape, linkCycle, linksOf } from '../../kernel/pointer-chase.ts';
import {
  type AddressStream,
  chase,
  machineModel,
  type MachineModel,
  type MachineNumbers,
  nsOfChains,
  predict,
  type Prediction,
  streamer,
} from '../../model/index.ts';
import { median } from '../../stats/index.ts';
import { type Level, levelsOf } from './latency-ladder-levels.ts';
import { ladderTlb } from './latency-ladder-tlb.ts';

const lineBytes = 64;
/** Where nothing says how many ways a cache has. */
const usualWays = 8;
/** Larger sets take longer to simulate than to measure. */
const mostBytes = 4 * 2 ** 20;
const usualPageBytes = 4096;
const hugePageBytes = 2 * 2 ** 20;
/** Fewer huge pages than this: the addresses behind them are those of small pages. */
const mostPages = 0.9;

const nextLine = { trainAfter: 2, distanceLines: 1, degreeLines: 1 } as const;

/** In the experiment's order: the first of those that share a cycle has built it, from its own seed. */
const variants = [
  'random',
  'random-small',
  'in-page',
  'sequential',
  'strided',
  'chains-2',
  'chains-4',
  'chains-8',
  'chains-16',
] as const;
/** A view that stands at landmarks only. */
const sideView = 'in-page';

/** The machine that the curve shows, with pages of this size; null where it shows no cache with an end. */
function machineOf(
  findings: Findings,
  pageBytes: number,
  tlb: NonNullable<MachineNumbers['tlb']>,
): MachineModel | null {
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
    tlb,
    // Into the first cache the line after a rising run, into the second whole streams (Intel's manual, section 3.7).
    prefetchers: caches.length > 1 ? [streamer(1, nextLine), streamer(2)] : [],
    frames: { pageBytes, seed: 1 },
  });
}

/** An octave apart is enough to see where model and machine part; and the landmarks, for their side views. */
function sampled(findings: Findings): Group[] {
  const sizeOf = ({ point }: Group): number => numberAt(point, 'workingSetBytes');
  const octaveOf = (group: Group): number => Math.floor(Math.log2(sizeOf(group)));
  const near = findings.groups.filter((group) => sizeOf(group) <= mostBytes);
  return near.filter(
    (group) =>
      findings.measurement(group, { variant: sideView }) !== null ||
      near.every((other) => octaveOf(other) !== octaveOf(group) || sizeOf(other) >= sizeOf(group)),
  );
}

/** The links of a cycle, and the order that they were made from. */
export interface Cycle {
  readonly shape: CycleShape;
  readonly links: Uint32Array;
  readonly order: Uint32Array | null;
}

/** The cycles of one group, each as the first arm that shares it has built it. */
export class GroupCycles {
  readonly #seed: number;
  readonly #cycles = new Map<string, Cycle>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  at(point: Point): Cycle {
    const shape = cycleAt(point);
    const key = `${shape.kind} ${shape.strideBytes} ${textAt(point, 'pages')}`;
    const found = this.#cycles.get(key);
    if (found !== undefined) return found;
    const links = new Uint32Array(linksOf(shape));
    const cycle = { shape, links, order: linkCycle(links, shape, new Prng(inputSeed(this.#seed, point))) };
    this.#cycles.set(key, cycle);
    return cycle;
  }
}

/**
 * One time through all of the set, by all chains together. Null for chains on a cycle whose order nobody wrote down:
 * how far apart they are on it is unknown, and each would have to go through all of it.
 */
function walkOf({ shape, links, order }: Cycle, chains: number): AddressStream | null {
  if (chains > 1 && order === null) return null;
  const cursors = cursorsOf(order, shape, chains);
  return chase({ links, base: 0, cursors, hops: Math.ceil(shape.slots / chains) });
}

function missesOf({ accesses, levels, tlb }: Prediction): PredictedMisses[] {
  return [
    ...levels.map(({ misses }, i) => ({ level: `L${i + 1}`, perOperation: misses / accesses })),
    ...(tlb?.misses ?? []).map((misses, i) => ({ level: `TLB ${i + 1}`, perOperation: misses / accesses })),
  ];
}

/** Predicted misses and times, in the steady state of a walk that repeats. `figures`: what the run infers. */
export function predictLadder(findings: Findings, figures: readonly Inferred[]): Predicted[] {
  const smallPageBytes = findings.machine.pageBytes.value ?? usualPageBytes;
  const isHuge = (findings.machine.hugePagesGiven.value ?? 0) >= mostPages;
  const levels = levelsOf(findings);
  const modelOf = (pageBytes: number) => {
    const { tlb, note } = ladderTlb(figures, findings.machine, levels, pageBytes);
    return { model: machineOf(findings, pageBytes, tlb), notes: pageBytes === smallPageBytes ? [note] : [] };
  };
  if (levels.length === 0) return [];
  const small = modelOf(smallPageBytes);
  const models = { small, transparent: isHuge ? modelOf(hugePageBytes) : small };
  const groups = sampled(findings);
  const isCut = groups.length < findings.groups.length;
  const largest = Math.max(...groups.map(({ point }) => numberAt(point, 'workingSetBytes')));
  return groups.flatMap((group) => {
    const cycles = new GroupCycles(findings.seed);
    return variants.flatMap((variant): Predicted[] => {
      const point = findings.measurement(group, { variant })?.point;
      if (point === undefined) return [];
      const chains = numberAt(point, 'chains');
      const walk = walkOf(cycles.at(point), chains);
      const { model, notes } = models[textAt(point, 'pages') === 'transparent' ? 'transparent' : 'small'];
      if (model === null || walk === null) return [];
      const predicted = predict(model, walk, { before: walk });
      const isLast = isCut && numberAt(point, 'workingSetBytes') === largest;
      return [
        {
          group,
          arm: { variant },
          value: nsOfChains(predicted, chains),
          misses: missesOf(predicted),
          notes: isLast ? [...notes, limitNote] : notes,
        },
      ];
    });
  });
}

const limitNote = `No set larger than ${formatBytes(mostBytes)} is predicted: its loads take longer to simulate than to measure.`;
