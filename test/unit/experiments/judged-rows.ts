/** Rows made by hand, and what a claim says of them. */
import type { Claim, Judgement } from '../../../src/experiment/claim.ts';
import type { Experiment } from '../../../src/experiment/experiment.ts';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import { armKey, pointKey } from '../../../src/experiment/plan.ts';
import type { Measurement, Run } from '../../../src/experiment/run.ts';
import type { Point } from '../../../src/kernel/kernel.ts';
import { makeConduct, makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';

/** A row of six processes that all took `ns`. */
export function row(
  experiment: Experiment,
  group: Point,
  variant: string,
  at: Point,
  ns: number,
  twin = false,
): Measurement {
  const processes = [0, 1, 2, 3, 4, 5].map((process) => makeSamples(process, [ns, ns * 1.001, ns * 0.999]));
  const made = makeMeasurement(`${armKey(variant, at)}${twin ? ' (again)' : ''}`, processes, {
    experiment: experiment.id,
    group: pointKey(group),
    variant,
    point: { ...group, ...at },
    twin,
  });
  return { ...made, summary: { ...made.summary, median: ns } };
}

/** What a claim of an experiment says of the rows. */
export function judge(
  experiment: Experiment,
  id: string,
  measurements: Measurement[],
  more: Partial<Run> = {},
): Judgement {
  const run = makeRun({ measurements, conduct: [makeConduct({ experiment: experiment.id })], ...more });
  const claim = experiment.claims.find((each) => each.id === id) as Claim;
  return claim.judge(makeFindings(run, experiment));
}
