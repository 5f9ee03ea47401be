/**
 * A scenario: a thread variant in a child process with flags, limits or a preloaded library of its own. The child
 * stays for the whole group and takes its turns like any other arm.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { ContractError } from '../base/errors.ts';
import type { ScenarioVariant } from '../experiment/experiment.ts';
import type { ExperimentSource } from '../experiment/request.ts';
import type { Point } from '../kernel/kernel.ts';
import { childEnvironment } from '../machine/child-environment.ts';
import { type Failed, Replies } from './replies.ts';
import type { ArmRunner, ArmSample, SamplePlan } from './sample.ts';

/** What a scenario's child is told first. */
export interface HostRequest {
  readonly kind: 'host';
  readonly experiment: string;
  readonly source: ExperimentSource | null;
  readonly variant: string;
  readonly point: Point;
  readonly seed: number;
  readonly cpus: readonly number[];
}

export type HostReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'sample'; readonly sample: ArmSample }
  | Failed;

/** An arm run by a child process. `start()` before the first sample; `close()` kills it. */
export class ScenarioArm implements ArmRunner {
  readonly #child: ChildProcess;
  readonly #replies: Replies<HostReply>;
  readonly #request: HostRequest;

  constructor(variant: ScenarioVariant, request: HostRequest, childEntry: URL) {
    this.#request = request;
    this.#child = fork(childEntry, [], {
      execArgv: [...(variant.nodeFlags ?? [])],
      env: childEnvironment({ ...process.env, ...variant.environment }),
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#replies = new Replies(this.#child);
  }

  async start(): Promise<this> {
    await this.#ask(this.#request);
    return this;
  }

  async sample(plan: SamplePlan): Promise<ArmSample> {
    const reply = await this.#ask({ kind: 'sample', plan });
    if (reply.kind !== 'sample') throw new ContractError(`${this.#request.variant}: no sample came back`);
    return reply.sample;
  }

  async #ask(message: HostRequest | { kind: 'sample'; plan: SamplePlan }): Promise<HostReply> {
    this.#child.send(message);
    const reply = await this.#replies.next();
    if (reply.kind === 'failed') throw new ContractError(`${this.#request.variant}: ${reply.message}`);
    return reply;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}
