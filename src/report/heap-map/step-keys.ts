/** What the colours of a collection's steps mean, for text and pages: those that appear in it. */
import type { StepState } from '../../collectors/step.ts';
import type { Steps } from '../../collectors/steps.ts';

/** What a cell can be: of an object, or of the table before objects that slide. */
export type StepMark = StepState | 'table';

export interface StepKey {
  readonly mark: StepMark;
  readonly means: string;
}

const marking: readonly StepKey[] = [
  { mark: 'white', means: 'white: not found' },
  { mark: 'grey', means: 'grey: found, not looked at' },
  { mark: 'black', means: 'black: looked at' },
  { mark: 'left', means: 'moved away' },
  { mark: 'freed', means: 'free now' },
  { mark: 'table', means: 'table: where objects go' },
];

/** After Bacon and Rajan; the number beside a name is the count. */
const counting: readonly StepKey[] = [
  { mark: 'black', means: 'black: in use' },
  { mark: 'purple', means: 'purple: maybe kept by a cycle alone' },
  { mark: 'grey', means: 'grey: on trial' },
  { mark: 'white', means: 'white: garbage, as it seems' },
  { mark: 'freed', means: 'free now' },
];

/** The key of a collector's steps. */
export function stepKeys({ steps, isCounted }: Steps): StepKey[] {
  const shown = new Set<StepMark>(steps.flatMap(({ objects }) => objects.map(({ state }) => state)));
  const hasTable = steps.some(({ spaces }) => spaces.some(({ objectsStart }) => objectsStart !== undefined));
  if (hasTable) shown.add('table');
  return (isCounted ? counting : marking).filter(({ mark }) => shown.has(mark));
}

/** What a state means, in words. */
export function meaningOf(state: StepState, isCounted: boolean): string {
  const found = (isCounted ? counting : marking).find(({ mark }) => mark === state);
  return found?.means ?? state;
}

/** Said before the key where the names have numbers. */
export const countsHint = 'A number at a name is its count: how many references to it are counted.';
