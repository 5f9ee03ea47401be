/** How the run was made: processes, why they stopped, error levels; what was left out; what to beware of. */
import { formatCount, formatNumber } from '../../base/units.ts';
import type { Run, Stop } from '../../experiment/run.ts';
import { formatCpuList } from '../../machine/cpu-list.ts';
import { formatCoordinate, formatDuration, formatShare } from '../numbers.ts';
import { html, type Markup } from './markup.ts';
import { leftOutInWords, nameInWords } from './names.ts';
import type { ExperimentView } from './view.ts';

const stops: Readonly<Record<Stop, string>> = {
  narrow: 'the intervals were narrow enough',
  budget: 'the budget was spent',
  processes: 'all planned processes were done',
  interrupted: 'interrupted',
  failed: 'a process failed',
};

function row(view: ExperimentView): Markup | null {
  const { conduct } = view;
  if (conduct === null) return null;
  const { processes, stopped, elapsedMs, samplingMs, comparisons, alpha, cpus, crossChecked } = conduct;
  return html`<tr><th scope="row"><a href="#${view.anchor}">${view.title}</a></th><td class="number">${formatCount(processes)}</td><td>${
    stops[stopped]
  }</td><td class="number"><data value="${elapsedMs}">${formatDuration(elapsedMs)}</data></td><td class="number"><data
    value="${samplingMs}">${formatShare(elapsedMs > 0 ? samplingMs / elapsedMs : null)}</data></td><td class="number">${formatCount(
      comparisons,
    )}</td><td class="number"><data value="${alpha}">${formatNumber(alpha)}</data></td><td class="number">${formatCount(crossChecked)}</td><td>${formatCpuList(cpus)}</td></tr>`;
}

function table(views: readonly ExperimentView[]): Markup {
  const rows = views.map(row).filter((one) => one !== null);
  if (rows.length === 0) return html`<p class="note">No experiment was run.</p>`;
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Table: conduct"><table class="conduct"><caption class="sr">How each
    experiment was run</caption><thead><tr><th scope="col">Experiment</th><th scope="col" class="number">Processes</th><th scope="col">Why
    no more</th><th scope="col" class="number">Took</th><th scope="col" class="number">Inside samples</th><th scope="col" class="number"
    >Comparisons</th><th scope="col" class="number">Error level of each</th><th scope="col" class="number">Arms cross-checked</th><th
    scope="col">CPUs</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function settings(run: Run): Markup | null {
  const entries = Object.entries(run.settings);
  if (entries.length === 0) return null;
  const items = entries.map(([name, values]) => {
    const words = values.map((value) => formatCoordinate(name, value)).join(', ');
    return html`<div><dt>${nameInWords(name)}</dt><dd>${words}</dd></div>`;
  });
  return html`<h3>Set by hand</h3><dl class="pairs">${items}</dl>`;
}

function leftOut(run: Run, views: readonly ExperimentView[]): Markup {
  if (run.leftOut.length === 0) return html`<p class="note">Nothing was left out.</p>`;
  const items = run.leftOut.map(({ experiment, what, reason }) => {
    const title = views.find((view) => view.id === experiment)?.title ?? experiment;
    return html`<li>${title}, <strong>${leftOutInWords(what)}</strong>: ${reason}</li>`;
  });
  return html`<ul>${items}</ul>`;
}

function warnings(run: Run): Markup {
  if (run.warnings.length === 0) return html`<p class="note">None.</p>`;
  return html`<ul class="warnings">${run.warnings.map((warning) => html`<li>${warning}</li>`)}</ul>`;
}

/** '21 November 2026, 09:30 UTC'; text that is no date as it is. */
export function dateTime(text: string): string {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return text;
  const month = date.toLocaleString('en-GB', { month: 'long', timeZone: 'UTC' });
  return `${date.getUTCDate()} ${month} ${date.getUTCFullYear()}, ${date.toISOString().slice(11, 16)} UTC`;
}

/** The section about the run itself. */
export function drawConduct(run: Run, views: readonly ExperimentView[]): Markup {
  const { tool, startedAt, profile, seed, budgetMs, complete, schemaVersion } = run;
  const pairs = html`<dl class="pairs"><div><dt>Tool</dt><dd>${tool.name} ${tool.version}</dd></div><div><dt>Started</dt><dd>${dateTime(
    startedAt,
  )}</dd></div><div><dt>Profile</dt><dd>${profile}</dd></div><div><dt>Seed</dt><dd>${String(seed)}</dd></div><div><dt>Budget</dt><dd>${formatDuration(
    budgetMs,
  )}</dd></div><div><dt>Complete</dt><dd>${complete ? 'yes' : 'no, it was interrupted'}</dd></div><div><dt>Run file</dt><dd>schema
    version ${schemaVersion}</dd></div></dl>`;
  return html`<section id="conduct" aria-labelledby="conduct-heading"><h2 id="conduct-heading">How it was run</h2>${pairs}${settings(
    run,
  )}${table(views)}<h3 id="left-out">Left out</h3>${leftOut(run, views)}<h3 id="warnings">Warnings</h3>${warnings(run)}</section>`;
}
