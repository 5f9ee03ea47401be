/** Who makes experiments that stand in no list, by name. Their code is loaded when it is asked for. */
import { ContractError } from '../base/errors.ts';
import { inBrief } from '../experiment/brief.ts';
import type { Experiment, Profile } from '../experiment/experiment.ts';
import type { ExperimentSource } from '../experiment/request.ts';
import { meant } from './nearest.ts';

interface Brief {
  readonly profile: Profile;
  readonly ids: readonly string[];
}

/** A source of the listed experiments, those of `ids` in brief. */
export function briefSource(profile: Profile, ids: readonly string[]): ExperimentSource {
  return { maker: 'brief', text: JSON.stringify({ profile, ids } satisfies Brief) };
}

/** The experiments of a source. Throws ContractError for a maker that nobody is. */
export async function make({ maker, text }: ExperimentSource): Promise<readonly Experiment[]> {
  switch (maker) {
    case 'brief': {
      const { profile, ids } = JSON.parse(text) as Brief;
      const { experiments } = await import('../experiments/index.ts');
      return experiments.map((one) => (ids.includes(one.id) ? inBrief(one, profile) : one));
    }
    case 'layout': {
      const { experimentsFrom } = await import('../layout/experiments.ts');
      return experimentsFrom(text, meant);
    }
    case 'replay': {
      const { experimentsFrom } = await import('../experiments/allocation/replayed-trace.ts');
      return await experimentsFrom(text);
    }
    case 'collectors': {
      const { collectorRunFrom } = await import('../experiments/collection/collector-run.ts');
      return collectorRunFrom(text);
    }
    default:
      throw new ContractError(`nobody makes experiments by the name of "${maker}"`);
  }
}
