/**
 * The settings that move a measurement without changing the machine: the frequency governor, turbo, and where
 * the kernel puts a process's memory.
 * Source: Linux Documentation/admin-guide/pm/{cpufreq,intel_pstate}.rst, admin-guide/sysctl/kernel.rst
 * (randomize_va_space), personality(2).
 */
import { missing, reported, type Fact } from './fact.ts';
import type { System } from './system.ts';
import { cpuRoot } from './topology.ts';

/** The governor of the CPUs given; where they differ, all of them joined by ', '. */
export function governorFact(system: System, cpus: readonly number[]): Fact<string> {
  const governors = new Set(
    cpus
      .map((cpu) => system.readText(`${cpuRoot}/cpu${cpu}/cpufreq/scaling_governor`)?.trim() ?? '')
      .filter((governor) => governor !== ''),
  );
  if (governors.size === 0) return missing(`no ${cpuRoot}/cpu*/cpufreq (usual in a guest)`);
  return reported([...governors].toSorted().join(', '), `${cpuRoot}/cpu*/cpufreq/scaling_governor`);
}

/** Whether the CPU may run above its nominal clock. Intel's driver states the opposite, other drivers this. */
export function turboFact(system: System): Fact<boolean> {
  const sources = [
    { path: `${cpuRoot}/intel_pstate/no_turbo`, on: '0', off: '1' },
    { path: `${cpuRoot}/cpufreq/boost`, on: '1', off: '0' },
  ];
  for (const { path, on, off } of sources) {
    const text = system.readText(path)?.trim();
    if (text === on || text === off) return reported(text === on, path);
  }
  return missing('neither intel_pstate/no_turbo nor cpufreq/boost is there (usual in a guest)');
}

const randomisation: Readonly<Record<string, string>> = {
  0: 'off',
  1: 'stack, mappings and vdso',
  2: 'stack, mappings, vdso and heap',
};

/** Bit of personality(2) that `setarch -R` sets: this process and its children are not randomised. */
const addressNoRandomize = 0x0040000;

/** What the kernel places at random: 'off', or a list. It decides whether two processes see the same conflicts. */
export function randomisationFact(system: System): Fact<string> {
  const path = '/proc/self/personality';
  const personality = /^[0-9a-f]{1,8}$/.exec(system.readText(path)?.trim() ?? '');
  if (personality !== null && (Number.parseInt(personality[0], 16) & addressNoRandomize) !== 0) {
    return reported('off', path);
  }
  const setting = '/proc/sys/kernel/randomize_va_space';
  const words = randomisation[system.readText(setting)?.trim() ?? ''];
  return words === undefined ? missing(`${setting} can't be read`) : reported(words, setting);
}
