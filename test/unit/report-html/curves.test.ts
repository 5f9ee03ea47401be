import { describe, expect, it } from 'vitest';
import { renderHtml } from '../../../src/report/html/page.ts';
import { leftOutInWords } from '../../../src/report/html/names.ts';
import { type CurveArm, curveExperiment, curveRun, kib } from '../../fixtures/curve-run.ts';
import { syntheticTexts } from '../../fixtures/run.ts';

const sizes = [8, 64, 512];

const ofFew = (size: number, addresses: number): CurveArm => ({
  variant: 'random',
  point: kib(size),
  inside: { addresses },
  median: addresses,
});

describe('the legend', () => {
  const arms = sizes.flatMap((size): CurveArm[] => [
    { variant: 'sequential', point: kib(size), inside: { addresses: 0 }, median: 1 },
    ofFew(size, 4),
    ofFew(size, 8),
  ]);
  const page = renderHtml(curveRun(arms), syntheticTexts);
  const legend = page.slice(page.indexOf('<ul class="legend"'), page.indexOf('<div class="plots'));

  it('says a variant once where it has several series, and nothing that a variant tells', () => {
    const words = legend.replaceAll(/<svg.*?<\/svg>/gs, '').replaceAll(/<[^>]*>/g, '|');
    expect(words.split('|').filter((part) => part.trim() !== '')).toEqual([
      'in order',
      'shuffled:',
      'addresses 4',
      'addresses 8',
    ]);
  });

  it('has an entry a series', () => {
    expect(legend.match(/data-series="\d+"/g)).toEqual(['0', '1', '2'].map((i) => `data-series="${i}"`));
  });
});

describe('the panels of a sweep', () => {
  it('are one where groups differ in what variants tell', () => {
    const arms = sizes.flatMap((size, i): CurveArm[] => [
      { variant: 'sequential', point: kib(size), inside: { token: 'pipe' }, median: 1 },
      ...(i === 1 ? [{ variant: 'random', point: kib(size), inside: { token: 'futex' }, median: 2 }] : []),
    ]);
    expect(renderHtml(curveRun(arms), syntheticTexts)).not.toContain('class="plots plots--panels"');
  });

  it('are several where a variant is measured at several', () => {
    const arms = sizes.flatMap((size) =>
      [1, 2].map(
        (threads): CurveArm => ({
          variant: 'sequential',
          point: { ...kib(size), threads },
          median: threads,
        }),
      ),
    );
    const page = renderHtml(curveRun(arms), syntheticTexts);
    for (const threads of [1, 2]) expect(page).toContain(`<p class="panel-title">threads ${threads}</p>`);
  });
});

describe('what is said in words', () => {
  it('where a prediction is', () => {
    const run = curveRun(sizes.map((size) => ofFew(size, 4)));
    const { group, arm } = run.measurements[1]!;
    const predictions = [{ experiment: curveExperiment, group, arm, value: 1, misses: [], notes: [] }];
    const page = renderHtml({ ...run, predictions }, syntheticTexts);
    expect(page).toContain('<th scope="row">working set 64 KiB</th><td>shuffled</td>');
    expect(page).toContain('The cache model is wrong for shuffled at working set 64 KiB (4.00x)');
  });

  it('what is left out', () => {
    expect(leftOutInWords('a walk (strideBytes=65536 pages=huge hugePages=false)')).toBe(
      'a walk (stride 64 KiB, pages huge, huge pages false)',
    );
    for (const text of ['a walk', 'f(x)', 'a (b) = c', '(a=1) then (b)'])
      expect(leftOutInWords(text)).toBe(text);
  });
});
