/**
 * A run as one HTML file: no font, script, style or picture comes from elsewhere, and the page's own policy forbids
 * asking. All of it can be read, printed and heard without its script. Pure: the same run gives the same text.
 */
import { formatCount } from '../../base/units.ts';
import type { Run } from '../../experiment/run.ts';
import { formatDuration } from '../numbers.ts';
import { dateTime, drawConduct } from './conduct-section.ts';
import { drawExperiment } from './experiment-section.ts';
import type { ExperimentText } from '../experiment-text.ts';
import { brandMark, drawDocument } from './frame.ts';
import { drawMachine, machineLine } from './machine-section.ts';
import { html, type Markup } from './markup.ts';
import { drawNoise } from './noise-section.ts';
import { resultsKey } from './results.ts';
import { pageScript } from './script.ts';
import { counted } from './tips.ts';
import { drawGlance, drawTally, verdictSigns } from './verdicts.ts';
import { type ExperimentView, experimentViews } from './view.ts';

export interface HtmlOptions {
  /** The page's title and first heading. */
  readonly title?: string;
}

const defaultTitle = 'What memory costs on this machine';

/** Fills that tell languages apart in bars. */
function patterns(): Markup {
  return html`<svg width="0" height="0" style="position:absolute" aria-hidden="true" focusable="false"><defs><pattern id="hatch" width="6"
    height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" style="fill:var(--surface)"/><rect
    width="3" height="6" style="fill:var(--series-4)"/></pattern><pattern id="dots" width="6" height="6" patternUnits="userSpaceOnUse"><rect
    width="6" height="6" style="fill:var(--surface)"/><circle cx="3" cy="3" r="1.8" style="fill:var(--series-3)"/></pattern></defs></svg>`;
}

function sampleCount(run: Run): number {
  return run.measurements.reduce(
    (sum, { processes }) => sum + processes.reduce((all, { raw }) => all + raw.length, 0),
    0,
  );
}

/** Ways to what a reader should know before the numbers. */
function drawConcerns(run: Run): Markup {
  const [warnings, leftOut] = [run.warnings.length, run.leftOut.length];
  return html`${warnings === 0 ? null : html`<li><a href="#warnings">${counted(warnings, 'warning')}</a></li>`}${
    leftOut === 0 ? null : html`<li><a href="#left-out">${formatCount(leftOut)} left out</a></li>`
  }`;
}

function drawMasthead(run: Run, title: string): Markup {
  const tookMs = run.conduct.reduce((sum, one) => sum + one.elapsedMs, 0);
  const incomplete = html`<p class="notice" role="note"><strong>Incomplete.</strong> The run was interrupted; what was measured before
    is here.</p>`;
  return html`<header class="masthead"><p class="brand">${brandMark()}<span>${run.tool.name} ${run.tool.version}</span></p><h1>${title}</h1><p
    class="machine-line">${machineLine(run.machine)}</p><ul class="meta"><li><b>${dateTime(run.startedAt)}</b></li><li>profile <b>${
      run.profile
    }</b></li><li><b>${run.complete ? 'complete' : 'incomplete'}</b></li><li><b>${formatCount(sampleCount(run))}</b> samples in <b>${formatDuration(
      tookMs,
    )}</b></li><li>seed <b>${String(run.seed)}</b></li>${drawConcerns(run)}</ul>${run.complete ? null : incomplete}${drawTally(run.verdicts)}</header>`;
}

function drawContents(views: readonly ExperimentView[], isJudged: boolean): Markup {
  const experiments = views.map(
    (view) =>
      html`<li><a href="#${view.anchor}"><span>${view.title}</span>${verdictSigns(view.verdicts)}</a></li>`,
  );
  const first = isJudged ? html`<li><a href="#verdicts"><span>Verdicts</span></a></li>` : null;
  return html`<nav class="contents" aria-labelledby="contents-heading"><h2 id="contents-heading">On this page</h2><ol>${first}${experiments}<li class="tail-first"><a href="#machine"><span>The machine</span></a></li><li><a
    href="#noise"><span>The noise</span></a></li><li><a href="#conduct"><span>How it was run</span></a></li></ol></nav>`;
}

/** Whether there is anything to say of claims: not of a run whose experiments make none. */
function hasClaims(views: readonly ExperimentView[]): boolean {
  return (
    views.length === 0 || views.some(({ verdicts, text }) => verdicts.length + (text?.claims.length ?? 0) > 0)
  );
}

function drawFooter(run: Run): Markup {
  return html`<footer><p>Written by ${run.tool.name} ${run.tool.version} from a run of schema version ${run.schemaVersion}. Every number
    with its full precision is in the run file, from which this page can be written again.</p></footer>`;
}

/**
 * The report of a run as a self-contained HTML document. Experiments that `experiments` does not describe are drawn
 * from the run alone; all text is escaped.
 */
export function renderHtml(
  run: Run,
  experiments: readonly ExperimentText[],
  options: HtmlOptions = {},
): string {
  const views = experimentViews(run, experiments);
  const title = options.title ?? defaultTitle;
  const hasResults = views.some((view) => view.measurements.length > 0);
  const isJudged = hasClaims(views);
  const key = hasResults ? resultsKey() : null;
  const skip = isJudged
    ? html`<a class="skip" href="#verdicts">Skip to the verdicts</a>`
    : html`<a class="skip" href="#${views[0]!.anchor}">Skip to the results</a>`;
  const verdicts = html`<section id="verdicts" aria-labelledby="verdicts-heading"><h2 id="verdicts-heading">Verdicts</h2>${drawGlance(
    views,
  )}${key}</section>`;
  const body = html`${skip}
${patterns()}
<div class="page">
${drawMasthead(run, title)}
<div class="layout-grid">
${drawContents(views, isJudged)}
<main>
${isJudged ? verdicts : key}
${views.map((view) => html`${drawExperiment(view)}\n`)}
${drawMachine(run.machine)}
${drawNoise(run, views)}
${drawConduct(run, views)}
${drawFooter(run)}
</main>
</div>
</div>`;
  return drawDocument({
    title: `${title} · ${run.machine.cpuModel.value ?? run.machine.id} · linefill`,
    body,
    script: pageScript,
  });
}
