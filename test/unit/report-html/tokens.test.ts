import { describe, expect, it } from 'vitest';
import { darkTokens, lightTokens, type Tokens } from '../../../src/report/html/tokens.ts';

/** Relative luminance of '#rrggbb'; WCAG 2.2, definition of relative luminance. */
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (high! + 0.05) / (low! + 0.05);
}

const schemes: readonly (readonly [string, Tokens])[] = [
  ['light', lightTokens],
  ['dark', darkTokens],
];
const texts = [
  'ink',
  'soft',
  'faint',
  'accent',
  'supported',
  'refuted',
  'inconclusive',
  'notApplicable',
] as const;

it('computes the contrasts that are known', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
});

describe.each(schemes)('the %s scheme', (_name, tokens) => {
  it.each(texts)('has text in %s that can be read on every surface', (text) => {
    for (const surface of [tokens.paper, tokens.surface, tokens.sunken]) {
      expect(contrast(tokens[text], surface)).toBeGreaterThanOrEqual(4.5);
    }
  });

  it('has numbers that can be read on both ends of the heat map', () => {
    expect(contrast(tokens.ink, tokens.heatLow)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(tokens.ink, tokens.heatHigh)).toBeGreaterThanOrEqual(4.5);
  });

  it('has series that can be seen, and whose names can be read, on the chart', () => {
    for (const colour of tokens.series) expect(contrast(colour, tokens.surface)).toBeGreaterThanOrEqual(4);
    expect(new Set(tokens.series).size).toBe(tokens.series.length);
  });
});
