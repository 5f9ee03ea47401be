/**
 * The crew: one worker thread a CPU, born once a process and shared by all teams that take turns on it, so that a
 * group of twenty teams does not start forty threads. A member joins a team with its arguments, then takes the
 * samples that it is asked for.
 */
import { Worker } from 'node:worker_threads';
import { ContractError } from '../base/errors.ts';
import type { Language } from '../experiment/experiment.ts';
import type { ExperimentSource } from '../experiment/request.ts';
import { type Failed, Replies } from './replies.ts';
import type { SamplePlan } from './sample.ts';
import type { AnyArguments } from './thread-arm.ts';
import type { TimedSample } from './timing.ts';

/** What a worker is told first of a team that it joins. Arguments hold shared arrays and scalars only. */
export interface Join {
  readonly kind: 'join';
  readonly team: number;
  readonly experiment: string;
  readonly variant: string;
  readonly language: Language;
  /** Run the kernel's reference even where the variant has an implementation of its own. */
  readonly reference: boolean;
  readonly args: AnyArguments;
  readonly gate: Int32Array;
  readonly members: number;
}

/** What a worker is born with. */
export interface MemberData {
  readonly cpu: number;
  /** What its experiments are made of; null: they are in the list. */
  readonly source: ExperimentSource | null;
}

export type MemberRequest =
  | Join
  | { readonly kind: 'sample'; readonly team: number; readonly plan: SamplePlan }
  | { readonly kind: 'leave'; readonly team: number };

export type MemberReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'sample'; readonly sample: TimedSample }
  | Failed;

interface Member {
  readonly worker: Worker;
  readonly replies: Replies<MemberReply>;
}

/** Born when first needed; `close()` ends all of them. */
export class Crew {
  readonly #entry: URL;
  readonly #source: ExperimentSource | null;
  readonly #members = new Map<number, Member>();
  #teams = 0;

  constructor(workerEntry: URL, source: ExperimentSource | null = null) {
    this.#entry = workerEntry;
    this.#source = source;
  }

  /** A number that no other team of this crew has. */
  nextTeam(): number {
    return this.#teams++;
  }

  /** Makes sure that each CPU has its worker, pinned. Throws ContractError when one can't start. */
  async muster(cpus: readonly number[]): Promise<void> {
    const missing = cpus.filter((cpu) => !this.#members.has(cpu));
    for (const cpu of missing) {
      const workerData: MemberData = { cpu, source: this.#source };
      const worker = new Worker(this.#entry, { workerData });
      this.#members.set(cpu, { worker, replies: new Replies<MemberReply>(worker) });
    }
    for (const [index, reply] of (await this.replies(missing)).entries()) {
      if (reply.kind !== 'ready') throw new ContractError(`CPU ${missing[index]}: ${describe(reply)}`);
    }
  }

  send(cpu: number, request: MemberRequest): void {
    const member = this.#members.get(cpu);
    if (member === undefined) throw new ContractError(`no worker was mustered on CPU ${cpu}`);
    member.worker.postMessage(request);
  }

  /** Lets a team go, as far as it ever came: a CPU whose worker never started has nothing to forget. */
  dismiss(cpus: readonly number[], team: number): void {
    for (const cpu of cpus) this.#members.get(cpu)?.worker.postMessage({ kind: 'leave', team });
  }

  /** The next reply of each. `onFailure` is called at every failure as it comes, so that the others can be let go. */
  replies(cpus: readonly number[], onFailure?: (failed: Failed) => void): Promise<MemberReply[]> {
    return Promise.all(
      cpus.map(async (cpu) => {
        const reply = await this.#members.get(cpu)!.replies.next();
        if (reply.kind === 'failed') onFailure?.(reply);
        return reply;
      }),
    );
  }

  async close(): Promise<void> {
    await Promise.all([...this.#members.values()].map(({ worker }) => worker.terminate()));
    this.#members.clear();
  }
}

/** Why a reply is not the one that was hoped for. */
export function describe(reply: MemberReply | undefined): string {
  return reply?.kind === 'failed' ? reply.message : `it said '${reply?.kind ?? 'nothing'}'`;
}
