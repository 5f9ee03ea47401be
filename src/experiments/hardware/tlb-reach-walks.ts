/**
 * What the page walk's own cache misses cost. A walk of many small pages loads one entry of 8 bytes a page, and all of
 * these together leave the caches as any data does: from the sizes of the caches follows over how many pages each
 * holds them. What a walk costs is told for the numbers of pages between, and where the curve climbs from one such
 * cost to the next is the reach. The lines loaded compete for the same caches, but each line of entries serves eight
 * pages and so is used eight times as often.
 */
import { formatBytes, formatCount } from '../../base/units.ts';
import type { Findings } from '../../experiment/findings.ts';
import type { Inferred } from '../../experiment/inference.ts';
import { dataCacheBytes } from '../../machine/data-cache.ts';
import { median } from '../../stats/index.ts';
import type { PerProcess } from './per-process.ts';
import {
  costs,
  costsOver,
  crossing,
  cycleNs,
  entries,
  own,
  type PagePoint,
  reachOn,
  type Steps,
  stepsOf,
  unseen,
} from './tlb-reach-levels.ts';

const entryBytes = 8;
/** So far beyond the TLB nearly every load waits for a walk. */
const margin = 1.5;
/** A cache holds this part of its size in tables with ease: the lines loaded, and a guest's host, take their share. */
const easily = 1 / 4;
/** Two costs nearer than this are one: no rise. */
const leastRise = 1.35;

/** Tables in one level: the numbers of pages for which it alone holds them, and what a load takes there. */
interface Tables {
  readonly level: number;
  readonly cacheBytes: number;
  /** Pages whose entries it holds, by its size. */
  readonly pages: number;
  readonly nsOf: PerProcess;
}

/** Each process's median over the points of a curve with so many pages. */
function between(steps: Steps, above: number, upTo: number): PerProcess {
  const inside = steps.curve.filter(({ pages }) => pages >= above && pages <= upTo);
  const processes = new Set(inside.flatMap(({ nsOf }) => [...nsOf.keys()]));
  return new Map(
    [...processes].map((process) => [process, median(own(inside, process).map(({ y }) => y))] as const),
  );
}

/** The levels whose sizes are known, nearest first. `from`: what the last TLB reaches. */
function tablesOf({ machine }: Findings, steps: Steps, from: number): Tables[] {
  let above = margin * from;
  return [1, 2, 3, 4].flatMap((level) => {
    const cacheBytes = dataCacheBytes(machine, level);
    if (cacheBytes === null) return [];
    const pages = Math.floor(cacheBytes / entryBytes);
    const nsOf = between(steps, above, easily * pages);
    above = Math.max(above, pages);
    return [{ level, cacheBytes, pages, nsOf }];
  });
}

/** Where each process's curve climbs from one cost to the next; none where a process shows no rise. */
function climbsOf(beyond: readonly PagePoint[], lower: PerProcess, upper: PerProcess): PerProcess {
  return new Map(
    [...lower].flatMap(([process, ns]) => {
      const above = upper.get(process);
      if (above === undefined || above < leastRise * ns) return [];
      const pages = crossing(own(beyond, process), Math.sqrt(ns * above));
      return pages === null ? [] : [[process, pages] as const];
    }),
  );
}

/** Reach of the tables that a level holds, beside what its size says; or why the curve does not show it. */
function reachFigure(steps: Steps, tables: Tables, upper: PerProcess, from: number): Inferred {
  const { level, cacheBytes, pages } = tables;
  const id = `tlb-walk-l${level}-entries`;
  const title = `Page table entries that L${level} holds`;
  const reported = { reported: pages, reportedBy: `${formatBytes(cacheBytes)}, 8 B a page` };
  const no = (note: string): Inferred => ({ ...unseen(id, title, 'entries', note), ...reported });
  const most = steps.curve.at(-1)?.pages ?? 0;
  if (easily * pages <= margin * from) return no('no rise to see: the TLB itself reaches about as far');
  if (pages > most) return no(`beyond the ${formatCount(most)} pages that were gone round`);
  if (tables.nsOf.size === 0 || upper.size === 0)
    return no('no numbers of pages on either side were gone round');
  const beyond = steps.curve.filter((point) => point.pages > margin * from);
  const found = climbsOf(beyond, tables.nsOf, upper);
  // Else the rise of a few disturbed processes would stand for all.
  if (2 * found.size <= tables.nsOf.size) return no(`no rise within ${formatCount(most)} pages`);
  const figure = entries(id, title, reachOn(beyond, found), reported);
  const isLess = figure.value !== null && 2 * figure.value < pages;
  return isLess
    ? { ...figure, note: "the lines loaded, and in a guest the host's tables, take their share" }
    : figure;
}

/** For each cache: over how many pages it holds the tables, and what a walk through it costs. */
export function inferWalks(findings: Findings): Inferred[] {
  const steps = stepsOf(findings, 'pages-4k');
  const pagesOf = steps.reaches[1]?.pagesOf ?? new Map<number, number>();
  if (pagesOf.size === 0) return [];
  const from = median([...pagesOf.values()]);
  const cycles = cycleNs(findings);
  const all = tablesOf(findings, steps, from);
  const memory = between(steps, Math.max(margin * from, all.at(-1)?.pages ?? 0), Number.POSITIVE_INFINITY);
  return [
    ...all.flatMap((tables, i) => [
      reachFigure(steps, tables, all[i + 1]?.nsOf ?? memory, from),
      ...walk(`tlb-walk-l${tables.level}`, `A walk, tables in L${tables.level}`, tables.nsOf),
    ]),
    ...(all.length === 0 ? [] : walk('tlb-walk-ram', 'A walk, tables in memory', memory)),
  ];

  function walk(id: string, title: string, nsOf: PerProcess): Inferred[] {
    return costsOver(steps.levels[0], nsOf).length === 0 ? [] : costs(id, title, steps, nsOf, cycles);
  }
}
