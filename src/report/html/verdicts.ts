/** Verdicts: a word and a sign each, not only a colour; the source's number beside the measured one. */
import { formatCount } from '../../base/units.ts';
import type { Effect, Verdict, VerdictStatus } from '../../experiment/claim.ts';
import { statusText, verdictCount } from '../cells.ts';
import { formatFigure, formatFigureRange } from '../numbers.ts';
import { capitalised, html, type Markup } from './markup.ts';
import { bounds, data } from './results.ts';
import type { ExperimentView } from './view.ts';

/** A sign each, 16 by 16 and stroked; in the order in which they are counted. */
const signs: Readonly<Record<VerdictStatus, string>> = {
  supported: 'M3,8.5l3.5,3.5L13,4.5',
  refuted: 'M4,4l8,8M12,4l-8,8',
  inconclusive: 'M5.2,5.6a2.8,2.8 0 1,1 4,2.5q-1.2,.7 -1.2,2M8,13v.1',
  'not-applicable': 'M3.5,8h9',
};
const statusOrder = Object.keys(signs) as VerdictStatus[];

function sign(status: VerdictStatus): Markup {
  return html`<svg class="sign" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false"><path
    d="${signs[status]}"/></svg>`;
}

/** Sign and word. */
export function statusMark(status: VerdictStatus): Markup {
  return html`<span class="status status--${status}">${sign(status)}<span>${statusText(status)}</span></span>`;
}

function drawEffect({ value, low, high, unit }: Effect): Markup {
  const range = formatFigureRange({ value, low, high }, unit);
  return html`${data(value, formatFigure(value, unit))} ${bounds(low, high, range)}`;
}

/** The measured effect, or what stands in its place; null for neither. */
function drawMeasured({ effect, measured }: Verdict): Markup | null {
  if (measured !== undefined) return html`${measured}`;
  return effect === null ? null : drawEffect(effect);
}

/** Id of a verdict's element. */
export function verdictAnchor(view: ExperimentView, index: number): string {
  return `${view.anchor}-verdict-${index + 1}`;
}

function drawVerdict(view: ExperimentView, verdict: Verdict, index: number): Markup {
  const drawn = drawMeasured(verdict);
  const measured = drawn === null ? null : html`<div><dt>Measured</dt><dd>${drawn}</dd></div>`;
  return html`<li class="verdict verdict--${verdict.status}" id="${verdictAnchor(view, index)}">${statusMark(verdict.status)}
    <p class="statement">${capitalised(verdict.statement)}</p><p class="sentence">${verdict.sentence}</p><dl class="numbers"
    ><div><dt>The source says</dt><dd>${verdict.source}</dd></div>${measured}</dl></li>`;
}

/** The verdicts of an experiment, and the claims that this run did not judge. */
export function drawVerdicts(view: ExperimentView): Markup {
  const judged = new Set(view.verdicts.map((verdict) => verdict.claim));
  const open = (view.text?.claims ?? []).filter((claim) => !judged.has(claim.id));
  const rest = open.map(
    (
      claim,
    ) => html`<li class="verdict verdict--none"><span class="status">not judged in this run</span><p class="statement"
      >${capitalised(claim.statement)}</p><dl class="numbers"><div><dt>The source says</dt><dd>${claim.source}</dd></div></dl></li>`,
  );
  if (judged.size + open.length === 0) return html``;
  return html`<ul class="verdicts">${view.verdicts.map((verdict, i) => drawVerdict(view, verdict, i))}${rest}</ul>`;
}

/** How many of each, as words with their signs. */
export function drawTally(verdicts: readonly Verdict[]): Markup {
  if (verdicts.length === 0) return html``;
  const cells = statusOrder.map((status) => {
    const number = verdicts.filter((verdict) => verdict.status === status).length;
    return html`<li class="tally tally--${status}${number === 0 ? ' tally--zero' : ''}"><data class="tally-number"
      value="${number}">${formatCount(number)}</data>${statusMark(status)}</li>`;
  });
  return html`<ul class="tallies" aria-label="Verdicts by status">${cells}</ul>`;
}

/** The small signs of an experiment's verdicts, for the table of contents. */
export function verdictSigns(verdicts: readonly Verdict[]): Markup {
  const words = verdictCount(verdicts);
  if (words === null) return html``;
  const all = statusOrder.flatMap((status) => verdicts.filter((verdict) => verdict.status === status));
  const drawn = all.map(({ status }) => html`<span class="status--${status}">${sign(status)}</span>`);
  return html`<span class="signs"><span class="sr">${words}</span>${drawn}</span>`;
}

/** A verdict in one line: the status, the claim, the source's number, the measured one. */
function drawGlanceLine(view: ExperimentView, verdict: Verdict, index: number): Markup {
  const measured = drawMeasured(verdict) ?? html`<span class="none">no effect measured</span>`;
  return html`<li>${statusMark(verdict.status)}<a href="#${verdictAnchor(view, index)}">${capitalised(verdict.statement)}</a><span
    class="glance-source"><span class="label">The source says </span>${verdict.source}</span><span class="glance-measured"><span
    class="label">Measured here </span>${measured}</span></li>`;
}

/** Every verdict of the run in a line each. */
export function drawGlance(views: readonly ExperimentView[]): Markup {
  const lines = views.flatMap((view) => view.verdicts.map((verdict, i) => drawGlanceLine(view, verdict, i)));
  if (lines.length === 0) return html`<p class="note">This run judged no claim.</p>`;
  return html`<div class="glance-head" aria-hidden="true"><span>Verdict</span><span>Claim</span><span>The source says</span><span
    >Measured here</span></div><ul class="glance">${lines}</ul>`;
}
