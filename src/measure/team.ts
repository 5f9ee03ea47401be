/**
 * A team: worker threads on CPUs of their own over shared memory, from one barrier to the next. The time of a
 * sample is from the first member's start to the last one's end; each member's own time is kept.
 */
import { Worker } from 'node:worker_threads';
import { ContractError } from '../base/errors.ts';
import type { Language, Variant } from '../experiment/experiment.ts';
import { type NoiseColumn, noiseColumns } from '../experiment/run.ts';
import type { Point } from '../kernel/kernel.ts';
import { environment } from '../native/binding.ts';
import { type Failed, Replies } from './replies.ts';
import { scoped } from './room.ts';
import type { ArmRunner, ArmSample, SamplePlan } from './sample.ts';
import { type AnyArguments, type Seat, setUp } from './thread-arm.ts';
import type { TimedSample } from './timing.ts';

/** What a member is born with. Its arguments hold shared arrays and scalars only. */
export interface MemberData {
  readonly experiment: string;
  readonly variant: string;
  readonly language: Language;
  /** Run the kernel's reference even where the variant has an implementation of its own. */
  readonly reference: boolean;
  readonly args: AnyArguments;
  readonly cpu: number | null;
  readonly gate: Int32Array;
  readonly members: number;
}

export type MemberReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'sample'; readonly sample: TimedSample }
  | Failed;

export interface TeamOptions {
  readonly experiment: string;
  readonly variant: Variant;
  readonly point: Point;
  readonly seat: Seat;
  readonly language: Language;
  readonly reference: boolean;
  readonly workerEntry: URL;
  /** Keeps this team's shared arrays apart from those of other teams in the same room. */
  readonly scope: string;
}

/** The CPUs of a team's members, in their order. */
export function teamCpus(variant: Variant, point: Point, cpus: readonly number[]): readonly number[] {
  if (variant.form !== 'team') throw new ContractError(`${variant.id} is no team`);
  return variant.cpus?.(point, cpus) ?? cpus.slice(0, variant.members(point));
}

function sumNoise(samples: readonly TimedSample[]): Record<NoiseColumn, number | null> {
  const noise = {} as Record<NoiseColumn, number | null>;
  for (const name of noiseColumns) {
    const values = samples.map((sample) => sample.noise[name]);
    const known = values.filter((value) => value !== null);
    noise[name] = known.length < values.length ? null : known.reduce((sum, value) => sum + value, 0);
  }
  // A machine-wide figure is the same for all; which CPU it was is in the run's list of CPUs.
  noise.stealTicks = samples[0]?.noise.stealTicks ?? null;
  noise.cpu = null;
  return noise;
}

/** An arm run by a team. `start()` before the first sample; `close()` ends the workers. */
export class TeamArm implements ArmRunner {
  readonly args: readonly AnyArguments[];
  readonly #options: TeamOptions;
  readonly #gate: Int32Array;
  readonly #workers: Worker[] = [];
  readonly #replies: Replies<MemberReply>[] = [];

  constructor(options: TeamOptions) {
    this.#options = options;
    const cpus = teamCpus(options.variant, options.point, options.seat.cpus);
    const { kernel } = options.variant;
    const seat = { ...options.seat, room: scoped(options.seat.room, options.scope) };
    this.args = cpus.map((_, member) => setUp(kernel, options.point, seat, member, cpus.length));
    this.#gate = new Int32Array(new SharedArrayBuffer(4 * environment().gateWords));
  }

  async start(): Promise<this> {
    const { experiment, variant, point, seat, language, reference, workerEntry } = this.#options;
    const cpus = teamCpus(variant, point, seat.cpus);
    for (const [member, cpu] of cpus.entries()) {
      const workerData: MemberData = {
        experiment,
        variant: variant.id,
        language,
        reference,
        args: this.args[member]!,
        cpu,
        gate: this.#gate,
        members: cpus.length,
      };
      const worker = new Worker(workerEntry, { workerData });
      this.#workers.push(worker);
      this.#replies.push(new Replies(worker));
    }
    await this.#gather('ready');
    return this;
  }

  async sample(plan: SamplePlan): Promise<ArmSample> {
    this.#gate.fill(0);
    for (const worker of this.#workers) worker.postMessage(plan);
    const samples = (await this.#gather('sample')).map((reply) => (reply as { sample: TimedSample }).sample);
    const start = Math.min(...samples.map((sample) => sample.startNs));
    const end = Math.max(...samples.map((sample) => sample.endNs));
    return {
      elapsedNs: end - start,
      noise: sumNoise(samples),
      memberNs: samples.map((sample) => sample.elapsedNs),
      checksums: samples.map((sample) => sample.checksum),
      metrics: {},
    };
  }

  /** One reply of each member; when one fails, the others are let go from the gate and the failure is thrown. */
  async #gather(kind: MemberReply['kind']): Promise<MemberReply[]> {
    const replies = await Promise.all(this.#replies.map((replies) => this.#reply(replies)));
    const failed = replies.find((reply) => reply.kind !== kind);
    if (failed !== undefined) {
      const why = failed.kind === 'failed' ? failed.message : `it said '${failed.kind}'`;
      throw new ContractError(`${this.#options.variant.id}: a member of the team failed: ${why}`);
    }
    return replies;
  }

  async #reply(replies: Replies<MemberReply>): Promise<MemberReply> {
    const reply = await replies.next();
    if (reply.kind === 'failed') this.#stop();
    return reply;
  }

  #stop(): void {
    Atomics.store(this.#gate, 0, 1);
  }

  async close(): Promise<void> {
    this.#stop();
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
    this.#workers.length = 0;
  }
}
