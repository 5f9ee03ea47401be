/** Judges every claim of the given experiments on a run, fresh or saved. Pure: needs no hardware. */
import type { Verdict } from './claim.ts';
import type { Experiment } from './experiment.ts';
import type { Inference } from './inference.ts';
import { makeFindings } from './make-findings.ts';
import { referenceKey } from './plan.ts';
import type { Prediction } from './prediction.ts';
import type { Run } from './run.ts';

function touchedBy(run: Run, experiments: readonly Experiment[]): readonly Experiment[] {
  const touched = new Set(run.conduct.map((conduct) => conduct.experiment));
  return experiments.filter(({ id }) => touched.has(id));
}

/** What the run's experiments infer of the machine, in the experiments' order. */
export function inferRun(run: Run, experiments: readonly Experiment[]): readonly Inference[] {
  return touchedBy(run, experiments).flatMap((experiment) =>
    (experiment.infer?.(makeFindings(run, experiment)) ?? []).map(
      (inferred): Inference => ({ experiment: experiment.id, ...inferred }),
    ),
  );
}

/**
 * What the cache model makes of the run's experiments, in the experiments' order. It is given all that the run infers
 * of the machine: what one experiment measures another one's model needs.
 */
export function predictRun(run: Run, experiments: readonly Experiment[]): readonly Prediction[] {
  const touched = touchedBy(run, experiments);
  if (touched.every(({ predict }) => predict === undefined)) return [];
  const figures = inferRun(run, experiments);
  return touched.flatMap((experiment) =>
    (experiment.predict?.(makeFindings(run, experiment), figures) ?? []).map(
      ({ group, arm, ...what }): Prediction => ({
        experiment: experiment.id,
        group: group.key,
        arm: referenceKey(experiment, arm),
        ...what,
      }),
    ),
  );
}

/** One verdict a claim, for the experiments that the run has touched, in the experiments' order. */
export function judgeRun(run: Run, experiments: readonly Experiment[]): readonly Verdict[] {
  return touchedBy(run, experiments).flatMap((experiment) => {
    const findings = makeFindings(run, experiment);
    return experiment.claims.map((claim): Verdict => {
      const { id, statement, source } = claim;
      return { experiment: experiment.id, claim: id, statement, source, ...claim.judge(findings) };
    });
  });
}
