/** One experiment: what is asked, the layout, the answers, the chart, the numbers, the samples, the reasons. */
import { own as ownValue } from '../../kernel/kernel.ts';
import { hasComparisons } from '../cells.ts';
import { inferredTable } from '../inferred.ts';
import { predictedHeaders, predictedNotes, predictedRows, predictedSentence } from '../predicted.ts';
import { drawFigure } from './figure.ts';
import { html, linked, type Markup, paragraphs, sentence } from './markup.ts';
import { drawMetrics } from './metrics.ts';
import { leftOutInWords, nameInWords, pointInWords, variantTitle } from './names.ts';
import { drawRaw } from './raw.ts';
import { drawResults } from './results.ts';
import { drawTimelines } from './stillness.ts';
import { drawUtilisation } from './utilisation.ts';
import { drawVerdicts } from './verdicts.ts';
import type { ExperimentView } from './view.ts';

function drawLayout(view: ExperimentView): Markup | null {
  const drawing = view.text?.drawing ?? '';
  if (drawing.trim() === '') return null;
  const label = `Drawing: ${view.title}`;
  return html`<figure class="layout"><div class="scroll" role="region" tabindex="0" aria-label="${label}"><pre>${drawing}</pre></div
    ><figcaption>In a drawing</figcaption></figure>`;
}

/** The drawing, and beside it what happens in it. */
function drawOpening(view: ExperimentView): Markup | null {
  const layout = drawLayout(view);
  const explain = paragraphs(view.text?.explain ?? '');
  if (layout === null && explain.text === '') return null;
  return html`<div class="opening${layout === null ? ' opening--single' : ''}">${layout}<div class="explain">${explain}</div></div>`;
}

function drawSources(view: ExperimentView): Markup | null {
  const sources = view.text?.sources ?? [];
  if (sources.length === 0) return null;
  const list = sources.map(({ title, where }) => html`<li><cite>${title}</cite>. ${linked(where)}</li>`);
  return html`<div class="sources"><h3>Sources</h3><ul>${list}</ul></div>`;
}

function drawLeftOut(view: ExperimentView): Markup | null {
  if (view.leftOut.length === 0) return null;
  const items = view.leftOut.map(
    ({ what, reason }) => html`<li><strong>${leftOutInWords(what)}</strong>: ${reason}</li>`,
  );
  return html`<div class="left-out"><h3>Left out</h3><ul>${items}</ul></div>`;
}

/** What the coordinates in the table and the chart mean. */
function drawParameters(view: ExperimentView): Markup | null {
  const parameters = view.text?.parameters ?? [];
  const used = parameters.filter(({ name }) =>
    view.measurements.some(({ point }) => (point[name] ?? ownValue) !== ownValue),
  );
  if (used.length === 0) return null;
  const items = used.map(
    ({ name, summary }) =>
      html`<li><strong>${nameInWords(name)}</strong>: ${summary} <code>${name}</code></li>`,
  );
  return html`<ul class="parameters">${items}</ul>`;
}

function drawNumbers(view: ExperimentView): Markup {
  const [first, ...rest] = view.tables;
  if (first === undefined) {
    const why =
      view.conduct?.stopped === 'failed' ? html` It failed: see the <a href="#warnings">warnings</a>.` : null;
    return html`<p class="notice">Nothing was measured.${why}</p>`;
  }
  const constant = pointInWords(first.constant);
  const own = [first, ...rest.filter(hasComparisons)];
  const further = rest.filter((table) => !hasComparisons(table));
  return html`<h3>Results</h3>${drawParameters(view)}${constant === '' ? null : html`<p class="note">Everywhere: ${constant}.</p>`}${own.map(
    (table) => drawResults(view, table),
  )}${further.length === 0 ? null : drawMetrics(view, further)}`;
}

function drawRegimes(view: ExperimentView): Markup | null {
  const regimes = view.conduct?.regimes ?? null;
  return regimes === null ? null : html`<p class="notice">${sentence(regimes)}</p>`;
}

/** Heads of columns, those of numbers over the numbers' ends. */
function headCells(heads: readonly string[], numbers: readonly string[]): Markup[] {
  return heads.map((head) => {
    const kind = numbers.includes(head) ? 'number' : '';
    return html`<th scope="col" class="${kind}">${head.charAt(0).toUpperCase() + head.slice(1)}</th>`;
  });
}

/** What was inferred, of the machine or of what ran on it, beside what is reported. */
function drawInferred({ inferences }: ExperimentView): Markup | null {
  if (inferences.length === 0) return null;
  const { columns, notes: remarks } = inferredTable(inferences);
  const [what, ...figures] = columns;
  const numbers = columns.flatMap(({ header, isNumber }) => (isNumber ? [header] : []));
  const heads = headCells(
    columns.map(({ header }) => header),
    numbers,
  );
  const rows = inferences.map((_, i) => {
    const cells = figures.map(
      ({ cells: all, isNumber }) => html`<td class="${isNumber ? 'number' : ''}">${all[i]!}</td>`,
    );
    return html`<tr><th scope="row">${what!.cells[i]!}</th>${cells}</tr>`;
  });
  const notes = remarks.map((note) => html`<li>${note}</li>`);
  return html`<h3>Inferred</h3><div class="scroll" role="region" tabindex="0" aria-label="Table: inferred"><table><caption class="sr">What was inferred from the measurements</caption><thead><tr>${heads}</tr></thead><tbody>${rows}</tbody></table></div>${
    notes.length === 0 ? null : html`<ul class="note">${notes}</ul>`
  }`;
}

/** What the cache model makes of the same addresses. */
function drawPredicted(view: ExperimentView): Markup | null {
  const rows = predictedRows(view, {
    point: (point) => pointInWords(point),
    variant: (id) => variantTitle(id, view.text),
  });
  if (rows.length === 0) return null;
  const heads = headCells(predictedHeaders, ['predicted', 'measured', 'ratio']);
  const lines = rows.map(
    ({ where, variant, predicted, measured, ratio, misses }) =>
      html`<tr><th scope="row">${where}</th><td>${variant}</td><td class="number">${predicted}</td><td class="number">${measured}</td><td class="number">${ratio}</td><td>${misses}</td></tr>`,
  );
  const notes = predictedNotes(rows).map((note) => html`<li>${note}</li>`);
  return html`<h3>Predicted beside measured</h3><div class="scroll" role="region" tabindex="0" aria-label="Table: predicted beside measured"><table><caption class="sr">What the cache model predicts, beside what was measured</caption><thead><tr>${heads}</tr></thead><tbody>${lines}</tbody></table></div><p class="note">${predictedSentence(rows)}</p>${
    notes.length === 0 ? null : html`<ul class="note">${notes}</ul>`
  }`;
}

/** The section of an experiment; what a run without words holds is drawn all the same. */
export function drawExperiment(view: ExperimentView): Markup {
  const { text } = view;
  const question =
    text === null
      ? html`<p class="note">This version of linefill does not know the experiment: it is drawn from the run alone.</p>`
      : html`<p class="question">${text.question}</p>`;
  const conclusions = (text?.conclusions ?? []).map((each) => html`<li>${each}</li>`);
  const verdicts = drawVerdicts(view);
  const eyebrow = text === null ? null : html`<p class="eyebrow">${view.id}</p>`;
  return html`<section class="experiment" id="${view.anchor}" aria-labelledby="${view.anchor}-heading"><header>${eyebrow}<h2 id="${view.anchor}-heading">${view.title}</h2>${question}${
    conclusions.length === 0 ? null : html`<ul>${conclusions}</ul>`
  }</header>${drawOpening(view)}${
    verdicts.text === '' ? null : html`<h3>Verdicts</h3>${verdicts}`
  }${drawRegimes(view)}${drawFigure(view)}${drawTimelines(view)}${drawUtilisation(view)}${drawInferred(view)}${drawPredicted(view)}${drawNumbers(
    view,
  )}${drawRaw(view)}${drawLeftOut(view)}${drawSources(view)}</section>`;
}
