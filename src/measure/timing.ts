/**
 * The only TypeScript timing loop, the twin of native/timing.h: iterations between two reads of the clock, the
 * thread's usage read outside those two, a team's gate before and after.
 */
import { ContractError } from '../base/errors.ts';
import { noiseColumns, type NoiseColumn } from '../experiment/run.ts';
import { environment } from '../native/binding.ts';

/** One timed sample, as both languages return it. */
export interface TimedSample {
  readonly checksum: bigint;
  readonly elapsedNs: number;
  readonly startNs: number;
  readonly endNs: number;
  readonly noise: Record<NoiseColumn, number | null>;
}

/** Where a team's members meet: the words of native/timing.h's Gate. */
export interface GateUse {
  readonly words: Int32Array;
  readonly members: number;
}

const gatePatienceNs = 60_000_000_000n;
/** What results are written to, so that no engine may drop the work. */
export const sink: { last: bigint } = { last: 0n };

function waitFor(gate: GateUse, index: number, spin: boolean): void {
  const deadlineNs = process.hrtime.bigint() + gatePatienceNs;
  for (let reads = 1; Atomics.load(gate.words, index) < gate.members; reads++) {
    if (Atomics.load(gate.words, 0) !== 0) throw new ContractError('the team was stopped');
    // Nobody notifies this word: it is a sleep, so that whoever is done does not disturb those who still work.
    if (!spin) Atomics.wait(gate.words, 0, 0, 0.02);
    if (reads % 4096 === 0 && process.hrtime.bigint() > deadlineNs) {
      throw new ContractError('a member of the team never arrived');
    }
  }
}

/** The noise columns of a row of the addon's columns; NaN, which JSON lacks, becomes null. */
export function noiseOf(row: Float64Array, before?: Float64Array): Record<NoiseColumn, number | null> {
  const columns = environment().columns;
  const noise = {} as Record<NoiseColumn, number | null>;
  for (const name of noiseColumns) {
    const at = columns.indexOf(name);
    const value = before === undefined || name === 'cpu' ? row[at]! : row[at]! - before[at]!;
    noise[name] = Number.isNaN(value) ? null : value;
  }
  return noise;
}

/**
 * Times `iterations` calls of `body`. Returns the last call's checksum. Throws what `body` throws, and
 * ContractError when a team's gate stays shut or is stopped.
 */
export function timeTypeScript(
  body: () => bigint,
  plan: { readonly warmup: number; readonly iterations: number },
  gate?: GateUse,
): TimedSample {
  const stride = environment().gateStrideWords;
  for (let i = 0; i < plan.warmup; i++) sink.last = body();
  const before = environment().usage();
  if (gate !== undefined) {
    Atomics.add(gate.words, stride, 1);
    waitFor(gate, stride, true);
  }
  const start = process.hrtime.bigint();
  for (let i = 0; i < plan.iterations; i++) sink.last = body();
  const end = process.hrtime.bigint();
  if (gate !== undefined) {
    Atomics.add(gate.words, 2 * stride, 1);
    waitFor(gate, 2 * stride, false);
  }
  return {
    checksum: sink.last,
    elapsedNs: Number(end - start),
    startNs: Number(start),
    endNs: Number(end),
    noise: noiseOf(environment().usage(), before),
  };
}
