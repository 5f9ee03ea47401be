/** Runs of the ladder on machines that nobody built. */
import { Prng } from '../../../src/base/prng.ts';
import type { Context } from '../../../src/experiment/experiment.ts';
import type { Measurement, Run } from '../../../src/experiment/run.ts';
import { latencyLadder } from '../../../src/experiments/hardware/latency-ladder.ts';
import type { Point } from '../../../src/kernel/kernel.ts';
import { missing, reported } from '../../../src/machine/fact.ts';
import type { Machine } from '../../../src/machine/types.ts';
import { syntheticMachine } from '../../fixtures/run-machine.ts';
import { makeConduct, makeContext, makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';

export const KiB: number = 2 ** 10;
export const MiB: number = 2 ** 20;
export const cycleNs = 0.25;

/** The latency of a machine with caches of 48 KiB, 2 MiB and 30 MiB; each ends within an octave. */
export function ladderNs(bytes: number): number {
  const steps = [
    { end: 48 * KiB, ns: 1.25 },
    { end: 2 * MiB, ns: 4 },
    { end: 30 * MiB, ns: 20 },
    { end: Number.POSITIVE_INFINITY, ns: 90 },
  ];
  let ns = steps[0]!.ns;
  for (const [i, { end }] of steps.slice(0, -1).entries()) {
    const share = Math.min(1, Math.max(0, 0.5 + Math.log2(bytes / end) * 2));
    ns += share * (steps[i + 1]!.ns - steps[i]!.ns);
  }
  return ns;
}

export function caches(...sizes: number[]): Machine {
  const list = sizes.map((sizeBytes, i) => ({
    level: i + 1,
    kind: i === 0 ? ('data' as const) : ('unified' as const),
    sizeBytes,
    lineBytes: 64,
    ways: 8,
    cpus: [0, 1],
  }));
  const none = missing<never>('none');
  return {
    ...syntheticMachine,
    caches: reported(list, 'made'),
    cpuidCaches: none,
    tlbs: none,
    measuredCaches: none,
  };
}

export const machine: Machine = caches(48 * KiB, 2 * MiB, 30 * MiB);

export function sizesOf(context: Context): number[] {
  return latencyLadder.parameters[0]!.values(context) as number[];
}

export function pointOf(variant: string, workingSetBytes: number): Point {
  return { workingSetBytes, ...latencyLadder.variants.find(({ id }) => id === variant)!.fixed };
}

/** A run of `processes` processes over the quick profile's sizes; `ns` is the curve. */
export function runOf(
  ns: (bytes: number) => number,
  processes = 9,
  on = machine,
  variants: readonly string[] = ['random'],
): Run {
  const prng = new Prng(5);
  const row = (bytes: number, variant: string, value: number): Measurement =>
    makeMeasurement(
      variant,
      Array.from({ length: processes }, (_, p) =>
        makeSamples(p, [value * (1 + 0.01 * prng.unit()), value * (1 + 0.01 * prng.unit())]),
      ),
      { experiment: latencyLadder.id, group: `workingSetBytes=${bytes}`, point: pointOf(variant, bytes) },
    );
  const sizes = sizesOf(makeContext({ machine: on }));
  const measurements = sizes.flatMap((bytes) => [
    row(bytes, 'cycle', cycleNs),
    ...variants.map((variant) => row(bytes, variant, ns(bytes))),
  ]);
  const conduct = [makeConduct({ experiment: latencyLadder.id, processes, comparisons: 4 })];
  return makeRun({ measurements, conduct, machine: on });
}
