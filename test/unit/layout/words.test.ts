import { describe, expect, it } from 'vitest';
import type { Measurement } from '../../../src/experiment/run.ts';
import { advise } from '../../../src/layout/advice.ts';
import { drawArrays, drawingColumns, letterOf } from '../../../src/layout/drawing.ts';
import { loopText } from '../../../src/layout/experiments.ts';
import { formsOf } from '../../../src/layout/forms.ts';
import { predict } from '../../../src/layout/predict.ts';
import { adviceText, changeText, threadTexts } from '../../../src/layout/words.ts';
import { layoutRun, type TypicalTimes } from '../../fixtures/layout-run.ts';
import { spec } from './specs.ts';

const particle = spec(
  'id:u32 x:f64 y:f64 name:bytes[48]',
  [
    { name: 'move', reads: ['y'], writes: ['x'], weight: 3 },
    { name: 'find', reads: ['id', 'name'], order: 'random' },
  ],
  1_000_000,
);
const prediction = predict(particle, 64, 2 ** 20);

function advised(times: TypicalTimes, processes?: number) {
  const run = layoutRun(particle, prediction.forms, times, processes);
  return advise(run, particle.loops, prediction.forms);
}

const steady = { 'as-declared': 10, reordered: 10, soa: 10, 'hot-cold': 10, padded: 10 };

describe('the advice', () => {
  it('weighs the loops: ratio of the sums of weight x time', () => {
    // As declared 3 x 4 + 20 = 32; SoA 3 x 1 + 25 = 28; hot/cold 3 x 2 + 20 = 26.
    const { overall, recommended } = advised({
      move: { ...steady, 'as-declared': 4, soa: 1, 'hot-cold': 2, reordered: 4, padded: 4 },
      find: { ...steady, 'as-declared': 20, soa: 25, 'hot-cold': 20, reordered: 20, padded: 20 },
    });
    const ratio = (id: string): number => overall.find(({ form }) => form.id === id)!.ratio;
    expect(Math.abs(ratio('soa') / (28 / 32) - 1)).toBeLessThan(0.01);
    expect(Math.abs(ratio('hot-cold') / (26 / 32) - 1)).toBeLessThan(0.01);
    expect(recommended?.form.id).toBe('hot-cold');
    expect(overall.map(({ form, result }) => [form.id, result])).toEqual([
      ['reordered', 'no-difference'],
      ['soa', 'faster'],
      ['hot-cold', 'faster'],
      ['padded', 'no-difference'],
    ]);
  });

  it('keeps to one regime where the ratio is another one in the other', () => {
    const run = layoutRun(particle, prediction.forms, { move: { ...steady, soa: 5 } });
    const measurements = run.measurements.map((row): Measurement => {
      const inSecond = row.variant === 'soa' ? 4 : 1;
      const processes = row.processes.map((samples) => ({
        ...samples,
        regimes: samples.rounds.map((round) => (round < 10 ? 0 : 1)),
        raw: samples.raw.map((raw, i) => raw * (samples.rounds[i]! < 10 ? 1 : inSecond)),
      }));
      return { ...row, processes };
    });
    const { overall } = advise({ ...run, measurements }, particle.loops, prediction.forms);
    // In the first regime half of the time, in the second twice.
    expect(overall.find(({ form }) => form.id === 'soa')!.ratio).toBeCloseTo(0.5, 1);
  });

  it('takes the smaller change where two are as good', () => {
    const both = { ...steady, soa: 5, reordered: 5.001 };
    expect(advised({ move: both, find: both }).recommended?.form.id).toBe('reordered');
  });

  it('says what to do, why, and how sure', () => {
    const { forms } = prediction;
    const text = adviceText(
      prediction,
      advised({ move: { ...steady, soa: 2 }, find: { ...steady, soa: 11, padded: 30 } }),
    ).join('\n');
    expect(text).toMatch(/^Recommended: SoA\. Give every field an array of its own/);
    expect(text).toMatch(
      /the 2 loops together, by their weights, take 0\.4\d+x \[0\.4\d+, 0\.4\d+\] as long/,
    );
    expect(text).toContain(`95% confidence over all ${forms.length - 1} forms`);
    expect(text).toMatch(/move moves 0\.375 lines an element instead of \d/);
    expect(text).toMatch(/But find takes 1\.1\d*x \[.*\] as long\./);
  });

  it('recommends nothing where nothing is shown', () => {
    const text = adviceText(prediction, advised({ move: steady, find: steady })).join('\n');
    expect(text).toContain('No form is shown to be better than the structure as declared.');
    expect(text).toMatch(/The nearest is .*differences under 1\.\d+% can't be told apart here/);
  });

  it('says that too few processes say nothing', () => {
    const few = advised({ move: { ...steady, soa: 2 }, find: { ...steady, soa: 2 } }, 3);
    expect(few.recommended).toBeNull();
    expect(adviceText(prediction, few).join('\n')).toMatch(
      /take 0\.\d+x as long; 3 processes give no interval/,
    );
  });

  it('rests on the loops that were measured', () => {
    const advice = advised({ move: { ...steady, soa: 2 } });
    expect(advice.loops.map(({ times }) => times.size)).toEqual([5, 0]);
    expect(adviceText(prediction, advice).join('\n')).toContain('Measured, the loop move takes 0.');
  });

  it('falls back on the prediction, and says so', () => {
    for (const advice of [null, advised({})]) {
      const text = adviceText(prediction, advice).join('\n');
      expect(text).toMatch(/^By prediction alone: /);
      expect(text).toContain('Nothing was measured.');
    }
    const trade = predict(
      spec(
        'x:f64 hits:u64 label:bytes[48]',
        [
          { name: 'move', reads: ['x'], writes: ['x'], weight: 100 },
          { name: 'count', writes: ['hits'], threads: 2, partition: 'interleaved' },
        ],
        1_000_000,
      ),
      64,
      2 ** 20,
    );
    expect(adviceText(trade, null)).toContain('But in count, threads would write side by side in one line.');
    const plain = predict(spec('n:u64', [{ name: 'sum', reads: ['n'] }]), 64, 0);
    expect(adviceText(plain, null)[0]).toContain('no form costs less');
  });

  it('does not pad apart what two threads hand to each other at any rate', () => {
    const roles = [
      { reads: ['tail'], writes: ['head'] },
      { reads: ['head'], writes: ['tail'] },
    ];
    // Both threads need both fields of an element: together they travel in one line, padded in two.
    const queue = predict(
      spec('head:u64 tail:u64 name:bytes[48]', [{ name: 'q', roles }], 100_000),
      64,
      2 ** 20,
    );
    const journeys = (id: string): number =>
      queue.loops[0]!.forms.find(({ form }) => form.id === id)!.sharing!.journeys;
    expect([journeys('as-declared'), journeys('padded')]).toEqual([200_000, 400_000]);
    expect(adviceText(queue, null)[0]).not.toContain('padded');
  });

  it('names the change of every form', () => {
    const change = (id: string) => changeText(prediction.forms.find((form) => form.id === id)!);
    expect(change('as-declared')).toContain('Leave it');
    expect(change('reordered')).toMatch(/^Declare the fields in this order: x, y, id, name\./);
    expect(change('hot-cold')).toContain('together; move');
    expect(change('padded')).toMatch(
      /^Align the structure to 64 B \(alignas\(64\) in C\+\+\), its fields in this order: /,
    );
    // Nine fields of one writer fill more than a line, and are one group all the same.
    const many = Array.from({ length: 9 }, (_, i) => `f${i}`);
    const roles = [{ writes: many }, { writes: ['other'] }];
    const made = spec(`${many.map((name) => `${name}:u64`).join(' ')} other:u64`, [{ name: 'l', roles }], 1);
    const apart = formsOf(made, 64).forms.find(({ id }) => id === 'padded')!;
    expect(changeText(apart)).toContain(`(alignas(64) in C++): ${many.join(', ')} | other.`);
  });
});

describe('threads, in words', () => {
  it('who fights, over what', () => {
    const counters = predict(
      spec('n:u64', [{ name: 'count', writes: ['n'], threads: 2, partition: 'interleaved' }]),
      64,
      0,
    );
    expect(threadTexts(counters.loops[0]!)).toEqual([
      'as declared: threads fight over 100% of its lines: n of element 0 (thread 0 writes) lies beside n of element 1 (thread 1 writes).',
      'padded to lines: threads meet in 100% of its pairs of lines: n of element 0 (thread 0 writes) lies beside n of element 1 (thread 1 writes); that matters where a CPU fetches pairs.',
    ]);
  });

  it('threads that only the alignment of an array keeps apart', () => {
    const loop = { name: 'l', reads: ['name'], writes: ['head'], threads: 2, partition: 'interleaved' };
    const one = predict(spec('head:u64 tail:u64 rest:u64 name:bytes[40]', [loop], 100), 64, 0);
    const [declared] = one.loops[0]!.forms;
    expect(declared).toMatchObject({ sharing: { sharedLines: 0 }, offLine: { startBytes: 16 } });
    expect(threadTexts(one.loops[0]!)[0]).toBe(
      'as declared: no fights only where its array begins at a line, which an allocator does not see to unasked: ' +
        '16 B into one, head of element 1 (thread 1 writes) lies beside name of element 0 (thread 0 reads).',
    );
  });

  it('what is truly shared', () => {
    const roles = [{ writes: ['tail'] }, { reads: ['tail'] }];
    const queue = predict(spec('tail:u64', [{ name: 'pass', roles }], 1), 64, 0);
    expect(threadTexts(queue.loops[0]!)).toEqual([
      'One thread writes tail and another one reads it: no layout spares that.',
    ]);
    expect(loopText(queue.loops[0]!.loop)).toBe(
      'sequential, 2 threads over all elements: thread 0 writes tail; thread 1 reads tail',
    );
  });
});

describe('the drawing', () => {
  const drawn = (fields: string, count = 1000, lineBytes = 64, form = 0): string[] => {
    const made = spec(fields, [{ name: 'l', reads: [fields.split(':')[0]] }], count);
    return drawArrays(formsOf(made, lineBytes).forms[form]!.arrays, count, lineBytes, made.fields);
  };

  it('shows a byte a character, holes as dots, every other element in small letters', () => {
    expect(drawn('a:u8 b:u64', 2)).toEqual([
      'elements: 16 B each',
      '        0       8       16      24      32      40      48      56',
      '     0 |A.......BBBBBBBBa.......bbbbbbbb                                |',
    ]);
  });

  it('goes on to where the pattern repeats, three lines at most', () => {
    const rows = drawn('a:u64[3] b:u32');
    expect(rows[2]).toBe(`     0 |${'A'.repeat(24)}BBBB....${'a'.repeat(24)}bbbb....|`);
    expect(rows[3]).toBe('   ...');
    const straddling = drawn('a:u64[5]');
    expect(straddling[3]).toBe(`    64 |${'a'.repeat(16)}${'A'.repeat(40)}${'a'.repeat(8)}|`);
    expect(straddling).toHaveLength(2 + 3 + 1);
  });

  it('shows a large element whole, as far as eight lines', () => {
    expect(drawn('a:bytes[130]')).toHaveLength(2 + 4 + 1);
    expect(drawn('a:bytes[4000]')).toHaveLength(2 + 8 + 1);
  });

  it('halves lines of 128 bytes, and fits 78 columns always', () => {
    const rows = drawn('a:u64[4] b:u32', 1000, 128);
    expect(rows[2]).toMatch(/^ {5}0 \|A{16}B{2}\.{2}a{16}/);
    expect(rows[1]).toContain('112');
    expect(drawn('a:u32', 1000, 32)[2]).toBe('     0 |AAAAaaaaAAAAaaaaAAAAaaaaAAAAaaaa|');
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(drawingColumns);
    expect(drawingColumns).toBeLessThanOrEqual(78);
    expect([0, 25, 26].map(letterOf)).toEqual(['A', 'Z', '#']);
  });
});
