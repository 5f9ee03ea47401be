/** Which experiments the words on the command line mean: ids and labs. */
import { UserError } from '../base/errors.ts';
import type { Experiment } from '../experiment/experiment.ts';
import { meant } from './nearest.ts';

const whoLists = 'linefill list shows all';

/** A claim's id where an experiment's was asked for. */
function judgeOf(word: string, all: readonly Experiment[]): string | null {
  const judge = all.find(({ claims }) => claims.some(({ id }) => id === word));
  return judge === undefined ? null : `it is a claim, and ${judge.id} judges it: use ${judge.id}`;
}

/** The word for every experiment there is. */
export const everything = 'all';

/** What counts for more takes longer alone than a whole lab should. */
const mostWeight = 0.5;

/**
 * The long experiments of the standard set, which a lab that is mostly on request leaves to that set: within a lab's
 * minute they would come to no verdict.
 */
function isLeftToStandardSet(
  { lab, onRequest, weight = 1 }: Experiment,
  all: readonly Experiment[],
): boolean {
  const isOnRequest = all.some((other) => other.lab === lab && other.onRequest === true);
  return isOnRequest && onRequest !== true && weight > mostWeight;
}

/** What was asked for as part of a lab only, and is left to the standard set. */
export function leftToStandardSet(
  words: readonly string[],
  all: readonly Experiment[],
): readonly Experiment[] {
  if (words.includes(everything)) return [];
  return all.filter(
    (experiment) =>
      words.includes(experiment.lab) &&
      !words.includes(experiment.id) &&
      isLeftToStandardSet(experiment, all),
  );
}

/**
 * The experiments of some ids and labs, each once, in the list's order, but for what is left to the standard set; that
 * set for no words.
 */
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
  const left = leftToStandardSet(words, all);
  return all.filter(
    (experiment) =>
      (words.includes(experiment.id) || words.includes(experiment.lab)) && !left.includes(experiment),
  );
}

/** The experiment of an id. */
export function findExperiment(id: string, all: readonly Experiment[]): Experiment {
  const found = all.find((experiment) => experiment.id === id);
  if (found !== undefined) return found;
  const ids = all.map((experiment) => experiment.id);
  throw new UserError(`there is no experiment "${id}"`, judgeOf(id, all) ?? meant(id, ids, whoLists));
}
