/**
 * A collection's steps on a page: every step is drawn, so that all of them can be read without a script, and on paper;
 * the script shows one at a time, with buttons to step and to play. What a colour says is said by a border, too.
 */
import { grainWords } from '../../allocators/heap.ts';
import type { Step, StepObject } from '../../collectors/step.ts';
import type { Steps } from '../../collectors/steps.ts';
import { html, type Markup } from '../html/markup.ts';
import { countsHint, meaningOf, stepKeys } from './step-keys.ts';
import { contentsOf, destinationsText, type StepLine, stepLines } from './step-lines.ts';

/** Narrow enough for a phone: an object of two grains still has room for its letter. */
const grainsInLine = 30;
const wordsInLine = grainsInLine * grainWords;

function drawObject(one: StepObject, line: StepLine, isTo: boolean): Markup {
  const first = Math.max(0, (one.at - line.from) / grainWords);
  const last = Math.min(grainsInLine, (one.at + one.words - line.from) / grainWords);
  const letter = one.state === 'left' ? `${one.name.toLowerCase()}→` : one.name;
  const count = one.count === null || one.state === 'freed' ? null : html`<sub>${one.count}</sub>`;
  return html`<span class="cell cell--${one.state}${isTo ? ' cell--now' : ''}" style="grid-column:${first + 1}/${last + 1}">${
    one.at >= line.from ? html`${letter}${count}` : ''
  }</span>`;
}

/** The table before objects that slide, as far as it lies in the line. */
function drawTable({ from, tableEnd }: StepLine): Markup | null {
  const grains = (tableEnd - from) / grainWords;
  return grains === 0
    ? null
    : html`<span class="cell cell--table" style="grid-column:1/${grains + 1}" title="table: where objects go"></span>`;
}

function drawLine(line: StepLine, step: Step): Markup {
  const { name, from, to, isFirst } = line;
  const { objects, pointers } = contentsOf(step, line);
  const isTogether = new Set(pointers.map(({ at }) => at)).size < pointers.length;
  const marks = (isTogether ? [{ name: 'scan = free', at: pointers[0]!.at }] : pointers).map((pointer) => {
    const column = (pointer.at - from) / grainWords;
    const isLate = column > grainsInLine - 8;
    const place = isLate ? `1/${Math.min(column + 1, grainsInLine) + 1}` : `${column + 1}/-1`;
    return html`<span class="pointer pointer--${pointer.name === 'free' ? 'free' : 'scan'}${isLate ? ' pointer--late' : ''}" style="grid-column:${place}">${
      isLate ? `${pointer.name} ▲` : `▲ ${pointer.name}`
    }</span>`;
  });
  return html`${isFirst ? html`<div class="space-name">${name}</div>` : null}<div class="words-from">${from}</div><div class="cells" style="--share:${
    (to - from) / wordsInLine
  }">${drawTable(line)}${objects.map((one) => drawObject(one, line, one.name === step.to))}</div>${
    marks.length === 0 ? null : html`<div class="pointers">${marks}</div>`
  }`;
}

function inWords({ objects }: Step, isCounted: boolean): string {
  const said = objects.map(({ name, at, state, count }) => {
    const counted = count === null || state === 'freed' ? '' : `, count ${count}`;
    return `${name} at ${at}, ${meaningOf(state, isCounted)}${counted}`;
  });
  return said.length === 0 ? 'The heap is empty.' : `${said.join('; ')}.`;
}

/** What stands below the heap; where it says nothing its line stays, so that nothing jumps. */
function drawNote(step: Step): Markup {
  const going = destinationsText(step);
  if (going !== '') return html`<p class="step-note">New addresses: <b>${going}</b></p>`;
  if (step.grey.length === 0) return html`<p class="step-note">&#160;</p>`;
  return html`<p class="step-note">Grey, first found first: <b>${step.grey.join(' ')}</b></p>`;
}

function drawStep(step: Step, i: number, { steps: all, isCounted }: Steps): Markup {
  return html`<li class="step" data-step="${i}"><p class="step-text"><b>${i + 1}/${all.length} ${step.phase}</b> ${step.text}</p><div class="step-heap" role="img"
    aria-label="${inWords(step, isCounted)}">${stepLines(step, all, wordsInLine).map((line) => drawLine(line, step))}</div>${drawNote(step)}</li>`;
}

function drawReferences({ references }: Steps): Markup {
  const parts = references.map(({ name, roots, names }) => {
    const by = roots.map((i) => `r${i} → `).join('');
    return html`<li>${by}<b>${name}</b>${names.length === 0 ? '' : ` → ${names.join(' ')}`}</li>`;
  });
  return html`<ul class="references" aria-label="Who names whom before the collection">${parts}</ul>`;
}

function drawKey(steps: Steps): Markup {
  const keys = stepKeys(steps).map(
    ({ mark, means }) =>
      html`<li><span class="cell cell--${mark}">${mark === 'table' ? '' : 'A'}</span>${means}</li>`,
  );
  const hint = steps.isCounted ? html`<li>${countsHint}</li>` : null;
  return html`<ul class="step-key" aria-label="What the boxes mean">${keys}${hint}</ul>`;
}

/** One collector's steps; `index` tells them from others on the page. */
export function drawSteps(steps: Steps, title: string, index: number): Markup {
  const all = steps.steps;
  const label = `${title}: steps`;
  const id = `steps-${index + 1}`;
  const tools = html`<div class="step-tools" role="group" aria-label="${label}" hidden><button type="button" data-go="first">First</button><button
    type="button" data-go="back">Back</button><button type="button" data-go="play">Play</button><button type="button" data-go="next">Next</button><label
    class="step-scrub"><span class="sr">Step of ${title}</span><input type="range" min="1" max="${all.length}" value="1"></label></div>`;
  return html`<section class="stepping" aria-labelledby="${id}"><h3 id="${id}">${title}</h3>${drawReferences(steps)}${drawKey(steps)}${tools}<ol class="steps" aria-label="${label}">${all.map(
    (step, i) => drawStep(step, i, steps),
  )}</ol></section>`;
}

export const stepsStyle: string = `
.step-key,.references{list-style:none;display:flex;flex-wrap:wrap;gap:.35rem 1.1rem;margin:0 0 1rem;padding:0;font-size:.86rem;color:var(--soft)}
.step-key li{display:inline-flex;align-items:center;gap:.4rem}.step-key .cell{width:1.6rem}
.references{font-family:var(--mono);gap:.2rem 1.4rem}
.stepping{padding:0;border:0;margin:0 0 2rem}
.step-tools{display:flex;flex-wrap:wrap;align-items:center;gap:.4rem;margin:0 0 .8rem}
.step-tools button{font:inherit;font-size:.88rem;color:var(--ink);background:var(--surface);border:1px solid var(--faint);border-radius:4px;
  padding:.25rem .7rem;min-height:2.1rem;min-width:3.6rem;cursor:pointer}
.step-scrub{flex:1 1 12rem;display:flex}.step-scrub input{flex:1;accent-color:var(--accent);min-width:8rem}
.steps{list-style:none;margin:0;padding:0}
.step{margin:0 0 1.4rem;break-inside:avoid}
.step-text{margin:0 0 .6rem}.stepping--one .step-text{min-height:3.2em}
.step-text b{font-family:var(--mono);font-size:.86rem;font-weight:600;color:var(--soft);margin-right:.4rem}
.step-heap{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.2rem .6rem;align-items:center}
.space-name{grid-column:1/-1;font-size:.84rem;font-weight:600;margin-top:.3rem}
.words-from{font:.78rem var(--mono);color:var(--faint);text-align:right;min-width:2.6rem}
.cells,.pointers{display:grid;grid-template-columns:repeat(${grainsInLine},minmax(0,1fr))}
.cells{height:2rem;background:linear-gradient(90deg,var(--sunken) calc(100%*var(--share)),transparent 0)}
.cell{grid-row:1;display:flex;align-items:center;justify-content:center;font:600 .84rem var(--mono);border:1.5px solid var(--faint);border-radius:3px;
  min-width:0;overflow:hidden;height:2rem;box-sizing:border-box}
.cell--white{background:#fff;color:#141a22}
.cell--grey{background:#a9b0ba;color:#141a22;border:3px double #141a22}
.cell--black{background:#07090c;color:#fff}
.cell--purple{background:#5b2a86;color:#fff;border:1.5px dashed #d9c2f0}
.cell sub{font-size:.68rem;line-height:1;align-self:flex-end;margin-bottom:.25rem}
.cell--table{background:repeating-linear-gradient(90deg,var(--line) 0 2px,transparent 2px 5px);border-color:var(--line)}
.cell--left{background:none;color:var(--faint);border-style:dashed}
.cell--freed{background:repeating-linear-gradient(135deg,transparent 0 5px,var(--line) 5px 7px);color:var(--soft);border-style:dotted;text-decoration:line-through}
.cell--now{box-shadow:0 0 0 2px var(--paper),0 0 0 4px var(--accent);z-index:1}
.pointers{grid-column:2;min-height:1.2rem;font-size:.8rem;line-height:1.2}
.pointer{white-space:nowrap;color:var(--accent);font-weight:600}.pointer--scan{grid-row:1}.pointer--free{grid-row:2}.pointer--late{text-align:right}
.stepping--one .pointers{min-height:2.2rem}
.step-note{font-size:.86rem;color:var(--soft);margin:.5rem 0 0}
@media print{.step-tools{display:none}}
`;

/** Shows one step at a time; plays a step in 1.2 s. */
export const stepsScript: string = `(() => {
'use strict';
for (const stepping of document.querySelectorAll('.stepping')) {
  const steps = [...stepping.querySelectorAll('.step')];
  const tools = stepping.querySelector('.step-tools');
  const slider = tools.querySelector('input');
  const play = tools.querySelector('[data-go=play]');
  const list = stepping.querySelector('.steps');
  let [at, timer] = [0, 0];
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    play.textContent = 'Play';
  };
  const show = (wanted) => {
    at = Math.min(Math.max(wanted, 0), steps.length - 1);
    steps.forEach((step, i) => {
      step.hidden = i !== at;
    });
    slider.value = at + 1;
    slider.setAttribute('aria-valuetext', 'step ' + (at + 1) + ' of ' + steps.length);
    if (at === steps.length - 1) stop();
  };
  const start = () => {
    if (at === steps.length - 1) show(0);
    play.textContent = 'Pause';
    timer = setInterval(() => show(at + 1), 1200);
  };
  const presses = {
    first: () => show(0),
    back: () => show(at - 1),
    next: () => show(at + 1),
  };
  for (const button of tools.querySelectorAll('button')) {
    button.addEventListener('click', () => {
      const isPlaying = timer !== 0;
      stop();
      if (button === play) {
        if (!isPlaying) start();
      } else presses[button.dataset.go]();
    });
  }
  slider.addEventListener('input', () => {
    stop();
    show(Number(slider.value) - 1);
  });
  list.setAttribute('aria-live', 'polite');
  stepping.classList.add('stepping--one');
  tools.hidden = false;
  addEventListener('beforeprint', () => steps.forEach((step) => {
    step.hidden = false;
  }));
  addEventListener('afterprint', () => show(at));
  show(0);
}
})();
`;
