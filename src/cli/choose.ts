/** Which experiments the words on the command line mean: ids and labs. */
import { UserError } from '../base/errors.ts';
import { isSet } from '../experiment/brief.ts';
import type { Experiment } from '../experiment/experiment.ts';
import type { MeasureRequest } from '../experiment/request.ts';
import { meant } from './nearest.ts';

const whoLists = 'linefill list shows all';

/** A claim's id where an experiment's was asked for. */
function judgeOf(word: string, all: readonly Experiment[]): string | null {
  const judge = all.find(({ claims }) => claims.some(({ id }) => id === word));
  return judge === undefined ? null : `it is a claim, and ${judge.id} judges it: use ${judge.id}`;
}

/** The word for every experiment there is. */
export const everything = 'all';

/** The experiments of some ids and labs, each once, in the list's order; the standard set for no words. */
export function chooseExperiments(
  words: readonly string[],
  all: readonly Experiment[],
): readonly Experiment[] {
  if (words.length === 0) return all.filter(({ onRequest }) => onRequest !== true);
  if (words.includes(everything)) return all;
  const known = [everything, ...all.map(({ id }) => id), ...new Set(all.map(({ lab }) => lab))];
  const unknown = words.find((word) => !known.includes(word));
  if (unknown !== undefined) {
    const cure = judgeOf(unknown, all) ?? meant(unknown, known, whoLists);
    throw new UserError(`there is no experiment or lab "${unknown}"`, cure);
  }
  return all.filter(({ id, lab }) => words.includes(id) || words.includes(lab));
}

/**
 * Those of the chosen experiments that are measured in brief: what has a short form, where it was asked for by its id or
 * its lab, and neither its parameters nor the time were set.
 */
export function chooseBrief(
  words: readonly string[],
  chosen: readonly Experiment[],
  { profile, settings, budgetMs }: Pick<MeasureRequest, 'profile' | 'settings' | 'budgetMs'>,
): readonly Experiment[] {
  const isWhole = words.length === 0 || words.includes(everything) || profile === 'smoke';
  if (isWhole || budgetMs !== null) return [];
  return chosen.filter((experiment) => experiment.brief !== undefined && !isSet(experiment, settings));
}

/** The experiment of an id. */
export function findExperiment(id: string, all: readonly Experiment[]): Experiment {
  const found = all.find((experiment) => experiment.id === id);
  if (found !== undefined) return found;
  const ids = all.map((experiment) => experiment.id);
  throw new UserError(`there is no experiment "${id}"`, judgeOf(id, all) ?? meant(id, ids, whoLists));
}
