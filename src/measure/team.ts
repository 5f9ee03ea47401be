/**
 * A team: members of the crew on CPUs of their own over shared memory, from one barrier to the next. The time of a
 * sample is from the first member's start to the last one's end; each member's own time is kept.
 */
import { ContractError } from '../base/errors.ts';
import type { Language, Variant } from '../experiment/experiment.ts';
import { type NoiseColumn, noiseColumns } from '../experiment/run.ts';
import type { Point } from '../kernel/kernel.ts';
import { environment } from '../native/binding.ts';
import { type Crew, describe, type MemberReply } from './crew.ts';
import { scoped } from './room.ts';
import type { ArmRunner, ArmSample, SamplePlan } from './sample.ts';
import { type AnyArguments, type Seat, setUp } from './thread-arm.ts';
import type { TimedSample } from './timing.ts';

export interface TeamOptions {
  readonly experiment: string;
  readonly variant: Variant;
  readonly point: Point;
  readonly seat: Seat;
  readonly language: Language;
  /** Run the kernel's reference even where the variant has an implementation of its own. */
  readonly reference: boolean;
  readonly crew: Crew;
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

/** A worker gets a copy of memory that is not shared: what it writes there would be lost. */
function requireShared({ id, kernel }: Variant, args: AnyArguments): void {
  for (const [name, type] of Object.entries(kernel.signature)) {
    const value = args[name];
    if (type.startsWith('const ') || !ArrayBuffer.isView(value) || value.buffer instanceof SharedArrayBuffer)
      continue;
    throw new ContractError(`${id}: a team's "${name}" must be made by room.shared(), not room.array()`);
  }
}

/** An arm run by a team. `start()` before the first sample; `close()` lets the members go. */
export class TeamArm implements ArmRunner {
  readonly args: readonly AnyArguments[];
  readonly #options: TeamOptions;
  readonly #cpus: readonly number[];
  readonly #gate: Int32Array;
  readonly #team: number;

  constructor(options: TeamOptions) {
    const { variant, point, seat, crew, scope } = options;
    this.#options = options;
    this.#team = crew.nextTeam();
    this.#cpus = teamCpus(variant, point, seat.cpus);
    const own = { ...seat, room: scoped(seat.room, scope) };
    this.args = this.#cpus.map((_, member) => setUp(variant.kernel, point, own, member, this.#cpus.length));
    for (const args of this.args) requireShared(variant, args);
    this.#gate = new Int32Array(new SharedArrayBuffer(4 * environment().gateWords));
  }

  async start(): Promise<this> {
    const { experiment, variant, language, reference, crew } = this.#options;
    await crew.muster(this.#cpus);
    for (const [member, cpu] of this.#cpus.entries()) {
      crew.send(cpu, {
        kind: 'join',
        team: this.#team,
        experiment,
        variant: variant.id,
        language,
        reference,
        args: this.args[member]!,
        gate: this.#gate,
        members: this.#cpus.length,
      });
    }
    await this.#gather('ready');
    return this;
  }

  async sample(plan: SamplePlan): Promise<ArmSample> {
    this.#gate.fill(0);
    for (const cpu of this.#cpus) this.#options.crew.send(cpu, { kind: 'sample', team: this.#team, plan });
    const samples = (await this.#gather('sample')).map((reply) => (reply as { sample: TimedSample }).sample);
    const start = Math.min(...samples.map((sample) => sample.startNs));
    const end = Math.max(...samples.map((sample) => sample.endNs));
    // Given the first member's arguments: what a team observes lies in arrays that its members share.
    const observe = this.#options.variant.observe as
      | ((args: AnyArguments) => Record<string, number>)
      | undefined;
    return {
      elapsedNs: end - start,
      noise: sumNoise(samples),
      memberNs: samples.map((sample) => sample.elapsedNs),
      checksums: samples.map((sample) => sample.checksum),
      metrics: observe?.(this.args[0]!) ?? {},
    };
  }

  /** One reply of each member; when one fails, the others are let go from the gate and the failure is thrown. */
  async #gather(kind: MemberReply['kind']): Promise<MemberReply[]> {
    // The first to fail is the cause: the others fail because the gate then lets them go.
    let failed: MemberReply | undefined;
    const replies = await this.#options.crew.replies(this.#cpus, (reply) => {
      failed ??= reply;
      this.#stop();
    });
    failed ??= replies.find((reply) => reply.kind !== kind);
    if (failed === undefined) return replies;
    throw new ContractError(`${this.#options.variant.id}: a member of the team failed: ${describe(failed)}`);
  }

  #stop(): void {
    Atomics.store(this.#gate, 0, 1);
  }

  close(): Promise<void> {
    this.#stop();
    this.#options.crew.dismiss(this.#cpus, this.#team);
    return Promise.resolve();
  }
}
