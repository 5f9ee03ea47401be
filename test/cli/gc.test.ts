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
  offHeap: null,
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
    expect(text).toMatch(/^rewiring: [\d,]+ operations that allocate [\d.]+ KiB, [\d,]+ B a thousand;/);
    expect(unwrapped(text)).toMatch(/KiB live at most, [\d.]+ KiB on average; 6 fresh processes\./);
    const lines = text.split('\n');
    const names = lines.flatMap((line) => /^((?:ts-)?mark-[a-z]+) /.exec(line)?.[1] ?? []);
    expect(names).toEqual(['mark-compact', 'mark-sweep', 'ts-mark-sweep']);
    expect(lines.find((line) => line.startsWith('mark-sweep '))).toContain('baseline');
    const said = unwrapped(text);
    expect(said).toContain('Throughput, native: mark-compact, 8.00 ns an operation');
    expect(said).toContain('Shown to be faster than mark-sweep.');
    expect(said).toContain('Throughput, TypeScript: ts-mark-sweep, 30.0 ns an operation');
    expect(said).toContain('Pauses: mark-compact has the shortest longest one, 800 ns; then mark-sweep');
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
    expect(unwrapped(stage.stdout())).toMatch(/; ages are multiplied by [\d.]+, sizes are the program's own/);
    rmSync(file);
    const [made] = await make(stage.requests[0]!.source!);
    expect(made!.parameters[0]!.values({} as never)).toEqual(
      stage.requests[0]!.experiments[0]!.parameters[0]!.values({} as never),
    );
  });

  test('gives the program the live set and the rate that are asked for, once for all processes', async () => {
    const stage = stageWith();
    const words = ['--live', '20KB', '--rate', '2KB', '--set', 'steps=2500', '--json'];
    const least = ['--collectors', 'mark-sweep', '--no-out', '--no-html'];
    expect(await stage.run('gc', 'run', 'rewiring', ...words, ...least)).toBe(0);
    const { liveBytes, rateBytes, allocatedBytes, operations } = JSON.parse(stage.stdout()) as Record<
      'liveBytes' | 'rateBytes' | 'allocatedBytes' | 'operations',
      number
    >;
    expect(liveBytes / 20_000).toBeCloseTo(1, 1);
    expect(rateBytes / 2000).toBeCloseTo(1, 1);
    expect((1000 * allocatedBytes) / operations).toBe(rateBytes);
    expect(stage.stderr()).toContain('looking for numbers of rewiring that give 19.5 KiB live at most');
    const source = JSON.parse(stage.requests[0]!.source!.text) as { settings: Record<string, number> };
    expect(Object.keys(source.settings).toSorted()).toEqual(['nodes', 'rateBytes', 'steps']);
    const [made] = await make(stage.requests[0]!.source!);
    expect(made!.explain).toBe(stage.requests[0]!.experiments[0]!.explain);
    expect(made!.explain).toMatch(/The program has [\d,]+ operations that allocate .* live at most/);
  });

  test('says what a recorded program can not be told', async () => {
    const stage = stageWith();
    writeFileSync(join(stage.cwd, 'app.gc.json'), lifetimeModelText(model));
    for (const words of [
      ['--rate', '3KiB'],
      ['--set', 'rateBytes=3KiB'],
    ]) {
      expect(await stage.run('gc', 'run', 'app.gc.json', ...words, '--no-out', '--no-html')).toBe(2);
      expect(unwrapped(stage.stderr())).toContain(
        'what a program does between its allocations is not recorded',
      );
      expect(unwrapped(stage.stderr())).toContain(`leave ${words.slice(0, -1).join(' ')}`);
    }
  });

  test('prints JSON', async () => {
    const stage = stageWith();
    const words = ['--collectors', 'native', '--json', '--no-out', '--html', 'a.html'];
    expect(await stage.run('gc', 'run', ...small, ...words)).toBe(0);
    const data = JSON.parse(stage.stdout()) as { heaps: { served: unknown[]; fastest: unknown }[] };
    expect(data).toMatchObject({ title: 'rewiring', heaps: [{ fastest: [{ id: 'mark-compact' }] }] });
    expect(data.heaps[0]!.served).toHaveLength(ids.length);
    expect(stage.files()).toEqual(['a.html']);
  });

  test('keeps in the run file what a report needs: words, and what it comes to', async () => {
    const stage = stageWith();
    const words = [
      '--collectors',
      'mark-sweep,mark-compact',
      '--heap',
      '1MiB,2MiB',
      '--out',
      'a.json',
      '--no-html',
    ];
    expect(await stage.run('gc', 'run', ...small, ...words)).toBe(0);
    const run = parseRun(readFileSync(join(stage.cwd, 'a.json'), 'utf8'), 'a.json');
    const [kept] = run.words!;
    const { experiments } = stage.requests[0]!;
    expect(kept).toMatchObject({
      id: 'gc-run',
      title: experiments[0]!.title,
      question: experiments[0]!.question,
    });
    const said = kept!.conclusions.join('\n');
    expect(said).toMatch(/^Heap of 1 MiB, [\d.]+x of live\. Throughput: mark-compact, 8\.00 ns/);
    expect(said).toMatch(/over what is live at most: mark-compact 1\.\d+x, mark-sweep [\d.]+x\./);
    expect(said).toMatch(/linefill gc map rewiring --set steps=500 --set nodes=50 --seed \d+$/);
    for (const format of ['--markdown', '--text']) {
      const again = setStage({ columns: 100 });
      writeFileSync(join(again.cwd, 'a.json'), JSON.stringify(run));
      expect(await again.run('report', 'a.json', ...(format === '--text' ? [] : [format]))).toBe(0);
      const text = unwrapped(again.stdout());
      expect(text).toContain('rewiring: over the collectors');
      expect(text).toContain('Which collector serves this program best?');
      expect(text).toContain('longest pause');
      expect(text).toContain('Throughput: mark-compact, 8.00 ns an operation');
      expect(await again.run('judge', 'a.json')).toBe(0);
      expect(again.stdout()).not.toContain('has no experiment');
    }
  });

  test('crowns nobody who had nothing to do, and says who that was', async () => {
    const idle = (run: Run): Run => ({
      ...run,
      measurements: run.measurements.map((one) => {
        const { variant, metric, summary } = one;
        const isNone = ['collections', 'pauses', 'maxPauseNs'].includes(metric);
        return isNone && ['mark-compact', 'ref-count'].includes(variant)
          ? { ...one, summary: { ...summary, median: 0 } }
          : one;
      }),
    });
    const stage = stageWith({ measure: async (mine) => idle(await measure(mine)), columns: 200 });
    const words = ['--collectors', 'mark-sweep,mark-compact,ref-count', '--no-out', '--no-html'];
    expect(await stage.run('gc', 'run', ...small, ...words)).toBe(0);
    const said = unwrapped(stage.stdout());
    expect(said).toContain('Pauses: mark-sweep has the shortest longest one');
    expect(said).toContain('No pause that was timed: ref-count.');
    expect(said).toContain(
      'Never collected, so that pauses, throughput and MMU tell nothing of them: mark-compact. ' +
        'Pass a smaller --heap, or a longer program by --set steps.',
    );
    expect(stage.stdout()).toMatch(/^mark-compact .* none +none/m);
  });

  test('says in a line who ran out of memory, of TypeScript what differs, and marks what is unstable', async () => {
    const titled = (id: string): string =>
      `${id.startsWith('ts-') ? 'TypeScript, ' : ''}${collectorChoices.find((each) => each.id === id.replace('ts-', ''))!.title}`;
    const of = (id: string, percent: number, heapBytes: number): Run['leftOut'][number] => ({
      experiment: 'gc-run',
      what: `${titled(id)} (heapBytes=${heapBytes} lazy=1)`,
      reason: `out of memory after ${percent}% of its operations: no room was left`,
    });
    const short = (run: Run): Run => ({
      ...run,
      measurements: run.measurements.map((one) =>
        one.metric === 'time' ? { ...one, summary: { ...one.summary, unstable: true } } : one,
      ),
      leftOut: [
        of('mark-sweep-lazy', 52, 2 ** 20),
        of('ts-mark-sweep-lazy', 52, 2 ** 20),
        of('semi-space', 36, 2 ** 20),
        of('ts-semi-space', 35, 2 ** 20),
        of('ref-count', 7, 2 ** 24),
        { experiment: 'gc-run', what: 'generational (heapBytes=1048576)', reason: 'too small' },
        { experiment: 'gc-run', what: 'concurrent (heapBytes=1048576)', reason: 'too small' },
      ],
    });
    const stage = stageWith({ measure: async (mine) => short(await measure(mine)), columns: 200 });
    const words = ['--heap', '1MiB', '--no-out', '--no-html'];
    expect(await stage.run('gc', 'run', ...small, ...words)).toBe(0);
    const said = unwrapped(stage.stdout());
    expect(said).toContain(
      'Out of memory after so much of the program: ts-semi-space (35%), semi-space (36%), mark-sweep-lazy (52%).',
    );
    expect(said).toContain('Left out: generational, concurrent: too small');
    expect(said).toContain('10.0 ns~');
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
    [['--live', 'much'], '--live "much" is not a size', '--live 1MiB'],
    [['--live', '0'], '--live "0" is not a size from 1 B', '--live 1MiB'],
    [['--rate', '1.5'], '--rate "1.5" is not a size', '--rate 3KiB'],
    [['--rate', '1MiB'], 'bytes a thousand operations at most, not 1,048,576', 'larger objects (mostBytes)'],
    [['--live', '1MiB', '--set', 'nodes=5'], 'liveBytes and nodes both say how much lives', '--live'],
    [['--rate', '1KiB', '--set', 'reads=5'], 'rateBytes and reads both say', '--rate'],
    [['--live', '1MiB', '--set', 'liveBytes=1MiB'], '--live and --set liveBytes say the same', 'one of them'],
    [['--live', '1MiB', '--set', 'steps=9'], 'live only with steps=', '--set'],
    [['--set', 'liveBytes=2Mi'], '--set liveBytes=2Mi is not one whole number', 'liveBytes=64KiB'],
    [['--cpus', '99'], '99', 'CPU'],
    [['--collectors', 'generational', '--set', 'promotionAge=99'], '99', 'linefill gc explain generational'],
    [
      ['--collectors', 'generational', '--heap', '4MiB', '--set', 'nurseryWords=500000'],
      "--set nurseryWords=500000: in a heap of 4 MiB generational can't: it must ask for a nursery",
      'linefill gc explain generational',
    ],
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

  test.each(mutators.map((each) => [each.id, each] as const))(
    '%s: what it allocates and has live, and its numbers',
    async (id, { parameters, sizing }) => {
      const stage = setStage({ columns: 50 });
      expect(await stage.run('gc', 'explain', id)).toBe(0);
      expect(widest(stage.stdout())).toBeLessThanOrEqual(50);
      const text = unwrapped(stage.stdout());
      expect(text).toMatch(/[\d,]+ B a thousand; [\d.]+ [KM]iB live at most, [\d.]+ [KM]iB on average\./);
      expect(text).toContain(`at most, in place of ${sizing!.live}`);
      expect(text).toMatch(/in place of reads; up to [\d,]+ B/);
      expect(text).toContain(`steps: ${parameters['steps']}`);
      expect(text).toContain(`linefill gc run ${id}`);
    },
  );

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
