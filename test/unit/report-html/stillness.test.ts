import { describe, expect, test } from 'vitest';
import { renderHtml } from '../../../src/report/html/page.ts';
import { syntheticRun, syntheticTexts } from '../../fixtures/run.ts';
import { withTimelines } from '../../fixtures/run-timelines.ts';

const page = renderHtml(withTimelines(syntheticRun({ processes: 2, samples: 3 })), syntheticTexts);
/** The wide charts' curves: of native arms, and behind a summary of the others. */
const native = page.slice(page.indexOf('Minimum mutator utilisation, native'));
const others = page.slice(page.indexOf('class="more-figure"'));
function curvesOf(figure: string): string[] {
  const chart = figure.slice(figure.indexOf('Minimum mutator utilisation: '));
  return chart.slice(0, chart.indexOf('</svg>')).split('class="series"').slice(1);
}
const curves = curvesOf(native);

/** [window in ms, share] of a curve's points. */
function curve(index: number, among: readonly string[]): (readonly [number, number])[] {
  return [...among[index]!.matchAll(/class="mark" data-x="([\d.]+)" data-y="([\d.]+)"/g)].map(
    ([, x, y]) => [Number(x) / 1e6, Number(Number(y).toFixed(4))] as const,
  );
}

describe('the pauses of a run', () => {
  test("are a chart of minimum mutator utilisation that has the definition's own numbers", () => {
    expect(curve(0, curves)).toEqual([
      [0.1, 0],
      [0.2, 0],
      [0.5, 0],
      [1, 0],
      [2, 0],
      [5, 0],
      [10, 0],
      [20, 0.25],
      [50, 0.7],
      [100, 0.83],
    ]);
    // Without pauses the program has all of every window; the last window is its own whole run.
    const behind = curvesOf(others);
    expect(new Set(curve(0, behind).map(([, share]) => share))).toEqual(new Set([1]));
    expect(curve(0, behind).at(-1)![0]).toBe(60);
    expect([curves.length, behind.length]).toEqual([3, 2]);
    expect(others).toContain('<summary>The same in TypeScript</summary>');
  });

  test('are curves in the order of the variants, whatever arm was told of first', () => {
    const run = withTimelines(syntheticRun({ processes: 2, samples: 3 }));
    const turned = { ...run, timelines: run.timelines!.toReversed() };
    const legendOf = (text: string): string =>
      /Minimum mutator utilisation, native[^]*?<\/ul>/.exec(text)![0];
    expect(legendOf(renderHtml(turned, syntheticTexts))).toBe(legendOf(page));
  });

  test('are many curves of which the highest and the lowest stand out, and are named', () => {
    const run = withTimelines(syntheticRun({ processes: 2, samples: 3 }));
    const [first] = run.timelines!;
    const many = Array.from({ length: 8 }, (_, i) => ({
      ...first!,
      arm: `arm-${i}`,
      pauses: [['full', 0, (((i + 3) % 8) + 1) * 1e6]] as const,
    }));
    const drawn = renderHtml({ ...run, timelines: many }, syntheticTexts);
    expect(drawn.match(/class="series series--quiet"/g)).toHaveLength(2 * 6);
    const note = /<p class="note extremes">(.*?)<\/p>/s.exec(drawn)![1]!.replace(/<[^>]+>/g, '');
    expect(note.replaceAll(/\s+/g, ' ')).toBe('Highest on the whole: arm-5. Lowest: arm-4.');
    expect(page).not.toContain('class="note extremes"');
  });

  test('are a strip an arm, on one scale a language: as high as the share of the time that the program stood still', () => {
    const strips = page.slice(page.indexOf('class="strips-of-time"'), page.indexOf('strip-scale'));
    const [first, second] = strips.split('</li>');
    // 160 ms are 320 parts: 10 to 20 ms and 60 to 62 ms of full collections, 25 to 30 ms of a minor one.
    expect(first).toContain('<rect class="ran" width="200.0" height="1"/>');
    expect(first).toContain('class="pause pause--minor" d="M50,1V0H60V1H320V1z"');
    expect(first).toContain('class="pause pause--full" d="M20,1V0H40V1H50V0H60V1H120V0H124V1H320V1z"');
    expect(strips.split('</li>')).toHaveLength(4);
    // Steps of 0.1 ms, at 0.8 ms, 1.6 ms, ...: a fifth of a part each.
    expect(second).toContain('class="pause pause--step" d="M1,1V0.8H2V1H3V0.8H5V1H6V0.8H7V1');
    // A pause of 10 us would not be seen: it is drawn higher.
    const behind = page.slice(page.indexOf('<p class="strips-side">TypeScript'));
    expect(behind).toContain('V1H274V0.92H275V1H320V1z');
    expect(behind).toContain('<rect class="ran" width="137.1" height="1"/>');
  });

  test('are a table, too, and it says what was not kept', () => {
    const table = page.slice(page.indexOf('class="strip-table"'));
    const rows = table.slice(0, table.indexOf('</table>')).split('<tr>').slice(2);
    const cells = rows.map((row) => row.replace(/<[^>]+>/g, '|').replace(/\|+/g, '|'));
    expect(cells[0]).toBe(
      '|malloc|1 minor, 2 full|5.00 ms|10.0 ms|10.0 ms|0.0%, 0.0%|0.0%, 0.0%|83%, 83%|17%|100 ms|',
    );
    expect(cells[1]).toContain('|199 step, and 12 that were not kept|100 us|');
    expect(cells[3]).toContain('|none|n/a|n/a|n/a|100%, 100%|100%, 100%|100%, 100%|0.0%|60.0 ms|');
  });

  test('say at a point of the chart what longer windows have, and whose curve is of a part of the pauses', () => {
    // Of 50 ms there are 70%, but of 52 ms only 35.
    expect(native).toContain('Of every 50.0 ms the program had 70% at least; of all so long or longer 67%');
    expect(page).toContain(' Curves of pool, intrusive free list lie too high: ');
  });

  test('are nothing where a run has none', () => {
    const without = renderHtml(syntheticRun({ processes: 2, samples: 3 }), syntheticTexts);
    expect(without).not.toContain('class="timelines"');
    expect(without).not.toContain('Minimum mutator utilisation');
  });
});
