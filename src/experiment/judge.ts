/** Judges every claim of the given experiments on a run, fresh or saved. Pure: needs no hardware. */
import type { Verdict } from './claim.ts';
import type { Experiment } from './experiment.ts';
import { makeFindings } from './make-findings.ts';
import type { Run } from './run.ts';

/** One verdict a claim, for the experiments that the run has touched, in the experiments' order. */
export function judgeRun(run: Run, experiments: readonly Experiment[]): readonly Verdict[] {
  const touched = new Set(run.conduct.map((conduct) => conduct.experiment));
  return experiments
    .filter((experiment) => touched.has(experiment.id))
    .flatMap((experiment) => {
      const findings = makeFindings(run, experiment);
      return experiment.claims.map((claim): Verdict => {
        const { status, sentence, effect } = claim.judge(findings);
        const { id, statement, source } = claim;
        return { experiment: experiment.id, claim: id, statement, source, status, sentence, effect };
      });
    });
}
