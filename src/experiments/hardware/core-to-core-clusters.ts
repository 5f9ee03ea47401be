/**
 * Which CPUs are near each other, and what that makes of them: the pairs' hand-overs fall into steps with gaps between
 * them (src/machine/siblings.ts), and each step is named by how long it takes. What the system reports stands beside
 * it: a guest's topology is what its host chose to show.
 */
import type { Findings, Group } from '../../experiment/findings.ts';
import {
  type Inferred,
  overProcesses,
  type ProcessValue,
  processValues,
} from '../../experiment/inference.ts';
import { numberAt } from '../../kernel/kernel.ts';
import { formatCpuList } from '../../machine/cpu-list.ts';
import { inferGroupings } from '../../machine/siblings.ts';
import type { Cpu, Machine } from '../../machine/types.ts';
import { median } from '../../stats/index.ts';

/** The hand-over that clusters are told by: one request for the line each way. */
const handOver = 'swap';
const transfer = 'transfer';
const lineBytes = 64;

/**
 * What a hand-over suggests, by its time one way. Threads of one core meet in its first cache within some 10 ns; cores
 * around one cache, or on one mesh, within some 70; beyond are other dies and sockets. After the tables of
 * nviennot/core-to-core-latency.
 */
const nearness = [
  { belowNs: 13, name: 'siblings of one core' },
  { belowNs: 70, name: 'CPUs around a shared cache' },
  { belowNs: Number.POSITIVE_INFINITY, name: 'CPUs across the fabric' },
] as const;

export function nameOfDistance(oneWayNs: number): string {
  return nearness.find(({ belowNs }) => oneWayNs < belowNs)!.name;
}

interface Pair {
  readonly from: number;
  readonly to: number;
  readonly group: Group;
  /** Over all processes. */
  readonly oneWayNs: number;
  readonly byProcess: readonly ProcessValue[];
}

/** Pairs whose hand-overs take about equally long. */
interface Step {
  readonly name: string;
  readonly pairs: readonly Pair[];
  /** The CPUs that reach each other within this step; empty for the last, which joins all. */
  readonly clusters: readonly (readonly number[])[];
}

function pairsOf(findings: Findings): Pair[] {
  return findings.groups.flatMap((group) => {
    const row = findings.measurement(group, { variant: handOver });
    const byProcess = row === null ? [] : processValues(row);
    if (byProcess.length === 0) return [];
    const oneWayNs = median(byProcess.map(({ value }) => value));
    const { point } = group;
    return [{ from: numberAt(point, 'from'), to: numberAt(point, 'to'), group, oneWayNs, byProcess }];
  });
}

function isWithin(clusters: readonly (readonly number[])[], { from, to }: Pair): boolean {
  return clusters.some((cluster) => cluster.includes(from) && cluster.includes(to));
}

/** The steps, nearest first. One where no gap divides the CPUs. */
function stepsOf(pairs: readonly Pair[]): Step[] {
  const levels: (readonly (readonly number[])[])[] = inferGroupings(pairs).map(({ groups }) => groups);
  let left = pairs;
  const steps: Step[] = [];
  for (const clusters of [...levels, null]) {
    const inside = left.filter((pair) => clusters === null || isWithin(clusters, pair));
    left = left.filter((pair) => !inside.includes(pair));
    if (inside.length === 0) continue;
    const name = nameOfDistance(median(inside.map(({ oneWayNs }) => oneWayNs)));
    const shown = (clusters ?? []).filter((cluster) => cluster.length > 1);
    steps.push({ name, pairs: inside, clusters: shown });
  }
  // Two steps of one name: the second is the farther one.
  return steps.map((step, i) =>
    steps.findIndex(({ name }) => name === step.name) < i ? { ...step, name: `${step.name}, farther` } : step,
  );
}

/** Each process's median over the pairs of a step. */
function overPairs(rows: readonly (readonly ProcessValue[])[]): number[] {
  const processes = new Set(rows.flatMap((row) => row.map(({ process }) => process)));
  return [...processes].map((process) =>
    median(rows.flatMap((row) => row.filter((one) => one.process === process).map(({ value }) => value))),
  );
}

/** The nearest level of what two CPUs are said to share; null where nothing is said. */
function reportedRelation({ cpus, caches }: Machine, a: number, b: number): string | null {
  const known = new Map((cpus.value ?? []).map((cpu): [number, Cpu] => [cpu.id, cpu]));
  const [one, other] = [known.get(a), known.get(b)];
  if (one?.siblings.includes(b) === true) return 'siblings of one core';
  const shared = (caches.value ?? [])
    .filter((cache) => cache.cpus.includes(a) && cache.cpus.includes(b))
    .toSorted((x, y) => x.level - y.level)[0];
  if (shared !== undefined) return `cores that share L${shared.level}`;
  if (one === undefined || other === undefined || one.package === null || other.package === null) return null;
  return one.package === other.package ? 'cores of one package' : 'cores of two packages';
}

/** Which CPUs a step is of, and what the system says of its pairs; what its time suggests is its name. */
function noteOf({ clusters, pairs }: Step, machine: Machine, isOnly: boolean): string {
  const [first] = pairs;
  const members = clusters.map(formatCpuList).join(' | ');
  const otherwise = isOnly ? `all ${pairs.length} pairs` : 'all other pairs';
  const cpus = members === '' ? otherwise : `CPUs ${members}`;
  const which = isOnly && pairs.length === 1 ? `CPUs ${first!.from} and ${first!.to}` : cpus;
  const relations = pairs.flatMap(({ from, to }) => reportedRelation(machine, from, to) ?? []);
  const reported =
    relations.length === 0 ? 'not reported' : `reported as ${[...new Set(relations)].join(', ')}`;
  return `${which}; ${reported}`;
}

const nothingReported = { reported: null, reportedBy: null } as const;

function stepFigures(findings: Findings, step: Step, index: number, isOnly: boolean): Inferred[] {
  const handOvers: Inferred = {
    id: `hand-over-${index + 1}`,
    title: `Hand-over: ${step.name}`,
    unit: 'ns',
    ...overProcesses(overPairs(step.pairs.map(({ byProcess }) => byProcess))),
    ...nothingReported,
    note: noteOf(step, findings.machine, isOnly),
  };
  const rows = step.pairs.flatMap(({ group }) => findings.measurement(group, { variant: transfer }) ?? []);
  if (rows.length === 0) return [handOvers];
  const nsALine = overPairs(rows.map(processValues));
  return [
    handOvers,
    {
      id: `line-transfer-${index + 1}`,
      title: `A buffer's lines: ${step.name}`,
      unit: 'GB/s',
      ...overProcesses(nsALine.map((ns) => lineBytes / ns)),
      ...nothingReported,
      note: 'counted once a round, in which one CPU takes the lines back to write them and the other fetches them',
    },
  ];
}

/** How many of the machine's CPUs were paired, where that is not all of them; null: all, or nobody knows. */
function missingNote(pairs: readonly Pair[], { cpus }: Machine): string | null {
  const paired = new Set(pairs.flatMap(({ from, to }) => [from, to])).size;
  const all = cpus.value?.length ?? paired;
  return paired < all ? `${paired} of the machine's ${all} CPUs: the rest was left out` : null;
}

/** How many clusters a process by itself would have found at the nearest step. */
function countsOf(pairs: readonly Pair[]): number[] {
  const processes = new Set(pairs.flatMap(({ byProcess }) => byProcess.map(({ process }) => process)));
  return [...processes].map((process) => {
    const own = pairs.flatMap(({ from, to, byProcess }) =>
      byProcess.filter((one) => one.process === process).map(({ value }) => ({ from, to, oneWayNs: value })),
    );
    return inferGroupings(own)[0]?.groups.length ?? 1;
  });
}

/** Clusters, their hand-overs, and what a buffer's lines travel at where that was measured. */
export function inferClusters(findings: Findings): Inferred[] {
  const pairs = pairsOf(findings);
  if (pairs.length === 0) return [];
  const steps = stepsOf(pairs);
  const figures = steps.flatMap((step, i) => stepFigures(findings, step, i, steps.length === 1));
  if (pairs.length === 1) return figures;
  const nearest = inferGroupings(pairs)[0]?.groups;
  const members = nearest?.map(formatCpuList).join(' | ');
  const leftOut = missingNote(pairs, findings.machine);
  return [
    {
      id: 'cpu-clusters',
      title: 'Clusters of CPUs',
      unit: '',
      ...overProcesses(countsOf(pairs)),
      value: nearest?.length ?? 1,
      ...nothingReported,
      note: [
        members === undefined ? 'no gap divides the CPUs' : `CPUs ${members}`,
        ...(leftOut === null ? [] : [leftOut]),
      ].join('; '),
    },
    ...figures,
  ];
}
