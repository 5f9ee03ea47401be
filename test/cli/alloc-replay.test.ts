import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { make } from '../../src/cli/makers.ts';
import { parseRun } from '../../src/experiment/schema.ts';
import type { Experiment } from '../../src/experiment/experiment.ts';
import type { Run } from '../../src/experiment/run.ts';
import { environment } from '../../src/native/binding.ts';
import { writeTrace } from '../../src/trace/file.ts';
import { TraceWriter } from '../../src/trace/rows.ts';
import { makeConduct, makeRun } from '../unit/experiment/made.ts';
import { row } from '../unit/experiments/judged-rows.ts';
import { setStage, type Stage, type StageSet, widest } from './stage.ts';

/** Time a call by variant; all others take 20 ns. */
const times: Readonly<Record<string, number>> = { 'multi-pool': 4, tlsf: 10, malloc: 12 };
const timeOf = (variant: string): number => times[variant] ?? 20;

function rowsOf(experiment: Experiment): Run['measurements'] {
  const base = experiment.baseline.variant;
  const rows = experiment.variants.flatMap(({ id }) => [
    row(experiment, {}, id, {}, timeOf(id)),
    ...(experiment.metrics ?? []).map((metric) => ({
      ...row(experiment, {}, id, {}, id === 'clock' ? 20 : 10 * timeOf(id)),
      metric: metric.id,
    })),
  ]);
  const all = [...rows, row(experiment, {}, base, {}, timeOf(base), true)];
  return all.map((one) => ({ ...one, summary: { ...one.summary, confidence: 0.969 } }));
}

/** A lab that "measures" whatever it is asked for. */
async function measure({ requests }: Stage): Promise<Run> {
  const { experiments } = requests.at(-1)!;
  return makeRun({
    measurements: experiments.flatMap(rowsOf),
    conduct: experiments.map(({ id }) => makeConduct({ experiment: id, processes: 6 })),
  });
}

/** A trace of 400 operations, on a stage. */
function stageWith(set: StageSet = {}): Stage {
  const stage = setStage({ measure, columns: 100, ...set });
  const writer = new TraceWriter();
  for (let id = 0; id < 200; id++) writer.alloc(id, 16 + id, 8);
  for (let id = 0; id < 200; id++) writer.free(id);
  writeTrace(join(stage.cwd, 'app.trace'), writer.finish());
  return stage;
}

const unwrapped = (text: string): string => text.replace(/\s+/g, ' ');

describe('linefill alloc replay', () => {
  test('says which allocator serves a trace best', async () => {
    const stage = stageWith();
    expect(await stage.run('alloc', 'replay', 'app.trace', '--allocators', 'tlsf,multi-pool,malloc')).toBe(0);
    const text = stage.stdout();
    expect(text).toMatch(/^app\.trace: 400 operations, 22\.6 KiB live at most; 6 fresh processes\.\n/);
    const lines = text.split('\n');
    const rows = lines.filter((line) => /^(multi-pool|tlsf|malloc) /.test(line));
    expect(rows.map((line) => line.split(' ')[0])).toEqual(['multi-pool', 'tlsf', 'malloc']);
    expect(rows[2]).toContain('baseline');
    expect(unwrapped(text)).toContain('Shown to be faster than tlsf, malloc.');
    expect(unwrapped(text)).toContain(
      'Single calls: multi-pool, 999 of 1,000 within 40.0 ns; the clock alone 20.0 ns.',
    );
    expect(unwrapped(text)).toMatch(/Each interval holds with 96\.9% or more/);
    expect(unwrapped(text)).toMatch(/Fragmentation, of ours, least: .*inside of blocks /);
    // 200 blocks of 115.5 B on average and their headers: too few for a ratio.
    expect(text).toMatch(/Memory, of ours: tlsf, 2\d(\.\d)? KiB\./);
  });

  test('measures what a fresh process makes again from the file', async () => {
    const stage = stageWith();
    await stage.run('alloc', 'replay', 'app.trace', '--allocators', 'tlsf,ts-tlsf,malloc', '--seed', '7');
    const [request] = stage.requests;
    expect(request).toMatchObject({ seed: 7, source: { maker: 'replay' } });
    const made = await make(request!.source!);
    const ids = (experiments: readonly Experiment[]): string[][] =>
      experiments.map(({ id, variants }) => [id, ...variants.map((variant) => variant.id)]);
    expect(ids(made)).toEqual(ids(request!.experiments));
    expect(ids(made)).toEqual([
      ['replay', 'tlsf', 'ts-tlsf', 'malloc'],
      ['replay-tails', 'tlsf', 'malloc', 'clock'],
      ['replay-memory', 'malloc'],
    ]);
  });

  test('takes a workload, and no more rows than told', async () => {
    const stage = stageWith();
    expect(await stage.run('alloc', 'replay', 'larson', '--rows', '5000', '--allocators', 'tlsf')).toBe(0);
    expect(stage.stdout()).toMatch(/^larson: the first 5,000 operations of more, /);
  });

  test('says what no interval, the clock and several threads mean', async () => {
    const stage = stageWith({
      measure: async (on) => {
        const run = await measure(on);
        const measurements = run.measurements.map((one) => ({
          ...one,
          summary: { ...one.summary, low: null, high: null, confidence: null },
          ...(one.metric === 'p999Ns' && one.variant !== 'malloc'
            ? { summary: { ...one.summary, median: 20 } }
            : {}),
        }));
        return { ...run, measurements };
      },
    });
    const rows = new TraceWriter();
    for (let id = 0; id < 2000; id++) rows.alloc(id, 24, 8).free(id);
    writeTrace(join(stage.cwd, 'pairs.trace'), rows.finish());
    expect(await stage.run('alloc', 'replay', 'pairs.trace', '--allocators', 'tlsf,multi-pool,malloc')).toBe(
      0,
    );
    const text = unwrapped(stage.stdout());
    expect(text).toContain('6 processes give no interval: more are needed, by --budget 2m');
    expect(text).toMatch(
      /999 of 1,000 take no longer than reading the clock alone, 20\.0 ns.*, with (tlsf, multi-pool|multi-pool, tlsf)\./,
    );
  });

  test('keeps what it found in the run file', async () => {
    const stage = stageWith();
    await stage.run('alloc', 'replay', 'app.trace', '--allocators', 'tlsf,malloc', '--out', 'r.json');
    const { words } = parseRun(readFileSync(join(stage.cwd, 'r.json'), 'utf8'), 'r.json');
    expect(words!.map(({ id }) => id)).toEqual(['replay', 'replay-tails', 'replay-memory']);
    expect(words![0]!.conclusions[0]).toMatch(/^app\.trace: 400 operations/);
    expect(words![0]!.conclusions.join(' ')).toContain('Time: tlsf');
    expect(await stage.run('report', 'r.json')).toBe(0);
    expect(unwrapped(stage.stdout())).toContain('Time: tlsf');
  });

  test('does not time beside the others what takes many times as long, unless it is named', async () => {
    const stage = stageWith();
    await stage.run('alloc', 'replay', 'larson', '--rows', '80000', '--allocators', 'ours');
    expect(unwrapped(stage.stdout())).toMatch(/Left out: worst-fit: not timed: a native replay takes /);
    expect(stage.stdout()).toMatch(/^worst-fit +n\/a/m);
    const named = stageWith();
    await named.run('alloc', 'replay', 'larson', '--rows', '80000', '--allocators', 'multi-pool,worst-fit');
    expect(named.stdout()).not.toContain('not timed');
  });

  test("has a library's allocators where they can serve the trace, and says where they can't", async () => {
    const various = stageWith();
    await various.run('alloc', 'replay', 'app.trace', '--allocators', 'others');
    const text = unwrapped(various.stdout());
    expect(text).toContain('Left out: pmr-monotonic: gives memory back only at its end; name it');
    expect(text).toMatch(
      /Left out: boost-pool: (not applicable: a pool has blocks of one size, and 200 sizes|Boost\.Pool was not)/,
    );
    const of = ({ requests }: Stage): string[] => requests[0]!.experiments[0]!.variants.map(({ id }) => id);
    expect(of(various)).toContain('malloc');
    expect(of(various)).not.toContain('pmr-monotonic');
    // One size, and the buffer by its name.
    const one = stageWith();
    await one.run('alloc', 'replay', 'batch-fifo', '--rows', '2000', '--allocators', 'others,pmr-monotonic');
    const { boostPool, pmr } = environment().peers();
    expect(of(one).includes('boost-pool')).toBe(boostPool !== null);
    expect(of(one).includes('pmr-monotonic')).toBe(pmr !== null);
    expect(unwrapped(one.stdout()).includes('pmr-monotonic takes nothing back before that')).toBe(
      pmr !== null,
    );
  });

  test('prints JSON, and keeps the run', async () => {
    const stage = stageWith();
    const words = [
      'alloc',
      'replay',
      'app.trace',
      '--allocators',
      'tlsf,malloc',
      '--json',
      '--out',
      'r.json',
    ];
    expect(await stage.run(...words)).toBe(0);
    const data = JSON.parse(stage.stdout()) as Record<string, unknown>;
    expect(data).toMatchObject({
      title: 'app.trace',
      rows: 400,
      fastest: { id: 'tlsf' },
      clockP999Ns: 20,
      allocators: [
        { id: 'tlsf', nsACall: 10, figures: { refused: 0 } },
        { id: 'malloc', figures: null },
      ],
      leftOut: [],
    });
    expect(
      parseRun(readFileSync(join(stage.cwd, 'r.json'), 'utf8'), 'r.json').measurements.length,
    ).toBeGreaterThan(0);
  });

  test.each([24, 40, 61, 100, 200])('keeps within %d columns', async (columns) => {
    const stage = stageWith({ columns });
    await stage.run('alloc', 'replay', 'app.trace', '--allocators', 'ours');
    expect(widest(stage.stdout())).toBeLessThanOrEqual(columns);
  });

  test.each([
    [['nothing.trace'], 'there is no trace file and no workload "nothing.trace"', 'workloads: pair'],
    [['larsen'], 'no workload "larsen"', 'did you mean larson?'],
    [['request-resets'], 'no workload "request-resets"', 'did you mean request-frees?'],
    [['app.trace', '--allocators', 'tlfs'], 'there is no allocator "tlfs"', 'did you mean tlsf?'],
    [['app.trace', '--rows', '0'], '--rows "0" is not a whole number', '--rows 1000000'],
    [['app.trace', '--cpus', '99'], '99', 'CPU'],
    [['broken.trace'], 'broken.trace" is no trace file', 'linefill alloc record'],
    [['empty.trace'], 'the trace has no operations', 'record another'],
  ])('%s: says what is wrong and what to type', async (words, wrong, cure) => {
    const stage = stageWith();
    writeFileSync(join(stage.cwd, 'broken.trace'), 'a 0 512\n');
    writeTrace(join(stage.cwd, 'empty.trace'), new TraceWriter().finish());
    expect(await stage.run('alloc', 'replay', ...words)).toBe(2);
    expect(unwrapped(stage.stderr())).toContain(wrong);
    expect(unwrapped(stage.stderr())).toContain(cure);
    expect(stage.requests).toEqual([]);
  });
});
