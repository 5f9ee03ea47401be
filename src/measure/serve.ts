/** The inside of a fresh process: takes one request over IPC, answers, and ends with its parent. */
import { ContractError } from '../base/errors.ts';
import type { Experiment } from '../experiment/experiment.ts';
import { environment } from '../native/binding.ts';
import { experimentsOf, type Make } from './made.ts';
import type { ReplicateReply, ReplicateRequest } from './protocol.ts';
import { type Entries, replicate } from './replicate.ts';
import { GroupRoom } from './room.ts';
import type { SamplePlan } from './sample.ts';
import type { HostReply, HostRequest } from './scenario.ts';
import { ThreadArm } from './thread-arm.ts';

type Request = ReplicateRequest | HostRequest | { readonly kind: 'sample'; readonly plan: SamplePlan };

function seatHosted(experiment: Experiment, request: HostRequest): ThreadArm {
  const variant = experiment.variants.find((candidate) => candidate.id === request.variant);
  if (variant === undefined) throw new ContractError(`no variant ${request.variant} in ${experiment.id}`);
  const cpu = request.cpus[0];
  if (cpu !== undefined && environment().allowedCpus.length > 0) environment().pin(cpu);
  const seat = { room: new GroupRoom(), seed: request.seed, cpus: request.cpus };
  return new ThreadArm({ variant, point: request.point }, seat);
}

/** Serves replicates and scenarios, of listed experiments and of those that `make` makes, until the parent lets go. */
export function serve(listed: readonly Experiment[], entries: Entries, make?: Make): void {
  let hosted: ThreadArm | null = null;
  const find = async ({ experiment: id, source }: ReplicateRequest | HostRequest): Promise<Experiment> => {
    const experiments = await experimentsOf(listed, source, make);
    const experiment = experiments.find((candidate) => candidate.id === id);
    if (experiment === undefined) throw new ContractError(`no experiment is called ${id}`);
    return experiment;
  };
  const send = (reply: ReplicateReply | HostReply): void => {
    // Without a callback, a parent that has gone would be printed as an error of ours; 'disconnect' ends us.
    process.send?.(reply, () => undefined);
  };
  const answer = async (request: Request): Promise<void> => {
    switch (request.kind) {
      case 'replicate':
        await replicate(await find(request), request, entries, send);
        return send({ kind: 'done' });
      case 'host':
        hosted = seatHosted(await find(request), request);
        return send({ kind: 'ready' });
      case 'sample':
        if (hosted === null) throw new ContractError('a sample was asked for before a variant was named');
        return send({ kind: 'sample', sample: hosted.sampleNow(request.plan) });
    }
  };
  process.on('message', (request: Request) => {
    answer(request).catch((error: Error) => send({ kind: 'failed', message: error.message }));
  });
  // The terminal sends Ctrl-C to all its processes; the parent decides what becomes of us.
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => process.exit(0));
}
