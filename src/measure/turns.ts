/**
 * The arms of a group take turns. Blocks of two rounds: the order is shuffled once a block and reversed for its
 * second round (ABBA), so that a drift falls on all alike. Where a round is long a block is one: then there are few in
 * any process, and more processes tell more. Between blocks the machine itself is looked at.
 */
import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { ContractError } from '../base/errors.ts';
import type { Prng } from '../base/prng.ts';
import { formatNs } from '../base/units.ts';
import { type NoiseColumn, noiseColumns } from '../experiment/run.ts';
import type { ProbeReading } from './probe.ts';
import { type ArmResult, type BlockProbe, roundsOfBlock } from './protocol.ts';
import type { ArmRunner, ArmSample } from './sample.ts';

export interface Turns {
  readonly runners: ReadonlyMap<string, ArmRunner>;
  readonly iterations: number;
  /** What a sample of an arm is known to take. */
  readonly sampleNs?: Readonly<Record<string, number>>;
  readonly budgetMs: number;
  readonly mostRounds: number;
  /** A sample shorter than this is refused. */
  readonly shortestNs: number;
  readonly prng: Prng;
  readonly probe: () => ProbeReading;
}

/**
 * Before a sample, one untimed iteration brings the arm's own data back into the caches. Not where an iteration takes
 * longer than this: what it touches fits no cache, or what a cache holds of it hardly shows.
 */
const rewarmBelowNs = 20e6;
/** A probe costs about a millisecond: none more often than this. */
export const probeEveryMs = 15;

/** A time that the clock can't resolve can't be reported. */
function refuseShort(arm: string, sample: ArmSample, shortestNs: number): void {
  if (!(sample.elapsedNs >= shortestNs)) {
    const [took, least] = [formatNs(sample.elapsedNs), formatNs(shortestNs)];
    throw new ContractError(`${arm}: a sample took ${took}; this clock needs ${least} for a figure`);
  }
}

/** Nor can a metric that is no number. */
function refuseNoNumber(arm: string, sample: ArmSample): void {
  for (const [name, value] of Object.entries(sample.metrics)) {
    if (!Number.isFinite(value))
      throw new ContractError(`${arm}: its metric ${name} is ${value}, not a number`);
  }
}

class ArmRecord {
  readonly rounds: number[] = [];
  readonly samples: ArmSample[] = [];

  add(round: number, sample: ArmSample): void {
    this.rounds.push(round);
    this.samples.push(sample);
  }

  result(arm: string): ArmResult {
    const { samples } = this;
    const noise = {} as Record<NoiseColumn, (number | null)[]>;
    for (const name of noiseColumns) noise[name] = samples.map((sample) => sample.noise[name]);
    const metrics: Record<string, number[]> = {};
    const [first, ...others] = samples;
    for (const name of Object.keys(first?.metrics ?? {})) {
      // What some samples have no figure of (a percentile of no pauses) has none.
      if (!others.every((sample) => name in sample.metrics)) continue;
      metrics[name] = samples.map((sample) => sample.metrics[name]!);
    }
    return {
      arm,
      checksum: samples[0]?.checksums.map(String).join(',') ?? '',
      rounds: this.rounds,
      elapsedNs: samples.map((sample) => sample.elapsedNs),
      noise,
      memberNs: samples[0]?.memberNs === undefined ? null : samples.map((sample) => [...sample.memberNs!]),
      metrics,
    };
  }
}

/**
 * Takes blocks until the rounds or the budget are spent; one block at least.
 * @throws ContractError for a sample that can't be reported
 */
export async function takeTurns(turns: Turns): Promise<{ arms: ArmResult[]; probes: BlockProbe[] }> {
  const { runners, iterations, sampleNs, budgetMs, mostRounds, shortestNs, prng, probe } = turns;
  const records = new Map([...runners.keys()].map((key) => [key, new ArmRecord()]));
  const probes: BlockProbe[] = [];
  const order = [...runners.keys()];
  const began = performance.now();
  let probedAt = Number.NEGATIVE_INFINITY;
  for (let block = 0, round = 0; round < mostRounds; block++) {
    // Samples of the calling thread never give way: this is where a measuring process hears that its parent is gone.
    await eventLoopTurn();
    if (performance.now() - probedAt > probeEveryMs) {
      probes.push({ block, fromRound: round, ...probe() });
      probedAt = performance.now();
    }
    const indexes = prng.shuffle(Uint32Array.from(order.keys()));
    const roundBegan = performance.now();
    let inBlock = 2;
    for (let turn = 0; turn < inBlock; turn++, round++, indexes.reverse()) {
      for (const index of indexes) {
        const key = order[index]!;
        const record = records.get(key)!;
        const lastNs = record.samples.at(-1)?.elapsedNs ?? sampleNs?.[key] ?? 0;
        const warmup = lastNs / iterations < rewarmBelowNs ? 1 : 0;
        const sample = await runners.get(key)!.sample({ warmup, iterations });
        refuseShort(key, sample, shortestNs);
        refuseNoNumber(key, sample);
        record.add(round, sample);
      }
      if (turn === 0) inBlock = roundsOfBlock(performance.now() - roundBegan);
    }
    const spent = performance.now() - began;
    // Another block only if it fits: one has cost spent / (block + 1) so far.
    if (spent + spent / (block + 1) > budgetMs) break;
  }
  return { arms: [...records].map(([key, record]) => record.result(key)), probes };
}

/** Of one sample: its figures, or why it did less than it should. */
async function takeOne(key: string, runner: ArmRunner): Promise<ArmResult | string> {
  const sample = await runner.sample({ warmup: 0, iterations: 1 });
  const shortfall = runner.shortfall?.() ?? null;
  if (shortfall !== null) return shortfall;
  refuseNoNumber(key, sample);
  const record = new ArmRecord();
  record.add(0, sample);
  return record.result(key);
}

/**
 * One sample of each arm, of one iteration: for figures that another would only repeat. None waits for another's child
 * process: there is no time to be disturbed. `shortfalls`: of arms that could not do their work, by key, why.
 */
export async function takeOnce(
  runners: ReadonlyMap<string, ArmRunner>,
): Promise<{ arms: ArmResult[]; shortfalls: Record<string, string> }> {
  const taken: Promise<readonly [key: string, found: ArmResult | string]>[] = [];
  for (const [key, runner] of runners) {
    await eventLoopTurn();
    const one = takeOne(key, runner).then((found) => [key, found] as const);
    // What fails while others are still to be started is told in the end.
    one.catch(() => undefined);
    taken.push(one);
  }
  const arms: ArmResult[] = [];
  const shortfalls: Record<string, string> = {};
  for (const [key, found] of await Promise.all(taken)) {
    if (typeof found === 'string') shortfalls[key] = found;
    else arms.push(found);
  }
  return { arms, shortfalls };
}
