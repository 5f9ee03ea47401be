import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { layoutCommand } from '../../src/cli/commands/layout.ts';
import { make } from '../../src/cli/makers.ts';
import { meant } from '../../src/cli/nearest.ts';
import { parseRun } from '../../src/experiment/schema.ts';
import { exampleLayout } from '../../src/layout/example.ts';
import { formsOf } from '../../src/layout/forms.ts';
import { parseLayout } from '../../src/layout/spec.ts';
import { measured as measuredFact } from '../../src/machine/fact.ts';
import { layoutRun, type TypicalTimes } from '../fixtures/layout-run.ts';
import { emptyFolder, setStage, type Stage, type StageSet, widest } from './stage.ts';

const file = {
  name: 'Particle',
  count: 100_000,
  fields: [
    { name: 'alive', type: 'bool' },
    { name: 'x', type: 'f64' },
    { name: 'vx', type: 'f64' },
    { name: 'label', type: 'bytes', length: 40 },
  ],
  loops: [
    { name: 'move', reads: ['x', 'vx'], writes: ['x'], weight: 2 },
    { name: 'count', reads: ['alive'], writes: ['alive'], threads: 2, partition: 'interleaved' },
  ],
};
const spec = parseLayout(JSON.stringify(file), 'the file', meant);
const { forms } = formsOf(spec, 64);

const slow = Object.fromEntries(forms.map(({ id }) => [id, 8]));
const times: TypicalTimes = {
  move: { ...slow, soa: 2, 'hot-cold': 2.2 },
  count: { ...slow, soa: 9, padded: 7 },
};

/** A stage on which a layout file lies and the lab measures as told. */
function stageWith(layout: object = file, set: StageSet = {}, typical: TypicalTimes = times): Stage {
  const stage = setStage({ measure: async () => layoutRun(spec, forms, typical), ...set });
  writeFileSync(join(stage.cwd, 'a.json'), JSON.stringify(layout));
  return stage;
}

describe('linefill layout', () => {
  test('prints an example that it reads', async () => {
    const stage = setStage();
    expect(await stage.run('layout', '--example')).toBe(0);
    expect(stage.stdout()).toBe(exampleLayout);
    writeFileSync(join(stage.cwd, 'b.json'), stage.stdout());
    expect(await stage.run('layout', 'b.json', '--no-measure')).toBe(0);
    expect(stage.stderr()).toBe('');
  });

  test('predicts without measuring', async () => {
    const stage = stageWith();
    expect(await stage.run('layout', 'a.json', '--no-measure')).toBe(0);
    expect(stage.requests).toEqual([]);
    expect(stage.files()).toEqual(['a.json']);
    const text = stage.stdout();
    expect(text).toMatch(/^Particle: 4 fields, 100,000 elements; lines of 64 B\n/);
    expect(text).toMatch(/^ +1 +7 +\. +\(hole\)$/m);
    expect(text).toMatch(/^ +8 +8 +B +x +f64 +move$/m);
    expect(text).toContain('     0 |A.......BBBBBBBBCCCCCCCC');
    expect(text).toMatch(/^as declared +64 B +7 B/m);
    expect(text).toMatch(/^SoA +57 B +0 B/m);
    expect(text).toMatch(/^move: sequential, reads x, vx, writes x, weight 2$/m);
    expect(text).toMatch(/^SoA +0\.25\d? +100% +0\.18\dx$/m);
    expect(text.replaceAll(/\s+/g, ' ')).toContain(
      'SoA: threads fight over 100% of its lines: alive of element 0 (thread 0 writes) lies beside alive of element 1',
    );
    expect(text).toContain('By prediction alone: ');
  });

  test('takes for near what was measured, where that is another size than the one reported', async () => {
    const stage = stageWith({ ...file, count: 3000 });
    const before = await stage.run('layout', 'a.json', '--no-measure');
    expect([before, stage.stdout()]).toEqual([0, expect.stringContaining('in cache')]);
    const measuredCaches = measuredFact([{ level: 2, sizeBytes: 2 ** 16, latencyNs: 4, ways: null }], 'made');
    const machine = { ...(await stage.lab.describeMachine()), measuredCaches };
    const small = stageWith({ ...file, count: 3000 });
    const lab = { ...small.lab, describeMachine: async () => machine };
    const options = { measure: false, profile: 'quick', seed: 1 } as const;
    expect(await layoutCommand('a.json', options, small.io, lab)).toBe(0);
    expect(small.stdout()).not.toContain('in cache ');
    expect(small.stdout()).toContain('By prediction alone: ');
  });

  test('measures, and recommends with an interval', async () => {
    const stage = stageWith();
    expect(await stage.run('layout', 'a.json', '--cpus', '1,0', '--seed', '7', '--budget', '9s')).toBe(0);
    const [request] = stage.requests;
    expect(request).toMatchObject({ profile: 'quick', cpus: [1, 0], seed: 7, budgetMs: 9000, settings: {} });
    expect(request?.experiments.map(({ id }) => id)).toEqual(['layout-move', 'layout-count']);
    expect(request?.experiments.map(({ variants }) => variants[0]!.form)).toEqual(['thread', 'team']);
    const text = stage.stdout();
    expect(text).toMatch(/^hot\/cold split +0\.375 .* 0\.27\dx .*faster$/m);
    expect(text).toMatch(/^SoA .* 1\.1\dx .*slower$/m);
    const advice = text.replaceAll(/\s+/g, ' ');
    expect(advice).toContain('All loops together, by their weights form ratio interval shown');
    expect(advice).toMatch(
      /Recommended: hot\/cold split\. Put x, vx, alive together; move label out to a second/,
    );
    expect(advice).toMatch(
      /the 2 loops together, by their weights, take 0\.5\d\dx \[0\.5\d\d, 0\.5\d\d\] as long/,
    );
    expect(text).toMatch(/^hot: 24 B each$/m);
  });

  test('a fresh process makes the same experiments from the request', async () => {
    const stage = stageWith();
    await stage.run('layout', 'a.json');
    const [request] = stage.requests;
    const made = await make(request!.source!);
    expect(made.map(({ id, variants }) => [id, variants.map((variant) => variant.id)])).toEqual(
      request!.experiments.map(({ id, variants }) => [id, variants.map((variant) => variant.id)]),
    );
    await expect(make({ maker: 'nobody', text: '' })).rejects.toThrow('nobody makes experiments');
  });

  test('says that nothing is better where nothing is shown', async () => {
    const stage = stageWith(file, {}, { move: slow, count: slow });
    expect(await stage.run('layout', 'a.json')).toBe(0);
    expect(stage.stdout()).toContain('No form is shown to be better than the structure as declared.');
  });

  test('keeps the run where asked, and nowhere else', async () => {
    const stage = stageWith();
    expect(await stage.run('layout', 'a.json', '--out', 'run.json')).toBe(0);
    expect(stage.files()).toEqual(['a.json', 'run.json']);
    expect(stage.stderr()).toBe('Run: run.json\n');
    const run = parseRun(readFileSync(join(stage.cwd, 'run.json'), 'utf8'), 'run.json');
    expect(run).toEqual(layoutRun(spec, forms, times));
  });

  test('prints JSON of the prediction, the measurement and the advice', async () => {
    const stage = stageWith();
    expect(await stage.run('layout', 'a.json', '--json')).toBe(0);
    const data = JSON.parse(stage.stdout()) as {
      forms: { id: string; sizeBytes: number }[];
      loops: { forms: { form: string; fetchedLines: number; measured: object; comparison: object }[] }[];
    };
    expect(data).toMatchObject({ name: 'Particle', count: 100_000, recommended: 'hot-cold', lineBytes: 64 });
    expect(data.forms.map(({ id }) => id)).toEqual(forms.map(({ id }) => id));
    expect(data.loops[0]!.forms[0]).toMatchObject({ form: 'as-declared', ratio: 1, comparison: null });
    expect(data.loops[0]!.forms.find(({ form }) => form === 'soa')).toMatchObject({
      comparison: { result: 'faster' },
      measured: { processes: 10 },
    });
  });

  test('what a loop could not have is said', async () => {
    const measure = async () => ({
      ...layoutRun(spec, forms, { move: times['move']! }),
      leftOut: [{ experiment: 'layout-count', what: 'all', reason: 'needs 2 CPUs; this run has 1' }],
    });
    const stage = stageWith(file, { measure });
    expect(await stage.run('layout', 'a.json')).toBe(0);
    expect(stage.stdout()).toContain('Not measured: needs 2 CPUs; this run has 1.');
    expect(stage.stdout()).toContain('Measured, the loop move takes');
  });

  test('an experiment that failed, or an interruption, is the exit code', async () => {
    const run = layoutRun(spec, forms, { move: times['move']! });
    const [conduct] = (await import('../fixtures/run.ts')).syntheticRun().conduct;
    const failed = {
      ...run,
      conduct: [{ ...conduct!, experiment: 'layout-count', stopped: 'failed' as const }],
      warnings: ['layout-count: no time is reported: it died'],
    };
    const one = stageWith(file, { measure: async () => failed });
    expect(await one.run('layout', 'a.json')).toBe(1);
    expect(one.stderr()).toContain('no time is reported: it died');
    const other = stageWith(file, {
      measure: async (stage) => {
        stage.interrupt();
        return { ...run, complete: false };
      },
    });
    expect(await other.run('layout', 'a.json')).toBe(130);
    expect(other.stdout()).not.toBe('');
  });

  test.each([60, 80, 120])('keeps within %i columns', async (columns) => {
    const stage = stageWith(file, { columns });
    await stage.run('layout', 'a.json');
    expect(widest(stage.stdout())).toBeLessThanOrEqual(columns);
  });
});

const mistakes: readonly (readonly [line: string, fault: string, cure: string])[] = [
  ['layout', 'layout needs <file>', 'linefill layout --example > layout.json'],
  ['layout nowhere.json', 'there is no file', 'linefill layout --example > layout.json'],
  ['layout folder', 'is a folder', 'name the layout file in it'],
  ['layout text.txt', 'is not JSON', 'linefill layout --example'],
  ['layout large.json', 'is larger than any layout file', '--example'],
  ['layout typo.json', '"typo.json": loops[0].reads[1]: there is no field "labl"', 'did you mean label?'],
  ['layout many.json', 'count: 1,000,000,000 elements in all forms side by side take', '"count": 9000000,'],
  ['layout a.json b.json', 'layout was given too much: "b.json"', 'usage: linefill layout'],
  ['layout a.json --example', '--example takes no file', 'leave one of them out'],
  [
    'layout a.json --no-measure --budget 30s',
    "--no-measure and --budget can't be used together",
    'choose one',
  ],
  ['layout a.json --cpus 0 --no-measure', "--no-measure and --cpus can't be used together", 'choose one'],
  [
    'layout a.json --no-measure --profile full',
    "--no-measure and --profile can't be used together",
    'choose one',
  ],
  ['layout a.json --no-measure --seed 3', "--no-measure and --seed can't be used together", 'choose one'],
  ['layout a.json --no-measure --out r.json', '--no-measure measures nothing', 'choose one'],
  ['layout a.json --out folder', 'is a folder', 'name a file in it'],
  ['layout a.json --cpus 9', 'there is no CPU 9', 'did you mean 3?'],
  ['layout a.json --budget 9', '--budget "9" has no unit', 'did you mean 9s?'],
];

test.each(mistakes)('linefill %s', async (line, fault, cure) => {
  const stage = stageWith(file, { env: { COLUMNS: '400' } });
  const put = (name: string, text: string): void => writeFileSync(join(stage.cwd, name), text);
  mkdirSync(join(stage.cwd, 'folder'));
  put('text.txt', 'x: f32');
  put('large.json', ' '.repeat(2 ** 20 + 1));
  put('typo.json', JSON.stringify({ ...file, loops: [{ name: 'move', reads: ['x', 'labl'] }] }));
  put('many.json', JSON.stringify({ ...file, count: 1e9 }));
  expect(await stage.run(...line.split(' '))).toBe(2);
  expect(stage.stdout()).toBe('');
  const [first, second] = stage.stderr().split('\n');
  expect(first).toContain(fault);
  expect(second).toContain(cure);
  expect(stage.requests).toEqual([]);
});

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

test('predicts without the addon', () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'a.json'), JSON.stringify(file));
  const env = { ...process.env, LINEFILL_ADDON: '/nowhere/linefill.node' };
  const argv = [program, 'layout', 'a.json', '--no-measure'];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, {
    cwd: folder,
    encoding: 'utf8',
    env,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('By prediction alone');
});

test('measures a layout with real processes, a team among them', () => {
  const folder = emptyFolder();
  const small = { ...file, count: 2000 };
  writeFileSync(join(folder, 'a.json'), JSON.stringify(small));
  const argv = [
    program,
    'layout',
    'a.json',
    '--profile',
    'smoke',
    '--budget',
    '4s',
    '--json',
    '--out',
    'r.json',
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { cwd: folder, encoding: 'utf8' });
  expect(stderr).toContain('Run: r.json');
  expect(status).toBe(0);
  const run = parseRun(readFileSync(join(folder, 'r.json'), 'utf8'), 'r.json');
  const { loops } = JSON.parse(stdout) as {
    loops: { name: string; leftOut: string[]; forms: { measured: { nsPerElement: number } | null }[] }[];
  };
  for (const { name, leftOut, forms: measured } of loops) {
    const conduct = run.conduct.find(({ experiment }) => experiment === `layout-${name}`)!;
    // On one CPU there is no team.
    if (leftOut.length > 0) continue;
    expect(conduct.crossChecked).toBe(forms.length);
    expect(measured.map((form) => (form.measured?.nsPerElement ?? 0) > 0)).toEqual(forms.map(() => true));
  }
  expect(loops[0]!.leftOut).toEqual([]);
});
