/**
 * Text that becomes markup, escaped by default: only `html` makes Markup, and whatever is put into it that is not
 * Markup already is escaped. So text from a run can't become an element, an attribute or a script, wherever it
 * stands. Attribute values have to be quoted.
 */

/** A piece of HTML or SVG that is safe to write as it is. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: nothing (null, false), text to be escaped, markup, or a list of those. */
export type Piece = Markup | string | number | null | false | readonly Piece[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Escapes for element content and quoted attributes. Characters that no page can show, and those that reorder the
 * text around them, become U+FFFD, so that a name can't pose as another.
 */
export function escapeText(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => entities[character]!)
    .replace(/[^\P{Cc}\n\t]|\p{Cs}|[\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}

function write(piece: Piece): string {
  if (piece === null || piece === false) return '';
  if (piece instanceof Markup) return piece.text;
  if (typeof piece === 'string') return escapeText(piece);
  if (typeof piece === 'number') return String(piece);
  return piece.map(write).join('');
}

/** A template whose pieces are escaped: html`<td>${name}</td>`. */
export function html(parts: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  let text = parts[0]!;
  for (let i = 0; i < pieces.length; i++) text += write(pieces[i]!) + parts[i + 1]!;
  return new Markup(text);
}

/** With a capital at its beginning. */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** With a capital at its beginning and a full stop at its end. */
export function sentence(text: string): string {
  return capitalised(/[.!?]$/.test(text) ? text : `${text}.`);
}

/** Blank-line separated text as paragraphs. */
export function paragraphs(text: string): Markup {
  const blocks = text
    .split(/\n\s*\n/)
    .map((block) => block.trim())
    .filter((block) => block !== '');
  return html`${blocks.map((block) => html`<p>${block}</p>`)}`;
}

/** A value as JSON that may stand in a script element: no `<`, so that nothing in it ends the element. */
export function jsonForScript(value: unknown): Markup {
  const text = JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
  return new Markup(text);
}

/** A link when `where` is a web address and nothing else; plain text otherwise. */
export function linked(where: string): Markup {
  if (!/^https?:\/\/[^\s]+$/.test(where)) return html`${where}`;
  return html`<a href="${where}" rel="noopener noreferrer">${where.replace(/^https?:\/\//, '')}</a>`;
}

/** A text of the run as an element's id: itself where it is a plain word, else its place in a list. */
export function anchor(prefix: string, id: string, index: number): string {
  return /^[a-z0-9][a-z0-9-]*$/.test(id) ? `${prefix}-${id}` : `${prefix}-${index + 1}`;
}
