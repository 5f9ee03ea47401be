/** What a workload is: a named, seeded program of allocations, written down as a trace that both languages replay. */
import { ContractError } from '../base/errors.ts';
import type { Prng } from '../base/prng.ts';
import type { AllocationTrace } from './rows.ts';

/** Values of a workload's parameters by name; whole numbers, units last in the names. */
export type Settings = Readonly<Record<string, number>>;

/**
 * A workload. Its trace allocates before it frees, never frees twice, and leaves nothing behind unless it says so;
 * ids are few, since a freed block's id is given to a later one.
 */
export interface Workload<P extends Settings = Settings> {
  readonly id: string;
  readonly title: string;
  /** Where it is defined. */
  readonly source: string;
  /** Its blocks come back in any order, the last one first, or all at once by resets: which allocators can serve it. */
  readonly order: 'any' | 'lifo' | 'at-once';
  /** Ends with blocks in use, since that state is its point; `drained` frees them. */
  readonly leaves?: boolean;
  /** The parameters' defaults. */
  readonly parameters: P;
  /** The trace for parameters that were checked; see workloadTrace. */
  make(parameters: P, prng: Prng): AllocationTrace;
}

/** What a program gets of most allocators without asking. */
export const alignmentBytes = 8;

/** Numbers of blocks, slots and rounds are at most this; sizes are 32-bit. */
const mostCount = 2 ** 26;
const mostBytes = 2 ** 32 - 1;

/**
 * The trace of a workload, with `settings` in place of its defaults: the same for the same settings and seed.
 * @throws ContractError for a parameter that the workload does not have, or a value that it can't take
 */
export function workloadTrace(workload: Workload, settings: Settings, prng: Prng): AllocationTrace {
  for (const [name, value] of Object.entries(settings)) {
    const names = Object.keys(workload.parameters);
    if (!names.includes(name)) {
      throw new ContractError(
        `the workload ${workload.id} has no parameter ${name}; it has ${names.join(', ')}`,
      );
    }
    const most = name.endsWith('Bytes') ? mostBytes : mostCount;
    if (!(Number.isInteger(value) && value >= 1 && value <= most)) {
      throw new ContractError(
        `${workload.id}: ${name} must be a whole number from 1 to ${most}, not ${value}`,
      );
    }
  }
  return workload.make({ ...workload.parameters, ...settings }, prng);
}

/**
 * A whole number uniform over least .. most.
 * @throws ContractError where the two are the wrong way round
 */
export function between(prng: Prng, least: number, most: number): number {
  if (most < least) throw new ContractError(`the least size is ${least}, above the largest, ${most}`);
  return least + prng.below(most - least + 1);
}
