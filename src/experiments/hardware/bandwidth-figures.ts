/** What the passes say of the machine: bandwidth by level, of memory for one CPU and for all, and what is lost. */
import { formatBytes } from '../../base/units.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import type { Inferred } from '../../experiment/inference.ts';
import { numberAt } from '../../kernel/kernel.ts';
import { median } from '../../stats/index.ts';
import { type Bounds, levelBounds, streamArrayBytes } from './bandwidth-sizes.ts';
import { combine, coreTimes, figure, type PerProcess, perProcess } from './per-process.ts';

const lineBytes = 64;

interface Level extends Bounds {
  readonly id: string;
  readonly name: string;
}

function levelsOf(findings: Findings): Level[] {
  const { l1, l2, l3, ram } = levelBounds(findings);
  return [
    { id: 'l1', name: 'L1 cache', ...l1 },
    { id: 'l2', name: 'L2 cache', ...l2 },
    { id: 'l3', name: 'L3 cache', ...l3 },
    { id: 'ram', name: 'Memory', ...ram },
  ];
}

function bytesOf({ point }: Group): number {
  return numberAt(point, 'workingSetBytes');
}

/** The groups of a level with so many threads, the largest working set first. */
function groupsOf(findings: Findings, { above, upTo }: Level, threads: number): Group[] {
  return findings.groups
    .filter((group) => numberAt(group.point, 'threads') === threads)
    .filter((group) => bytesOf(group) > above && bytesOf(group) <= upTo)
    .toSorted((a, b) => bytesOf(b) - bytesOf(a));
}

/** The largest working set in a level where all of these ways were measured. */
function groupOf(
  findings: Findings,
  level: Level,
  threads: number,
  variants: readonly string[],
): Group | undefined {
  return groupsOf(findings, level, threads).find((group) =>
    variants.every((variant) => findings.measurement(group, { variant }) !== null),
  );
}

/** From ns a line to GB/s. */
function rates(nsOf: PerProcess): PerProcess {
  return new Map([...nsOf].map(([process, ns]) => [process, lineBytes / ns]));
}

const least = (samples: readonly number[]): number => Math.min(...samples);

/**
 * Inside a cache, on one CPU: what the widest loads reach, in cycles too, and what they are worth. In cycles by the
 * least samples of both: disturbances only ever add, and what they add to one must not be divided by the other.
 */
function ofCache(findings: Findings, level: Level): Inferred[] {
  const group = groupOf(findings, level, 1, ['read', 'read-scalar']) ?? groupOf(findings, level, 1, ['read']);
  if (group === undefined) return [];
  // The first two are a core's own, whatever regime the machine is in.
  const of = (variant: string): PerProcess =>
    level.id === 'l3' ? perProcess(findings, group, variant) : coreTimes(findings, group, { variant });
  const leastOf = (variant: string): PerProcess => coreTimes(findings, group, { variant }, least);
  const [read, scalar] = [of('read'), of('read-scalar')];
  const { id, name } = level;
  return [
    ...figure({ id: `${id}-read`, title: `${name}: read`, unit: 'GB/s' }, rates(read)),
    ...figure(
      { id: `${id}-read-cycle`, title: `${name}: read in a cycle`, unit: 'B' },
      combine(leastOf('cycle'), leastOf('read'), (cycleNs, lineNs) => (lineBytes * cycleNs) / lineNs),
    ),
    ...figure(
      { id: `${id}-read-wide`, title: `${name}: widest reads over scalar`, unit: 'x' },
      combine(scalar, read, (one, wide) => one / wide),
    ),
  ];
}

const inMemory = [
  { operation: 'read', arrays: 1 },
  { operation: 'copy', arrays: 2 },
  { operation: 'triad', arrays: 3 },
] as const;

/** Each process's samples but the first: STREAM, too, leaves out the first pass. */
function laterSamples(raw: readonly number[]): readonly number[] {
  return raw.length > 1 ? raw.slice(1) : raw;
}

/** How an arm did it, its best sample as STREAM reports it, and what differs from STREAM's rule. */
function noteOf(findings: Findings, group: Group, variant: string, arrays: number): string {
  const how = variant.endsWith('-scalar') ? 'a number at a time' : 'by the widest vectors';
  const { processes, divisor } = findings.measurement(group, { variant })!;
  const samples = processes.flatMap(({ raw }) => laterSamples(raw));
  const best = (lineBytes * divisor) / least(samples);
  const told = `${how}; best of ${samples.length}: ${best.toFixed(1)} GB/s`;
  const each = Math.round(bytesOf(group) / arrays);
  const asked = streamArrayBytes(findings, numberAt(group.point, 'threads'));
  if (arrays === 1 || each >= 0.99 * asked) return told;
  return `${told}; arrays of ${formatBytes(each)}, STREAM asks for ${formatBytes(asked)}`;
}

/**
 * Beyond all caches, on so many CPUs: the faster of the widest loads and a number at a time, in the largest set that
 * either was taken in.
 */
function ofMemory(findings: Findings, level: Level, threads: number): Inferred[] {
  const cpus = threads === 1 ? '1 CPU' : `${threads} CPUs`;
  return inMemory.flatMap(({ operation, arrays }) => {
    const name = threads === 1 ? operation : `team-${operation}`;
    const measuredIn = (group: Group): { variant: string; nsOf: PerProcess }[] =>
      [name, `${name}-scalar`]
        .map((variant) => ({ variant, nsOf: perProcess(findings, group, variant) }))
        .filter(({ nsOf }) => nsOf.size > 0);
    const group = groupsOf(findings, level, threads).find((one) => measuredIn(one).length > 0);
    if (group === undefined) return [];
    const { variant, nsOf } = measuredIn(group).toSorted(
      (x, y) => median([...x.nsOf.values()]) - median([...y.nsOf.values()]),
    )[0]!;
    const title = `${level.name}: ${operation}, ${cpus}`;
    const note = noteOf(findings, group, variant, arrays);
    return figure({ id: `${level.id}-${operation}-${threads}`, title, unit: 'GB/s', note }, rates(nsOf));
  });
}

/** What it is worth to write past the caches. */
function ofNonTemporal(findings: Findings, level: Level): Inferred[] {
  return (['write', 'copy'] as const).flatMap((operation) => {
    const group = groupOf(findings, level, 1, [operation, `nt-${operation}`]);
    if (group === undefined) return [];
    const title = `${level.name}: non-temporal ${operation} over regular`;
    const [regular, past] = [operation, `nt-${operation}`].map((variant) =>
      perProcess(findings, group, variant),
    );
    return figure(
      { id: `${level.id}-nt-${operation}`, title, unit: 'x' },
      combine(regular!, past!, (one, other) => one / other),
    );
  });
}

/** Read bandwidth of each cache; of memory, read, copy and triad by number of CPUs; non-temporal against regular. */
export function inferBandwidth(findings: Findings): Inferred[] {
  const levels = levelsOf(findings);
  const memory = levels.at(-1)!;
  const threads = [...new Set(findings.groups.map(({ point }) => numberAt(point, 'threads')))];
  return [
    ...levels.slice(0, -1).flatMap((level) => ofCache(findings, level)),
    ...threads.toSorted((a, b) => a - b).flatMap((count) => ofMemory(findings, memory, count)),
    ...ofNonTemporal(findings, memory),
  ];
}
