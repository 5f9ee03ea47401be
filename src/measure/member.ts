/** The inside of a crew's member: a worker thread that pins itself, then takes the samples it is asked for. */
import { parentPort, workerData } from 'node:worker_threads';
import { ContractError } from '../base/errors.ts';
import type { Experiment } from '../experiment/experiment.ts';
import { environment } from '../native/binding.ts';
import type { Join, MemberData, MemberReply, MemberRequest } from './crew.ts';
import { experimentsOf, type Make } from './made.ts';
import type { Failed } from './replies.ts';
import type { SamplePlan } from './sample.ts';
import { type AnyArguments, implementationOf, timeHere } from './thread-arm.ts';
import type { TimedSample } from './timing.ts';

type Seated = (plan: SamplePlan) => TimedSample;

function seat(experiments: readonly Experiment[], join: Join): Seated {
  const variant = experiments
    .find((experiment) => experiment.id === join.experiment)
    ?.variants.find((candidate) => candidate.id === join.variant);
  if (variant === undefined) throw new ContractError(`no variant ${join.variant} in ${join.experiment}`);
  const reference = variant.kernel.reference as (args: AnyArguments) => bigint;
  const implementation = join.reference ? reference : implementationOf(variant);
  const gate = { words: join.gate, members: join.members };
  return (plan) => timeHere(variant.kernel, join.language, implementation, join.args, plan, gate);
}

function attempt<Reply>(task: () => Reply): Reply | Failed {
  try {
    return task();
  } catch (error) {
    return { kind: 'failed', message: (error as Error).message };
  }
}

/**
 * Serves the teams of one CPU, of listed experiments and of those that `make` makes, until it is terminated. The list
 * is a promise to be made here: a thread inherits its parent's one CPU, and members that first pin themselves load
 * their experiments side by side.
 */
export async function serveMember(listed: () => Promise<readonly Experiment[]>, make?: Make): Promise<void> {
  const port = parentPort;
  if (port === null) throw new ContractError('a crew member runs in a worker thread only');
  const { cpu, source } = workerData as MemberData;
  // Where the system can't pin, migrations show it.
  const pinned = attempt(() => {
    if (environment().allowedCpus.length > 0) environment().pin(cpu);
    return { kind: 'ready' };
  });
  const experiments = source === null ? await listed() : await experimentsOf([], source, make);
  const teams = new Map<number, Seated>();
  const answer = (request: MemberRequest): MemberReply | null => {
    switch (request.kind) {
      case 'join':
        teams.set(request.team, seat(experiments, request));
        return { kind: 'ready' };
      case 'sample': {
        const seated = teams.get(request.team);
        if (seated === undefined) throw new ContractError(`team ${request.team} has not been joined`);
        return { kind: 'sample', sample: seated(request.plan) };
      }
      case 'leave':
        teams.delete(request.team);
        return null;
    }
  };
  port.on('message', (request: MemberRequest) => {
    const reply = attempt(() => answer(request));
    if (reply !== null) port.postMessage(reply);
  });
  port.postMessage(pinned);
}
