import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { formatConfidence, formatQuantity, formatTimes, scaleFor } from '../../../src/report/numbers.ts';
import { dateTime } from '../../../src/report/html/conduct-section.ts';
import { escapeText } from '../../../src/report/html/markup.ts';
import { noiseTotals } from '../../../src/report/html/noise-section.ts';
import { renderHtml } from '../../../src/report/html/page.ts';
import { packRaw } from '../../../src/report/html/raw.ts';
import { pageScript } from '../../../src/report/html/script.ts';
import { experimentViews } from '../../../src/report/html/view.ts';
import type { Measurement, Run } from '../../../src/experiment/run.ts';
import { emptyRun, largeRun, syntheticRun, syntheticTexts } from '../../fixtures/run.ts';

const run = syntheticRun({ processes: 9, samples: 12 });
const page = renderHtml(run, syntheticTexts);

/** The row of an arm, of the first or of the further metrics. */
function rowsOf(html: string, { group, arm }: Measurement): string {
  const start = `data-group="${escapeText(group)}" data-arm="${escapeText(arm)}"`;
  const rows = html.split('<tr').filter((row) => row.includes(start));
  return rows.map((row) => row.slice(0, row.indexOf('</tr>'))).join('');
}

/** That a page holds a text; a failure names the text, not the page. */
function expectIn(html: string, text: string): void {
  expect(html.includes(text), text).toBe(true);
}

function expectNone(html: string, pattern: RegExp): void {
  expect(pattern.exec(html)?.[0] ?? null).toBeNull();
}

/** The page without its style and its script. */
function content(html: string): string {
  return html.slice(html.indexOf('<body>'), html.lastIndexOf('<script>'));
}

function withSummary(change: Partial<Measurement['summary']>): Run {
  const measurements = run.measurements.map((one) =>
    Object.assign({ ...one }, { summary: { ...one.summary, ...change } }),
  );
  return { ...run, measurements };
}

describe('a page', () => {
  it('is the same for the same run', () => {
    expect(renderHtml(syntheticRun({ processes: 9, samples: 12 }), syntheticTexts)).toBe(page);
  });

  it('asks for nothing: no address outside of links and namespaces', () => {
    expectNone(content(page), /\b(src|srcset|action|poster|data)="/);
    expectNone(page, /@import|url\((?!#)/);
    expect(page.match(/<link [^>]*>/g)).toEqual(['<link rel="icon" href="data:,">']);
    const outside = page.replace(/<a href="https?:[^>]*>/g, '').match(/https?:\/\/[^"'\s<]+/g) ?? [];
    expect(new Set(outside)).toEqual(new Set(['http://www.w3.org/2000/svg']));
  });

  it('allows its own script and no other', () => {
    const hash = createHash('sha256').update(pageScript).digest('base64');
    expect(page).toContain(`script-src &#39;sha256-${hash}&#39;`);
    expectIn(page, `<script>${pageScript}</script>`);
    expect(page).toContain('default-src &#39;none&#39;');
  });

  it('holds every number of every summary, as shown and as it is in the run', () => {
    for (const measurement of run.measurements) {
      const row = rowsOf(page, measurement);
      const { median, low, high, error, outliers } = measurement.summary;
      const scale = scaleFor(median, measurement.unit);
      expectIn(row, `<data value="${median}">${formatQuantity(median, measurement.unit, scale)}</data>`);
      if (low !== null && high !== null) expectIn(row, `data-low="${low}" data-high="${high}"`);
      expectIn(row, `<data value="${error}">`);
      if (outliers > 0) expectIn(row, `<data value="${outliers}">`);
    }
  });

  it('says how many samples, processes and outliers, and how sure an interval is', () => {
    for (const { summary } of run.measurements) {
      expectIn(page, `<data value="${summary.samples}">`);
      expectIn(page, `<data value="${summary.processes}">`);
      if (summary.outliers > 0) expectIn(page, `<data value="${summary.outliers}">`);
      if (summary.confidence !== null) expectIn(page, formatConfidence(summary.confidence));
    }
  });

  it('holds every ratio with its interval and result, those of both regimes', () => {
    const words = {
      faster: 'faster',
      slower: 'slower',
      'no-difference': 'no difference shown',
      inconclusive: 'inconclusive',
    };
    for (const one of run.comparisons) {
      const row = rowsOf(
        page,
        run.measurements.find(({ group, arm }) => group === one.group && arm === one.arm)!,
      );
      expectIn(row, `<data value="${one.ratio}">${formatTimes(one.ratio)}</data>`);
      if (one.low !== null && one.high !== null)
        expectIn(row, `data-low="${one.low}" data-high="${one.high}"`);
      expectIn(row, words[one.result]);
    }
  });

  it("holds every verdict: word, sentence, the source's number, the measured one", () => {
    for (const { status, sentence, source, effect } of run.verdicts) {
      expectIn(page, escapeText(sentence));
      expectIn(page, escapeText(source));
      expectIn(page, `<span>${status.replace('-', ' ')}</span>`);
      if (effect !== null) expectIn(page, `<data value="${effect.value}">`);
    }
    expectIn(page, 'not judged in this run');
  });

  it('tells facts by their origin, and why one is missing', () => {
    expect(page.match(/badge--missing/g)!.length).toBeGreaterThanOrEqual(5);
    expectIn(page, escapeText(run.machine.governor.from));
    expectIn(page, 'last level, measured 9 MiB');
    expectIn(page, 'L3 32 MiB');
  });

  it('says what was left out, what to beware of and that the run is complete', () => {
    for (const { what, reason } of run.leftOut) {
      expectIn(page, escapeText(what));
      expectIn(page, escapeText(reason));
    }
    for (const warning of run.warnings) expectIn(page, escapeText(warning));
    expectIn(page, '<b>complete</b>');
    expectIn(renderHtml({ ...run, complete: false }, syntheticTexts), '<strong>Incomplete.</strong>');
  });

  it('has no id twice, and no reference to an id that is not there', () => {
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]!);
    expect(new Set(ids).size).toBe(ids.length);
    const references = [
      ...page.matchAll(/(?:href="#|aria-labelledby="|aria-describedby="|data-raw=")([^"]*)"/g),
    ];
    for (const match of references) expect(ids).toContain(match[1]);
  });

  it('takes its title from the caller', () => {
    expect(renderHtml(run, syntheticTexts, { title: 'Mine & yours' })).toContain('<h1>Mine &amp; yours</h1>');
  });
});

describe('a page of an awkward run', () => {
  it('is drawn without a measurement', () => {
    const empty = renderHtml(emptyRun(), syntheticTexts);
    expectIn(empty, 'This run judged no claim.');
    expectIn(empty, 'No sample was taken.');
    expectIn(empty, 'Nothing was left out.');
    expectNone(content(empty), /NaN|Infinity|undefined|\[object/);
  });

  it('says nothing of verdicts where no experiment makes a claim', () => {
    const bare = { ...run, verdicts: [] };
    const texts = syntheticTexts.map((text) => ({ ...text, claims: [] }));
    const silent = renderHtml(bare, texts);
    expectNone(content(silent), /verdict/i);
    expectIn(silent, 'Skip to the results');
    expectIn(silent, 'How to read the numbers');
    expectIn(renderHtml(bare, syntheticTexts), 'This run judged no claim.');
  });

  it('is drawn from the run alone where nobody knows the experiments', () => {
    const alone = renderHtml(run, []);
    expectIn(alone, 'it is drawn from the run alone');
    for (const measurement of run.measurements) {
      expectIn(rowsOf(alone, measurement), `<data value="${measurement.summary.median}">`);
    }
  });

  it('names an experiment of which only a verdict or a failure is left', () => {
    const { conduct } = run;
    const failed = { ...conduct[0]!, experiment: 'lost', stopped: 'failed' as const };
    const lost = renderHtml({ ...emptyRun(), conduct: [failed] }, []);
    expectIn(lost, 'id="experiment-lost"');
    expectIn(lost, 'It failed: see the');
  });

  it('says that there is no interval where bounds are null', () => {
    const bare = renderHtml(withSummary({ low: null, high: null, confidence: null }), syntheticTexts);
    expectIn(bare, 'Too few processes for an interval.');
    expect(content(bare).includes('class="whisker"')).toBe(false);
    expectNone(content(bare), />null<|NaN/);
  });

  it.each([
    ['tiny', 1e-13],
    ['huge', 1e19],
    ['zero', 0],
  ])('draws %s numbers', (_name, median) => {
    const html = renderHtml(withSummary({ median, low: median, high: median }), syntheticTexts);
    expectIn(html, `<data value="${median}">${formatQuantity(median, 'ns')}</data>`);
    expectNone(content(html), /NaN|Infinity|undefined/);
  });

  it('draws numbers that are none as n/a, and no mark for them', () => {
    const html = renderHtml(withSummary({ median: Number.NaN, low: null, high: null }), syntheticTexts);
    expectIn(html, '>n/a</data>');
    expect(content(html).includes('class="mark"')).toBe(false);
    expectNone(content(html), /[MLHV,(]NaN/);
  });

  it('escapes whatever comes from the run, wherever it stands', () => {
    const hostile = `</script><script>alert(1)</script><img src=x onerror="alert('x')">`;
    const text = JSON.stringify(run, (key, value: unknown) => {
      const kept = [
        'format',
        'profile',
        'status',
        'result',
        'stopped',
        'language',
        'form',
        'metric',
        'origin',
        'kind',
        'unit',
      ];
      return typeof value === 'string' && !kept.includes(key) ? `${value}${hostile}` : value;
    });
    const html = renderHtml(JSON.parse(text) as Run, []);
    expect(html.match(/<script/g)).toHaveLength(
      1 + (html.match(/<script type="application\/json"/g) ?? []).length,
    );
    expect(html.match(/<\/script/g)!.length).toBe(html.match(/<script/g)!.length);
    expect(content(html).includes('<img')).toBe(false);
    expect(html).toContain('&lt;img src=x onerror=&quot;');
  });

  it('stays small with 300 arms of 12 processes of 20 samples', () => {
    const large = largeRun(300, 12, 20);
    const html = renderHtml(large, []);
    expect(Buffer.byteLength(html)).toBeLessThan(3_000_000);
    expect(html.match(/<tr class="[^"]*" data-group/g)).toHaveLength(300);
  });
});

describe('the raw samples', () => {
  const views = experimentViews(run, syntheticTexts);

  it('are all there, once', () => {
    for (const view of views) {
      const arms = packRaw(view).flatMap((group) => group.arms);
      const values = arms.flatMap((arm) => arm.processes.flatMap(([, raw]) => raw));
      const expected = view.measurements.flatMap((one) => one.processes.flatMap((process) => process.raw));
      expect(values.toSorted((a, b) => a - b)).toEqual(expected.toSorted((a, b) => a - b));
      expect(page.split(`id="${view.anchor}-raw"`)).toHaveLength(2);
    }
  });

  it('keep regimes and rounds only where they say something', () => {
    const groups = packRaw(views.find((view) => view.id === 'access-order')!);
    const two = groups.filter((group) =>
      group.arms.some((arm) => arm.processes.some((process) => process[2] !== 0)),
    );
    expect(two.map((group) => group.label)).toEqual(['working set 4 MiB']);
    const odd = { ...run, measurements: [structuredClone(run.measurements[0]!)] };
    Object.assign(odd.measurements[0]!.processes[0]!, { rounds: [3, 1, 2, 0, 4, 5, 6, 7, 8, 9, 10, 11] });
    const [[group]] = experimentViews(odd, []).map(packRaw) as [ReturnType<typeof packRaw>];
    expect(group!.arms[0]!.processes[0]![3]).toEqual([3, 1, 2, 0, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(group!.arms[0]!.processes[1]![3]).toBe(0);
  });
});

describe('the noise totals', () => {
  const base = run.measurements.find(({ form, metric }) => form === 'thread' && metric === 'time')!;
  const one = (noise: Measurement['processes'][number]['noise'], raw: readonly number[]): Measurement => ({
    ...base,
    processes: [
      { process: 0, rounds: [0, 1], regimes: [0, 0], raw, ...(noise === undefined ? {} : { noise }) },
    ],
  });

  it('add up, hand-worked', () => {
    const found = noiseTotals([
      one({ involuntarySwitches: [1, 2], majorFaults: [null, 3], cpuNs: [50, 150], cpu: [1, 0] }, [100, 300]),
      one({ involuntarySwitches: [0, 4], cpu: [1, null] }, [100, 100]),
    ]);
    expect(found.totals.involuntarySwitches).toBe(7);
    expect(found.totals.majorFaults).toBe(3);
    expect(found.totals.migrations).toBeNull();
    expect(found.onCpu).toBe(0.5);
    expect(found.cpus).toEqual([0, 1]);
    expect(found.samples).toBe(4);
  });

  it('know nothing of samples without a record', () => {
    expect(noiseTotals([one(undefined, [1, 2])])).toMatchObject({ onCpu: null, samples: 0 });
  });
});

it('writes dates in words, and what is none as it is', () => {
  expect(dateTime('2026-11-21T09:05:00.000Z')).toBe('21 November 2026, 09:05 UTC');
  expect(dateTime('yesterday')).toBe('yesterday');
});
