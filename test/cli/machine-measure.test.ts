/** `linefill machine --measure`: one table, contradictions, and a profile that later runs find. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ladderExperiments, ladderRows, outwards, reachOf } from '../../src/cli/commands/machine-ladder.ts';
import { profilePath, readProfile } from '../../src/cli/profile-place.ts';
import type { Inference } from '../../src/experiment/inference.ts';
import { experiments } from '../../src/experiments/index.ts';
import { measured, missing, reported } from '../../src/machine/fact.ts';
import type { Run } from '../../src/experiment/run.ts';
import { emptyFolder, setStage, type Stage, stageRun, widest } from './stage.ts';

const figure = (
  id: string,
  title: string,
  unit: string,
  value: number,
  more: Partial<Inference> = {},
): Inference => ({
  experiment: 'latency-ladder',
  id,
  title,
  unit,
  value,
  low: value * 0.98,
  high: value * 1.02,
  processes: 9,
  reported: null,
  reportedBy: null,
  note: null,
  ...more,
});

const inferences: readonly Inference[] = [
  figure('ram-latency', 'memory: latency', 'ns', 120),
  figure('l1-latency', 'L1 cache: latency', 'ns', 1.1),
  figure('l1-size', 'L1 cache: size', 'B', 33_000, { reported: 32_768, reportedBy: 'sysfs, CPUID' }),
  figure('l2-size', 'L2 cache: size', 'B', 300_000, {
    reported: 2 ** 20,
    reportedBy: 'sysfs, CPUID',
    note: 'odd',
  }),
];
const run: Run = { ...stageRun, inferences };

function staged(columns = 100): { stage: Stage; folder: string } {
  const folder = emptyFolder();
  const env = { LANG: 'en_GB.UTF-8', XDG_CACHE_HOME: folder };
  return { stage: setStage({ columns, env, measure: async () => run }), folder };
}

describe('machine --measure', () => {
  test('shows the ladder from the core outwards, inferred beside reported, with contradictions', async () => {
    const { stage } = staged();
    expect(await stage.run('machine', '--measure')).toBe(0);
    const text = stage.stdout();
    expect(text).toMatch(/^level +what +inferred +interval +reported +by$/m);
    expect(text).toMatch(/^L1 +size +32.2 KiB +\[31.6, 32.9\] +32.0 KiB +sysfs, CPUID$/m);
    expect([...text.matchAll(/^(L1|L2|memory|CPUs) {2}/gm)].map(([, level]) => level)).toEqual([
      'L1',
      'L2',
      'memory',
      'CPUs',
    ]);
    expect(text).toContain('Contradiction: L2 cache: size: 1 MiB reported');
    expect(text).toContain('L2 cache: size: odd');
    expect(stage.requests[0]).toMatchObject({ profile: 'quick', settings: {}, cpus: null });
  });

  test('keeps the profile where later runs find it', async () => {
    const { stage, folder } = staged();
    await stage.run('machine', '--measure', '--profile', 'full');
    expect(stage.requests[0]?.profile).toBe('full');
    const path = profilePath(run.machine.id, stage.io.env);
    expect(path.startsWith(join(folder, 'linefill'))).toBe(true);
    expect(stage.stderr()).toContain(`Profile: ${path}`);
    const kept = readProfile(run.machine.id, stage.io.env)!;
    expect(kept.figures).toHaveLength(inferences.length);
    expect(kept.figures.map(({ id }) => id)).toEqual(['l1-size', 'l1-latency', 'l2-size', 'ram-latency']);
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, 100));
    expect(readProfile(run.machine.id, stage.io.env)).toBeNull();
  });

  test('--json is the profile with the contradictions and warnings', async () => {
    const { stage } = staged();
    await stage.run('machine', '--measure', '--json');
    const said = JSON.parse(stage.stdout()) as {
      machineId: string;
      contradictions: string[];
      warnings: string[];
      figures: unknown[];
    };
    expect(said.machineId).toBe(run.machine.id);
    expect(said.contradictions.join()).toContain('L2 cache: size');
    expect(said.warnings).toEqual(run.warnings);
    expect(said.figures).toHaveLength(inferences.length);
  });

  test('keeps nothing when it is interrupted', async () => {
    const folder = emptyFolder();
    const stage = setStage({
      env: { XDG_CACHE_HOME: folder },
      measure: async (self) => {
        self.interrupt();
        return { ...run, complete: false };
      },
    });
    expect(await stage.run('machine', '--measure')).toBe(130);
    expect(stage.stderr()).toContain('no profile was kept');
    expect(existsSync(join(folder, 'linefill'))).toBe(false);
  });

  test('keeps nothing of the smoke profile', async () => {
    const { stage, folder } = staged();
    expect(await stage.run('machine', '--measure', '--profile', 'smoke')).toBe(0);
    expect(existsSync(join(folder, 'linefill'))).toBe(false);
  });

  test('keeps the last profile where nothing could be told, and says so of what failed', async () => {
    const folder = emptyFolder();
    const conduct = run.conduct.map((one) => ({ ...one, stopped: 'failed' as const }));
    const stage = setStage({
      env: { XDG_CACHE_HOME: folder },
      measure: async () => ({ ...run, inferences: [], conduct }),
    });
    expect(await stage.run('machine', '--measure')).toBe(1);
    expect(stage.stderr()).toContain('no profile was kept');
    expect(existsSync(join(folder, 'linefill'))).toBe(false);
  });

  test('refuses a cache folder that can not be before it measures', async () => {
    const file = join(emptyFolder(), 'file');
    writeFileSync(file, '');
    const stage = setStage({ env: { XDG_CACHE_HOME: file }, measure: async () => run });
    expect(await stage.run('machine', '--measure')).toBe(2);
    expect(stage.requests).toEqual([]);
    expect(stage.stderr()).toContain('not a folder');
  });

  test('keeps within 60 columns', async () => {
    const { stage } = staged(60);
    await stage.run('machine', '--measure');
    expect(widest(stage.stdout())).toBeLessThanOrEqual(60);
  });

  test('refuses a profile for what measures none', async () => {
    const { stage } = staged();
    expect(await stage.run('machine', '--profile', 'full')).toBe(2);
    expect(stage.stderr()).toContain('linefill machine --measure --profile full');
  });

  test('refuses a profile that there is not', async () => {
    const { stage } = staged();
    expect(await stage.run('machine', '--measure', '--profile', 'slow')).toBe(2);
  });
});

describe('the ladder', () => {
  const rowsOf = (...figures: Inference[]) => ladderRows(figures, run.machine);

  test('is made of experiments that there are and that infer', () => {
    const inferring = experiments.filter(({ infer }) => infer !== undefined).map(({ id }) => id);
    expect(inferring).toEqual(expect.arrayContaining([...ladderExperiments]));
  });

  test('says what a TLB reaches: entries times what one of them maps', () => {
    const small = figure('tlb-1-entries', 'First TLB', 'entries', 64, { low: 60, high: null });
    const huge = figure('tlb-1-entries-2m', 'First TLB, 2 MiB', 'entries', 32);
    const each = figure('tlb-huge-entry', 'Mapped by an entry', 'B', 2 ** 21);
    const machine = { ...run.machine, pageBytes: reported(4096, 'made') };
    const all = [small, huge, each];
    expect(reachOf(small, all, machine)).toMatchObject({
      id: 'tlb-1-reach',
      unit: 'B',
      value: 64 * 4096,
      low: 60 * 4096,
      high: null,
    });
    expect(reachOf(huge, all, machine)).toMatchObject({ id: 'tlb-1-reach-2m', value: 32 * 2 ** 21 });
    const told = reachOf({ ...huge, reported: 72, reportedBy: 'CPUID' }, [{ ...each, value: 4096 }], machine);
    expect(told).toMatchObject({ value: 32 * 4096, reported: 72 * 2 ** 21, reportedBy: 'CPUID' });
    expect(reachOf(each, all, machine)).toBeNull();
    expect(reachOf(huge, [huge], machine)).toBeNull();
    expect(reachOf({ ...small, value: null }, all, machine)).toBeNull();
    expect(reachOf(small, all, { ...machine, pageBytes: missing<number>('made') })).toBeNull();
    expect(ladderRows(all, machine).map(({ what }) => what)).toContain('First TLB: reach');
  });

  test('has a rung for each level, and what belongs to none at its end', () => {
    const rows = rowsOf(
      figure('odd', 'Odd', 'x', 1),
      figure('storage-read', 'direct read', 'ns', 60_000),
      figure('ram-read-1', 'Memory: read, 1 CPU', 'GB/s', 20),
      figure('l2-read', 'L2 cache: read', 'GB/s', 100),
      figure('core-clock', 'Core clock', 'GHz', 3),
    );
    const seen = [...new Set(rows.map(({ rung }) => rung))];
    expect(seen.filter((rung) => !['L1', 'L3', 'CPUs'].includes(rung))).toEqual([
      'core',
      'L2',
      'memory',
      'storage',
      '',
    ]);
    expect(rows.find(({ rung }) => rung === 'L2')?.what).toBe('read');
    expect(rows.find(({ rung }) => rung === 'memory')?.what).toBe('read, 1 CPU');
  });

  test('a rung of memory begins as a data sheet does: size, ways, latency, bandwidth', () => {
    const ids = ['l1-read', 'l1-read-wide', 'l1-latency', 'l1-cycles', 'l1-way-size', 'l1-ways', 'l1-size'];
    const figures = ['tlb-1-miss-ns', 'tlb-1-miss-cycles', 'core-clock', ...ids].map((id) =>
      figure(id, id, '', 1),
    );
    expect(outwards(figures).map(({ id }) => id)).toEqual([
      'core-clock',
      'l1-size',
      'l1-way-size',
      'l1-ways',
      'l1-latency',
      'l1-cycles',
      'l1-read',
      'l1-read-wide',
      'tlb-1-miss-ns',
      'tlb-1-miss-cycles',
    ]);
  });

  test('says who shares each cache', () => {
    const cache = (level: number, cpus: number[]) => ({
      level,
      kind: 'unified' as const,
      sizeBytes: 2 ** 20,
      lineBytes: 64,
      ways: null,
      cpus,
    });
    const caches = reported(
      [cache(1, [0]), cache(1, [1]), cache(2, [0]), cache(2, [1]), cache(3, [0, 1])],
      '/sys/devices',
    );
    const cpuDistances = measured([{ from: 0, to: 1, oneWayNs: 40 }], 'made');
    const cpuGroups = missing<number[][]>('one pair: nothing to compare with');
    const machine = { ...run.machine, caches, cpuDistances, cpuGroups };
    const sharedOf = (...figures: Inference[]) =>
      ladderRows(figures, machine)
        .filter(({ what }) => what === 'shared by CPUs')
        .map(({ rung, value, reported: sold, reportedBy }) => [rung, value, sold, reportedBy]);
    const [first, third, memory] = [
      figure('l1-latency', 'L1 cache: latency', 'ns', 1),
      figure('l3-latency', 'L3 cache: latency', 'ns', 12),
      figure('ram-latency', 'memory: latency', 'ns', 100),
    ];
    expect(sharedOf(first, third, memory)).toEqual([
      ['L1', '0 | 1', '0 | 1', 'sysfs'],
      ['L2', '0 | 1', '0 | 1', 'sysfs'],
      ['L3', '0-1', '0-1', 'sysfs'],
    ]);
    expect(sharedOf(first, third, { ...memory, value: 60 }).at(-1)).toEqual(['L3', '0 | 1', '0-1', 'sysfs']);
    expect(sharedOf().map(([, value]) => value)).toEqual(['n/a', 'n/a', 'n/a']);
  });

  test('leaves out sharers that nobody tells', () => {
    const silent = reported(
      (run.machine.caches.value ?? []).map((one) => ({ ...one, cpus: [] })),
      'sysctl hw',
    );
    const rows = ladderRows([], { ...run.machine, caches: silent });
    expect(rows.filter(({ what }) => what === 'shared by CPUs')).toEqual([]);
  });

  test('names the CPUs nearest to one another, also where no gap divides them', () => {
    const nearest = (pairs: readonly [number, number, number][]) => {
      const cpuDistances = measured(
        pairs.map(([from, to, oneWayNs]) => ({ from, to, oneWayNs })),
        'made',
      );
      const machine = { ...run.machine, cpuDistances, cpuGroups: missing<number[][]>('no gap') };
      const row = ladderRows([], machine).find(({ what }) => what === 'nearest to one another')!;
      return [row.value, row.note];
    };
    expect(nearest([[0, 1, 98]])).toEqual([
      '0-1',
      'CPUs nearest to one another: the one pair there is, 98.0 ns one way',
    ]);
    expect(
      nearest([
        [0, 1, 40],
        [0, 2, 41],
        [1, 2, 42],
      ]),
    ).toEqual(['0-2', 'CPUs nearest to one another: no gap']);
    expect(nearest([])[0]).toBe('n/a');
  });
});

describe('the place of a profile', () => {
  test.each([
    ['linux', { HOME: '/u/x' }, /^\/u\/x\/.cache\/linefill\/machine-abc.json$/],
    ['linux', { HOME: '/u/x', XDG_CACHE_HOME: '/c' }, /^\/c\/linefill\/machine-abc.json$/],
    ['linux', { HOME: '/u/x', XDG_CACHE_HOME: 'relative' }, /^\/u\/x\/.cache\/linefill\//],
    ['darwin', { HOME: '/u/x' }, /^\/u\/x\/Library\/Caches\/linefill\/machine-abc.json$/],
    ['win32', { LOCALAPPDATA: '/local' }, /local.linefill.machine-abc.json$/],
  ] as const)('on %s with %o', (platform, env, wanted) => {
    expect(profilePath('abc', env, platform)).toMatch(wanted);
  });
});
