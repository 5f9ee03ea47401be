/** Facts with their origin: reported, measured or missing, and by whom. */
import type { Fact } from '../../machine/fact.ts';
import { html, type Markup } from './markup.ts';

/** A fact's name, its value in words, and the fact. */
export interface FactRow {
  readonly name: string;
  readonly words: string | Markup;
  readonly fact: Fact<unknown>;
}

/** A row of a fact; `words` is asked only for a value that is there. */
export function factRow<T>(name: string, fact: Fact<T>, words: (value: T) => string | Markup): FactRow {
  return { name, words: fact.value === null ? 'not known' : words(fact.value), fact };
}

function drawRow({ name, words, fact }: FactRow): Markup {
  const origin = html`<span class="badge badge--${fact.origin}">${fact.origin}</span>`;
  return html`<tr><th scope="row">${name}</th><td>${fact.value === null ? html`<span class="none">${words}</span>` : words}</td><td
    >${origin}</td><td class="from">${fact.from}</td></tr>`;
}

/** The facts as a table. */
export function drawFacts(caption: string, rows: readonly FactRow[]): Markup {
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Table: ${caption}"><table class="facts"><caption>${caption}</caption
    ><thead><tr><th scope="col">Fact</th><th scope="col">Value</th><th scope="col">Origin</th><th scope="col">From, or why
    not</th></tr></thead><tbody>${rows.map(drawRow)}</tbody></table></div>`;
}
