/** A heat map that is a table: the number stands in each cell, its colour follows the number. */
import { html, type Markup } from './markup.ts';
import { extent, linearScale, logScale } from './scales.ts';

export interface Cell {
  readonly value: number;
  /** The number as shown. */
  readonly words: string;
  readonly tip: string;
  readonly unsteady: boolean;
}

export interface MatrixTable {
  /** Id of the caption's element. */
  readonly id: string;
  readonly caption: string;
  /** Names of what runs along the columns and down the rows. */
  readonly across: string;
  readonly down: string;
  readonly columns: readonly string[];
  readonly rows: readonly string[];
  /** Row by row; null where there is nothing. */
  readonly cells: readonly (readonly (Cell | null)[])[];
  /** Where a value lies between the smallest, 0, and the largest, 1, of all that is to be compared by eye. */
  readonly heat: (value: number) => number;
}

/** From 0 (the smallest value) to 1: on logarithms where the values span more than a factor of ten. */
export function heatOf(values: readonly number[]): (value: number) => number {
  const range = extent(values);
  if (range === null || range[0] === range[1]) return () => 0;
  const scale =
    range[0] > 0 && range[1] / range[0] > 10 ? logScale(range, [0, 1]) : linearScale(range, [0, 1]);
  return (value) => Math.min(1, Math.max(0, scale.at(value)));
}

function drawCell(cell: Cell | null, heat: (value: number) => number): Markup {
  if (cell === null) return html`<td class="cell cell--none"><span aria-label="none">·</span></td>`;
  const share = heat(cell.value).toFixed(3);
  return html`<td class="cell mark${cell.unsteady ? ' cell--unsteady' : ''}" style="--heat:${share}"
    data-tip="${cell.tip}"><data value="${cell.value}">${cell.words}</data></td>`;
}

/** The table under its caption, in a container of its own that scrolls where the page is narrow. */
export function drawMatrix({ id, caption, across, down, columns, rows, cells, heat }: MatrixTable): Markup {
  const head = columns.map((name) => html`<th scope="col">${name}</th>`);
  const body = rows.map(
    (name, i) => html`<tr><th scope="row">${name}</th>${cells[i]!.map((cell) => drawCell(cell, heat))}</tr>`,
  );
  return html`<div class="plot"><p class="panel-title" id="${id}">${caption}</p><div class="scroll" role="region" tabindex="0"
    aria-labelledby="${id}"><table class="matrix" aria-labelledby="${id}"><thead><tr><th class="corner" rowspan="2" scope="col"
    >${down}</th><th class="across" colspan="${columns.length}" scope="colgroup">${across}</th></tr><tr>${head}</tr></thead><tbody
    >${body}</tbody></table></div></div>`;
}
