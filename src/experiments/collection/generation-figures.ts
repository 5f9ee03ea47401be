/**
 * What a run over generations amounts to: pauses of the young and of everything, what survives and is promoted, what a
 * barrier notes and a collection looks at for it. Counts are exact, pauses are of the last of a sample's iterations.
 */
import { Counts } from '../../collectors/counts.ts';
import { type PauseName, type Pauses, readPauses } from '../../collectors/pauses.ts';
import type { Metric } from '../../experiment/experiment.ts';
import { median } from '../../stats/quantiles.ts';
import { mutatorRowWords } from '../../trace/mutator-rows.ts';
import { collectorMetrics, countFigures, type Observed } from './collector-metrics.ts';

type Figures = Readonly<Record<string, number>>;

/** Lengths of the pauses of a kind. */
function lengthsNs({ pauses }: Pauses, kind: PauseName): number[] {
  return pauses.flatMap((pause) => (pause.kind === kind ? [pause.endNs - pause.startNs] : []));
}

/** What there is none of (a full pause in a run without one) is absent. */
export function generationFigures({ trace, counts, pauses }: Observed): Figures {
  const log = readPauses(pauses);
  const counted = Counts.read(counts);
  const [minor, full] = [lengthsNs(log, 'minor'), lengthsNs(log, 'full')];
  const stoppedNs = log.pauses.reduce((sum, { startNs, endNs }) => sum + endNs - startNs, 0);
  const minors = counted.minorCollections;
  const { promotedPercent, survival1Percent, survival2Percent, copiedBytes } = countFigures(counted);
  const figures = {
    minorPauses: minors,
    fullPauses: counted.fullCollections,
    minorPercent: (100 * minors) / (minors + counted.fullCollections),
    minorPerFull: minors / counted.fullCollections,
    minorPauseNs: minor.length === 0 ? Number.NaN : median(minor),
    fullPauseNs: full.length === 0 ? Number.NaN : median(full),
    fullOverMinor: minor.length === 0 || full.length === 0 ? Number.NaN : median(full) / median(minor),
    runningNs: ((log.wallNs - stoppedNs) * mutatorRowWords) / trace.length,
    stoppedPercent: (100 * stoppedNs) / log.wallNs,
    promotedPercent,
    survival1Percent,
    survival2Percent,
    copiedBytes,
    notedPercent: (100 * counted.barrierHits) / counted.stores,
    cardsPerMinor: counted.cardsScanned / minors,
    slotsPerMinor: counted.rememberedSlots / minors,
  };
  return Object.fromEntries(
    Object.entries(figures).filter((entry): entry is [string, number] => Number.isFinite(entry[1])),
  );
}

export const generationMetrics: readonly Metric[] = [
  { id: 'minorPauseNs', title: 'pause for the young, median', unit: 'ns', better: 'less' },
  { id: 'fullPauseNs', title: 'pause for everything, median', unit: 'ns', better: 'less' },
  { id: 'fullOverMinor', title: 'pause for everything over pause for the young', unit: 'x', better: null },
  { id: 'minorPercent', title: 'for the young, of all pauses', unit: '%', better: null },
  { id: 'minorPerFull', title: 'pauses for the young to one for everything', unit: 'x', better: null },
  { id: 'minorPauses', title: 'pauses for the young', unit: 'pauses', better: null },
  { id: 'fullPauses', title: 'pauses for everything', unit: 'pauses', better: null },
  { id: 'runningNs', title: 'time outside pauses, an operation', unit: 'ns', better: 'less' },
  { id: 'stoppedPercent', title: 'all pauses together, of the time', unit: '%', better: 'less' },
  ...collectorMetrics('promotedPercent', 'survival1Percent', 'survival2Percent', 'copiedBytes'),
  { id: 'notedPercent', title: 'stores whose barrier noted something', unit: '%', better: null },
  { id: 'cardsPerMinor', title: 'dirty cards a pause for the young', unit: 'cards', better: 'less' },
  {
    id: 'slotsPerMinor',
    title: 'slots of old objects looked at, a pause for the young',
    unit: 'slots',
    better: 'less',
  },
];
