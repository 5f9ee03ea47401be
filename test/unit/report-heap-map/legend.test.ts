import { describe, expect, test } from 'vitest';
import { darkTokens, lightTokens } from '../../../src/report/html/tokens.ts';
import { classBounds, classColours, classNames } from '../../../src/report/heap-map/legend.ts';

/** WCAG 2.2, relative luminance. */
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(one: string, other: string): number {
  const [low, high] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (high! + 0.05) / (low! + 0.05);
}

function coloursOf(scheme: 'light' | 'dark', by: string): string[] {
  const [light, dark] = classColours().split('@media') as [string, string];
  const text = scheme === 'light' ? light : dark;
  return [...text.matchAll(new RegExp(`--${by}-(\\d):(#[0-9a-f]{6})`, 'g'))].map(([, , colour]) => colour!);
}

describe('the classes of a heap map', () => {
  test('are named by their bounds', () => {
    expect(classNames('size', 1000)).toHaveLength(classBounds('size', 1000).length + 1);
    expect(classNames('size', 1000).slice(0, 2)).toEqual(['to 16 B', 'to 64 B']);
    expect(classNames('size', 1000).at(-1)).toBe('over 64 KiB');
    expect(classBounds('age', 4096)).toEqual([4, 20, 60, 300, 1000]);
    expect(classNames('age', 4096).at(0)).toBe('under 4 rows');
    expect(classNames('age', 4096).at(-1)).toBe('1,000 rows and more');
    expect([classNames('free', 10), classBounds('free', 10)]).toEqual([[], []]);
  });

  test.each([
    ['light', 'size'],
    ['light', 'age'],
    ['dark', 'size'],
    ['dark', 'age'],
  ] as const)('have colours in the %s scheme that are in an order by lightness, too: %s', (scheme, by) => {
    const colours = coloursOf(scheme, by);
    expect(colours).toHaveLength(classNames(by, 1000).length);
    const free = (scheme === 'light' ? lightTokens : darkTokens).sunken;
    const far = colours.map((colour) => contrast(colour, free));
    expect(far).toEqual(far.toSorted((a, b) => a - b));
    for (let i = 1; i < far.length; i++) expect(far[i]! / far[i - 1]!, `class ${i}`).toBeGreaterThan(1.15);
    expect(far[0]).toBeGreaterThan(1.4);
  });
});
