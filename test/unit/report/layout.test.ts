import { stripVTControlCharacters } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { oneLine, pad, painter, printable, textWidth, wrap } from '../../../src/report/lines.ts';
import { renderPlot } from '../../../src/report/plot.ts';
import { type Column, renderTable, type Row } from '../../../src/report/table.ts';

const paint = painter(false);
const widestOf = (text: string): number => Math.max(...text.split('\n').map(textWidth));

describe('lines', () => {
  test('a wrapped text has every word, and no line is too wide', () => {
    const word = fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom('a', 'é', '界', '-', '.') });
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), fc.integer({ min: 12, max: 60 }), (words, width) => {
        const text = words.join(' ');
        const wrapped = wrap(text, width, '  - ', '    ');
        expect(widestOf(wrapped)).toBeLessThanOrEqual(width);
        const stripped = wrapped.replace(/^ {2}- ?/, '');
        expect(stripped.replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''));
      }),
    );
  });

  test('the first line begins as told, the others below its text', () => {
    expect(wrap('one two three four', 12, 'a: ')).toBe('a: one two\n   three\n   four');
    expect(wrap('one two three four', 12, 'a: ', '  ')).toBe('a: one two\n  three\n  four');
    expect(wrap('', 12)).toBe('');
  });

  test('a word too long for a line is cut at a hyphen if it has one', () => {
    expect(wrap('core-to-core-distance', 13)).toBe('core-to-core-\ndistance');
    expect(wrap('abcdefghijklmno', 10)).toBe('abcdefghij\nklmno');
  });

  test('widths: wide characters take two columns, marks none', () => {
    expect(['abc', 'µs', '界', 'e\u0301', '●'].map(textWidth)).toEqual([3, 2, 2, 1, 1]);
    expect(pad('界', 4, 'right')).toBe('  界');
    expect(pad('ab', 4, 'left')).toBe('ab  ');
    expect(pad('abcdef', 4, 'left')).toBe('abcdef');
  });

  test('what a terminal would obey is shown as a question mark', () => {
    expect(printable('a\u001b[31mb\u009bc\u202ed\u0007')).toBe('a?[31mb?c?d?');
    expect(printable('µ 界 é\n')).toBe('µ 界 é\n');
    expect(oneLine('  a\r\n\tb  ')).toBe('a b');
  });

  test('paint adds escape sequences where wanted, and nothing else', () => {
    expect(painter(true)('good', 'text')).toBe('\u001b[32mtext\u001b[39m');
    expect(painter(false)('good', 'text')).toBe('text');
  });
});

describe('a table', () => {
  const columns: readonly Column[] = [
    { header: 'variant', align: 'left', least: 8 },
    { header: 'strideBytes', align: 'right' },
    { header: 'median', align: 'right' },
    { header: 'interval', align: 'left', spare: 0 },
    { header: 'noise', align: 'right', spare: 1 },
  ];
  const rows: readonly Row[] = [
    { across: 'threads 2' },
    [
      { text: 'sequential-loads' },
      { text: '64 B' },
      { text: '1.20 ns' },
      { text: '[1.18, 1.22]' },
      { text: '0.4%' },
    ],
    [{ text: 'random' }, { text: '128 B' }, { text: '12.3 ns' }, { text: '[12.0, 12.5]' }, { text: '12%' }],
  ];
  const at = (width: number): string => renderTable(columns, rows, { width, paint });

  test('with room for all', () => {
    expect(at(80)).toBe(
      [
        'variant           strideBytes   median  interval      noise',
        'threads 2',
        'sequential-loads         64 B  1.20 ns  [1.18, 1.22]   0.4%',
        'random                  128 B  12.3 ns  [12.0, 12.5]    12%',
      ].join('\n'),
    );
  });

  test('first moves together, and breaks its heads', () => {
    expect(at(50)).toBe(
      [
        'variant          stride  median interval     noise',
        '                  Bytes',
        'threads 2',
        'sequential-loads   64 B 1.20 ns [1.18, 1.22]  0.4%',
        'random            128 B 12.3 ns [12.0, 12.5]   12%',
      ].join('\n'),
    );
  });

  test('then spares columns, the least first', () => {
    expect(at(40)).toBe(
      [
        'variant          stride  median noise',
        '                  Bytes',
        'threads 2',
        'sequential-loads   64 B 1.20 ns  0.4%',
        'random            128 B 12.3 ns   12%',
      ].join('\n'),
    );
  });

  test('then breaks its text', () => {
    expect(at(27)).toBe(
      [
        'variant      stride  median',
        '              Bytes',
        'threads 2',
        'sequential-    64 B 1.20 ns',
        'loads',
        'random        128 B 12.3 ns',
      ].join('\n'),
    );
  });

  test('and at last is a list, with everything in it', () => {
    expect(at(22)).toBe(
      [
        'threads 2',
        'sequential-loads',
        '  strideBytes: 64 B',
        '  median: 1.20 ns',
        '  interval: [1.18,',
        '    1.22]',
        '  noise: 0.4%',
        'random',
        '  strideBytes: 128 B',
        '  median: 12.3 ns',
        '  interval: [12.0,',
        '    12.5]',
        '  noise: 12%',
      ].join('\n'),
    );
  });

  test('is never wider than asked, and has no blanks at the end of a line', () => {
    for (let width = 16; width < 80; width++) {
      expect(widestOf(at(width))).toBeLessThanOrEqual(width);
      expect(at(width)).not.toMatch(/ $/m);
    }
  });

  test('colour changes no place', () => {
    const styled = rows.map(
      (row): Row => (Array.isArray(row) ? row.map((cell) => ({ ...cell, style: 'bad' })) : row),
    );
    const coloured = renderTable(columns, styled, { width: 50, paint: painter(true) });
    expect(coloured).toContain('\u001b[31m');
    expect(stripVTControlCharacters(coloured)).toBe(at(50));
  });

  test('without rows is nothing', () => {
    expect(renderTable(columns, [], { width: 80, paint })).toBe('');
  });
});

describe('a plot', () => {
  const options = {
    width: 44,
    height: 5,
    logX: true,
    logY: true,
    unicode: false,
    formatX: (x: number) => `${x}`,
    formatY: (y: number) => y.toFixed(0),
    markers: [],
  };
  const line = {
    name: 'up',
    points: [
      [1, 1],
      [10, 10],
      [100, 100],
    ],
  } as const;
  const flat = {
    name: 'flat',
    points: [
      [1, 1],
      [100, 1],
    ],
  } as const;

  test('on logarithmic axes a power is a straight line', () => {
    expect(renderPlot([line, flat], options)).toBe(
      [
        '100 |                                  ....o',
        '    |                        ..........',
        ' 10 |               ....o....',
        '    |     ..........',
        '  1 |o.....................................x',
        '    +---------------------------------------',
        '     1                 10                100',
        '  o up   x flat',
      ].join('\n'),
    );
  });

  test('draws the caches where they are', () => {
    const text = renderPlot([line], {
      ...options,
      markers: [
        { at: 10, label: 'L1' },
        { at: 1000, label: 'L2' },
      ],
    })!;
    const [top, first] = text.split('\n');
    expect(top!.trim()).toBe('L1');
    expect(first![top!.indexOf('L1')]).toBe(':');
    expect(text).not.toContain('L2');
  });

  test('in Unicode or in ASCII, and never wider than asked', () => {
    for (const width of [30, 60, 80]) {
      for (const unicode of [true, false]) {
        const text = renderPlot([line, flat], { ...options, width, unicode })!;
        expect(widestOf(text)).toBeLessThanOrEqual(width);
        expect(/\P{ASCII}/u.test(text)).toBe(unicode);
      }
    }
  });

  test('on a linear axis begins at 0', () => {
    const text = renderPlot(
      [
        {
          name: 'a',
          points: [
            [1, 50],
            [2, 100],
          ],
        },
      ],
      { ...options, logX: false, logY: false },
    )!;
    expect(text).toMatch(/^100 \|/);
    expect(text).toMatch(/\n +0 \|/);
  });

  test('of nothing to draw a line between is none', () => {
    expect(renderPlot([], options)).toBeNull();
    expect(renderPlot([{ name: 'a', points: [[5, 5]] }], options)).toBeNull();
    expect(
      renderPlot(
        [
          {
            name: 'a',
            points: [
              [0, 5],
              [5, 0],
            ],
          },
        ],
        options,
      ),
    ).toBeNull();
    expect(renderPlot([line], { ...options, width: 20 })).toBeNull();
  });

  test('every point is marked where it belongs', () => {
    const text = renderPlot(
      [
        {
          name: 'a',
          points: [
            [1, 4],
            [2, 2],
            [4, 1],
          ],
        },
      ],
      { ...options, height: 3 },
    )!;
    const rows = text
      .split('\n')
      .slice(0, 3)
      .map((row) => row.slice(row.indexOf('|') + 1));
    expect(rows.map((row) => row.indexOf('o'))).toEqual([
      0,
      Math.round((rows[2]!.length - 1) / 2),
      rows[2]!.length - 1,
    ]);
  });
});
