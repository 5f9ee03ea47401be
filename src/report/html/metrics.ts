/**
 * The table of further metrics, which nothing is compared by: a row an arm, three columns a metric; of many metrics one
 * column each, the interval below the median, so that the page holds them.
 */
import type { Arm, ArmGroup, MetricTable } from '../arrange.ts';
import { notAvailable } from '../numbers.ts';
import { html, type Markup } from './markup.ts';
import { armInWords, groupInWords, ownNames } from './names.ts';
import { armsOf, confidenceNote, medianCells, medianCell, noiseCell } from './results.ts';
import type { ExperimentView } from './view.ts';

/** More metrics than this have one column each. */
const mostSpread = 3;

type Form = 'spread' | 'stacked';

const columnsOf = (form: Form): number => (form === 'spread' ? 3 : 1);

function cells(arm: Arm | undefined, form: Form): Markup {
  if (arm === undefined)
    return html`<td colspan="${columnsOf(form)}" class="none metric">${notAvailable}</td>`;
  const { measurement } = arm;
  if (form === 'stacked') return medianCell(measurement);
  return html`${medianCells(measurement)}${noiseCell(measurement, false)}`;
}

function armsIn(group: ArmGroup | undefined): readonly Arm[] {
  return group === undefined ? [] : armsOf(group);
}

function body(view: ExperimentView, tables: readonly MetricTable[], key: string, form: Form): Markup {
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
      cells(
        armsIn(group).find(({ measurement }) => measurement.arm === arm),
        form,
      ),
    );
    return html`<tr data-group="${key}" data-arm="${arm}"><th scope="row">${name}</th>${all}</tr>`;
  });
  const first = groups.find((group) => group !== undefined);
  const label = first === undefined ? '' : groupInWords(first);
  const head = html`<tr class="group"><th scope="rowgroup" colspan="${1 + columnsOf(form) * tables.length}"><span class="group-name">${label}</span></th></tr>`;
  return html`<tbody>${label === '' ? null : head}${rows}</tbody>`;
}

/** All metrics but the first beside one another. */
export function drawMetrics(view: ExperimentView, tables: readonly MetricTable[]): Markup {
  const form = tables.length > mostSpread ? 'stacked' : 'spread';
  const heads = tables.map(({ title }) =>
    form === 'stacked'
      ? html`<th scope="col" class="number metric">${title}</th>`
      : html`<th scope="colgroup" colspan="3" class="metric">${title}</th>`,
  );
  const columns = tables.map(
    () =>
      html`<th scope="col" class="number metric">Median</th><th scope="col" class="number">Interval</th><th scope="col">Noise</th>`,
  );
  const below = form === 'stacked' ? null : html`<tr>${columns}</tr>`;
  const first = html`<th scope="col" rowspan="${form === 'stacked' ? 1 : 2}">Variant</th>`;
  const arms = tables.flatMap(({ groups }) => groups.flatMap(armsOf));
  const measurements = arms.map(({ measurement }) => measurement);
  const keys = [...new Set(tables.flatMap(({ groups }) => groups.map(({ key }) => key)))];
  const how = form === 'stacked' ? ' Medians, and the interval below each.' : '';
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Table: further metrics"><table class="results metrics"><caption
    >Further metrics <span class="note">${confidenceNote(measurements)}${how}</span></caption><thead><tr>${first}${heads}</tr>${below}</thead>${keys.map(
      (key) => body(view, tables, key, form),
    )}</table></div>`;
}
