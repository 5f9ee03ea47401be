/** The lab as it is: the list of experiments, this machine, the engine. Each part is loaded when it is asked for. */
import { createRequire } from 'node:module';
import { UserError } from '../base/errors.ts';
import type { MeasureRequest, Progress } from '../experiment/request.ts';
import type { Run } from '../experiment/run.ts';
import type { Machine } from '../machine/types.ts';
import type { Lab } from './io.ts';

function ownVersion(): string {
  return (createRequire(import.meta.url)('../../package.json') as { version: string }).version;
}

/** With what a profile says of it, where one was kept. */
async function profiled(machine: Machine): Promise<Machine> {
  const { readProfile } = await import('./profile-place.ts');
  const { withProfile } = await import('../machine/profile.ts');
  const profile = readProfile(machine.id, process.env);
  return profile === null ? machine : withProfile(machine, profile);
}

/** What is known of this machine; without the addon, what the system's own files say. */
async function describe(): Promise<Machine> {
  const { describeMachine, nativeFactsOf, realSystem } = await import('../machine/index.ts');
  const { environment } = await import('../native/binding.ts');
  const { addonPath } = await import('../native/locate.ts');
  const { allocatorsFact } = await import('../machine/allocators.ts');
  try {
    const machine = describeMachine(realSystem(), nativeFactsOf(environment()));
    return await profiled({ ...machine, allocators: await allocatorsFact(addonPath()) });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return await profiled(describeMachine(realSystem(), null));
  }
}

async function survey(): Promise<Machine> {
  const { chooseCpus, surveyMachine } = await import('../measure/measure.ts');
  return surveyMachine(await describe(), chooseCpus(null), 'quick');
}

async function measure(
  request: MeasureRequest,
  progress: (event: Progress) => void,
  signal: AbortSignal,
): Promise<Run> {
  const engine = await import('../measure/measure.ts');
  const { describeSurroundings, realSystem } = await import('../machine/index.ts');
  const system = realSystem();
  return engine.measure(
    request,
    {
      tool: { name: 'linefill', version: ownVersion() },
      machine: await describe(),
      surroundings: describeSurroundings(system),
      entries: {
        child: new URL('./child.js', import.meta.url),
        worker: new URL('./worker.js', import.meta.url),
      },
    },
    progress,
    signal,
  );
}

/** The real lab. */
export function realLab(): Lab {
  return {
    version: ownVersion(),
    experiments: async () => (await import('../experiments/index.ts')).experiments,
    describeMachine: describe,
    surveyMachine: survey,
    measure,
  };
}
