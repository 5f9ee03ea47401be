import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../../src/base/errors.ts';
import type { Run, Timeline } from '../../../src/experiment/run.ts';
import { runText } from '../../../src/experiment/run-file.ts';
import { withWords } from '../../../src/experiment/run-words.ts';
import { faultOf, parseRun, runSchema } from '../../../src/experiment/schema.ts';
import { schemaPath, schemaText } from '../../../scripts/schema.mjs';
import { emptyRun, syntheticRun } from '../../fixtures/run.ts';
import { makeExperiment } from '../experiment/made.ts';

const run = syntheticRun({ processes: 2, samples: 3 });

/** The error that text gives. */
function refusal(text: string): UserError {
  try {
    parseRun(text, '"a.json"');
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return error as UserError;
  }
  throw new Error('it was accepted');
}

/** The run's text with another value at a path such as `machine.cpuModel.from`; without the field for undefined. */
function altered(path: string, value: unknown): string {
  const copy = structuredClone(run);
  const keys = path.split(/[.[\]]+/).filter((key) => key !== '');
  const last = keys.pop()!;
  const holder = keys.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], copy);
  (holder as Record<string, unknown>)[last] = value;
  return JSON.stringify(copy);
}

describe('a run file', () => {
  test.each<[string, Run]>([
    ['a synthetic run', run],
    ['an interrupted run', emptyRun()],
  ])('gives back what was written: %s', (_name, one) => {
    expect(parseRun(runText(one), 'it')).toEqual(one);
  });

  test('may hold what this version does not know: it is dropped', () => {
    for (const path of ['later', 'measurements[0].colour', 'machine.cpuModel.seen']) {
      expect(parseRun(altered(path, { by: 'a later version' }), 'it')).toEqual(run);
    }
  });

  test('wherever it is cut off, that is what is said', () => {
    const text = runText(run).trim();
    fc.assert(
      fc.property(fc.integer({ min: 1, max: text.length - 1 }), (at) => {
        expect(refusal(text.slice(0, at)).message).toMatch(/^"a.json" is cut off after \d+ characters/);
      }),
      { numRuns: 400 },
    );
    expect(refusal('{"a":"b\\"').message).toContain('is cut off');
  });

  test.each([
    ['', 'is empty'],
    [' \n', 'is empty'],
    ['experiment,group\n', 'is not JSON'],
    ['{"a":1,}', 'is not JSON'],
    ['{a:1}', 'is not JSON'],
    ['[]', 'is JSON, but not a linefill run'],
    ['null', 'is JSON, but not a linefill run'],
    ['3', 'is JSON, but not a linefill run'],
    ['{"format":"other"}', 'is JSON, but not a linefill run'],
    [
      '{"format":"linefill-run","schemaVersion":2}',
      'was written by a newer linefill (schema 2); this one reads 1',
    ],
    ['{"format":"linefill-run","schemaVersion":0}', 'schemaVersion must be 1, not 0'],
    ['{"format":"linefill-run","schemaVersion":"1"}', 'schemaVersion must be 1, not "1"'],
    ['{"format":"linefill-run"}', 'schemaVersion is missing'],
  ])('%j is refused', (text, fault) => {
    const error = refusal(text);
    expect(error.message).toContain(
      `"a.json" ${fault.startsWith('schema') ? 'is not a valid run file: ' : ''}${fault}`,
    );
    expect(error.cure).toBeTruthy();
  });

  test.each<[path: string, value: unknown, fault: string]>([
    ['seed', undefined, 'seed is missing'],
    ['seed', -1, 'seed must be 0 or more, not -1'],
    ['seed', 0.5, 'seed must be a whole number, not 0.5'],
    ['budgetMs', null, 'budgetMs must be a number, not null'],
    ['startedAt', 'now', 'startedAt must be a time such as 2026-01-31T12:00:00.000Z, not "now"'],
    ['measurements', {}, 'measurements must be an array, not an object'],
    ['machine', 'here', 'machine must be an object, not "here"'],
    ['profile', 'slow', 'profile must be "smoke" | "quick" | "full", not "slow"'],
    ['machine.cpuModel.from', undefined, 'machine.cpuModel.from is missing'],
    ['machine.caches.value[1].level', '2', 'machine.caches.value[1].level must be a number, not "2"'],
    ['measurements[3].summary.low', undefined, 'measurements[3].summary.low is missing'],
    [
      'measurements[2].point.workingSetBytes',
      null,
      'measurements[2].point.workingSetBytes must be number | string | boolean, not null',
    ],
    [
      'measurements[3].processes[1].raw[2]',
      null,
      'measurements[3].processes[1].raw[2] must be a number, not null',
    ],
    [
      'measurements[3].processes[1].raw',
      [1, 2],
      'measurements[3].processes[1].rounds must be 2 entries, one a sample, not 3',
    ],
    [
      'measurements[0].processes[0].noise.cpuNs',
      [1, 2],
      'measurements[0].processes[0].noise.cpuNs must be 3 entries, one a sample, not 2',
    ],
    [
      'measurements[0].processes[0].noise.cpu[1]',
      'x',
      'measurements[0].processes[0].noise.cpu[1] must be a number or null, not "x"',
    ],
    [
      'measurements[0].processes[0].regimes[0]',
      -1,
      'measurements[0].processes[0].regimes[0] must be a whole number of 0 or more, not -1',
    ],
    ['verdicts[1].effect.value', undefined, 'verdicts[1].effect.value is missing'],
    ['warnings', [3], 'warnings[0] must be a text, not 3'],
  ])('with %s of %j is refused', (path, value, fault) => {
    expect(refusal(altered(path, value)).message).toBe(`"a.json" is not a valid run file: ${fault}`);
  });

  test('a number too large for JSON is told from a number', () => {
    const text = JSON.stringify(run).replace(/"budgetMs":[\d.]+/, '"budgetMs":1e999');
    expect(refusal(text).message).toContain('budgetMs must be a finite number');
  });

  test('says of a metric which way is better, or as an older one does nothing', () => {
    const [first] = run.measurements;
    const withBetter = (better: unknown): string =>
      JSON.stringify({ ...run, measurements: [{ ...first!, better }] });
    for (const better of ['less', 'more', null, undefined]) {
      expect(parseRun(withBetter(better), 'it').measurements[0]!.better).toBe(better);
    }
    expect(() => parseRun(withBetter('most'), 'it')).toThrow('measurements[0].better');
  });

  test('every field that is missing is named by its path', () => {
    const missing: [path: string, text: string][] = [];
    const visit = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null || /(^|\.)(point|settings|noise|memberNs)$/.test(path))
        return;
      // One element of an array stands for all.
      const keys = Array.isArray(value) ? ['0'] : Object.keys(value);
      for (const key of keys.filter((one) => one in value)) {
        const here = Array.isArray(value) ? `${path}[${key}]` : `${path}${path === '' ? '' : '.'}${key}`;
        const holder = value as Record<string, unknown>;
        const held = holder[key];
        const isOptional =
          Array.isArray(value) || ['better', 'noise', 'memberNs'].includes(key) || here === 'format';
        if (!isOptional) {
          delete holder[key];
          missing.push([here, JSON.stringify(copy)]);
          holder[key] = held;
        }
        visit(held, here);
      }
    };
    const copy = structuredClone({ ...run, measurements: run.measurements.slice(0, 1) });
    visit(copy, '');
    expect(missing.length).toBeGreaterThan(150);
    for (const [path, text] of missing) {
      expect(() => parseRun(text, 'it'), path).toThrow(`: ${path} is missing`);
    }
  });

  test('faultOf tells what writing would lose', () => {
    expect(faultOf(run)).toBeNull();
    expect(faultOf({ ...run, budgetMs: Number.NaN })).toMatch(/^budgetMs must be a number, not NaN$/);
  });
});

describe('schema/run.schema.json', () => {
  test('is what scripts/schema.mjs makes of the schema now', () => {
    expect(readFileSync(schemaPath, 'utf8')).toBe(schemaText(runSchema));
  });

  test('takes a run with timelines, and says what is wrong with one', () => {
    const timeline: Timeline = {
      experiment: 'collector-pauses',
      group: 'all',
      arm: 'semi-space',
      variant: 'semi-space',
      point: { heapPercent: 300 },
      wallNs: 100,
      lost: 0,
      pauses: [['full', 10, 20]],
    };
    const timed: Run = { ...run, timelines: [timeline] };
    expect(parseRun(JSON.stringify(timed), 'the run')).toEqual(timed);
    const odd = { ...run, timelines: [{ ...timeline, pauses: [['nap', 10, 20]] }] };
    expect(faultOf(odd)).toMatch(/^timelines\[0\]\.pauses\[0\]\[0\] must be /);
  });

  test('takes a run with the words of an experiment, and says what is wrong with them', () => {
    const made = makeExperiment({});
    const worded = withWords(run, made, ['It is quick.']);
    expect(parseRun(JSON.stringify(worded), 'the run')).toEqual(worded);
    expect(worded.words).toMatchObject([{ id: made.id, conclusions: ['It is quick.'] }]);
    const [words] = worded.words!;
    expect(faultOf({ ...run, words: [{ ...words, conclusions: [5] }] })).toMatch(
      /^words\[0\]\.conclusions\[0\] must be /,
    );
  });

  test('speaks of every field of a run', () => {
    interface Schema {
      readonly properties: Record<string, Schema>;
      readonly items: Schema;
    }
    const schema = JSON.parse(readFileSync(schemaPath, 'utf8')) as Schema;
    const fields = [...Object.keys(run), 'timelines', 'words'];
    expect(Object.keys(schema.properties).toSorted()).toEqual(fields.toSorted());
    const row = schema.properties['measurements']!.items;
    expect(Object.keys(row.properties).toSorted()).toEqual(Object.keys(run.measurements[0]!).toSorted());
    expect(row.properties['processes']!.items.properties['raw']).toEqual({
      type: 'array',
      items: { type: 'number' },
    });
  });
});
