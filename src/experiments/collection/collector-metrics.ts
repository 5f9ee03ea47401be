/**
 * What a run of a mutator over a collector amounts to: times from its pauses, work from its counts. Counts are exact and
 * equal in both languages; times are of the last of a sample's iterations.
 */
import { ages, Counts, shortageOf } from '../../collectors/counts.ts';
import { pauseNames, type Pauses, readPauses } from '../../collectors/pauses.ts';
import type { Better, Metric, StoodStill } from '../../experiment/experiment.ts';
import { MutatorUtilisation } from '../../stats/mutator-utilisation.ts';
import { quantile } from '../../stats/quantiles.ts';
import { mutatorRowWords } from '../../trace/mutator-rows.ts';

/** What is read of the arguments of a kernel that runs a mutator. */
export interface Observed {
  readonly trace: Uint32Array;
  readonly counts: Float64Array;
  readonly pauses: Float64Array;
}

type Figures = Readonly<Record<string, number>>;

/** The windows of the MMU, in ms; the metric of each is `mmu<ms>ms`. */
export const mmuWindowsMs = [1, 2, 5, 10, 20, 50, 100] as const;
/** The windows of the BMU, likewise `bmu<ms>ms`. */
const bmuWindowsMs = [1, 10, 100] as const;

const wordBytes = 4;
const bytes = (words: number): number => words * wordBytes;
/** More pauses of an arm are no picture, and a long file. */
const mostKept = 2000;

/** A log's pauses, and the time that it tells of: one that was full ends with its last pause. */
function toldOf({ wallNs, pauses, lost }: Pauses): Pick<Pauses, 'wallNs' | 'pauses'> {
  return { wallNs: lost === 0 ? wallNs : (pauses.at(-1)?.endNs ?? 0), pauses };
}

/** Pauses by nearest rank: below 100 the 99th percentile is the longest. Without pauses the longest is 0, others have none. */
export function pauseFigures(log: Pauses): Figures {
  const { wallNs, pauses } = toldOf(log);
  const lengthsNs = Float64Array.from(pauses, ({ startNs, endNs }) => endNs - startNs);
  const utilisation = new MutatorUtilisation(pauses, wallNs);
  const kinds = pauseNames.map((name) => [
    `${name}Pauses`,
    pauses.reduce((sum, { kind }) => sum + Number(kind === name), 0),
  ]);
  return {
    pauses: pauses.length + log.lost,
    ...(log.lost === 0 ? {} : { lostPauses: log.lost }),
    ...(lengthsNs.length === 0
      ? { maxPauseNs: 0 }
      : {
          p50PauseNs: quantile(lengthsNs, 0.5),
          p99PauseNs: quantile(lengthsNs, 0.99),
          p999PauseNs: quantile(lengthsNs, 0.999),
          maxPauseNs: quantile(lengthsNs, 1),
        }),
    ...(Object.fromEntries(kinds) as Figures),
    stoppedNs: utilisation.stillNs,
    throughputPercent: 100 * utilisation.throughput,
    ...Object.fromEntries(mmuWindowsMs.map((ms) => [`mmu${ms}ms`, utilisation.mmu(ms * 1e6)])),
    ...Object.fromEntries(bmuWindowsMs.map((ms) => [`bmu${ms}ms`, utilisation.bmu(ms * 1e6)])),
    ...(log.cpuNs === null || log.wallNs === 0 ? {} : { cpuOverWall: log.cpuNs / log.wallNs }),
  };
}

/** Work and memory, exact. What there was none of to tell from (survival without minor collections) is absent. */
export function countFigures(counts: Counts): Figures {
  const { allocatedWords, survivedWords, liveWords, peakUsedWords } = counts;
  const survival = survivedWords.flatMap((words, age) => {
    const before = age === 0 ? allocatedWords : survivedWords[age - 1]!;
    return counts.minorCollections > 0 && before > 0
      ? [[`survival${age + 1}Percent`, (100 * words) / before]]
      : [];
  });
  return {
    collections: counts.fullCollections + counts.minorCollections,
    markedObjects: counts.markedObjects,
    scannedSlots: counts.scannedSlots,
    copiedBytes: bytes(counts.copiedWords),
    freedBytes: bytes(counts.freedWords),
    cardsScanned: counts.cardsScanned,
    rememberedSlots: counts.rememberedSlots,
    stores: counts.stores,
    barrierHits: counts.barrierHits,
    countChanges: counts.countChanges,
    promotedPercent: allocatedWords === 0 ? 0 : (100 * counts.promotedWords) / allocatedWords,
    ...(Object.fromEntries(survival) as Figures),
    peakUsedBytes: bytes(peakUsedWords),
    peakScratchBytes: bytes(counts.peakScratchWords),
    ...(liveWords === 0 ? {} : { peakUsedOverLive: peakUsedWords / liveWords }),
  };
}

/** All figures of a run. */
export function observeCollector({ counts, pauses }: Observed): Figures {
  const log = readPauses(pauses);
  const counted = Counts.read(counts);
  const rate = log.wallNs === 0 ? {} : { allocationRate: (bytes(counted.allocatedWords) / log.wallNs) * 1e9 };
  return { ...pauseFigures(log), ...countFigures(counted), ...rate };
}

/** Of the pauses the longest, in order of time. */
export function timelineOf({ pauses: log }: Observed): StoodStill {
  const all = readPauses(log);
  const { wallNs, pauses } = toldOf(all);
  const length = ({ startNs, endNs }: (typeof pauses)[number]): number => endNs - startNs;
  const kept = pauses
    .toSorted((a, b) => length(b) - length(a))
    .slice(0, mostKept)
    .toSorted((a, b) => a.startNs - b.startNs);
  return {
    wallNs: Math.round(wallNs),
    lost: all.lost + pauses.length - kept.length,
    pauses: kept.map(({ kind, startNs, endNs }) => [kind, Math.round(startNs), Math.round(endNs)]),
  };
}

/** Why a run ended before its trace did; null: it didn't. */
export function shortfallOf({ trace, counts }: Observed): string | null {
  const rows = trace.length / mutatorRowWords;
  const done = counts[counts.length - 1]!;
  if (done === rows) return null;
  const percent = Math.floor((100 * done) / rows);
  return `out of memory after ${percent}% of its operations: ${shortageOf(Counts.read(counts))}`;
}

const titles: Readonly<Record<string, readonly [title: string, unit: string, better: Better]>> = {
  maxPauseNs: ['longest pause', 'ns', 'less'],
  p50PauseNs: ['pause, median', 'ns', 'less'],
  p99PauseNs: ['pause, 99th percentile', 'ns', 'less'],
  p999PauseNs: ['pause, 99.9th percentile', 'ns', 'less'],
  pauses: ['pauses', 'pauses', null],
  lostPauses: [
    'pauses after the log was full: lengths, throughput and MMU are of the time before',
    'pauses',
    null,
  ],
  ...Object.fromEntries(
    pauseNames.map((name) => [`${name}Pauses`, [`pauses: ${name}`, 'pauses', null] as const]),
  ),
  stoppedNs: ['all pauses together', 'ns', 'less'],
  throughputPercent: ["throughput: the mutator's share of the time", '%', 'more'],
  ...Object.fromEntries(
    mmuWindowsMs.map((ms) => [`mmu${ms}ms`, [`MMU of ${ms} ms`, 'share', 'more'] as const]),
  ),
  ...Object.fromEntries(
    bmuWindowsMs.map((ms) => [`bmu${ms}ms`, [`BMU of ${ms} ms`, 'share', 'more'] as const]),
  ),
  cpuOverWall: ["processor time over time, all the process's threads", 'x', null],
  allocationRate: ['allocation rate', 'B/s', 'more'],
  collections: ['collections, full and minor', 'collections', null],
  markedObjects: ['objects marked or copied, all collections together', 'objects', 'less'],
  scannedSlots: ['slots scanned', 'slots', 'less'],
  copiedBytes: ['bytes moved', 'B', 'less'],
  freedBytes: ['bytes freed', 'B', null],
  cardsScanned: ['cards scanned', 'cards', 'less'],
  rememberedSlots: ['remembered slots', 'slots', 'less'],
  stores: ['stores', 'stores', null],
  barrierHits: ['stores whose barrier had something to do', 'stores', 'less'],
  countChanges: ['counts raised or lowered', 'counts', 'less'],
  promotedPercent: ['promoted, of what was allocated', '%', null],
  ...Object.fromEntries(
    Array.from({ length: ages }, (_, age) => [
      `survival${age + 1}Percent`,
      [`survived minor collection ${age + 1}, of those before it`, '%', null] as const,
    ]),
  ),
  peakUsedBytes: ['most memory in use, rounding to cells with it', 'B', 'less'],
  peakScratchBytes: ['most memory beside the heap', 'B', 'less'],
  peakUsedOverLive: ['most in use over what lived at the last full collection', 'x', null],
};

/** Only where the log of pauses was full. */
const rareMetrics: ReadonlySet<string> = new Set(['lostPauses']);

/** Metrics by their ids. */
export function collectorMetrics(...ids: readonly string[]): readonly Metric[] {
  return ids.map((id) => {
    const [title, unit, better] = titles[id]!;
    return { id, title, unit, better, ...(rareMetrics.has(id) ? { rare: true } : {}) };
  });
}

/** MMU, and BMU. */
export const utilisationMetricIds: readonly string[] = [
  ...mmuWindowsMs.map((ms) => `mmu${ms}ms`),
  ...bmuWindowsMs.map((ms) => `bmu${ms}ms`),
];
/** All that is observed. */
export const collectorMetricIds: readonly string[] = Object.keys(titles);

type OfArguments<T> = (args: never) => T;

/** What a variant that runs a mutator tells beside its time. */
export const tellsOfCollector: {
  readonly observe: OfArguments<Figures>;
  readonly timeline: OfArguments<StoodStill>;
  readonly shortfall: OfArguments<string | null>;
} = {
  observe: observeCollector as OfArguments<Figures>,
  timeline: timelineOf as OfArguments<StoodStill>,
  shortfall: shortfallOf as OfArguments<string | null>,
};
