/**
 * Every experiment that is listed, whatever it is: laid out on many machines, and run once for real at smoke size.
 * A new one is tested here by being in the list.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Context, Experiment, Parameter, Profile } from '#dist/experiment/experiment.js';
import { layOut, referenceKey } from '#dist/experiment/plan.js';
import type { Run } from '#dist/experiment/run.js';
import { parseRun } from '#dist/experiment/schema.js';
import { judgeRun } from '#dist/experiment/judge.js';
import { realLab } from '#dist/cli/lab.js';
import { experiments } from '#dist/experiments/index.js';
import { measured, missing } from '#dist/machine/fact.js';
import type { Machine } from '#dist/machine/types.js';
import { nativeKernels } from '#dist/native/binding.js';
import { teamCpus } from '#dist/measure/team.js';
import { syntheticMachine } from '../fixtures/run-machine.ts';

const profiles: readonly Profile[] = ['smoke', 'quick', 'full'];
const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const roomy = 16 * 2 ** 30;

const unknown: Machine = {
  ...syntheticMachine,
  caches: missing('nothing says'),
  lineBytes: missing('nothing says'),
  lastLevelBytes: missing('nothing says'),
  memoryLevels: missing('nothing says'),
  cpuDistances: missing('nothing says'),
  isa: missing('nothing says'),
  pageBytes: missing('nothing says'),
};

/** Machines by what is peculiar to them. */
const contexts: Readonly<Record<string, Omit<Context, 'profile'>>> = {
  'two CPUs': { machine: syntheticMachine, cpus: [1, 0], memoryBudgetBytes: roomy },
  'one CPU': { machine: syntheticMachine, cpus: [3], memoryBudgetBytes: roomy },
  'sixteen CPUs, in no order': {
    machine: syntheticMachine,
    cpus: count(16).map((i) => (i * 7) % 16),
    memoryBudgetBytes: roomy,
  },
  'no fact about its caches': { machine: unknown, cpus: [0, 1], memoryBudgetBytes: roomy },
  'a last level of an odd size': {
    machine: { ...syntheticMachine, lastLevelBytes: measured(54_321_987.654, 'curve of dependent loads') },
    cpus: [0, 1],
    memoryBudgetBytes: roomy,
  },
  'a megabyte of memory': { machine: syntheticMachine, cpus: [0, 1], memoryBudgetBytes: 2 ** 20 },
  'no memory at all': { machine: syntheticMachine, cpus: [0, 1], memoryBudgetBytes: 0 },
};

const everywhere = Object.entries(contexts).flatMap(([where, context]) =>
  profiles.map((profile) => ({ where, context: { ...context, profile } })),
);

describe('the list', () => {
  it('names each experiment once, and each claim once', () => {
    const ids = experiments.map((experiment) => experiment.id);
    expect(new Set(ids).size).toBe(ids.length);
    const claims = experiments.flatMap((experiment) => experiment.claims.map((claim) => claim.id));
    expect(new Set(claims).size).toBe(claims.length);
    for (const id of [...ids, ...claims]) expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  });
});

describe.each(experiments.map((experiment) => [experiment.id, experiment] as const))(
  '%s',
  (_, experiment) => {
    it('tells a newcomer what it is about', () => {
      for (const text of [experiment.title, experiment.question, experiment.operation]) {
        expect(text.trim()).toBe(text);
        expect(text).not.toBe('');
      }
      expect(experiment.question).toMatch(/\?$/);
      expect(experiment.sources.length).toBeGreaterThan(0);
      for (const { title, where } of experiment.sources) expect([title, where]).not.toContain('');
      expect(experiment.explain.split(/\s+/).length).toBeGreaterThan(40);
      const lines = experiment.drawing.split('\n');
      expect(lines.length).toBeGreaterThan(2);
      expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(58);
      expect(lines.filter((line) => line !== line.trimEnd())).toEqual([]);
      for (const claim of experiment.claims) {
        expect(claim.statement).toMatch(/\.$/);
        expect(claim.source).not.toBe('');
      }
    });

    it('has variants of different names, each with a kernel that is compiled in, and a baseline among them', () => {
      const ids = experiment.variants.map((variant) => variant.id);
      expect(new Set(ids).size).toBe(ids.length);
      const titles = experiment.variants.map((variant) => variant.title);
      expect(new Set(titles).size).toBe(titles.length);
      expect(ids).toContain(experiment.baseline.variant);
      const compared = experiment.parameters.filter((parameter) => parameter.compared === true);
      expect(Object.keys(experiment.baseline.at ?? {}).toSorted()).toEqual(
        compared.map(({ name }) => name).toSorted(),
      );
      const kernels = new Set(nativeKernels().map((kernel) => kernel.id));
      for (const { kernel } of experiment.variants) expect(kernels).toContain(kernel.id);
    });

    it('has metrics and a chart that name what there is', () => {
      const names = experiment.parameters.map((parameter) => parameter.name);
      expect(new Set(names).size).toBe(names.length);
      const metrics = (experiment.metrics ?? []).map((metric) => metric.id);
      expect(new Set(metrics).size).toBe(metrics.length);
      expect(metrics).not.toContain('time');
      const { kind, x, y, cacheLines, title } = experiment.chart;
      expect(title).not.toBe('');
      expect([...names, 'variant']).toContain(x);
      if (kind === 'matrix') expect(names).toContain(y);
      if (cacheLines) expect(experiment.parameters.find((parameter) => parameter.name === x)?.unit).toBe('B');
    });

    it.each(everywhere)('takes values that it accepts itself: $where, $context.profile', ({ context }) => {
      for (const parameter of experiment.parameters) checkValues(parameter, context);
    });

    it('refuses values that make no sense, in words', () => {
      const context = everywhere[1]!.context;
      for (const parameter of experiment.parameters) {
        for (const value of ['no such value', Number.NaN, -1, Number.POSITIVE_INFINITY]) {
          expect(parameter.check(value, context), `${parameter.name}=${value}`).toMatch(
            new RegExp(`^${parameter.name} must be `),
          );
        }
      }
    });

    it.each(everywhere)('is laid out: $where, $context.profile', ({ context }) =>
      checkLayout(experiment, context),
    );
  },
);

function checkValues(parameter: Parameter, context: Context): void {
  const values = parameter.values(context);
  const said = `${parameter.name}: ${values.join(', ')}`;
  expect(values.length, said).toBeGreaterThan(0);
  expect(new Set(values).size, said).toBe(values.length);
  for (const value of values) expect(parameter.check(value, context), said).toBeNull();
  const numbers = values.filter((value) => typeof value === 'number');
  if (numbers.length > 0) expect(numbers, said).toEqual(values.toSorted((a, b) => Number(a) - Number(b)));
}

function checkLayout(experiment: Experiment, context: Context): void {
  const { groups, leftOut } = layOut(experiment, context, {});
  expect(JSON.parse(JSON.stringify(groups.map(({ point }) => point)))).toEqual(
    groups.map(({ point }) => point),
  );
  if (context.profile === 'smoke') expect(groups.length).toBeLessThanOrEqual(4);
  expect(new Set(groups.map((group) => group.key)).size).toBe(groups.length);
  const baseline = referenceKey(experiment, experiment.baseline);
  for (const group of groups) {
    expect(group.footprintBytes).toBeGreaterThanOrEqual(0);
    expect(group.footprintBytes).toBeLessThanOrEqual(context.memoryBudgetBytes);
    const keys = group.arms.map((arm) => arm.key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toContain(baseline);
    expect(group.arms.filter((arm) => arm.twin)).toHaveLength(experiment.comparesNothing === true ? 0 : 1);
    for (const { variant, point } of group.arms) {
      const { operations, bytes } = variant.kernel.work(point);
      expect(operations).toBeGreaterThan(0);
      expect(bytes).toBeGreaterThanOrEqual(0);
      if (variant.form !== 'team') continue;
      const cpus = teamCpus(variant, point, context.cpus);
      expect(cpus).toHaveLength(variant.members(point));
      expect(new Set(cpus).size).toBe(cpus.length);
      for (const cpu of cpus) expect(context.cpus).toContain(cpu);
    }
  }
  for (const { what, reason } of leftOut) expect([what.trim(), reason.trim()]).not.toContain('');
}

describe('a smoke run of all of them', () => {
  let run: Run;

  beforeAll(async () => {
    const request = {
      experiments,
      profile: 'smoke',
      settings: {},
      cpus: null,
      seed: 7,
      budgetMs: null,
    } as const;
    run = await realLab().measure(request, () => undefined, new AbortController().signal);
  }, 120_000);

  it('is complete, and survives being written and read', () => {
    expect(run.complete).toBe(true);
    expect(run.conduct.map((conduct) => conduct.experiment)).toEqual(
      experiments.map((experiment) => experiment.id),
    );
    const text = JSON.stringify(run);
    // JSON would have made null of NaN and infinity, and nothing of undefined.
    expect(JSON.parse(text)).toEqual(run);
    expect(parseRun(text, 'the run')).toEqual(run);
    expect(run.warnings.filter((warning) => warning.includes('no time'))).toEqual([]);
  });

  it('gives the same verdicts when it is judged again', () => {
    expect(judgeRun(JSON.parse(JSON.stringify(run)) as Run, experiments)).toEqual(run.verdicts);
  });

  it.each(experiments.map((experiment) => [experiment.id, experiment] as const))(
    'measured %s',
    (id, experiment) => {
      const conduct = run.conduct.find((each) => each.experiment === id)!;
      const context: Context = {
        profile: 'smoke',
        machine: run.machine,
        cpus: conduct.cpus,
        memoryBudgetBytes: Number.POSITIVE_INFINITY,
      };
      const arms = layOut(experiment, context, {}).groups.flatMap((group) =>
        group.arms.map((arm) => ({ name: `${group.key}: ${arm.key}`, variant: arm.variant })),
      );
      const planned = arms.map(({ name }) => name);
      expect(conduct).toMatchObject({ stopped: 'processes', processes: planned.length === 0 ? 0 : 1 });
      const rows = run.measurements.filter((row) => row.experiment === id);
      const times = rows.filter((row) => row.metric === 'time');
      const timed = experiment.figuresOnly === true ? [] : planned;
      expect(times.map((row) => `${row.group}: ${row.arm}`)).toEqual(timed);
      expect(new Set(rows.map((row) => `${row.group}: ${row.arm}`))).toEqual(new Set(planned));
      if (planned.length > 0) expect(conduct.crossChecked).toBeGreaterThan(0);
      for (const row of times) {
        expect(row.summary.median, row.arm).toBeGreaterThan(0);
        expect(row.checksum, row.arm).toMatch(/^\d+(,\d+)*$/);
      }
      for (const { metric, summary } of rows) expect(Number.isFinite(summary.median), metric).toBe(true);
      // Where a system has no arm that could observe them there are none: a ring of processes off Linux.
      const isObserved = arms.some(({ variant }) => variant.observe !== undefined);
      const told = new Set(rows.map((row) => row.metric));
      const metrics = (isObserved ? (experiment.metrics ?? []) : [])
        .filter((metric) => metric.rare !== true || told.has(metric.id))
        .map((metric) => metric.id);
      expect([...told].toSorted()).toEqual(
        planned.length === 0 ? [] : [...(timed.length === 0 ? [] : ['time']), ...metrics].toSorted(),
      );
    },
  );

  it.each(experiments.map((experiment) => [experiment.id, experiment] as const))(
    'judged %s',
    (id, experiment) => {
      const verdicts = run.verdicts.filter((verdict) => verdict.experiment === id);
      expect(verdicts.map((verdict) => verdict.claim)).toEqual(experiment.claims.map((claim) => claim.id));
      for (const { sentence, source, effect, status } of verdicts) {
        expect(sentence).not.toMatch(/NaN|undefined|null|Infinity|\[object/);
        expect(sentence).toMatch(/^[A-Z0-9].*[.)]$/);
        expect(source).not.toBe('');
        // One process gives no interval, so that no claim about a ratio can be decided.
        if (effect === null)
          expect(['inconclusive', 'not-applicable', 'supported', 'refuted']).toContain(status);
        else expect(effect.low).toBeLessThanOrEqual(effect.high);
      }
    },
  );
});
