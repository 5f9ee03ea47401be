import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Run } from '../../src/experiment/run.ts';
import { runText } from '../../src/experiment/run-file.ts';
import { parseRun } from '../../src/experiment/schema.ts';
import { machineRows } from '../../src/machine/format.ts';
import { syntheticMachine, syntheticRun } from '../fixtures/run.ts';
import { setStage, stageExperiments, type Stage, type StageSet, widest } from './stage.ts';

const run = syntheticRun({ processes: 7, samples: 3 });

/** A stage whose working folder holds a run. */
function stageWithRun(set: StageSet = {}, stored: Run = run): Stage {
  const stage = setStage(set);
  writeFileSync(join(stage.cwd, 'a.json'), runText(stored));
  return stage;
}

function refuse(): never {
  throw new Error('not to be asked');
}

const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');

describe('list', () => {
  test('names every experiment by lab, with its question and claims', async () => {
    const stage = setStage();
    expect(await stage.run('list')).toBe(0);
    const text = flat(stage.stdout());
    for (const { id, question, claims } of stageExperiments) {
      expect(text).toContain(`${id} ${question} claims: ${claims.map((claim) => claim.id).join(', ')}`);
    }
    expect(stage.stdout().match(/^lab \w+$/gm)).toEqual(['lab hardware', 'lab allocation']);
    expect(stage.stderr()).toBe('');
  });

  test('--json holds what the text does, and more', async () => {
    const stage = setStage();
    expect(await stage.run('list', '--json')).toBe(0);
    const listed = JSON.parse(stage.stdout()) as Record<string, unknown>[];
    expect(listed.map(({ id }) => id)).toEqual(stageExperiments.map(({ id }) => id));
    expect(listed[1]).toMatchObject({
      lab: 'hardware',
      claims: [{ id: 'false-sharing', source: '8x (2.5 s -> 0.3 s)' }],
      parameters: [{ name: 'threads', unit: 'threads' }],
    });
  });
});

describe('explain', () => {
  test.each(stageExperiments.map(({ id }) => id))('%s', async (id) => {
    const stage = setStage({ columns: 60 });
    expect(await stage.run('explain', id)).toBe(0);
    const experiment = stageExperiments.find((one) => one.id === id)!;
    const text = flat(stage.stdout());
    expect(text).toContain(`${experiment.title} (${id}, lab ${experiment.lab})`);
    for (const { statement, source } of experiment.claims)
      expect(text).toContain(`${statement} (source: ${source})`);
    for (const { name, summary } of experiment.parameters) expect(text).toContain(`${name}: ${summary}`);
    for (const { title, where } of experiment.sources) expect(text).toContain(`${title}: ${where}`);
    for (const line of experiment.drawing.split('\n')) expect(stage.stdout()).toContain(`  ${line}`);
    expect(text).toContain(`linefill run ${id}`);
    expect(widest(stage.stdout())).toBeLessThanOrEqual(60);
  });

  test('paragraphs are filled anew, whatever the width of the source', async () => {
    const stage = setStage({ columns: 200 });
    const explain = `A line\nof the source\nends anywhere.\n\nThe next\nparagraph. ${'Long. '.repeat(40)}\n`;
    Object.assign(stage.lab, { experiments: async () => [{ ...stageExperiments[0]!, explain }] });
    await stage.run('explain', 'access-order');
    expect(stage.stdout()).toContain(
      '\n\nA line of the source ends anywhere.\n\nThe next paragraph. Long. Long.',
    );
    expect(widest(stage.stdout())).toBeLessThanOrEqual(100);
  });
});

test('a curve is not said to be compared with a baseline', async () => {
  for (const isCurve of [true, false]) {
    const stage = setStage();
    Object.assign(stage.lab, { experiments: async () => [{ ...stageExperiments[0]!, isCurve }] });
    await stage.run('explain', 'access-order');
    expect(stage.stdout().includes('Ratios are taken to')).toBe(!isCurve);
  }
});

describe('machine', () => {
  test('shows every fact, measured ones too, with its origin', async () => {
    const stage = setStage({ columns: 200 });
    expect(await stage.run('machine')).toBe(0);
    const text = flat(stage.stdout());
    for (const { name, value, origin } of machineRows(syntheticMachine)) {
      expect(text).toContain(flat(`${name} ${value} ${origin}`));
    }
  });

  test('--no-measure shows what is reported only', async () => {
    const stage = setStage({ columns: 200 });
    await stage.run('machine', '--no-measure');
    expect(stage.stdout()).toMatch(/memory levels +n\/a +missing +not measured/);
  });

  test('--json is the machine', async () => {
    const stage = setStage();
    await stage.run('machine', '--json');
    expect(JSON.parse(stage.stdout())).toEqual(syntheticMachine);
  });

  test('keeps within 60 columns', async () => {
    const stage = setStage({ columns: 60 });
    await stage.run('machine');
    expect(widest(stage.stdout())).toBeLessThanOrEqual(60);
  });
});

describe('judge', () => {
  test('judges with the judges of this version, and says what has changed', async () => {
    const stage = stageWithRun({ columns: 100 });
    expect(await stage.run('judge', 'a.json')).toBe(0);
    const text = flat(stage.stdout());
    expect(text).toContain('supported: false-sharing');
    expect(text).toContain('Judged on 2 groups of a machine with pages of 4096 B.');
    expect(text).toContain('latency-l3 was inconclusive when the run was made.');
    expect(text).toContain('jemalloc-faster is judged for the first time.');
    expect(text).not.toContain('false-sharing was');
    expect(text).toContain('Claims on that machine: 6 supported, 1 refuted.');
  });

  test('--json is the verdicts and the figures', async () => {
    const stage = stageWithRun();
    expect(await stage.run('judge', 'a.json', '--json')).toBe(0);
    const judged = JSON.parse(stage.stdout()) as Pick<Run, 'verdicts' | 'inferences' | 'predictions'>;
    const { verdicts } = judged;
    expect(Object.keys(judged)).toEqual(['verdicts', 'inferences', 'predictions']);
    const claims = stageExperiments.flatMap((experiment) => experiment.claims.map(({ id }) => id));
    expect(verdicts.map(({ claim }) => claim)).toEqual(claims);
    expect(verdicts.find(({ claim }) => claim === 'prefetch-helps')?.status).toBe('refuted');
  });

  test('shows the figures that are inferred and predicted now, and which were others', async () => {
    const first = run.measurements.find((row) => !row.twin)!;
    const unit = first.unit;
    const common = { low: null, high: null, processes: 1, reported: null, reportedBy: null, note: null };
    const figures = [
      { ...common, id: 'a', title: 'Same as before', unit, value: 2 },
      { ...common, id: 'b', title: 'Read anew', unit: 'x', value: 3.07 },
    ];
    const { id } = stageExperiments.find((one) => one.id === first.experiment)!;
    const stored = [figures[0]!, { ...figures[1]!, value: 4 }].map((one) => ({ experiment: id, ...one }));
    const stage = stageWithRun({ columns: 100 }, { ...run, inferences: stored });
    const experiments = stageExperiments.map((one) =>
      one.id === id
        ? {
            ...one,
            infer: () => figures,
            predict: () => [
              {
                group: { key: first.group, point: first.point },
                arm: { variant: first.variant },
                value: first.summary.median / 2,
                misses: [],
                notes: [],
              },
            ],
          }
        : one,
    );
    Object.assign(stage.lab, { experiments: async () => experiments });
    expect(await stage.run('judge', 'a.json')).toBe(0);
    const text = flat(stage.stdout());
    expect(text).toContain(`(${id}) inferred here interval`);
    expect(text).toMatch(/Read anew +3\.07x n\/a/);
    expect(text).toContain('The cache model is wrong for');
    expect(text).toContain('When the run was made the figures were others: Read anew 4.00x.');
    expect(widest(stage.stdout())).toBeLessThanOrEqual(100);
  });

  test('an experiment that this version does not know is named', async () => {
    const conduct = run.conduct.map((one, i) => (i === 0 ? { ...one, experiment: 'page-colouring' } : one));
    const stage = stageWithRun({}, { ...run, conduct });
    expect(await stage.run('judge', 'a.json')).toBe(0);
    expect(flat(stage.stdout())).toContain('no experiment "page-colouring": its claims are not judged');
  });
});

describe('report', () => {
  test('as text, JSON, CSV and Markdown on stdout', async () => {
    for (const [flags, head] of [
      [[], /^Linefill 0\.1\.0: quick run of 2026-11-21T09:30:00\.000Z, seed 42\n/],
      [['--json'], /^{"format":"linefill-run",/],
      [['--csv'], /^experiment,group,point\.workingSetBytes,/],
      [['--markdown'], /^# Linefill run\n/],
    ] as const) {
      const stage = stageWithRun();
      expect(await stage.run('report', 'a.json', ...flags)).toBe(0);
      expect(stage.stdout()).toMatch(head);
      expect(stage.stderr()).toBe('');
    }
  });

  test('--json gives back the very run', async () => {
    const stage = stageWithRun();
    await stage.run('report', 'a.json', '--json');
    expect(parseRun(stage.stdout(), 'stdout')).toEqual(run);
  });

  test('--html writes a page and prints nothing on stdout', async () => {
    const stage = stageWithRun();
    expect(await stage.run('report', 'a.json', '--html', 'b.html')).toBe(0);
    expect(readFileSync(join(stage.cwd, 'b.html'), 'utf8')).toMatch(/^<!doctype html>/);
    expect(stage.stdout()).toBe('');
    expect(stage.stderr()).toBe('Report: b.html\n');
  });

  test('needs neither the machine nor the engine', async () => {
    const stage = stageWithRun();
    Object.assign(stage.lab, { describeMachine: refuse, surveyMachine: refuse, measure: refuse });
    for (const command of ['report', 'judge']) expect(await stage.run(command, 'a.json')).toBe(0);
    expect(await stage.run('compare', 'a.json', 'a.json')).not.toBe(70);
  });
});
