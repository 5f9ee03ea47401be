/**
 * What goes on beside us while we measure. Read once a run, before it: a loaded machine is no reason to refuse,
 * but a reader must see it.
 * Source: proc(5) loadavg; Linux Documentation/accounting/psi.rst for pressure.
 */
import { missing, reported, type Fact } from './fact.ts';
import type { System } from './system.ts';
import type { Surroundings } from './types.ts';

/** Load and pressure now; missing where the system has no such notion. */
export function describeSurroundings(system: System): Surroundings {
  return {
    loadAverage: loadFact(system),
    memoryPressure: pressureFact(system, 'memory'),
    cpuPressure: pressureFact(system, 'cpu'),
  };
}

function loadFact(system: System): Fact<number> {
  if (system.platform === 'win32') return missing('Windows keeps no load average');
  if (system.platform === 'darwin') {
    // '{ 1.52 1.60 1.71 }'
    const load = /\{\s*(\d+[.,]\d+)/.exec(system.run('sysctl', ['-n', 'vm.loadavg']) ?? '')?.[1];
    return load === undefined
      ? missing('sysctl vm.loadavg does not answer')
      : reported(Number(load.replace(',', '.')), 'sysctl vm.loadavg');
  }
  const path = '/proc/loadavg';
  const load = /^(\d+\.\d+) /.exec(system.readText(path) ?? '')?.[1];
  return load === undefined ? missing(`${path} can't be read`) : reported(Number(load), path);
}

function pressureFact(system: System, resource: 'memory' | 'cpu'): Fact<number> {
  if (system.platform !== 'linux') return missing('only Linux records pressure');
  const path = `/proc/pressure/${resource}`;
  const share = /^some avg10=(\d+\.\d+) /m.exec(system.readText(path) ?? '')?.[1];
  if (share === undefined) return missing(`no ${path}: the kernel keeps no pressure record`);
  return reported(Number(share), `${path} some avg10`);
}
