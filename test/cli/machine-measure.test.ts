/** `linefill machine --measure`: one table, contradictions, and a profile that later runs find. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { profilePath, readProfile } from '../../src/cli/profile-place.ts';
import type { Inference } from '../../src/experiment/inference.ts';
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
  figure('l1-size', 'L1 cache: size', 'B', 33_000, { reported: 32_768, reportedBy: 'the system' }),
  figure('l2-size', 'L2 cache: size', 'B', 300_000, {
    reported: 2 ** 20,
    reportedBy: 'the system',
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
    expect(text).toMatch(/L1 cache: size +32.2 KiB +\[31.6, 32.9\] +32.0 KiB +the system/);
    const places = ['L1 cache: latency', 'L2 cache: size', 'memory: latency', 'shared by CPUs'].map((what) =>
      text.indexOf(what),
    );
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
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
    expect(kept.figures[0]!.id).toBe('l1-latency');
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, 100));
    expect(readProfile(run.machine.id, stage.io.env)).toBeNull();
  });

  test('--json is the profile with the contradictions', async () => {
    const { stage } = staged();
    await stage.run('machine', '--measure', '--json');
    const said = JSON.parse(stage.stdout()) as {
      machineId: string;
      contradictions: string[];
      figures: unknown[];
    };
    expect(said.machineId).toBe(run.machine.id);
    expect(said.contradictions.join()).toContain('L2 cache: size');
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

  test('keeps within 60 columns', async () => {
    const { stage } = staged(60);
    await stage.run('machine', '--measure');
    expect(widest(stage.stdout())).toBeLessThanOrEqual(60);
  });

  test('refuses a profile that there is not', async () => {
    const { stage } = staged();
    expect(await stage.run('machine', '--measure', '--profile', 'slow')).toBe(2);
  });
});

describe('the place of a profile', () => {
  test.each([
    ['linux', { HOME: '/u/x' }, /^\/u\/x\/.cache\/linefill\/machine-abc.json$/],
    ['linux', { HOME: '/u/x', XDG_CACHE_HOME: '/c' }, /^\/c\/linefill\/machine-abc.json$/],
    ['darwin', { HOME: '/u/x' }, /^\/u\/x\/Library\/Caches\/linefill\/machine-abc.json$/],
    ['win32', { LOCALAPPDATA: '/local' }, /local.linefill.machine-abc.json$/],
  ] as const)('on %s with %o', (platform, env, wanted) => {
    expect(profilePath('abc', env, platform)).toMatch(wanted);
  });
});
