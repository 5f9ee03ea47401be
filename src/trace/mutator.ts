/** What a mutator is: a named, seeded program over objects, written down as a trace that every collector runs under. */
import { ContractError } from '../base/errors.ts';
import type { Prng } from '../base/prng.ts';
import type { MutatorTrace } from './mutator-rows.ts';
import type { Settings } from './workload.ts';

export interface MutatorProgram<P extends Settings = Settings> {
  readonly id: string;
  readonly title: string;
  /** Where it is defined. */
  readonly source: string;
  /** The parameters' defaults: whole numbers, units last in the names. */
  readonly parameters: P;
  /** The least and the most that a parameter may be, where that is not any count from 0 on. */
  readonly limits?: Readonly<Record<string, readonly [least: number, most: number]>>;
  /** The trace for parameters that were checked; see mutatorTrace. */
  make(parameters: P, prng: Prng): MutatorTrace;
}

/** Of a parameter that has no limit of its own. */
export const mostCount: number = 2 ** 26;

/**
 * The trace of a mutator, with `settings` in place of its defaults: the same for the same settings and seed.
 * @throws ContractError for a parameter that the mutator does not have, or a value that it can't take
 */
export function mutatorTrace(program: MutatorProgram, settings: Settings, prng: Prng): MutatorTrace {
  const names = Object.keys(program.parameters);
  for (const [name, value] of Object.entries(settings)) {
    if (!names.includes(name)) {
      throw new ContractError(
        `the mutator ${program.id} has no parameter ${name}; it has ${names.join(', ')}`,
      );
    }
    const [least, most] = program.limits?.[name] ?? [0, mostCount];
    if (!(Number.isInteger(value) && value >= least && value <= most)) {
      throw new ContractError(
        `${program.id}: ${name} must be a whole number from ${least} to ${most}, not ${value}`,
      );
    }
  }
  return program.make({ ...program.parameters, ...settings }, prng);
}
