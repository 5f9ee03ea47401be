/** Clusters of CPUs, found and named on matrices of machines that others have published, and of none. */
import { describe, expect, it } from 'vitest';
import type { Inferred } from '../../../src/experiment/inference.ts';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import { layOut, pointKey } from '../../../src/experiment/plan.ts';
import type { Measurement } from '../../../src/experiment/run.ts';
import { coreToCore } from '../../../src/experiments/hardware/core-to-core.ts';
import { nameOfDistance } from '../../../src/experiments/hardware/core-to-core-clusters.ts';
import { missing, reported } from '../../../src/machine/fact.ts';
import type { Cpu, Machine } from '../../../src/machine/types.ts';
import { syntheticMachine } from '../../fixtures/run-machine.ts';
import { makeConduct, makeContext, makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';

/** One way, in ns, from CPU to CPU, as six processes saw it. */
function rowsOf(ns: (from: number, to: number) => number, cpus: number, variant = 'swap'): Measurement[] {
  const rows: Measurement[] = [];
  for (let from = 0; from < cpus; from++) {
    for (let to = from + 1; to < cpus; to++) {
      const processes = [0, 1, 2, 3, 4, 5].map((process) => {
        const time = ns(from, to) * (1 + (from + to + process) / 1000);
        return makeSamples(process, [time, time, time]);
      });
      const point = { from, to };
      rows.push(
        makeMeasurement(variant, processes, {
          experiment: 'core-to-core',
          group: pointKey(point),
          variant,
          point,
        }),
      );
    }
  }
  return rows;
}

function infer(
  measurements: readonly Measurement[],
  machine: Machine = syntheticMachine,
): readonly Inferred[] {
  const run = makeRun({ measurements, machine, conduct: [makeConduct({ experiment: 'core-to-core' })] });
  return coreToCore.infer!(makeFindings(run, coreToCore));
}

/** Two threads a core, four cores a die, two dies: 0 and 1, 2 and 3, ... are threads of a core. */
const epyc = (from: number, to: number): number => {
  if (from >> 1 === to >> 1) return 9.8;
  return from >> 3 === to >> 3 ? 23 : 107;
};

function cpu(id: number, more: Partial<Cpu> = {}): Cpu {
  return { id, core: id, package: 0, node: 0, siblings: [id], kind: null, ...more };
}

describe('clusters', () => {
  it('are siblings, then those around a cache, then the rest', () => {
    const [clusters, ...steps] = infer(rowsOf(epyc, 16));
    expect(clusters).toMatchObject({ id: 'cpu-clusters', value: 8, low: 8, high: 8, processes: 6 });
    expect(clusters!.note).toBe('CPUs 0-1 | 2-3 | 4-5 | 6-7 | 8-9 | 10-11 | 12-13 | 14-15');
    expect(steps.map(({ id, title }) => [id, title])).toEqual([
      ['hand-over-1', 'Hand-over: siblings of one core'],
      ['hand-over-2', 'Hand-over: CPUs around a shared cache'],
      ['hand-over-3', 'Hand-over: CPUs across the fabric'],
    ]);
    expect(steps.map(({ value }) => Math.round(value!))).toEqual([10, 23, 109]);
    expect(steps[1]!.note).toMatch(/^CPUs 0-7 \| 8-15; /);
    expect(steps[2]!.note).toMatch(/^all other pairs; /);
    for (const { low, value, high } of steps) {
      expect(low).toBeLessThanOrEqual(value!);
      expect(high).toBeGreaterThanOrEqual(value!);
    }
  });

  it('are one where no gap divides the CPUs', () => {
    const [clusters, ...steps] = infer(rowsOf((from, to) => 45 + ((from * 7 + to * 3) % 10), 8));
    expect(clusters).toMatchObject({ value: 1, low: 1, high: 1, note: 'no gap divides the CPUs' });
    expect(steps).toHaveLength(1);
    expect(steps[0]!.note).toMatch(/^all 28 pairs; /);
  });

  it('say how many CPUs were left out', () => {
    const cpus = reported(
      Array.from({ length: 128 }, (_, id) => cpu(id)),
      'a test',
    );
    const [clusters] = infer(rowsOf(epyc, 16), { ...syntheticMachine, cpus });
    expect(clusters!.note).toMatch(/14-15; 16 of the machine's 128 CPUs: the rest was left out$/);
  });

  it('of one name are told apart: the farther ones are said to be', () => {
    const sockets = (from: number, to: number): number => {
      if (from >> 2 === to >> 2) return 23;
      return from >> 3 === to >> 3 ? 107 : 200;
    };
    expect(infer(rowsOf(sockets, 16)).map(({ title }) => title)).toEqual([
      'Clusters of CPUs',
      'Hand-over: CPUs around a shared cache',
      'Hand-over: CPUs across the fabric',
      'Hand-over: CPUs across the fabric, farther',
    ]);
  });

  it('keep their interval open where a process would have found others', () => {
    const blurred = rowsOf(epyc, 16).map((row) =>
      // In one process siblings were as far as their neighbours: it finds two dies, not eight cores.
      Number(row.point['from']) >> 1 === Number(row.point['to']) >> 1
        ? {
            ...row,
            processes: row.processes.map((one) => (one.process === 4 ? { ...one, raw: [23, 23, 23] } : one)),
          }
        : row,
    );
    expect(infer(blurred)[0]).toMatchObject({ value: 8, low: 2, high: 8 });
  });
});

describe('one pair', () => {
  const machineOf = (cpus: readonly Cpu[], caches: Machine['caches'] = missing('nothing says')): Machine => ({
    ...syntheticMachine,
    cpus: reported(cpus, 'a test'),
    caches,
  });
  /** What is suggested, and beside it what is reported. */
  const said = (ns: number, machine: Machine): string => {
    const [{ title, note }] = infer(
      rowsOf(() => ns, 2),
      machine,
    ) as [Inferred];
    return `${title}; ${note}`;
  };

  it('says what its latency suggests, and what is reported', () => {
    const [only, ...others] = infer(rowsOf(() => 28, 2));
    expect(others).toEqual([]);
    expect(only).toMatchObject({
      id: 'hand-over-1',
      unit: 'ns',
      value: expect.closeTo(28.1, 1),
      processes: 6,
    });
    expect(only!.note).toBe('CPUs 0 and 1; reported as cores that share L3');
  });

  it('shows where they contradict each other: siblings sold as cores, cores as siblings', () => {
    const apart = machineOf([cpu(0), cpu(1)]);
    expect(said(8, apart)).toBe(
      'Hand-over: siblings of one core; CPUs 0 and 1; reported as cores of one package',
    );
    const siblings = machineOf([cpu(0, { siblings: [0, 1] }), cpu(1, { siblings: [0, 1] })]);
    expect(said(30, siblings)).toContain('a shared cache; CPUs 0 and 1; reported as siblings of one core');
    expect(said(150, machineOf([cpu(0), cpu(1, { package: 1 })]))).toContain(
      'reported as cores of two packages',
    );
    expect(said(30, machineOf([cpu(0, { package: null }), cpu(1)]))).toContain('; not reported');
    expect(said(30, { ...syntheticMachine, cpus: missing('x'), caches: missing('x') })).toContain(
      '; not reported',
    );
  });

  it('gives the rate of a buffer where that was measured', () => {
    const rows = [...rowsOf(() => 28, 2), ...rowsOf(() => 5, 2, 'transfer')];
    expect(infer(rows)[1]).toMatchObject({
      id: 'line-transfer-1',
      unit: 'GB/s',
      value: expect.closeTo(64 / 5.02, 1),
      processes: 6,
    });
  });

  it('is not there on one CPU', () => {
    expect(infer([])).toEqual([]);
  });
});

describe('names', () => {
  it.each([
    // AMD EPYC 7773X and Intel Core i9-12900K, two threads of a core; cores; dies; sockets.
    [10, 'siblings of one core'],
    [4.3, 'siblings of one core'],
    [16, 'CPUs around a shared cache'],
    [51, 'CPUs around a shared cache'],
    [84, 'CPUs across the fabric'],
    [136, 'CPUs across the fabric'],
  ])('%s ns one way: %s', (ns, name) => {
    expect(nameOfDistance(ns)).toBe(name);
  });
});

describe('the layout', () => {
  it('leaves the buffer to other profiles than the quick one', () => {
    const ids = (profile: 'smoke' | 'quick' | 'full') =>
      layOut(coreToCore, makeContext({ profile }), {}).groups.map(({ arms }) => arms.map(({ key }) => key));
    const quick = ['swap', 'store', 'ts-swap', 'ts-store'];
    expect(ids('quick')).toEqual([[...quick, 'swap (again)']]);
    for (const profile of ['smoke', 'full'] as const) {
      expect(ids(profile)).toEqual([[...quick, 'transfer', 'ts-transfer', 'swap (again)']]);
    }
  });
});
