/**
 * What the times of the orders say of the prefetchers. A load is called foreseen when it is nearer to line after line
 * than to random lines of a page, on a logarithmic scale: below the geometric mean of the two. Random lines anywhere
 * would be the wrong measure: staying in a page spares a miss much of its time without anything being foreseen.
 */
import { formatBytes } from '../../base/units.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { type Inferred, overProcesses, processValues } from '../../experiment/inference.ts';
import { orders } from './prefetch-kernels.ts';
import { mainGroup } from './prefetch-pages.ts';

const lineBytes = 64;

/** Median times of one process, by order. */
type Times = ReadonlyMap<string, number>;

/** The orders whose gain over random lines is told. */
const gainsOf = new Set(['sequential', 'backward', 'in-page']);

const numberIn = (order: string): number => Number(order.slice(order.indexOf('-') + 1));

function timesOf(findings: Findings, group: Group, ids: readonly string[]): Times[] {
  const processes = new Map<number, Map<string, number>>();
  for (const order of ids) {
    const row = findings.measurement(group, { variant: order });
    for (const { process, value } of row === null ? [] : processValues(row)) {
      const times = processes.get(process) ?? new Map<string, number>();
      processes.set(process, times.set(order, value));
    }
  }
  return [...processes.values()].filter((times) =>
    ['random', 'in-page', 'sequential'].every((order) => times.has(order)),
  );
}

/** Where foreseen begins; null where line after line, too, takes more than half as long as random lines of a page. */
function foreseenBelow(times: Times): number | null {
  const [sequential, inPage] = [times.get('sequential')!, times.get('in-page')!];
  return sequential <= inPage / 2 ? Math.sqrt(sequential * inPage) : null;
}

/** The last of `ids` (ascending) up to which all are foreseen, by its number; 1 where the first is not, 0 for nothing. */
function reach(times: Times, ids: readonly string[]): number {
  const below = foreseenBelow(times);
  if (below === null) return 0;
  let most = 1;
  for (const order of ids) {
    const time = times.get(order);
    if (time === undefined || time >= below) break;
    most = numberIn(order);
  }
  return most;
}

const nothingReported = { reported: null, reportedBy: null };

/** How many times as long random lines take as this order. */
function gain(all: readonly Times[], order: string, what: string): Inferred {
  const ratios = all.flatMap((times) => {
    const time = times.get(order);
    return time === undefined ? [] : [times.get('random')! / time];
  });
  return {
    id: `gain-${order}`,
    title: `Random lines, over ${what}`,
    unit: 'x',
    ...overProcesses(ratios),
    ...nothingReported,
    note: ratios.length === 0 ? 'not measured' : null,
  };
}

function farthest(
  all: readonly Times[],
  ids: readonly string[],
  figure: { readonly id: string; readonly title: string; readonly unit: string; readonly each: number },
): Inferred {
  const { each, ...names } = figure;
  const found = overProcesses(all.map((times) => each * reach(times, ids)));
  const most = ids.length === 0 ? null : each * numberIn(ids.at(-1)!);
  const shown = most !== null && figure.unit === 'B' ? formatBytes(most) : String(most);
  const note =
    found.value === 0
      ? 'line after line takes over half as long as random lines of a page: nothing is foreseen'
      : most !== null && (found.low ?? found.value) === most
        ? `all are foreseen up to ${shown}, the most that was measured`
        : null;
  return { ...names, ...found, ...nothingReported, note };
}

/** Gains over random lines, the longest stride and the most streams that are foreseen, over the largest set. */
export function inferForesight(findings: Findings): Inferred[] {
  const group = mainGroup(findings);
  if (group === undefined) return [];
  const measured = orders.filter(({ id }) => findings.measurement(group, { variant: id }) !== null);
  const ids = measured.map(({ id }) => id);
  const all = timesOf(findings, group, ids);
  const gains = measured.filter(({ id }) => gainsOf.has(id));
  return [
    ...gains.map(({ id, title }) => gain(all, id, title)),
    farthest(
      all,
      ids.filter((id) => id.startsWith('stride-')),
      { id: 'longest-stride', title: 'Longest stride foreseen', unit: 'B', each: lineBytes },
    ),
    farthest(
      all,
      ids.filter((id) => id.startsWith('streams-')),
      { id: 'streams-followed', title: 'Streams followed at once', unit: '', each: 1 },
    ),
  ];
}
