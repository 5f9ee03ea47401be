/** What disturbed the run: switches, faults, migrations, steal, probes over time, and the machine's load beside us. */
import { formatCount, formatNumber } from '../../base/units.ts';
import { noiseColumns, type Measurement, type NoiseColumn, type Run } from '../../experiment/run.ts';
import { formatShare, notAvailable } from '../numbers.ts';
import { drawFacts, factRow } from './facts.ts';
import { html, type Markup, sentence } from './markup.ts';
import { drawProbes } from './probes.ts';
import type { ExperimentView } from './view.ts';

/** Columns that are counted; the others are a time and a place. */
const counted: readonly (readonly [NoiseColumn, string])[] = [
  ['involuntarySwitches', 'Involuntary switches'],
  ['voluntarySwitches', 'Voluntary switches'],
  ['migrations', 'Migrations'],
  ['stealTicks', 'Steal ticks'],
  ['minorFaults', 'Minor faults'],
  ['majorFaults', 'Major faults'],
];

export interface NoiseTotals {
  /** Sum over all samples; null where no sample knows. */
  readonly totals: Readonly<Record<NoiseColumn, number | null>>;
  /** Share of the samples' time that their thread was running; null where unknown. */
  readonly onCpu: number | null;
  readonly cpus: readonly number[];
  readonly samples: number;
}

/** Adds up the noise columns of all samples of some measurements. */
export function noiseTotals(measurements: readonly Measurement[]): NoiseTotals {
  const sums = new Map<NoiseColumn, number>();
  const cpus = new Set<number>();
  let [samples, elapsedNs, cpuNs] = [0, 0, 0];
  for (const { processes, rawUnit, form } of measurements) {
    for (const { raw, noise } of processes) {
      if (noise === undefined) continue;
      samples += raw.length;
      for (const column of noiseColumns) addColumn(sums, column, noise[column]);
      for (const cpu of noise.cpu ?? []) if (cpu !== null) cpus.add(cpu);
      if (rawUnit !== 'ns' || form !== 'thread') continue;
      noise.cpuNs?.forEach((value, i) => {
        if (value === null) return;
        cpuNs += value;
        elapsedNs += raw[i] ?? 0;
      });
    }
  }
  const totals = Object.fromEntries(noiseColumns.map((column) => [column, sums.get(column) ?? null]));
  return {
    totals: totals as Record<NoiseColumn, number | null>,
    onCpu: elapsedNs > 0 ? cpuNs / elapsedNs : null,
    cpus: [...cpus].toSorted((a, b) => a - b),
    samples,
  };
}

function addColumn(
  sums: Map<NoiseColumn, number>,
  column: NoiseColumn,
  values: readonly (number | null)[] | undefined,
): void {
  for (const value of values ?? []) if (value !== null) sums.set(column, (sums.get(column) ?? 0) + value);
}

function row(view: ExperimentView): Markup {
  const { totals, onCpu, cpus, samples } = noiseTotals(view.measurements);
  const cells = counted.map(([column]) => {
    const total = totals[column];
    if (total === null) return html`<td class="number"><span class="none">${notAvailable}</span></td>`;
    return html`<td class="number"><data value="${total}" class="${total > 0 ? '' : 'zero'}">${formatCount(total)}</data></td>`;
  });
  return html`<tr><th scope="row"><a href="#${view.anchor}">${view.title}</a></th><td class="number">${formatCount(samples)}</td>${cells}<td
    class="number">${formatShare(onCpu)}</td><td>${cpus.join(', ') || notAvailable}</td></tr>`;
}

function table(views: readonly ExperimentView[]): Markup {
  const measured = views.filter((view) => view.measurements.length > 0);
  if (measured.length === 0) return html`<p class="note">No sample was taken.</p>`;
  const heads = counted.map(([, title]) => html`<th scope="col" class="number">${title}</th>`);
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Table: noise"><table class="noise-table"><caption>Totals
    over the timed samples</caption><thead><tr><th scope="col">Experiment</th><th scope="col" class="number">Samples</th>${heads}<th
    scope="col" class="number">Running</th><th scope="col">On CPU</th></tr></thead><tbody>${measured.map(row)}</tbody></table></div>`;
}

function regimes(views: readonly ExperimentView[]): Markup | null {
  const told = views.flatMap((view) =>
    view.conduct?.regimes == null ? [] : [{ view, words: view.conduct.regimes }],
  );
  if (told.length === 0) return null;
  const items = told.map(
    ({ view, words }) => html`<li><a href="#${view.anchor}">${view.title}</a>: ${sentence(words)}</li>`,
  );
  return html`<h3>Regimes</h3><ul>${items}</ul>`;
}

const share = (value: number): string => `${formatNumber(value)}%`;

/** The noise record. */
export function drawNoise(run: Run, views: readonly ExperimentView[]): Markup {
  const { loadAverage, memoryPressure, cpuPressure } = run.surroundings;
  const facts = drawFacts('Beside us, when the run began', [
    factRow('Runnable tasks, last minute', loadAverage, (value) => formatNumber(value)),
    factRow('Time that tasks waited for a CPU', cpuPressure, share),
    factRow('Time that tasks waited for memory', memoryPressure, share),
  ]);
  const probes = run.probes.length === 0 ? null : html`<h3>Probes over time</h3>${drawProbes(run.probes)}`;
  return html`<section id="noise" aria-labelledby="noise-heading"><h2 id="noise-heading">The noise</h2>${table(views)}${regimes(
    views,
  )}${probes}${facts}</section>`;
}
