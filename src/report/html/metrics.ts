/** The table of further metrics, which nothing is compared by: a row an arm, three columns a metric. */
import type { Arm, ArmGroup, MetricTable } from '../arrange.ts';
import { notAvailable } from '../numbers.ts';
import { html, type Markup } from './markup.ts';
import { armInWords, groupInWords, ownNames } from './names.ts';
import { armsOf, confidenceNote, medianCells, noiseCell } from './results.ts';
import type { ExperimentView } from './view.ts';

function cells(arm: Arm | undefined): Markup {
  if (arm === undefined) return html`<td colspan="3" class="none metric">${notAvailable}</td>`;
  return html`${medianCells(arm.measurement)}${noiseCell(arm.measurement, false)}`;
}

function armsIn(group: ArmGroup | undefined): readonly Arm[] {
  return group === undefined ? [] : armsOf(group);
}

function body(view: ExperimentView, tables: readonly MetricTable[], key: string): Markup {
  const groups = tables.map((table) => table.groups.find((group) => group.key === key));
  const names = new Map(
    tables.flatMap((table, i) =>
      armsIn(groups[i]).map(({ measurement }) => {
        const name = armInWords(measurement, ownNames(table), view.text);
        return [measurement.arm, measurement.twin ? `${name} (A/A)` : name];
      }),
    ),
  );
  const rows = [...names].map(([arm, name]) => {
    const all = groups.map((group) =>
      cells(armsIn(group).find(({ measurement }) => measurement.arm === arm)),
    );
    return html`<tr data-group="${key}" data-arm="${arm}"><th scope="row">${name}</th>${all}</tr>`;
  });
  const first = groups.find((group) => group !== undefined);
  const label = first === undefined ? '' : groupInWords(first);
  const head = html`<tr class="group"><th scope="rowgroup" colspan="${1 + 3 * tables.length}"><span class="group-name">${label}</span></th></tr>`;
  return html`<tbody>${label === '' ? null : head}${rows}</tbody>`;
}

/** All metrics but the first beside one another. */
export function drawMetrics(view: ExperimentView, tables: readonly MetricTable[]): Markup {
  const heads = tables.map(
    ({ title }) => html`<th scope="colgroup" colspan="3" class="metric">${title}</th>`,
  );
  const columns = tables.map(
    () =>
      html`<th scope="col" class="number metric">Median</th><th scope="col" class="number">Interval</th><th scope="col">Noise</th>`,
  );
  const arms = tables.flatMap(({ groups }) => groups.flatMap(armsOf));
  const measurements = arms.map(({ measurement }) => measurement);
  const keys = [...new Set(tables.flatMap(({ groups }) => groups.map(({ key }) => key)))];
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Table: further metrics"><table class="results metrics"><caption
    >Further metrics <span class="note">${confidenceNote(measurements)}</span></caption><thead><tr><th scope="col" rowspan="2">Variant</th>${heads}</tr><tr>${columns}</tr></thead>${keys.map(
      (key) => body(view, tables, key),
    )}</table></div>`;
}
