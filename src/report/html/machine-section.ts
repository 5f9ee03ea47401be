/** The machine of a run: every fact with its origin, and what was measured beside what was reported. */
import { formatBytes, formatCount, formatNs, formatNumber } from '../../base/units.ts';
import type { Cache, Cpu, CpuDistance, Machine, MemoryLevel } from '../../machine/types.ts';
import { drawFacts, type FactRow, factRow } from './facts.ts';
import { html, type Markup } from './markup.ts';
import { type Cell, drawMatrix, heatOf } from './matrix.ts';

const asText = (value: string): string => value;
const yesOrNo = (value: boolean): string => (value ? 'on' : 'off');

/** 'L1d 32 KiB'. */
function cacheName({ level, kind, sizeBytes }: Cache): string {
  const letter = { data: 'd', instruction: 'i', unified: '' }[kind];
  return `L${level}${letter} ${formatBytes(sizeBytes)}`;
}

function cachesInWords(caches: readonly Cache[]): string {
  const names = new Map<string, number>();
  for (const cache of caches) names.set(cacheName(cache), (names.get(cacheName(cache)) ?? 0) + 1);
  return [...names]
    .map(([name, times]) => (times === 1 ? name : `${formatCount(times)} × ${name}`))
    .join(', ');
}

function cpusInWords(cpus: readonly Cpu[]): string {
  const cores = new Set(cpus.map((cpu) => `${cpu.package}/${cpu.core ?? `cpu ${cpu.id}`}`)).size;
  const kinds = [...new Set(cpus.flatMap((cpu) => (cpu.kind === null ? [] : [cpu.kind])))];
  const sorts = kinds.length === 0 ? '' : `, ${kinds.join(' and ')}`;
  return `${formatCount(cpus.length)} on ${formatCount(cores)} core${cores === 1 ? '' : 's'}${sorts}`;
}

function levelsInWords(levels: readonly MemoryLevel[]): Markup {
  const items = levels.map(({ upToBytes, latencyNs }) => {
    const reach = upToBytes === null ? 'beyond' : `up to ${formatBytes(upToBytes)}`;
    return html`<li>${reach}: <data value="${latencyNs}">${formatNs(latencyNs)}</data></li>`;
  });
  return html`<ul class="plain">${items}</ul>`;
}

function groupsInWords(groups: readonly (readonly number[])[]): string {
  return groups.map((group) => group.join('+')).join(', ');
}

/** One line: model, CPUs, caches, memory, system, what it runs on. */
export function machineLine(machine: Machine): string {
  const caches = (machine.caches.value ?? []).filter((cache) => cache.kind !== 'instruction');
  const last = caches.toSorted((a, b) => b.level - a.level)[0];
  const measured = machine.lastLevelBytes;
  const parts = [
    machine.cpuModel.value ?? 'unknown CPU',
    machine.cpus.value === null
      ? null
      : `${formatCount(machine.cpus.value.length)} CPU${machine.cpus.value.length === 1 ? '' : 's'}`,
    last === undefined ? null : `${cacheName(last)} reported`,
    measured.value === null ? null : `${formatBytes(measured.value)} last level ${measured.origin}`,
    machine.memoryTotalBytes.value === null ? null : `${formatBytes(machine.memoryTotalBytes.value)} memory`,
    machine.virtualisation.value === 'none' ? null : machine.virtualisation.value,
    `${machine.platform} ${machine.architecture}`,
    `Node.js ${machine.node}`,
  ];
  return parts.filter((part) => part !== null).join(' · ');
}

function hardwareRows(machine: Machine): FactRow[] {
  return [
    factRow('CPU', machine.cpuModel, asText),
    factRow('CPUs', machine.cpus, cpusInWords),
    factRow('CPUs nearest to one another', machine.cpuGroups, groupsInWords),
    factRow('Threads share a core (SMT)', machine.smt, yesOrNo),
    factRow('Caches', machine.caches, cachesInWords),
    factRow('Last level that we get', machine.lastLevelBytes, formatBytes),
    factRow('A dependent load', machine.memoryLevels, levelsInWords),
    factRow('Cache line', machine.lineBytes, formatBytes),
    factRow('NUMA nodes', machine.numaNodes, formatCount),
    factRow('Instruction sets', machine.isa, (names) => names.join(', ')),
    factRow('Event counters', machine.counters, (names) => names.join(', ')),
    factRow('Clock resolution', machine.clockResolutionNs, formatNs),
    factRow('Cost of reading the clock', machine.clockCostNs, formatNs),
  ];
}

function systemRows(machine: Machine): FactRow[] {
  return [
    factRow('Virtualisation', machine.virtualisation, asText),
    factRow('Memory', machine.memoryTotalBytes, formatBytes),
    factRow('Memory that may be taken', machine.memoryAvailableBytes, formatBytes),
    factRow('Memory limit (cgroup)', machine.cgroupMemoryBytes, formatBytes),
    factRow('CPU quota (cgroup)', machine.cgroupCpus, String),
    factRow('Page', machine.pageBytes, formatBytes),
    factRow('Huge pages', machine.hugePages, (pools) =>
      pools
        .map(
          (pool) =>
            `${formatBytes(pool.pageBytes)}: ${formatCount(pool.free)} of ${formatCount(pool.total)} free`,
        )
        .join(', '),
    ),
    factRow('Transparent huge pages', machine.transparentHugePages, asText),
    factRow('Stalling to make them', machine.transparentHugePagesDefrag, asText),
    factRow('Frequency governor', machine.governor, asText),
    factRow('Turbo', machine.turbo, yesOrNo),
    factRow('Address randomisation', machine.addressRandomisation, asText),
    factRow('Compiler', machine.compiler, asText),
    factRow('Compiler flags', machine.compilerFlags, asText),
  ];
}

function distanceMatrix(distances: readonly CpuDistance[]): Markup {
  const cpus = [...new Set(distances.flatMap(({ from, to }) => [from, to]))].toSorted((a, b) => a - b);
  const cellOf = (from: number, to: number): Cell | null => {
    const found = distances.find((one) => one.from === from && one.to === to);
    if (found === undefined) return null;
    const words = formatNumber(found.oneWayNs);
    return {
      value: found.oneWayNs,
      words,
      tip: `CPU ${from} to CPU ${to}\n${formatNs(found.oneWayNs)}`,
      unsteady: false,
    };
  };
  const matrix = drawMatrix({
    id: 'machine-distances',
    caption: 'A line from one CPU to another, one way, ns',
    across: 'from CPU',
    down: 'to CPU',
    columns: cpus.map(String),
    rows: cpus.map(String),
    cells: cpus.map((to) => cpus.map((from) => cellOf(from, to))),
    heat: heatOf(distances.map(({ oneWayNs }) => oneWayNs)),
  });
  return html`<div class="figure" data-figure>${matrix}<div class="tip" role="status" hidden></div></div>`;
}

/** The section about the machine. */
export function drawMachine(machine: Machine): Markup {
  const distances = machine.cpuDistances.value ?? [];
  const identity = html`<dl class="pairs"><div><dt>Machine</dt><dd><code>${machine.id}</code></dd></div><div><dt>Fingerprint</dt
    ><dd><code>${machine.fingerprint}</code></dd></div><div><dt>System</dt><dd>${machine.platform} ${machine.architecture}, ${
      machine.osRelease
    }</dd></div><div><dt>Node.js</dt><dd>${machine.node}</dd></div><div><dt>V8</dt><dd>${machine.v8}</dd></div></dl>`;
  return html`<section id="machine" aria-labelledby="machine-heading"><h2 id="machine-heading">The machine</h2>${identity}${drawFacts('Hardware', hardwareRows(machine))}${
    distances.length === 0 ? null : distanceMatrix(distances)
  }${drawFacts('System and build', systemRows(machine))}</section>`;
}
