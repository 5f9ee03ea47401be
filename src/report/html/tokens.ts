/**
 * The page's colours, by scheme. Text colours reach a contrast of 4.5 to 1 on the surfaces they stand on, marks of
 * charts 3 to 1 (WCAG 2.2, 1.4.3 and 1.4.11); series stay apart for the common forms of colour blindness as in Okabe
 * and Ito, "Color Universal Design", 2008, darkened or lightened to that contrast.
 */

export interface Tokens {
  /** Surfaces: the page, a card, a well in it. */
  readonly paper: string;
  readonly surface: string;
  readonly sunken: string;
  /** Text: the main one, the quieter, the quietest. */
  readonly ink: string;
  readonly soft: string;
  readonly faint: string;
  readonly accent: string;
  /** Borders and grid lines, which carry no meaning. */
  readonly line: string;
  readonly supported: string;
  readonly refuted: string;
  readonly inconclusive: string;
  readonly notApplicable: string;
  /** Ends of the heat map; text in `ink` stands on both. */
  readonly heatLow: string;
  readonly heatHigh: string;
  readonly series: readonly string[];
}

export const lightTokens: Tokens = {
  paper: '#f5f6f8',
  surface: '#ffffff',
  sunken: '#eef1f5',
  ink: '#141a22',
  soft: '#465161',
  faint: '#5e6a7b',
  accent: '#0a5a94',
  line: '#d8dee7',
  supported: '#0b684d',
  refuted: '#a43a02',
  inconclusive: '#6d5800',
  notApplicable: '#56606f',
  heatLow: '#eef5fb',
  heatHigh: '#86b8e0',
  series: ['#0063a6', '#c2410c', '#00795a', '#8f3f8b', '#876000', '#2b7f9e', '#b0305c', '#4d5563'],
};

export const darkTokens: Tokens = {
  paper: '#0e1218',
  surface: '#151b23',
  sunken: '#1c242e',
  ink: '#e8ecf1',
  soft: '#b0bac7',
  faint: '#93a0b0',
  accent: '#76bdf0',
  line: '#2c3643',
  supported: '#62d0a8',
  refuted: '#ff9e6d',
  inconclusive: '#dcc466',
  notApplicable: '#a6b1bf',
  heatLow: '#1b2632',
  heatHigh: '#22639a',
  series: ['#6ab8f7', '#ff9766', '#52d3a7', '#de9fda', '#e2bb50', '#83d9f7', '#ff93b3', '#b6c0cd'],
};

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The tokens as CSS custom properties: `--paper`, `--not-applicable`, `--series-0`. */
export function asProperties(tokens: Tokens): string {
  const { series, ...rest } = tokens;
  const single = Object.entries(rest).map(([name, value]) => `--${kebab(name)}:${value}`);
  return [...single, ...series.map((colour, i) => `--series-${i}:${colour}`)].join(';');
}
