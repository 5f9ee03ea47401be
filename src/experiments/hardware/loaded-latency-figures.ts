/** What the loaded chase says of the machine: latency by the load that was measured, and what the highest adds. */
import { formatNumber } from '../../base/units.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import type { Inferred } from '../../experiment/inference.ts';
import { numberAt } from '../../kernel/kernel.ts';
import { median } from '../../stats/index.ts';
import { idlePauseNs } from './loaded-latency-kernels.ts';
import { combine, figure, type PerProcess, perProcess } from './per-process.ts';

/** A point of the curve. */
interface Loaded {
  readonly pauseNs: number;
  readonly loadOf: PerProcess;
  readonly latencyOf: PerProcess;
  /** GB/s that all streamers drew together, the median over processes. */
  readonly load: number;
}

/** The points that were measured, from the lowest load up. */
function curveOf(findings: Findings, group: Group): Loaded[] {
  const pauses = findings.pointsOf(group, 'native').map((point) => numberAt(point, 'pauseNs'));
  const points = pauses.flatMap((pauseNs): Loaded[] => {
    const arm = { variant: 'native', at: { pauseNs } };
    const loadOf = perProcess(findings, group, arm, 'load');
    const latencyOf = perProcess(findings, group, arm, 'latency');
    return loadOf.size === 0 ? [] : [{ pauseNs, loadOf, latencyOf, load: median([...loadOf.values()]) }];
  });
  return points.toSorted((a, b) => a.load - b.load);
}

function ofGroup(findings: Findings, group: Group, isOnly: boolean): Inferred[] {
  const curve = curveOf(findings, group);
  const [idle, highest] = [curve.find(({ pauseNs }) => pauseNs === idlePauseNs), curve.at(-1)];
  const streamers = numberAt(group.point, 'streamers');
  const [suffix, told] = isOnly ? ['', ''] : [`-${streamers}`, `, ${streamers} streaming`];
  const points = curve.flatMap(({ pauseNs, load, latencyOf }) =>
    figure(
      {
        id: `latency-pause-${pauseNs}${suffix}`,
        title: `Latency beside ${formatNumber(load)} GB/s${told}`,
        unit: 'ns',
      },
      latencyOf,
    ),
  );
  if (idle === undefined || highest === undefined || highest === idle) return points;
  return [
    ...points,
    ...figure(
      { id: `highest-load${suffix}`, title: `Highest load beside the chase${told}`, unit: 'GB/s' },
      highest.loadOf,
    ),
    ...figure(
      { id: `loaded-over-idle${suffix}`, title: `Latency there over idle${told}`, unit: 'x' },
      combine(highest.latencyOf, idle.latencyOf, (loaded, alone) => loaded / alone),
    ),
  ];
}

/** Latency at each measured load; the highest load; latency there over idle. */
export function inferLoaded(findings: Findings): Inferred[] {
  const groups = findings.groups.toSorted(
    (a, b) => numberAt(a.point, 'streamers') - numberAt(b.point, 'streamers'),
  );
  return groups.flatMap((group) => ofGroup(findings, group, groups.length === 1));
}
