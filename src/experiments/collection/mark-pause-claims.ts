/** What the times of marking say: how near it comes to the memory's own speed, and whether a pause is what is claimed. */
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { type Inferred, overProcesses } from '../../experiment/inference.ts';
import { judgeFigure, withoutEffect } from '../../experiment/judging.ts';
import { numberAt, textAt } from '../../kernel/kernel.ts';
import { median } from '../../stats/index.ts';
import { combine, figure, type PerProcess, perProcess } from '../hardware/per-process.ts';

/** Variants that mark, by their ids, and those that only load. */
export const markers: readonly string[] = ['headers', 'headers-grey', 'headers-queue', 'map', 'map-queue'];
export const chainCounts: readonly number[] = [1, 4, 8, 16];

const claimedObjects = 10_000_000;
const claimedMs = { mark: 50, sweep: 20 } as const;
const nsOfMs = 1e6;

const onPages: Readonly<Record<string, string>> = { small: 'small pages', transparent: '2 MiB pages' };

function pagesOf({ point }: Group): string {
  return onPages[textAt(point, 'pages')] ?? textAt(point, 'pages');
}

/** The least of some figures in each process. */
function least(all: readonly PerProcess[]): PerProcess {
  const found = new Map<number, number>();
  for (const [process, value] of all.flatMap((each) => [...each])) {
    found.set(process, Math.min(value, found.get(process) ?? Infinity));
  }
  return found;
}

/** A line's time in each process: of all numbers of chains the quickest. */
function lineNs(findings: Findings, group: Group): PerProcess {
  return least(chainCounts.map((chains) => perProcess(findings, group, `chains-${chains}`)));
}

/** Marking's time an object in each process. */
function markNs(findings: Findings, group: Group, marker: string): PerProcess {
  const objects = numberAt(group.point, 'objects');
  const all = perProcess(findings, group, marker, 'markNs');
  return new Map([...all].map(([process, ns]) => [process, ns / objects]));
}

/** The marker that takes least. */
function quickest(findings: Findings, group: Group, metric?: string): string | null {
  const times = markers.flatMap((marker) => {
    const values = [...perProcess(findings, group, marker, metric).values()];
    return values.length === 0 ? [] : [{ marker, ns: median(values) }];
  });
  return times.toSorted((a, b) => a.ns - b.ns)[0]?.marker ?? null;
}

/** For each heap: the bound, what the quickest marker takes over it, and what each means gains. */
export function inferMarking(findings: Findings): Inferred[] {
  return findings.groups.flatMap((group) => {
    const objects = numberAt(group.point, 'objects');
    const id = `${objects}-${textAt(group.point, 'pages')}`;
    const where = `${objects.toLocaleString('en-US')} objects, ${pagesOf(group)}`;
    const bound = lineNs(findings, group);
    const best = quickest(findings, group, 'markNs');
    const mark = (marker: string): PerProcess => markNs(findings, group, marker);
    const over = (slow: string, quick: string): PerProcess =>
      combine(mark(slow), mark(quick), (a, b) => a / b);
    return [
      ...figure({ id: `line-${id}`, title: `${where}: a line takes, at best`, unit: 'ns' }, bound),
      ...(best === null
        ? []
        : figure(
            { id: `mark-${id}`, title: `${where}: ${best} marks an object in`, unit: 'ns' },
            mark(best),
          )),
      ...(best === null
        ? []
        : figure(
            { id: `over-bound-${id}`, title: `${where}: that over a line's time`, unit: 'x' },
            combine(mark(best), bound, (ns, line) => ns / line),
          )),
      ...figure(
        { id: `queue-gain-${id}`, title: `${where}: marking in headers at once, over a queue`, unit: 'x' },
        over('headers', 'headers-queue'),
      ),
      ...figure(
        { id: `grey-gain-${id}`, title: `${where}: the same over a prefetch of what is grey`, unit: 'x' },
        over('headers', 'headers-grey'),
      ),
      ...figure(
        { id: `map-gain-${id}`, title: `${where}: sweeping cell by cell, over sweeping a map`, unit: 'x' },
        combine(
          perProcess(findings, group, 'headers-queue', 'sweepNs'),
          perProcess(findings, group, 'map-queue', 'sweepNs'),
          (cells, map) => cells / map,
        ),
      ),
    ];
  });
}

function inMs(values: PerProcess): PerProcess {
  return new Map([...values].map(([process, ns]) => [process, ns / nsOfMs]));
}

function medianMs(findings: Findings, group: Group, marker: string, metric: string): string {
  const values = [...inMs(perProcess(findings, group, marker, metric)).values()];
  return values.length === 0 ? 'n/a' : `${median(values).toFixed(0)} ms`;
}

/** A whole pause in each process, in ms. */
function pauseMs(findings: Findings, group: Group, marker: string): PerProcess {
  const objects = numberAt(group.point, 'objects');
  const perObject = perProcess(findings, group, marker);
  return new Map([...perObject].map(([process, ns]) => [process, (ns * objects) / nsOfMs]));
}

/** The group and the marker whose pause is shortest, of those with as many objects as the claim names. */
function shortest(findings: Findings): { group: Group; marker: string } | null {
  const all = findings.groups
    .filter(({ point }) => numberAt(point, 'objects') === claimedObjects)
    .flatMap((group) => {
      const marker = quickest(findings, group);
      if (marker === null) return [];
      return [{ group, marker, ms: median([...pauseMs(findings, group, marker).values()]) }];
    });
  return all.toSorted((a, b) => a.ms - b.ms)[0] ?? null;
}

export const markSweepPause: Claim = {
  id: 'mark-sweep-pause',
  statement: 'Ten million objects are marked in 50 ms and swept in 20 ms.',
  source: `${claimedMs.mark + claimedMs.sweep} ms`,
  judge(findings): Judgement {
    const found = shortest(findings);
    if (found === null) {
      return withoutEffect(
        'inconclusive',
        'Ten million objects were not measured: linefill run mark-pause --profile full.',
      );
    }
    const { group, marker } = found;
    const { mark, sweep } = claimedMs;
    const what =
      `The pause for ten million objects on ${pagesOf(group)}, ${marker}, ` +
      `${medianMs(findings, group, marker, 'markNs')} to mark and ${medianMs(findings, group, marker, 'sweepNs')} to sweep,`;
    const claimed = { low: mark + sweep, high: mark + sweep, unit: 'ms' };
    return judgeFigure(overProcesses([...pauseMs(findings, group, marker).values()]), claimed, what);
  },
};
