/**
 * What the lab costs beside its samples: the start of its command line, the start of a measuring process, and the
 * engine's own time in a run.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Experiment, Profile } from '#dist/experiment/experiment.js';
import type { Run } from '#dist/experiment/run.js';
import { experiments } from '#dist/experiments/index.js';
import { describeMachine, describeSurroundings, nativeFactsOf, realSystem } from '#dist/machine/index.js';
import { chooseCpus, measure } from '#dist/measure/measure.js';
import { environment } from '#dist/native/binding.js';
import { median } from '#dist/stats/index.js';
import { overPasses } from './passes.ts';
import { countOf, type Figure, sit, someOf } from './sitting.ts';

const mostListNs = 150e6;
const mostSharePercent = 25;
const [child, worker] = ['#dist/cli/child.js', '#dist/cli/worker.js'].map((name) =>
  import.meta.resolve(name),
);

/** ns from a program's start to its end. */
function wallNs(args: readonly string[]): number {
  const began = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const took = Number(process.hrtime.bigint() - began);
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
  return took;
}

/** What a measuring process does before its first sample, each step with those before it. */
function steps(): { name: string; code: string }[] {
  const of = (name: string): string => JSON.stringify(import.meta.resolve(name));
  const [first = 0, ...others] = chooseCpus(null);
  const parts = [
    { name: 'Node itself', code: '' },
    { name: 'the engine', code: `await import(${of('#dist/measure/serve.js')});` },
    { name: 'the experiments', code: `await import(${of('#dist/experiments/index.js')});` },
    {
      name: 'the addon',
      code: `const { environment } = await import(${of('#dist/native/binding.js')}); environment();`,
    },
    {
      name: 'the probe',
      code: `const { RegimeProbe } = await import(${of('#dist/measure/probe.js')});
        new RegimeProbe(${JSON.stringify([first, ...others.slice(0, 1)])}, 1).close();`,
    },
  ];
  return parts.map(({ name }, i) => ({
    name,
    code: parts
      .slice(0, i + 1)
      .map(({ code }) => code)
      .join('\n'),
  }));
}

function starts(spawns: number): Figure[] {
  const list = fileURLToPath(import.meta.resolve('#dist/cli/main.js'));
  const programs = steps();
  const listNs: number[] = [];
  const stepNs = programs.map(() => [] as number[]);
  for (let spawn = 0; spawn < spawns; spawn++) {
    listNs.push(wallNs([list, 'list']));
    for (const [i, { code }] of programs.entries())
      stepNs[i]!.push(wallNs(['--input-type=module', '-e', code]));
  }
  const total = stepNs.at(-1)!;
  return [
    { name: 'linefill list', unit: 'ns', ...overPasses(listNs), target: { most: mostListNs } },
    { name: 'a measuring process, to its first sample', unit: 'ns', ...overPasses(total) },
    ...programs.map(({ name }, i): Figure => {
      const before = i === 0 ? 0 : median(stepNs[i - 1]!);
      return { name: `  of that ${name}`, unit: 'ns', value: median(stepNs[i]!) - before };
    }),
  ];
}

async function runOf(chosen: readonly Experiment[], profile: Profile): Promise<Run> {
  const system = realSystem();
  return await measure(
    { experiments: chosen, profile, settings: {}, cpus: null, seed: 1, budgetMs: null },
    {
      tool: { name: 'linefill-bench', version: '0' },
      machine: describeMachine(system, nativeFactsOf(environment())),
      surroundings: describeSurroundings(system),
      entries: { child: new URL(child!), worker: new URL(worker!) },
    },
    () => undefined,
    new AbortController().signal,
  );
}

/** Time inside the samples themselves, without their warm-up. A team's sample counts once. */
function sampleMs(run: Run, experiment: string): number {
  const rows = run.measurements.filter((row) => row.experiment === experiment && row.metric === 'time');
  return (
    rows.flatMap((row) => row.processes.flatMap(({ raw }) => raw)).reduce((sum, ns) => sum + ns, 0) / 1e6
  );
}

/** Where a run's time went; what is left over is the engine's own: processes, workers, messages. */
function shares(run: Run): Figure[] {
  const parts = run.conduct.map((conduct) => {
    const { elapsedMs, samplingMs, inputsMs, checkingMs, experiment } = conduct;
    const engineMs = elapsedMs - samplingMs - inputsMs - checkingMs;
    return {
      experiment,
      elapsedMs,
      samplingMs,
      inputsMs,
      checkingMs,
      engineMs,
      sampleMs: sampleMs(run, experiment),
    };
  });
  const sum = (of: (part: (typeof parts)[number]) => number): number =>
    parts.reduce((all, part) => all + of(part), 0);
  const all = sum((part) => part.elapsedMs);
  const share = (name: string, of: (part: (typeof parts)[number]) => number): Figure => ({
    name: `a ${run.profile} run: ${name}`,
    unit: '%',
    value: (100 * sum(of)) / all,
  });
  return [
    ...parts.map(
      (part): Figure => ({
        name: `${part.experiment}: the engine's own`,
        unit: '%',
        value: (100 * part.engineMs) / part.elapsedMs,
      }),
    ),
    { ...share("the engine's own", (part) => part.engineMs), target: { most: mostSharePercent } },
    share('cross-checks', (part) => part.checkingMs),
    share('building inputs', (part) => part.inputsMs),
    share('samples, their warm-up and the probes', (part) => part.samplingMs),
    share('the samples themselves', (part) => part.sampleMs),
    { name: `a ${run.profile} run: all of it`, unit: 'ns', value: all * 1e6 },
  ];
}

await sit(
  'harness',
  'what does the lab cost beside its samples?',
  {
    spawns: { about: 'starts of each program', value: '15' },
    experiments: { about: 'of which to measure a quick run', value: 'all' },
  },
  async ({ smoke, values }) => {
    const spawns = smoke ? 1 : countOf(values.spawns, '--spawns');
    const ids = experiments.map(({ id }) => id);
    const named = smoke
      ? ['access-order']
      : values.experiments === 'all'
        ? ids
        : someOf(values.experiments, '--experiments', ids);
    const chosen = experiments.filter(({ id }) => named.includes(id));
    const run = await runOf(chosen, smoke ? 'smoke' : 'quick');
    return { figures: [...starts(spawns), ...shares(run)], notes: run.warnings };
  },
);
