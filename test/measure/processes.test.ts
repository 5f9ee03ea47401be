/** Fresh processes, scenarios, interruption and limits, with real children. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { UserError } from '#dist/base/errors.js';
import type { Measurement, Run } from '#dist/experiment/run.js';
import { parseRun } from '#dist/experiment/schema.js';
import { chooseCpus } from '#dist/measure/measure.js';
import { environment } from '#dist/native/binding.js';
import { descendants, measureFixtures, survivors, twoCpus } from '../fixtures/lab/measuring.ts';

/** /proc tells who descends from whom. */
const linux = process.platform === 'linux';

function metric(run: Run, arm: string, name: string): Measurement {
  const found = run.measurements.find((row) => row.arm === arm && row.metric === name && !row.twin);
  if (found === undefined) throw new Error(`no ${name} of ${arm}`);
  return found;
}

/** The CPUs that the calling thread may run on at this moment, as the system has them. */
function affinity(): string {
  return /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/thread-self/status', 'utf8'))![1]!;
}

describe('a scenario', () => {
  it('runs in a child of the measuring process, with its flags and its environment', async () => {
    process.env['LINEFILL_TEST_INHERITED'] = 'yes';
    const { run } = await measureFixtures(['scenarios']).finally(
      () => delete process.env['LINEFILL_TEST_INHERITED'],
    );
    expect(run.warnings.filter((text) => text.includes('no time'))).toEqual([]);
    const of = (arm: string, name: string): number => metric(run, arm, name).summary.median;
    expect([of('plain', 'told'), of('flagged', 'told')]).toEqual([0, 42]);
    expect([of('plain', 'inherited'), of('flagged', 'inherited')]).toEqual([1, 1]);
    // The limit is that of the old generation and some more for the young one.
    expect(of('flagged', 'heapLimitMiB')).toBeGreaterThan(76);
    expect(of('flagged', 'heapLimitMiB')).toBeLessThan(150);
    expect(of('plain', 'heapLimitMiB')).toBeGreaterThan(200);
    // Children of one measuring process, which is not this one; a child stays for all its samples.
    expect(of('plain', 'parentId')).toBe(of('flagged', 'parentId'));
    expect(of('plain', 'parentId')).not.toBe(process.pid);
    expect(of('plain', 'processId')).not.toBe(of('flagged', 'processId'));
    for (const arm of ['plain', 'flagged']) {
      expect(new Set(metric(run, arm, 'processId').processes[0]!.raw).size).toBe(1);
    }
    // A metric that is always 0 is a metric.
    expect(metric(run, 'plain', 'zero').summary).toMatchObject({ median: 0, error: 0 });
    expect(metric(run, 'plain', 'time').form).toBe('scenario');
    expect(parseRun(JSON.stringify(run), 'the run')).toEqual(run);
  });
});

describe('a whole run', () => {
  // A team needs two CPUs.
  it.skipIf(!twoCpus)('gives every form of arm its time, in rounds taken side by side', async () => {
    const { run, events } = await measureFixtures(['sound']);
    expect(run.complete).toBe(true);
    expect(run.conduct).toMatchObject([
      { experiment: 'sound', stopped: 'processes', processes: 1, crossChecked: 2 },
    ]);
    expect(run.measurements.map((row) => row.arm)).toEqual([
      'native',
      'ts',
      'team',
      'ts-team',
      'native (again)',
    ]);
    for (const row of run.measurements) {
      const [samples] = row.processes as [Measurement['processes'][number]];
      expect(samples.rounds).toEqual([0, 1]);
      expect(samples.raw.every((ns) => ns > 0)).toBe(true);
      expect('memberNs' in samples).toBe(row.form === 'team');
      for (const [i, members] of (samples.memberNs ?? []).entries()) {
        expect(members).toHaveLength(2);
        expect(Math.max(...members)).toBeLessThanOrEqual(samples.raw[i]!);
      }
    }
    // All arms of a group repeat alike; the fastest of them fills a millisecond.
    expect(new Set(run.measurements.map((row) => row.iterations)).size).toBe(1);
    expect(run.probes.length).toBeGreaterThan(0);
    expect(events.map((event) => event.phase)).toEqual(
      expect.arrayContaining(['calibrate', 'measure', 'judge']),
    );
    expect(parseRun(JSON.stringify(run), 'the run')).toEqual(run);
  });

  it('leaves out an arm that cannot do its work and says why, and keeps the timelines of the others', async () => {
    const { run } = await measureFixtures(['stumbling'], { profile: 'quick', budgetMs: 20_000 });
    expect(run.measurements.map((row) => row.arm)).toEqual(['native', 'native (again)']);
    // Later processes know of it from the first.
    expect(run.conduct[0]!.processes).toBeGreaterThan(1);
    expect(run.leftOut).toEqual([{ experiment: 'stumbling', what: 'small', reason: 'out of memory' }]);
    expect(run.timelines).toEqual([
      {
        experiment: 'stumbling',
        group: 'all',
        arm: 'native',
        variant: 'native',
        point: { steps: 2000 },
        wallNs: 100,
        lost: 2,
        pauses: [['full', 10, 20]],
      },
    ]);
    expect(parseRun(JSON.stringify(run), 'the run')).toEqual(run);
  });

  it('takes figures once a process, each from inputs of its own', async () => {
    const { run } = await measureFixtures(['drawn'], { profile: 'quick', budgetMs: 5000 });
    const [one, other, twin] = run.measurements.map((row) => row.processes.map(({ raw }) => raw));
    expect(run.measurements.map((row) => row.metric)).toEqual(['drawn', 'drawn', 'drawn']);
    expect(one!.length).toBeGreaterThan(1);
    expect(one!.every((raw) => raw.length === 1)).toBe(true);
    expect(new Set(one!.flat()).size).toBe(one!.length);
    expect([other, twin]).toEqual([one, one]);
    expect(run.probes).toEqual([]);
    expect(run.conduct[0]).toMatchObject({ stopped: 'processes', crossChecked: 1 });
    expect(parseRun(JSON.stringify(run), 'the run')).toEqual(run);
  });

  // Affinity and processes are read from /proc.
  it.skipIf(!linux)(
    'leaves no child behind, and this thread free to run on every CPU that it had',
    async () => {
      const [free, before] = [affinity(), new Set(descendants())];
      const seen = new Set<number>();
      await measureFixtures(['sound', 'scenarios'], {}, undefined, () => {
        for (const id of descendants()) if (!before.has(id)) seen.add(id);
      });
      for (const id of descendants()) if (!before.has(id)) seen.add(id);
      expect(await survivors([...seen], 5000)).toEqual([]);
      expect(affinity()).toBe(free);
      // Were pinning not seen here at all, the line before would show nothing.
      environment().pin(environment().allowedCpus[0]!);
      const pinned = affinity();
      environment().unpin();
      expect(pinned).toBe(String(environment().allowedCpus[0]));
      expect(affinity()).toBe(free);
    },
  );
});

describe('an interruption', () => {
  // Processes are found in /proc.
  it.skipIf(!linux)(
    'keeps the groups that were done, starts nothing more and leaves no process',
    async () => {
      const interrupt = new AbortController();
      const before = new Set(descendants());
      let ours: number[] = [];
      const began = performance.now();
      // The only process of `slow` takes some seconds; `sound` is over by then.
      const measuring = measureFixtures(['sound', 'slow', 'sound'], {}, interrupt.signal, (event) => {
        if (event.experiment !== 'slow') return;
        setTimeout(() => {
          ours = descendants().filter((id) => !before.has(id));
          interrupt.abort();
        }, 400);
      });
      const { run, events } = await measuring;
      expect(performance.now() - began).toBeLessThan(15_000);
      expect(run.complete).toBe(false);
      expect(run.conduct.map(({ experiment, stopped }) => [experiment, stopped])).toEqual([
        ['sound', 'processes'],
        ['slow', 'interrupted'],
      ]);
      expect(run.measurements.filter((row) => row.experiment === 'sound')).toHaveLength(twoCpus ? 5 : 3);
      const groups = new Set(
        run.measurements.filter((row) => row.experiment === 'slow').map((row) => row.group),
      );
      expect(groups.size).toBeLessThan(4);
      expect(events.filter((event) => event.index === 2 && event.phase !== 'judge')).toEqual([]);
      expect(run.warnings.filter((text) => text.includes('no time'))).toEqual([]);
      expect(ours.length).toBeGreaterThan(0);
      expect(await survivors(ours, 5000)).toEqual([]);
      expect(parseRun(JSON.stringify(run), 'the run')).toEqual(run);
    },
  );

  // Processes are found in /proc.
  it.skipIf(!linux)('ends a child’s child too, in the middle of its sample', async () => {
    const interrupt = new AbortController();
    const before = new Set(descendants());
    const measuring = measureFixtures(['slow-scenario'], {}, interrupt.signal);
    let ours: number[] = [];
    for (let looks = 0; ours.length < 2 && looks < 500; looks++) {
      await sleep(20);
      ours = descendants().filter((id) => !before.has(id));
    }
    // It is born; some time on it is at work.
    await sleep(200);
    interrupt.abort();
    const { run } = await measuring;
    expect(run.complete).toBe(false);
    expect(ours.length).toBeGreaterThanOrEqual(2);
    expect(await survivors(ours, 8000)).toEqual([]);
  });

  // Processes are found in /proc.
  it.skipIf(!linux)('by a kill that nobody can answer ends the measuring process too', async () => {
    const script = fileURLToPath(new URL('../fixtures/lab/parent.mjs', import.meta.url));
    const parent = spawn(process.execPath, [script, 'threads'], { stdio: 'ignore' });
    let children: number[] = [];
    for (let looks = 0; children.length === 0 && looks < 500; looks++) {
      await sleep(20);
      children = descendants(parent.pid!);
    }
    await sleep(500);
    parent.kill('SIGKILL');
    expect(children.length).toBeGreaterThan(0);
    // Most of three hundred groups would be left.
    expect(await survivors(children, 4000)).toEqual([]);
  });

  it('that came before anything gives an empty, incomplete run', async () => {
    const interrupt = new AbortController();
    interrupt.abort();
    const { run } = await measureFixtures(['sound'], {}, interrupt.signal);
    expect(run).toMatchObject({ complete: false, conduct: [], measurements: [], verdicts: [] });
    expect(parseRun(JSON.stringify(run), 'the run')).toEqual(run);
  });
});

describe('limits', () => {
  it('leave out a group that takes more than half of the memory, and measure the others', async () => {
    const { run } = await measureFixtures(['huge']);
    expect(new Set(run.measurements.map((row) => row.group))).toEqual(new Set(['steps=1000']));
    expect(run.leftOut).toHaveLength(1);
    expect(run.leftOut[0]).toMatchObject({ experiment: 'huge', what: 'steps=1001' });
    expect(run.leftOut[0]!.reason).toMatch(/^needs 2097152 MiB; half of the available memory is \d+ MiB$/);
  });

  it('start no process where nothing is left to measure', async () => {
    const { run, events } = await measureFixtures(['crowd']);
    expect(run.conduct).toMatchObject([{ experiment: 'crowd', processes: 0, stopped: 'processes' }]);
    expect(run.leftOut[0]!.reason).toMatch(/^needs 100000 CPUs; this run has \d+$/);
    expect(events.filter((event) => event.phase === 'measure')).toEqual([]);
    expect(run.warnings.filter((text) => text.includes('no time'))).toEqual([]);
  });

  it('leave a team out on one CPU, and say that there was one', async () => {
    const [cpu] = chooseCpus(null);
    const { run } = await measureFixtures(['sound'], { cpus: [cpu!] });
    expect(run.measurements.map((row) => row.arm)).toEqual(['native', 'ts', 'native (again)']);
    expect(run.leftOut.map(({ reason }) => reason)).toEqual([
      'needs 2 CPUs; this run has 1',
      'needs 2 CPUs; this run has 1',
    ]);
    expect(run.warnings).toContain('one CPU only: nothing that needs two could be measured');
    expect(run.probes[0]!.pingPongNs).toBeNull();
    expect(run.machine.cpuDistances.value).toBeNull();
    expect(parseRun(JSON.stringify(run), 'the run')).toEqual(run);
  });
});

describe('the CPUs of a run', () => {
  const { allowedCpus } = environment();

  it('are all that this process may use, the last first', () => {
    expect(chooseCpus(null)).toEqual(allowedCpus.length === 0 ? [0] : allowedCpus.toReversed());
  });

  it('are those asked for, in that order, each once', () => {
    const asked = [...allowedCpus.slice(0, 2), allowedCpus[0]!];
    expect(chooseCpus(asked)).toEqual(allowedCpus.slice(0, 2));
  });

  // Where a program can't choose its CPU there is no list to choose from.
  it.skipIf(allowedCpus.length === 0)('must be ours', async () => {
    const foreign = Math.max(...allowedCpus) + 1;
    expect(() => chooseCpus([foreign])).toThrow(UserError);
    expect(() => chooseCpus([foreign])).toThrow(`CPU ${foreign} is not available to this process`);
    await expect(measureFixtures(['sound'], { cpus: [foreign] })).rejects.toThrow(UserError);
  });
});
