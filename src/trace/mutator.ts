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
  /** The trace for parameters that were checked; see mutatorTrace. */
  make(parameters: P, prng: Prng): MutatorTrace;
}

const mostCount = 2 ** 26;

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
    if (!(Number.isInteger(value) && value >= 0 && value <= mostCount)) {
      throw new ContractError(
        `${program.id}: ${name} must be a whole number from 0 to ${mostCount}, not ${value}`,
      );
    }
  }
  return program.make({ ...program.parameters, ...settings }, prng);
}
