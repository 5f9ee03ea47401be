/**
 * Can the lab's verdicts be believed? Comparisons whose answer is known go through the real pipeline: fresh processes,
 * rounds in turns, the twin, the interval, the word. Identical pairs must be called no different, slowed ones slower.
 */
import type { Context } from '#dist/experiment/experiment.js';
import { layOut } from '#dist/experiment/plan.js';
import type { Comparison } from '#dist/experiment/run.js';
import { describeMachine, nativeFactsOf, realSystem } from '#dist/machine/index.js';
import { conduct } from '#dist/measure/conduct.js';
import { chooseCpus } from '#dist/measure/measure.js';
import { environment } from '#dist/native/binding.js';
import { median } from '#dist/stats/index.js';
import { experiments, idOf, languages, slowdowns } from './aa-experiments.ts';
import { countOf, type Figure, sit, someOf } from './sitting.ts';

/** Of 100 comparisons: so many may be called different where nothing differs, so many must be found. */
const mostFalseAlarms = 2;
const leastFound: Readonly<Record<number, number>> = { 3: 80, 5: 95 };
const mostNs = 2e9;

/** More than a comparison ever needs, so that the planned number of processes decides. */
const budgetMs = 60_000;
const childEntry = new URL('./aa-child.js', import.meta.url);

interface Tally {
  readonly seconds: number[];
  readonly widths: number[];
  readonly ratios: number[];
  alarms: number;
  found: number;
  inconclusive: number;
  twoRegimes: number;
}

/**
 * Counts one comparison, which is a row a regime: what an interval says in any of them counts. An alarm is any row
 * that calls the two different; a find is a word in at least one, and none but 'slower'.
 */
function count(tally: Tally, rows: readonly Comparison[], regimes: string | null): void {
  const words = rows.map((row) => row.result).filter((result) => result !== 'inconclusive');
  if (words.includes('faster') || words.includes('slower')) tally.alarms++;
  if (words.length > 0 && words.every((word) => word === 'slower')) tally.found++;
  if (words.length === 0) tally.inconclusive++;
  if (regimes !== null) tally.twoRegimes++;
  for (const { ratio, low, high } of rows) {
    if (low === null || high === null) continue;
    tally.ratios.push(ratio);
    tally.widths.push(high / low - 1);
  }
}

async function compareOften(id: string, comparisons: number, context: Context): Promise<Tally> {
  const experiment = experiments.find((each) => each.id === id)!;
  const layout = layOut(experiment, context, {});
  const tally: Tally = {
    seconds: [],
    widths: [],
    ratios: [],
    alarms: 0,
    found: 0,
    inconclusive: 0,
    twoRegimes: 0,
  };
  for (let seed = 0; seed < comparisons; seed++) {
    const began = performance.now();
    const request = {
      experiment,
      context,
      layout,
      source: null,
      settings: {},
      seed,
      budgetMs,
      childEntry,
      onProcess: () => undefined,
    };
    const conducted = await conduct(request, new AbortController().signal);
    if (conducted.failure !== null) throw new Error(`${id}: ${conducted.failure}`);
    tally.seconds.push((performance.now() - began) / 1000);
    count(
      tally,
      conducted.comparisons.filter((row) => row.arm === 'candidate'),
      conducted.regimes,
    );
  }
  return tally;
}

function figuresOf(language: string, slowdown: number, comparisons: number, tally: Tally): Figure[] {
  const what = `${language}, ${slowdown === 0 ? 'with itself' : `${slowdown}% more to do`}`;
  const atMost = Math.floor((mostFalseAlarms * comparisons) / 100);
  const atLeast = Math.ceil(((leastFound[slowdown] ?? 0) * comparisons) / 100);
  const decided: Figure =
    slowdown === 0
      ? {
          name: `${what}: called different`,
          value: tally.alarms,
          unit: 'count',
          of: comparisons,
          target: { most: atMost },
        }
      : {
          name: `${what}: found slower`,
          value: tally.found,
          unit: 'count',
          of: comparisons,
          target: { least: atLeast },
        };
  const times = tally.seconds.map((each) => each * 1e9);
  const widths = tally.widths.map((each) => 100 * each);
  return [
    decided,
    { name: `${what}: without a word`, value: tally.inconclusive, unit: 'count', of: comparisons },
    { name: `${what}: in two regimes`, value: tally.twoRegimes, unit: 'count', of: comparisons },
    ...(widths.length === 0
      ? []
      : [
          { name: `${what}: ratio`, value: median(tally.ratios), unit: 'x', ...ends(tally.ratios) } as const,
          { name: `${what}: interval's width`, value: median(widths), unit: '%', ...ends(widths) } as const,
        ]),
    {
      name: `${what}: time of a comparison`,
      value: median(times),
      unit: 'ns',
      ...ends(times),
      target: { most: mostNs },
    },
  ];
}

function ends(values: readonly number[]): { low: number; high: number } {
  return { low: Math.min(...values), high: Math.max(...values) };
}

await sit(
  'aa',
  'is a difference found where there is one, and none where there is none?',
  {
    count: { about: 'comparisons of each kind', value: '100' },
    languages: { about: 'whose kernels to compare', value: languages.join(',') },
    slowdowns: { about: 'by how much the candidate has more to do, in per cent', value: slowdowns.join(',') },
  },
  async ({ smoke, values }) => {
    const machine = describeMachine(realSystem(), nativeFactsOf(environment()));
    const profile = smoke ? 'smoke' : 'quick';
    const context: Context = { profile, machine, cpus: chooseCpus(null), memoryBudgetBytes: 2 ** 28 };
    const comparisons = smoke ? 1 : countOf(values.count, '--count');
    const figures: Figure[] = [];
    const [inLanguages, bySlowdowns] = [
      someOf(values.languages, '--languages', languages),
      someOf(values.slowdowns, '--slowdowns', slowdowns),
    ];
    for (const language of inLanguages) {
      for (const slowdown of bySlowdowns) {
        const tally = await compareOften(idOf(language, slowdown), comparisons, context);
        figures.push(...figuresOf(language, slowdown, comparisons, tally));
      }
    }
    return { figures, notes: [`brackets: least and most of ${comparisons}`] };
  },
);
