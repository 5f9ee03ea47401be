/**
 * Where what was measured of a machine contradicts what it says of itself: siblings sold as cores, a slice sold as a
 * cache, huge pages asked for and not given, a clock that drifts. Pure; each is a sentence for the reader.
 */
import { formatBytes, formatNs, formatNumber } from '../base/units.ts';
import type { Machine } from '../machine/types.ts';
import type { Inferred } from './inference.ts';

/** A measured size below this share of the reported one is another cache than the one that is sold. */
const sliceBelow = 0.6;
/** Fewer pages than this came as asked. */
const mostPages = 0.9;
/** Core clocks of one run that differ by more than this are two clocks. */
const steadyWithin = 0.03;
/** Threads of one core hand a line over within their own first cache: about this many of its load latencies. */
const siblingLoads = 12;

type Figures = readonly Inferred[];

function find(figures: Figures, id: string): Inferred | null {
  return figures.find((figure) => figure.id === id) ?? null;
}

/** CPUs that the system calls cores of their own but that hand a line over as fast as threads of one. */
function soldSiblings(machine: Machine, figures: Figures): string[] {
  const load = find(figures, 'l1-latency')?.value ?? null;
  const cpus = machine.cpus.value ?? [];
  if (load === null) return [];
  return (machine.cpuDistances.value ?? []).flatMap(({ from, to, oneWayNs }) => {
    const says = cpus.find(({ id }) => id === from)?.siblings.includes(to) ?? false;
    if (says || oneWayNs > siblingLoads * load) return [];
    return [
      `CPU ${from} and CPU ${to} are reported as cores of their own, but a line goes from one to the other in ` +
        `${formatNs(oneWayNs)}, as between two threads of one core.`,
    ];
  });
}

function sizes(figures: Figures): string[] {
  return figures.flatMap(({ id, title, value, high, reported }) => {
    if (!/^l\d-size$/.test(id) || value === null || reported === null) return [];
    if ((high ?? value) >= sliceBelow * reported) return [];
    const why =
      id === 'l1-size' ? 'another cache than is reported' : 'a slice of it, or one shared with strangers';
    return [`${title}: ${formatBytes(reported)} reported, ${formatBytes(Math.round(value))} found: ${why}.`];
  });
}

/** Counts that can only be right or wrong: a line, ways, levels. */
function counts(figures: Figures): string[] {
  return figures.flatMap(({ id, title, unit, value, low, high, reported }) => {
    const isCount = id === 'line-size' || id === 'cache-levels' || id.endsWith('-ways');
    if (!isCount || value === null || reported === null) return [];
    const [least, most] = [low ?? value, high ?? value];
    if (least <= reported && reported <= most) return [];
    return [
      `${title}: ${formatNumber(reported)} ${unit} reported, ${formatNumber(value)} ${unit} found.`.replaceAll(
        '  ',
        ' ',
      ),
    ];
  });
}

function hugePages({ transparentHugePages: mode, hugePagesGiven: given }: Machine): string[] {
  if (mode.value === null || mode.value === 'never' || given.value === null || given.value >= mostPages)
    return [];
  const share = formatNumber(100 * given.value);
  return [
    `Transparent huge pages are set to ${mode.value}, but only ${share}% of what asked for them came as such.`,
  ];
}

function clock(figures: Figures): string[] {
  const found = find(figures, 'core-clock');
  if (found?.low == null || found.high === null || found.high / found.low - 1 <= steadyWithin) return [];
  return [
    `The core's clock drifts: from ${formatNumber(found.low)} to ${formatNumber(found.high)} ${found.unit} ` +
      'between the processes of one run.',
  ];
}

/** The contradictions, one sentence each; none where measured and reported agree. */
export function contradictions(machine: Machine, figures: Figures): string[] {
  return [
    ...soldSiblings(machine, figures),
    ...sizes(figures),
    ...counts(figures),
    ...hugePages(machine),
    ...clock(figures),
  ];
}
