/** What the passes say of the machine: bandwidth by level, of memory for one CPU and for all, and what is lost. */
import { formatBytes } from '../../base/units.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import type { Inferred } from '../../experiment/inference.ts';
import { numberAt } from '../../kernel/kernel.ts';
import { median } from '../../stats/index.ts';
import { streamRule } from './bandwidth-sizes.ts';
import { combine, figure, type PerProcess, perProcess } from './per-process.ts';
import { cacheBytes, lastLevelBytes } from './sizes.ts';

const lineBytes = 64;

interface Level {
  readonly id: string;
  readonly name: string;
  /** Working sets that it alone holds. */
  readonly above: number;
  readonly upTo: number;
}

function levelsOf({ machine }: Findings): Level[] {
  const [l1, l2, last] = [
    cacheBytes({ machine }, 1),
    cacheBytes({ machine }, 2),
    lastLevelBytes({ machine }),
  ];
  return [
    { id: 'l1', name: 'L1 cache', above: 0, upTo: 0.75 * l1 },
    { id: 'l2', name: 'L2 cache', above: 1.5 * l1, upTo: 0.75 * l2 },
    { id: 'l3', name: 'L3 cache', above: 1.5 * l2, upTo: 0.4 * last },
    { id: 'ram', name: 'Memory', above: 1.5 * last, upTo: Number.POSITIVE_INFINITY },
  ];
}

function bytesOf({ point }: Group): number {
  return numberAt(point, 'workingSetBytes');
}

/** The largest working set in a level where all of these ways were measured. */
function groupOf(
  findings: Findings,
  { above, upTo }: Level,
  threads: number,
  variants: readonly string[],
): Group | undefined {
  return findings.groups
    .filter((group) => numberAt(group.point, 'threads') === threads)
    .filter((group) => bytesOf(group) > above && bytesOf(group) <= upTo)
    .filter((group) => variants.every((variant) => findings.measurement(group, { variant }) !== null))
    .toSorted((a, b) => bytesOf(b) - bytesOf(a))[0];
}

/** From ns a line to GB/s. */
function rates(nsOf: PerProcess): PerProcess {
  return new Map([...nsOf].map(([process, ns]) => [process, lineBytes / ns]));
}

/** Inside a cache, on one CPU: what the widest loads reach, in cycles too, and what they are worth. */
function ofCache(findings: Findings, level: Level): Inferred[] {
  const group = groupOf(findings, level, 1, ['read', 'read-scalar']) ?? groupOf(findings, level, 1, ['read']);
  if (group === undefined) return [];
  const of = (variant: string): PerProcess => perProcess(findings, group, variant);
  const [read, scalar, cycle] = [of('read'), of('read-scalar'), of('cycle')];
  const { id, name } = level;
  return [
    ...figure({ id: `${id}-read`, title: `${name}: read`, unit: 'GB/s' }, rates(read)),
    ...figure(
      { id: `${id}-read-cycle`, title: `${name}: read in a cycle`, unit: 'B' },
      combine(cycle, read, (cycleNs, lineNs) => (lineBytes * cycleNs) / lineNs),
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

/** How an arm did it, its best sample as STREAM reports it, and what differs from STREAM's rule. */
function noteOf(findings: Findings, group: Group, variant: string, arrays: number): string {
  const how = variant.endsWith('-scalar') ? 'a number at a time' : 'by the widest vectors';
  const { processes, divisor } = findings.measurement(group, { variant })!;
  const samples = processes.flatMap(({ raw }) => raw);
  const best = (lineBytes * divisor) / Math.min(...samples);
  const told = `${how}; best of ${samples.length}: ${best.toFixed(1)} GB/s`;
  const each = Math.round(bytesOf(group) / arrays);
  const least = streamRule * lastLevelBytes(findings);
  if (arrays === 1 || each >= 0.99 * least) return told;
  return `${told}; arrays of ${formatBytes(each)}, STREAM asks for ${formatBytes(least)}`;
}

/** Beyond all caches, on so many CPUs: the faster of the widest loads and a number at a time. */
function ofMemory(findings: Findings, level: Level, threads: number): Inferred[] {
  const cpus = threads === 1 ? '1 CPU' : `${threads} CPUs`;
  return inMemory.flatMap(({ operation, arrays }) => {
    const name = threads === 1 ? operation : `team-${operation}`;
    const group =
      groupOf(findings, level, threads, [name, `${name}-scalar`]) ??
      groupOf(findings, level, threads, [name]);
    if (group === undefined) return [];
    const measured = [name, `${name}-scalar`]
      .map((variant) => ({ variant, nsOf: perProcess(findings, group, variant) }))
      .filter(({ nsOf }) => nsOf.size > 0)
      .toSorted((x, y) => median([...x.nsOf.values()]) - median([...y.nsOf.values()]));
    const { variant, nsOf } = measured[0]!;
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
