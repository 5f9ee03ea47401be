/**
 * What tells one series from another: a colour, and, for those who can't use it, the shape of the marks. The stroke
 * says in which language the series runs. Colours, shapes and strokes are named in style.ts.
 */
import type { Language } from '../../experiment/experiment.ts';
import { html, Markup } from './markup.ts';

/** Colours of series, `--series-0` and on. */
export const seriesColours = 8;

interface Shape {
  readonly path: string;
  readonly hollow: boolean;
}

/** Around the origin, of about the same area. */
const shapes: readonly Shape[] = [
  { path: 'M-4.5,0a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0z', hollow: false },
  { path: 'M-4,-4h8v8h-8z', hollow: false },
  { path: 'M0,-5.2l5,8.8h-10z', hollow: false },
  { path: 'M0,-5.7l5.7,5.7l-5.7,5.7l-5.7,-5.7z', hollow: true },
  { path: 'M0,5.2l5,-8.8h-10z', hollow: false },
  { path: 'M-4,-4h8v8h-8z', hollow: true },
  { path: 'M0,-5.7l5.7,5.7l-5.7,5.7l-5.7,-5.7z', hollow: false },
  { path: 'M-4.5,0a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0z', hollow: true },
  { path: 'M-1.5,-5h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5v-3h3.5z', hollow: false },
];

/** A pixel, to a tenth. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Custom property that gives a series its colour. */
export function hueStyle(series: number): string {
  return `--hue:var(--series-${series % seriesColours})`;
}

/** The mark of a series at a place. Shapes and colours repeat at different lengths: 72 series differ. */
export function markAt(series: number, x: number, y: number): Markup {
  const shape = shapes[series % shapes.length]!;
  const kind = shape.hollow ? 'shape hollow' : 'shape';
  return html`<path class="${kind}" d="${shape.path}" transform="translate(${px(x)},${px(y)})"/>`;
}

/** The class of a line in this language. */
export function strokeClass(language: Language): string {
  return `stroke stroke--${language}`;
}

/** How the strokes are explained. */
export const strokeNames: Readonly<Record<Language, string>> = {
  native: 'native',
  typescript: 'TypeScript',
  crossing: 'TypeScript calling native code',
};

/** A sample of a series for a legend. */
export function swatch(series: number, language: Language): Markup {
  const line = html`<path class="${strokeClass(language)}" d="M1,8H35"/>`;
  return html`<svg class="swatch" style="${hueStyle(series)}" viewBox="0 0 36 16" width="36" height="16"
    aria-hidden="true" focusable="false">${line}${markAt(series, 18, 8)}</svg>`;
}

/** A stroke without a mark, for the key of languages. */
export function strokeSample(language: Language): Markup {
  return html`<svg class="swatch" viewBox="0 0 36 16" width="36" height="16" aria-hidden="true" focusable="false"
    ><path class="${strokeClass(language)}" d="M1,8H35"/></svg>`;
}
