/** The inside of a team's member: a worker thread that pins itself, then takes the samples it is asked for. */
import { parentPort, workerData } from 'node:worker_threads';
import { ContractError } from '../base/errors.ts';
import type { Experiment } from '../experiment/experiment.ts';
import { environment } from '../native/binding.ts';
import type { SamplePlan } from './sample.ts';
import type { MemberData, MemberReply } from './team.ts';
import { type AnyArguments, implementationOf, timeHere } from './thread-arm.ts';

/** Serves samples of the variant named in `workerData`, until the worker is terminated. */
export function serveMember(experiments: readonly Experiment[]): void {
  const data = workerData as MemberData;
  const port = parentPort;
  if (port === null) throw new ContractError('a team member runs in a worker thread only');
  const reply = (message: MemberReply): void => port.postMessage(message);
  const attempt = (task: () => MemberReply): void => {
    try {
      reply(task());
    } catch (error) {
      reply({ kind: 'failed', message: (error as Error).message });
    }
  };
  const variant = experiments
    .find((experiment) => experiment.id === data.experiment)
    ?.variants.find((candidate) => candidate.id === data.variant);
  if (variant === undefined) throw new ContractError(`no variant ${data.variant} in ${data.experiment}`);
  const reference = variant.kernel.reference as (args: AnyArguments) => bigint;
  const implementation = data.reference ? reference : implementationOf(variant);
  const gate = { words: data.gate, members: data.members };
  port.on('message', (plan: SamplePlan) => {
    attempt(() => ({
      kind: 'sample',
      sample: timeHere(variant.kernel, data.language, implementation, data.args, plan, gate),
    }));
  });
  attempt(() => {
    if (data.cpu !== null) environment().pin(data.cpu);
    return { kind: 'ready' };
  });
}
