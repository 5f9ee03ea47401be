/** An arm on the calling thread: native code timed by the addon, TypeScript timed by our own loop. */
import { Prng } from '../base/prng.ts';
import type { Arm } from '../experiment/plan.ts';
import type { Language, StoodStill, Variant } from '../experiment/experiment.ts';
import { inputSeed } from '../kernel/input-seed.ts';
import type { Kernel, Place, Point, Room } from '../kernel/kernel.ts';
import { inOrder, type Signature } from '../kernel/signature.ts';
import { environment, runNative } from '../native/binding.ts';
import type { ArmRunner, ArmSample, SamplePlan } from './sample.ts';
import { noiseOf, type TimedSample, timeTypeScript } from './timing.ts';

export type AnyArguments = Readonly<Record<string, unknown>>;

export interface Seat {
  readonly room: Room;
  readonly seed: number;
  readonly cpus: readonly number[];
}

/** Fresh arguments for member `member` of `members`. */
export function setUp(kernel: Kernel, point: Point, seat: Seat, member = 0, members = 1): AnyArguments {
  const place: Place = {
    point,
    prng: new Prng(inputSeed(seat.seed, point)),
    room: seat.room,
    member,
    members,
    cpus: seat.cpus,
  };
  return kernel.setup(place) as AnyArguments;
}

/** The function that a variant runs in TypeScript: its own implementation, else the kernel's reference. */
export function implementationOf(variant: Variant): (args: AnyArguments) => bigint {
  const own = variant.implementation as ((args: AnyArguments) => bigint) | undefined;
  const reference = variant.kernel.reference as (args: AnyArguments) => bigint;
  return own ?? ((args) => reference(args));
}

/** One native sample in the form that both languages share. */
export function timeNative(
  id: string,
  values: readonly unknown[],
  plan: SamplePlan,
  gate?: { words: Int32Array; members: number },
): TimedSample {
  const timed = runNative(id, values, {
    warmup: plan.warmup,
    iterations: plan.iterations,
    samples: 1,
    ...(gate === undefined ? {} : { gate: gate.words, members: gate.members }),
  });
  const columns = environment().columns;
  const at = (name: string): number => timed.samples[columns.indexOf(name)]!;
  return {
    checksum: timed.checksum,
    elapsedNs: at('elapsedNs'),
    startNs: at('startNs'),
    endNs: at('endNs'),
    noise: noiseOf(timed.samples),
  };
}

/** Takes a sample of a variant in the wanted language on the calling thread. */
export function timeHere(
  kernel: Kernel<Signature>,
  language: Language,
  implementation: (args: AnyArguments) => bigint,
  args: AnyArguments,
  plan: SamplePlan,
  gate?: { words: Int32Array; members: number },
): TimedSample {
  if (language === 'native') return timeNative(kernel.id, inOrder(kernel.signature, args), plan, gate);
  return timeTypeScript(() => implementation(args), plan, gate);
}

/** Does something on a CPU of its own, where the system can pin, and brings the thread back to its own CPU. */
function onCpu<T>(cpu: number | undefined, home: number | undefined, task: () => T): T {
  const { allowedCpus, pin } = environment();
  if (cpu === undefined || home === undefined || allowedCpus.length === 0) return task();
  pin(cpu);
  try {
    return task();
  } finally {
    pin(home);
  }
}

/** An arm that the calling thread runs itself. */
export class ThreadArm implements ArmRunner {
  readonly args: AnyArguments;
  readonly #variant: Variant;
  readonly #implementation: (args: AnyArguments) => bigint;
  readonly #cpu: number | undefined;
  readonly #home: number | undefined;

  constructor({ variant, point }: Pick<Arm, 'variant' | 'point'>, seat: Seat) {
    this.#variant = variant;
    this.#implementation = implementationOf(variant);
    this.#cpu = variant.form === 'thread' ? variant.cpu?.(point) : undefined;
    this.#home = seat.cpus[0];
    this.args = onCpu(this.#cpu, this.#home, () => setUp(variant.kernel, point, seat));
  }

  sampleNow(plan: SamplePlan): ArmSample {
    const { kernel, language } = this.#variant;
    const timed = onCpu(this.#cpu, this.#home, () =>
      timeHere(kernel, language, this.#implementation, this.args, plan),
    );
    const observe = this.#variant.observe as ((args: AnyArguments) => Record<string, number>) | undefined;
    return {
      elapsedNs: timed.elapsedNs,
      noise: timed.noise,
      checksums: [timed.checksum],
      metrics: observe?.(this.args) ?? {},
    };
  }

  shortfall(): string | null {
    const told = this.#own<string | null>('shortfall');
    return told?.(this.args) ?? null;
  }

  timeline(): StoodStill | null {
    const told = this.#own<StoodStill>('timeline');
    return told?.(this.args) ?? null;
  }

  #own<T>(name: 'shortfall' | 'timeline'): ((args: AnyArguments) => T) | undefined {
    if (this.#variant.form !== 'thread') return undefined;
    return this.#variant[name] as ((args: AnyArguments) => T) | undefined;
  }

  sample(plan: SamplePlan): Promise<ArmSample> {
    return Promise.resolve(this.sampleNow(plan));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
