import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatRatio } from '../../../src/base/units.ts';
import { noiseColumns, type Run } from '../../../src/experiment/run.ts';
import { parseRun } from '../../../src/experiment/schema.ts';
import { arrange } from '../../../src/report/arrange.ts';
import { renderCsv } from '../../../src/report/csv.ts';
import { renderJson } from '../../../src/report/json.ts';
import { textWidth } from '../../../src/report/lines.ts';
import { renderMarkdown } from '../../../src/report/markdown.ts';
import { processorTime } from '../../../src/report/processor-time.ts';
import { formatQuantity, formatTimes, formatTimesRange } from '../../../src/report/numbers.ts';
import { renderText } from '../../../src/report/text.ts';
import { emptyRun, largeRun, syntheticRun, syntheticTexts } from '../../fixtures/run.ts';

const run = syntheticRun({ samples: 5 });
const plain = { columns: 100, colour: false, unicode: true };
const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');

/** A reader of RFC 4180, written apart. */
function csvRows(text: string): string[][] {
  const rows: string[][] = [[]];
  let at = 0;
  while (at < text.length) {
    let field = '';
    if (text[at] === '"') {
      for (at++; text[at] !== '"' || text[at + 1] === '"'; at++) {
        if (text[at] === '"') at++;
        field += text[at];
      }
      at++;
    } else {
      while (at < text.length && text[at] !== ',' && text[at] !== '\r') field += text[at++];
    }
    rows.at(-1)!.push(field);
    if (text[at] === ',') at++;
    else if (text.startsWith('\r\n', at)) {
      at += 2;
      if (at < text.length) rows.push([]);
    } else throw new Error(`neither comma nor end of line at ${at}`);
    if (text[at - 1] === ',' && (at === text.length || text[at] === '\r'))
      throw new Error('a line ends with a comma');
  }
  return rows;
}

/** CSV as records. */
function csvRecords(text: string): Record<string, string>[] {
  const [head, ...rows] = csvRows(text);
  return rows.map((row) => {
    expect(row).toHaveLength(head!.length);
    return Object.fromEntries(row.map((field, i) => [head![i]!, field]));
  });
}

describe('CSV', () => {
  test('has a row a sample, with all that the run says of it', () => {
    const records = csvRecords(renderCsv(run));
    let at = 0;
    for (const row of run.measurements) {
      for (const samples of row.processes) {
        for (const [i, raw] of samples.raw.entries()) {
          const record = records[at++]!;
          expect(record).toMatchObject({
            experiment: row.experiment,
            group: row.group,
            variant: row.variant,
            twin: String(row.twin),
            language: row.language,
            form: row.form,
            kernel: row.kernel,
            metric: row.metric,
            unit: row.unit,
            rawUnit: row.rawUnit,
            process: String(samples.process),
            round: String(samples.rounds[i]),
            regime: String(samples.regimes[i]),
            raw: String(raw),
            value: String(raw / row.divisor),
            machineId: run.machine.id,
            fingerprint: run.machine.fingerprint,
            startedAt: run.startedAt,
          });
          for (const [name, value] of Object.entries(row.point))
            expect(record[`point.${name}`]).toBe(String(value));
          for (const column of noiseColumns)
            expect(record[column]).toBe(String(samples.noise?.[column]?.[i] ?? ''));
        }
      }
    }
    expect(records).toHaveLength(at);
  });

  test('a coordinate that a measurement does not have is empty', () => {
    const records = csvRecords(renderCsv(run));
    const pool = records.find(({ experiment }) => experiment === 'pool-allocation');
    expect(pool).toMatchObject({ 'point.order': 'pair', 'point.workingSetBytes': '', 'point.threads': '' });
  });

  test('whatever a text holds comes back', () => {
    const odd = fc.string({ maxLength: 12, unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', ';', 'é') });
    fc.assert(
      fc.property(odd, odd, odd, (variant, name, value) => {
        const row = { ...run.measurements[0]!, variant, point: { [name]: value } };
        const [record] = csvRecords(renderCsv({ ...run, measurements: [row] }));
        expect(record?.['variant']).toBe(variant);
        expect(record?.[`point.${name}`]).toBe(value);
      }),
    );
  });

  test('of a run without samples is its head', () => {
    expect(csvRows(renderCsv(emptyRun()))).toHaveLength(1);
  });
});

test('JSON is a run file', () => {
  expect(parseRun(renderJson(run), 'it')).toEqual(run);
  expect(renderJson(run)).toMatch(/^[^\n]*\n$/);
});

/** What both forms for people must show of a run. */
function expectEverything(text: string, of: Run): void {
  for (const result of arrange(of, syntheticTexts)) {
    for (const { groups } of result.tables) {
      for (const { measurement, comparison, elsewhere, isBaseline } of groups.flatMap(({ arms }) => arms)) {
        const { summary, unit } = measurement;
        expect(text).toContain(formatQuantity(summary.median, unit));
        if (isBaseline || comparison === null) continue;
        expect(text).toContain(`${formatTimes(comparison.ratio)}`);
        expect(text).toContain(formatTimesRange(comparison.low, comparison.high));
        if (elsewhere !== null) expect(text).toContain(formatTimesRange(elsewhere.low, elsewhere.high));
      }
    }
  }
  for (const { claim, source, sentence, effect } of of.verdicts) {
    for (const part of [claim, source, sentence]) expect(text).toContain(part);
    if (effect !== null) expect(text).toContain(formatTimesRange(effect.low, effect.high));
  }
  for (const { what, reason } of of.leftOut) expect(text).toContain(`${what}: ${reason}`);
  for (const warning of of.warnings) expect(text).toContain(warning);
}

describe('text', () => {
  test('shows every arm, verdict, omission and warning', () => {
    expectEverything(flat(renderText(run, syntheticTexts, plain)), run);
  });

  test('a row reads as one', () => {
    const text = renderText(run, syntheticTexts, plain);
    const row = run.measurements.find(({ group, variant }) => group === 'order=pair' && variant === 'pool')!;
    const comparison = run.comparisons.find(({ group, arm }) => group === 'order=pair' && arm === 'pool')!;
    const { median, error } = row.summary;
    const cpu = formatQuantity(processorTime(row)!, 'ns');
    const shown = text.split('\n').find((line) => /^pool +2\.\d\d ns/.test(line));
    expect(flat(shown!)).toMatch(
      new RegExp(
        `^pool ${formatQuantity(median, 'ns')} \\[.*\\] ${cpu} ${formatRatio(comparison.ratio)} \\[.*\\] faster ${(error * 100).toFixed(1)}%$`,
      ),
    );
  });

  test('marks what is unstable, and says what is not shown', () => {
    const text = renderText(run, syntheticTexts, plain);
    expect(text).toMatch(/^random +1\d\.\d ns~ /m);
    expect(text).toMatch(/^scanning .* nothing /m);
    expect(flat(text)).toContain("'nothing' is no difference shown beyond what can be told apart here");
    expect(text).toMatch(/^malloc .* baseline +\d/m);
  });

  test('says n/a where there is no interval, and unclear where nothing can be said', () => {
    const few = renderText(syntheticRun({ processes: 3, samples: 4 }), syntheticTexts, plain);
    expect(few).toMatch(/^pool +\S+ ns +n\/a +\S+ ns +\S+x +n\/a +unclear/m);
    expect(few).not.toMatch(/NaN|undefined|null/);
  });

  test('an arm that was compared in two regimes has a row for each', () => {
    const group = 'workingSetBytes=4194304';
    const rows = run.comparisons.filter((one) => one.group === group && one.arm === 'random');
    const [main, other] = rows.toSorted((a, b) => a.regime - b.regime);
    const both =
      rows.length > 1 ? run : { ...run, comparisons: [...run.comparisons, { ...main!, regime: 1 }] };
    const text = renderText(both, syntheticTexts, plain);
    const block = text.slice(text.indexOf('workingSetBytes 4 MiB'), text.indexOf('workingSetBytes 16 MiB'));
    const lines = block.split('\n');
    const at = lines.findIndex((line) => line.startsWith('random '));
    expect(lines[at]).toContain(`${formatTimes(main!.ratio)} `);
    expect(lines[at + 1]).toMatch(/^ {2}other regime +\d/);
    expect(lines[at + 1]).toContain(formatTimes((other ?? main!).ratio));
  });

  test('draws a sweep, with the caches, and a matrix', () => {
    const text = renderText(run, syntheticTexts, plain);
    expect(text).toMatch(/^ +L1 +L2 +L3$/m);
    expect(text).toContain('● sequential   ■ strided   ▲ random   ◆ random-prefetch');
    expect(text).toMatch(/^from \\ to +0 +1 +2 +3$/m);
    expect(text).toMatch(/^0 +- +9\.\d\d ns +4\d\.\d ns/m);
  });

  test('an incomplete run says so at once', () => {
    const text = renderText({ ...run, complete: false }, syntheticTexts, plain);
    expect(text.split('\n').slice(0, 4).join('\n')).toContain('This run is incomplete');
  });

  test('a run of experiments that nobody describes is shown without their words', () => {
    const text = renderText(run, [], plain);
    expect(text).toMatch(/^access-order$/m);
    expect(text).not.toContain('Access order');
    expectEverything(flat(renderText({ ...run, verdicts: [] }, [], plain)), {
      ...run,
      verdicts: [],
      comparisons: [],
      measurements: [],
    });
  });

  test('of an empty run is short and whole', () => {
    const text = renderText(emptyRun(), syntheticTexts, plain);
    expect(text).toContain('No claim was judged. Measured in 0 ms.');
    expect(text.endsWith('\n')).toBe(true);
  });

  test.each([24, 40, 60, 61, 72, 80, 100, 120])('is at most %i columns wide', (columns) => {
    for (const unicode of [true, false]) {
      const text = renderText(run, syntheticTexts, { columns, colour: false, unicode });
      expect(Math.max(...text.split('\n').map(textWidth))).toBeLessThanOrEqual(columns);
      expect(text).not.toMatch(/ $/m);
      if (!unicode) expect(text).not.toMatch(/\P{ASCII}/u);
    }
  });

  test('from 60 columns on its tables are tables', () => {
    const text = renderText(run, syntheticTexts, { ...plain, columns: 60 });
    expect(text).toMatch(/^sequential +\S+ ns +baseline$/m);
    expect(text).toMatch(/^ts-atomics +4 B +\S+ ns~? +\S+x +\[.*\] +slower/m);
  });

  test('of a large run is made in one pass', () => {
    const large = largeRun(60, 7, 4);
    const lines = renderText(large, [], plain)
      .split('\n')
      .filter((line) => /^arm-\d+ /.test(line));
    expect(lines).toHaveLength(60);
  });
});

describe('Markdown', () => {
  test('shows every arm, verdict, omission and warning', () => {
    const text = renderMarkdown(run, syntheticTexts).replaceAll('\\', '');
    expectEverything(text, run);
  });

  test('its tables are rectangular', () => {
    const tables = renderMarkdown(run, syntheticTexts)
      .split('\n\n')
      .filter((block) => block.startsWith('|'));
    expect(tables.length).toBeGreaterThan(6);
    for (const table of tables) {
      const widths = table.split('\n').map((line) => line.replaceAll('\\|', '').split('|').length);
      expect(new Set(widths).size).toBe(1);
    }
  });

  test('what a run says is text, never markup', () => {
    const evil = '<script>|`*_[x](http://a)_*`\n# head';
    const [verdict] = run.verdicts;
    const text = renderMarkdown(
      {
        ...run,
        measurements: [],
        warnings: [evil],
        verdicts: [{ ...verdict!, sentence: evil, claim: evil }],
      },
      [],
    );
    expect(text).not.toMatch(/(?<!\\)<script/);
    expect(text).not.toMatch(/(?<!\\)\]\(/);
    expect(text).not.toMatch(/^# head/m);
    expect(text.split('\n').filter((line) => line.startsWith('| supported'))).toHaveLength(1);
  });
});
