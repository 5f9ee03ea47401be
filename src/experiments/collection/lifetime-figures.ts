/**
 * Of what a trace makes, what dies how soon: exact, from the trace alone. An object's age is what the program allocated
 * after it while it could be reached. It is told in parts of what the program has live at most, so that one rule serves
 * programs of any size. Objects made so late that their fate can't be known are left out, whether they died or not.
 */
import type { Metric } from '../../experiment/experiment.ts';
import { type Lifetimes, lifetimes, liveWordsOver, livesOn } from '../../trace/lifetimes.ts';
import type { MutatorTrace } from '../../trace/mutator-rows.ts';

/** An object dies young within a tenth of what is live at most, and a little later within as much again as that. */
const youngWithin = 0.1;
const laterWithin = 1;
/** Points of the survival curve, in percent of what is live at most. */
const curve = [1, 3, 10, 30, 100, 300] as const;

const wordBytes = 4;

/** Age at death in words; Infinity: it outlives the program. */
function ageOf({ diedAt, allocatedWords }: Lifetimes, object: number): number {
  const clock = diedAt[object]!;
  return clock === livesOn ? Number.POSITIVE_INFINITY : allocatedWords[clock]! - allocatedWords[object]!;
}

/**
 * Shares in percent of the objects, and for the young of the words: what dies young, a little later, lives on, and how
 * much is dead at each point of the curve. Empty where the program is too short for any fate to be known.
 */
export function lifetimeFigures(trace: MutatorTrace): Readonly<Record<string, number>> {
  const found = lifetimes(trace);
  const live = liveWordsOver(found).reduce((most, words) => Math.max(most, words), 0);
  const furthest = Math.max(laterWithin, curve.at(-1)! / 100) * live;
  const total = found.allocatedWords[found.made]!;
  let [objects, words, young, youngWords, later] = [0, 0, 0, 0, 0];
  const dead = curve.map(() => 0);
  for (let object = 1; object <= found.made; object++) {
    if (total - found.allocatedWords[object]! < furthest) break;
    const age = ageOf(found, object);
    objects++;
    words += found.words[object]!;
    if (age <= youngWithin * live) {
      young++;
      youngWords += found.words[object]!;
    } else if (age <= laterWithin * live) {
      later++;
    }
    for (const [i, percent] of curve.entries()) if (age <= (percent * live) / 100) dead[i]!++;
  }
  if (objects === 0) return {};
  const percentOf = (part: number, whole: number): number => (100 * part) / whole;
  return {
    youngPercent: percentOf(young, objects),
    laterPercent: percentOf(later, objects),
    liveOnPercent: percentOf(objects - young - later, objects),
    youngWordsPercent: percentOf(youngWords, words),
    ...Object.fromEntries(curve.map((percent, i) => [`dead${percent}Percent`, percentOf(dead[i]!, objects)])),
    liveBytes: live * wordBytes,
    turnovers: total / live,
  };
}

export const lifetimeMetrics: readonly Metric[] = [
  {
    id: 'youngPercent',
    title: 'objects that die young: within 10% of what is live',
    unit: '%',
    better: null,
  },
  { id: 'laterPercent', title: 'that die a little later: within 100% of it', unit: '%', better: null },
  { id: 'liveOnPercent', title: 'that live on', unit: '%', better: null },
  { id: 'youngWordsPercent', title: 'dying young, of all that is allocated', unit: '%', better: null },
  ...curve.map((percent) => ({
    id: `dead${percent}Percent`,
    title: `dead when ${percent}% of what is live was allocated after them`,
    unit: '%',
    better: null,
  })),
  { id: 'liveBytes', title: 'live at most', unit: 'B', better: null },
  { id: 'turnovers', title: 'allocated in all, over what is live at most', unit: 'x', better: null },
];
