/**
 * The raw samples, once a page, as compact JSON that the page's script draws when asked. Rounds and regimes are left
 * out where they say nothing (0, 1, 2 ...; all 0).
 */
import { formatCount } from '../../base/units.ts';
import type { ProcessSamples } from '../../experiment/run.ts';
import type { MetricTable } from '../arrange.ts';
import { bareUnit } from '../numbers.ts';
import { html, jsonForScript, type Markup } from './markup.ts';
import { armInWords, groupInWords, ownNames } from './names.ts';
import { armsOf } from './results.ts';
import type { ExperimentView } from './view.ts';

/** Process, samples in raw units, regimes, rounds; 0 for a list that says nothing. */
export type RawProcess = readonly [number, readonly number[], readonly number[] | 0, readonly number[] | 0];

export interface RawArm {
  readonly label: string;
  readonly unit: string;
  /** What a raw value is divided by to give one in `unit`. */
  readonly per: number;
  readonly processes: readonly RawProcess[];
}

export interface RawGroup {
  readonly label: string;
  readonly arms: readonly RawArm[];
}

function packProcess({ process, raw, regimes, rounds }: ProcessSamples): RawProcess {
  return [
    process,
    raw,
    regimes.every((regime) => regime === 0) ? 0 : regimes,
    rounds.every((round, i) => round === i) ? 0 : rounds,
  ];
}

type Groups = Map<string, { readonly label: string; readonly arms: RawArm[] }>;

function addArms(groups: Groups, view: ExperimentView, table: MetricTable): void {
  const own = ownNames(table);
  const metric = table === view.tables[0] ? '' : `, ${table.title}`;
  for (const group of table.groups) {
    const found = groups.get(group.key) ?? { label: groupInWords(group), arms: [] };
    groups.set(group.key, found);
    for (const { measurement } of armsOf(group)) {
      const { unit, divisor, processes, twin } = measurement;
      const label = armInWords(measurement, own, view.text) + (twin ? ' (A/A)' : '') + metric;
      found.arms.push({ label, unit: bareUnit(unit), per: divisor, processes: processes.map(packProcess) });
    }
  }
}

/** All samples of an experiment by group; arms of further metrics follow those of the first. */
export function packRaw(view: ExperimentView): RawGroup[] {
  const groups: Groups = new Map();
  for (const table of view.tables) addArms(groups, view, table);
  return [...groups.values()];
}

/** The place where the script draws the samples, and the samples. */
export function drawRaw(view: ExperimentView): Markup {
  const samples = view.measurements.reduce(
    (sum, one) => sum + one.processes.reduce((all, process) => all + process.raw.length, 0),
    0,
  );
  if (samples === 0) return html``;
  return html`<details class="raw" data-raw="${view.anchor}-raw"><summary>Raw samples <span class="note">${formatCount(samples)} in ${formatCount(
    view.measurements.length,
  )} series</span></summary><div class="raw-body"><p class="note">Drawing the samples takes a script; the run file holds them all.</p
    ></div></details><script type="application/json" id="${view.anchor}-raw">${jsonForScript(packRaw(view))}</script>`;
}
