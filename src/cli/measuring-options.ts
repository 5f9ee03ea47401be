/** How to measure: the options of every command that takes the user's CPUs and time. */
import { type Command, Option } from 'commander';
import { profiles } from '../experiment/experiment.ts';
import { parseBudget, parseCpus, parseProfile, parseSeed } from './values.ts';

/** Fixed, so that two runs have the same inputs. */
export const defaultSeed = 1;

export function profileOption(does: string): Option {
  // Choices for help and completion; the parser after them, which would refuse in words of its own.
  return new Option('--profile <name>', does).choices(profiles).argParser(parseProfile).default('quick');
}

/** Adds profile, CPUs, seed and budget. */
export function measuringOptions(command: Command): void {
  const cpus = new Option('--cpus <list>', 'CPUs to use, best first: 0,1 or 0-3');
  const budget = new Option('--budget <time>', "time for the whole run: 60s, 2m; unless told, the profile's");
  command
    .addOption(profileOption('how thorough'))
    .addOption(cpus.argParser(parseCpus))
    .addOption(new Option('--seed <n>', 'seed of all inputs').argParser(parseSeed).default(defaultSeed))
    .addOption(budget.argParser(parseBudget));
}
