/** Counts in every report: whole, and without an interval where all samples agree. */
import { describe, expect, test } from 'vitest';
import { summarise } from '../../../src/experiment/analyse.ts';
import type { Measurement, Run } from '../../../src/experiment/run.ts';
import { renderHtml } from '../../../src/report/html/page.ts';
import { renderMarkdown } from '../../../src/report/markdown.ts';
import { renderText } from '../../../src/report/text.ts';
import { makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';

function row(arm: string, processes: readonly (readonly number[])[], unit: string): Measurement {
  const samples = processes.map((raw, process) => makeSamples(process, raw));
  const bare = makeMeasurement(arm, samples, { metric: 'marked', unit, rawUnit: unit, better: 'less' });
  return { ...bare, summary: summarise(bare, 0, 0.05) };
}

function runOf(unit = 'objects'): Run {
  const alike = Array.from({ length: 8 }, () => [47_102, 47_102]);
  const apart = Array.from({ length: 8 }, (_, i) => [47_100 + i, 47_100 + i]);
  return makeRun({
    measurements: [row('alike', alike, unit), row('apart', apart, unit), row('once', [[47_102]], unit)],
  });
}

const lineOf = (text: string, arm: string): string =>
  text.split('\n').find((line) => line.replace('| ', '').startsWith(arm))!;

describe('a count that all samples agree on', () => {
  test('is whole and exact in text; others keep interval and noise, whole', () => {
    const text = renderText(runOf(), [], { columns: 100, colour: false, unicode: true });
    expect(lineOf(text, 'alike')).toMatch(/^alike +47,102 objects +exact *$/);
    expect(lineOf(text, 'apart')).toMatch(/^apart +47,104 objects +\[47,100, 47,107\] +0\.0%$/);
    expect(lineOf(text, 'once')).toMatch(/^once +47,102 objects +n\/a +0\.0%$/);
    expect(text.replaceAll(/\s+/g, ' ')).toContain('Exact: a count that is the same in all samples.');
  });

  test('and in Markdown', () => {
    const text = renderMarkdown(runOf(), []);
    expect(lineOf(text, 'alike')).toBe('| alike | 47,102 objects | exact |  |');
    expect(lineOf(text, 'apart')).toBe('| apart | 47,104 objects | [47,100, 47,107] | 0.0% |');
  });

  test('and on a page', () => {
    const page = renderHtml(runOf(), []);
    const cellsOf = (arm: string): string =>
      new RegExp(`<tr[^>]* data-arm="${arm}">(.*?)</tr>`, 's')
        .exec(page)![1]!
        .replaceAll(/<[^>]+>/g, '|')
        .replaceAll(/\s*\|[\s|]*/g, '|');
    expect(cellsOf('alike')).toContain('|47,102 objects|exact|');
    expect(cellsOf('alike')).not.toContain('±');
    expect(cellsOf('apart')).toContain('|47,104 objects|[47,100, 47,107]|±0.0%|');
  });

  test('but a figure that is no count keeps its interval, however alike', () => {
    const text = renderText(runOf('ns'), [], { columns: 100, colour: false, unicode: true });
    expect(lineOf(text, 'alike')).toMatch(/^alike +47\.1 us +\[47\.1, 47\.1\] +0\.0%$/);
    expect(text).not.toContain('Exact:');
  });
});
