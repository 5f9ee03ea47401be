/** The list of collectors: what is not here does not exist for the lab. Native twin: native/collectors/plans.h. */
import { ContractError } from '../base/errors.ts';
import { leastCollectedWords, type MakeCollector } from './collector.ts';
import { SemiSpace } from './plans/semi-space.ts';

/** A number that sets a collector up. */
export interface Setting {
  readonly name: string;
  readonly summary: string;
  readonly unit: 'none' | 'words' | 'collections' | 'percent';
  readonly default: number;
}

export interface CollectorKind {
  readonly id: string;
  /** The kernel that runs a mutator over its native twin. */
  readonly kernel: string;
  readonly title: string;
  readonly make: MakeCollector;
  readonly settings: readonly Setting[];
  /** The smallest heap that it can manage with its usual settings. */
  readonly leastWords: number;
  /** What may outlive its last reference: nothing; until a later collection; cycles, for ever. */
  readonly keeps: 'nothing' | 'floating' | 'cycles';
}

/** A collector as a user chooses it: a kind, and values of its settings. */
export interface CollectorChoice {
  readonly id: string;
  readonly title: string;
  readonly kind: CollectorKind;
  readonly settings: readonly number[];
}

const kinds = {
  semiSpace: {
    id: 'semi-space',
    kernel: 'semi-space-mutate',
    title: 'copying between two halves',
    make: SemiSpace.create,
    settings: [],
    leastWords: leastCollectedWords,
    keeps: 'nothing',
  },
} as const satisfies Record<string, CollectorKind>;

export const collectorKinds: readonly CollectorKind[] = Object.values(kinds);

function choice(
  kind: CollectorKind,
  id = kind.id,
  title = kind.title,
  set: Record<string, number> = {},
): CollectorChoice {
  return { id, title, kind, settings: kind.settings.map((each) => set[each.name] ?? each.default) };
}

/** All that a user can choose from. */
export const collectorChoices: readonly CollectorChoice[] = [choice(kinds.semiSpace)];

/** Throws ContractError where there is none of the name. */
export function collectorChoice(id: string): CollectorChoice {
  const found = collectorChoices.find((each) => each.id === id);
  if (found === undefined) throw new ContractError(`there is no collector called ${id}`);
  return found;
}
