import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { make } from '../../src/cli/makers.ts';
import { collectorChoices } from '../../src/collectors/plans.ts';
import type { Experiment } from '../../src/experiment/experiment.ts';
import { parseRun } from '../../src/experiment/schema.ts';
import type { Run } from '../../src/experiment/run.ts';
import type { LifetimeModel } from '../../src/trace/lifetime-model.ts';
import { lifetimeModelText } from '../../src/trace/lifetime-model-file.ts';
import { mutators } from '../../src/trace/mutators.ts';
import { makeConduct, makeRun } from '../unit/experiment/made.ts';
import { row } from '../unit/experiments/judged-rows.ts';
import { setStage, type Stage, type StageSet, widest } from './stage.ts';

const unwrapped = (text: string): string => text.replace(/\s+/g, ' ');
const ids = collectorChoices.map(({ id }) => id);

/** Time an operation by variant; all others take 20 ns. */
const times: Readonly<Record<string, number>> = { 'mark-sweep': 10, 'mark-compact': 8, 'ts-mark-sweep': 30 };
const timeOf = (variant: string): number => times[variant] ?? 20;

function rowsOf(experiment: Experiment): Run['measurements'] {
  const heaps = experiment.parameters[0]!.values({} as never) as readonly number[];
  return heaps.flatMap((heapBytes) => {
    const group = { heapBytes };
    const rows = experiment.variants.flatMap(({ id }) => [
      row(experiment, group, id, {}, timeOf(id)),
      ...(experiment.metrics ?? []).map((metric) => ({
        ...row(experiment, group, id, {}, 100 * timeOf(id)),
        metric: metric.id,
      })),
    ]);
    const base = experiment.baseline.variant;
    return [...rows, row(experiment, group, base, {}, timeOf(base), true)];
  });
}

/** A lab that "measures" whatever it is asked for. */
async function measure({ requests }: Stage): Promise<Run> {
  const { experiments } = requests.at(-1)!;
  return makeRun({
    measurements: experiments.flatMap(rowsOf),
    conduct: experiments.map(({ id }) => makeConduct({ experiment: id, processes: 6 })),
    leftOut: [{ experiment: 'gc-run', what: 'semi-space (heapBytes=1)', reason: 'out of memory' }],
  });
}

const stageWith = (set: StageSet = {}): Stage => setStage({ measure, columns: 100, ...set });
/** A recorded program: objects of 32 B, half of which die at once. */
const survival = [
  [0, 1],
  [1024, 0.5],
  [8192, 0],
] as const;
const model: LifetimeModel = {
  tool: 'linefill',
  program: 'node app.js',
  node: '20.20.2',
  recordedAt: '2026-11-21T12:00:00.000Z',
  elapsedNs: 1e9,
  isComplete: true,
  threadsLeftOut: 0,
  intervalBytes: 6000,
  samples: 1000,
  looks: 5,
  looksNs: 1e6,
  allocatedBytes: 1e5,
  finestBytes: 64,
  survival,
  classes: [{ leastBytes: 24, mostBytes: 64, seen: 100, byteShare: 1, sizes: [[32, 1]], survival }],
  live: [[1e5, 4000]],
  pauses: [],
};

/** A program of a few milliseconds. */
const small = ['rewiring', '--set', 'steps=500', '--set', 'nodes=50'];

describe('linefill gc run', () => {
  test('says which collector serves a program best, and keeps the run', async () => {
    const stage = stageWith();
    const words = ['--collectors', 'mark-sweep,mark-compact,ts-mark-sweep', '--out', 'a.json', '--no-html'];
    expect(await stage.run('gc', 'run', ...small, ...words)).toBe(0);
    const text = stage.stdout();
    expect(text).toMatch(/^rewiring: [\d,]+ operations, [\d.]+ KiB live at most; 6 fresh processes\.\n/);
    const lines = text.split('\n');
    const names = lines.flatMap((line) => /^((?:ts-)?mark-[a-z]+) /.exec(line)?.[1] ?? []);
    expect(names).toEqual(['mark-compact', 'mark-sweep', 'ts-mark-sweep']);
    expect(lines.find((line) => line.startsWith('mark-sweep '))).toContain('baseline');
    const said = unwrapped(text);
    expect(said).toContain('Throughput: mark-compact, 8.00 ns an operation');
    expect(said).toContain('Shown to be faster than mark-sweep, ts-mark-sweep.');
    expect(said).toContain('Pauses: mark-compact, longest 800 ns');
    expect(said).toMatch(/Memory: mark-compact can run it in the smallest heap, 1\.\d\dx of what is live/);
    expect(stage.files()).toEqual(['a.json']);
    expect(parseRun(readFileSync(join(stage.cwd, 'a.json'), 'utf8'), 'a.json').conduct).toHaveLength(1);
  });

  test('measures what a fresh process makes again, in each heap and language', async () => {
    const stage = stageWith();
    const words = ['--heap', '300%,1MiB', '--seed', '7', '--no-out', '--no-html', '--set', 'promotionAge=3'];
    expect(await stage.run('gc', 'run', ...small, ...words)).toBe(0);
    const [request] = stage.requests;
    expect(request).toMatchObject({ seed: 7, source: { maker: 'collectors' } });
    const [made] = await make(request!.source!);
    const [asked] = request!.experiments;
    expect(made!.variants.map(({ id }) => id)).toEqual([
      ...ids,
      ...ids.filter((id) => id !== 'concurrent').map((id) => `ts-${id}`),
    ]);
    expect(unwrapped(stage.stdout())).toContain('Not run: ts-concurrent: its worker needs a shared heap');
    expect(made!.variants.map(({ fixed }) => fixed)).toEqual(asked!.variants.map(({ fixed }) => fixed));
    expect(made!.variants.find(({ id }) => id === 'generational')!.fixed).toEqual({ promotionAge: 3 });
    const heaps = made!.parameters[0]!.values({} as never);
    expect(heaps).toHaveLength(2);
    expect(heaps[1]).toBe(2 ** 20);
    expect(stage.files()).toEqual([]);
  });

  test('takes a recorded model, which a fresh process gets with the request', async () => {
    const stage = stageWith();
    const file = join(stage.cwd, 'app.gc.json');
    writeFileSync(file, lifetimeModelText(model));
    const words = ['--collectors', 'mark-sweep', '--no-out', '--no-html'];
    expect(await stage.run('gc', 'run', 'app.gc.json', ...words)).toBe(0);
    expect(stage.stdout()).toMatch(/^app\.gc\.json: [\d,]+ operations/);
    rmSync(file);
    const [made] = await make(stage.requests[0]!.source!);
    expect(made!.parameters[0]!.values({} as never)).toEqual(
      stage.requests[0]!.experiments[0]!.parameters[0]!.values({} as never),
    );
  });

  test('prints JSON', async () => {
    const stage = stageWith();
    const words = ['--collectors', 'native', '--json', '--no-out', '--html', 'a.html'];
    expect(await stage.run('gc', 'run', ...small, ...words)).toBe(0);
    const data = JSON.parse(stage.stdout()) as { heaps: { served: unknown[]; fastest: unknown }[] };
    expect(data).toMatchObject({ title: 'rewiring', heaps: [{ fastest: { id: 'mark-compact' } }] });
    expect(data.heaps[0]!.served).toHaveLength(ids.length);
    expect(stage.files()).toEqual(['a.html']);
  });

  test('fails where nothing was measured', async () => {
    const nothing = async (): Promise<Run> => makeRun({ measurements: [], conduct: [] });
    const stage = stageWith({ measure: nothing });
    const words = ['--collectors', 'mark-sweep', '--no-out', '--no-html'];
    expect(await stage.run('gc', 'run', ...small, ...words)).toBe(1);
    expect(stage.stdout()).toContain('Nothing was measured in this heap.');
  });

  test.each([40, 60, 100])('keeps within %d columns', async (columns) => {
    const stage = stageWith({ columns });
    await stage.run('gc', 'run', ...small, '--collectors', 'semi-space,mark-sweep', '--no-out', '--no-html');
    expect(widest(stage.stdout())).toBeLessThanOrEqual(columns);
  });

  test.each([
    [['rewirin'], 'there is no program of objects "rewirin"', 'did you mean rewiring?'],
    [['--collectors', 'marksweep'], 'there is no collector "marksweep"', 'did you mean mark-sweep?'],
    [['--collectors', 'ts-concurrent'], "ts-concurrent can't be run here", 'linefill run marking-pauses'],
    [['--heap', 'large'], '--heap "large" is neither', '--heap 200%'],
    [['--heap', '1KiB'], 'is less than the', '--heap 200%'],
    [['--set', 'stepps=5'], 'nor a chosen collector has such a number', 'did you mean steps?'],
    [['--set', 'steps=many'], 'is not one whole number', '--set steps=1000'],
    [['--set', 'mostSlots=99'], 'mostSlots must be a whole number from 1 to 16', '--set'],
    [['--cpus', '99'], '99', 'CPU'],
    [['--collectors', 'generational', '--set', 'promotionAge=99'], '99', 'linefill gc explain generational'],
    [
      ['--collectors', 'mark-sweep', '--set', 'lazy=1'],
      'mark-sweep is the one with lazy=0',
      '--collectors mark-sweep-lazy',
    ],
    [
      ['--collectors', 'ts-incremental-snapshot', '--set', 'barrier=7'],
      'incremental-snapshot is the one with barrier=1',
      'incremental-snapshot or incremental-insertion',
    ],
    [['--heap', '4GiB'], 'is more than the 2 GiB', '--heap 2GiB'],
    [['broken.json'], 'broken.json', 'linefill gc record'],
  ])('%s: says what is wrong and what to type', async (words, wrong, cure) => {
    const stage = stageWith();
    writeFileSync(join(stage.cwd, 'broken.json'), '{}');
    expect(await stage.run('gc', 'run', ...words, '--no-out', '--no-html')).toBe(2);
    expect(unwrapped(stage.stderr())).toContain(wrong);
    expect(unwrapped(stage.stderr())).toContain(cure);
    expect(stage.requests).toEqual([]);
  });
});

describe('linefill gc explain', () => {
  test('lists the collectors', async () => {
    const stage = setStage();
    expect(await stage.run('gc', 'explain')).toBe(0);
    for (const id of [...ids, ...mutators.map((each) => each.id)]) {
      expect(stage.stdout()).toContain(`  ${id}: `);
    }
  });

  test.each(ids)('%s: what it does, a drawing, costs and source, in 60 columns', async (id) => {
    const stage = setStage({ columns: 120 });
    expect(await stage.run('gc', 'explain', id)).toBe(0);
    const text = stage.stdout();
    expect(widest(text)).toBeLessThanOrEqual(60);
    for (const part of ['Costs', 'Keeps', 'Shows here', 'Source', `linefill gc run --collectors ${id}`]) {
      expect(unwrapped(text)).toContain(part);
    }
  });

  test('says what is meant where there is none of the name', async () => {
    const stage = setStage();
    expect(await stage.run('gc', 'explain', 'semispace')).toBe(2);
    expect(unwrapped(stage.stderr())).toContain('did you mean semi-space?');
  });
});
