/** What the cache model makes of the ladder, on curves of machines that nobody built. */
import { describe, expect, it } from 'vitest';
import type { Inferred } from '../../../src/experiment/inference.ts';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import type { Predicted } from '../../../src/experiment/prediction.ts';
import type { Run } from '../../../src/experiment/run.ts';
import { latencyLadder } from '../../../src/experiments/hardware/latency-ladder.ts';
import { ladderChase } from '../../../src/experiments/hardware/latency-ladder-kernels.ts';
import { GroupCycles, predictLadder } from '../../../src/experiments/hardware/latency-ladder-model.ts';
import { cursorsOf } from '../../../src/kernel/pointer-chase.ts';
import { reported } from '../../../src/machine/fact.ts';
import type { Tlb } from '../../../src/machine/types.ts';
import { GroupRoom } from '../../../src/measure/room.ts';
import { setUp } from '../../../src/measure/thread-arm.ts';
import { KiB, ladderNs, machine, MiB, pointOf, runOf } from './ladder-runs.ts';

describe('the model of the ladder', () => {
  const predicted = (run: Run, figures: readonly Inferred[] = []): Predicted[] =>
    predictLadder(makeFindings(run, latencyLadder), figures);
  /** All of `random`, which the levels are read from; of the others what lies near 1 MiB, for the model takes its time. */
  const aroundMiB = (run: Run): Run => ({
    ...run,
    measurements: run.measurements.filter(({ arm, point }) => {
      const bytes = Number(point['workingSetBytes']);
      return arm === 'cycle' || arm === 'random' || (bytes >= MiB && bytes < 2 * MiB);
    }),
  });
  // Of both kinds of pages, for every test that has no figures of its own to go by.
  let ofBoth: Predicted[] | null = null;
  const predictedOfBoth = (): Predicted[] =>
    (ofBoth ??= predicted(aroundMiB(runOf(ladderNs, 9, machine, ['random', 'random-small']))));
  const sizeAt = ({ group }: Predicted): number => Number(group.point['workingSetBytes']);
  const nearest = (predictions: readonly Predicted[], variant: string, bytes: number): Predicted =>
    predictions
      .filter(({ arm }) => arm.variant === variant)
      .toSorted((a, b) => Math.abs(sizeAt(a) - bytes) - Math.abs(sizeAt(b) - bytes))[0]!;
  const missesOf = ({ misses }: Predicted): Record<string, number> =>
    Object.fromEntries(misses.map(({ level, perOperation }) => [level, perOperation]));

  it('is right where caches explain the curve, level by level', () => {
    const predictions = predictedOfBoth();
    const at = (bytes: number): number => nearest(predictions, 'random', bytes).value;
    expect(at(16 * KiB)).toBeCloseTo(1.25, 1);
    expect(Math.abs(at(512 * KiB) / 4 - 1)).toBeLessThan(0.1);
    expect(Math.abs(at(4 * MiB) / 20 - 1)).toBeLessThan(0.15);
    expect(nearest(predictions, 'random', 4 * MiB).notes.at(-1)).toContain('No set larger than 4 MiB');
  });

  it('tells misses of each level, of which some are the TLB that small pages overflow', () => {
    const predictions = predictedOfBoth();
    expect(missesOf(nearest(predictions, 'random', 16 * KiB))).toMatchObject({ L1: 0, L2: 0, 'TLB 1': 0 });
    const small = nearest(predictions, 'random-small', MiB);
    expect(missesOf(small)['L1']).toBeGreaterThan(0.95);
    expect(missesOf(small)['L3']).toBe(0);
    expect(missesOf(small)['TLB 1']).toBeGreaterThan(0.7);
    expect(missesOf(small)['TLB 2']).toBe(0);
    expect(small.notes[0]).toContain('by a TLB of 64 and 1,536 entries, a typical one');
    const huge = nearest(predictions, 'random', MiB);
    expect(missesOf(huge)['TLB 1']).toBe(0);
    expect(huge.notes).toEqual([]);
    expect(small.value).toBeGreaterThan(huge.value + 1);
  });

  it('translates with what tlb-reach infers in the same run', () => {
    const figure = (id: string, value: number): Inferred => ({
      id,
      title: id,
      unit: '',
      value,
      low: null,
      high: null,
      processes: 9,
      reported: null,
      reportedBy: null,
      note: null,
    });
    const figures = [
      figure('tlb-1-entries', 61),
      figure('tlb-1-miss-ns', 3),
      figure('tlb-2-entries', 128),
      figure('tlb-2-miss-ns', 11),
    ];
    const run = aroundMiB(runOf(ladderNs, 9, machine, ['random', 'random-small']));
    const [walked, one] = [predicted(run, figures), predicted(run, figures.slice(0, 2))].map((found) =>
      nearest(found, 'random-small', MiB),
    ) as [Predicted, Predicted];
    expect(missesOf(walked)['TLB 2']).toBeGreaterThan(0.4);
    expect(walked.notes[0]).toContain('60 and 128 entries, as tlb-reach infers');
    expect(missesOf(one)).not.toHaveProperty('TLB 2');
    expect(one.notes[0]).toContain('a TLB of 60 entries');
    expect(walked.value).toBeGreaterThan(one.value + 2);
  });

  it('translates with what the CPU says of itself where nobody measured', () => {
    const both = (pageBytes: number[]): Tlb[] => [
      { level: 1, kind: 'instruction', pageBytes, entries: 8, ways: 8 },
      { level: 1, kind: 'data', pageBytes, entries: 32, ways: 32 },
      { level: 2, kind: 'unified', pageBytes, entries: 100, ways: null },
    ];
    const noteWith = (tlbs: Tlb[]): string => {
      const on = { ...machine, tlbs: reported(tlbs, 'made') };
      const run = aroundMiB(runOf(ladderNs, 9, on, ['random', 'random-small']));
      return nearest(predicted(run), 'random-small', MiB).notes[0]!;
    };
    expect(noteWith(both([4096, 2 * MiB]))).toContain('32 and 100 entries, as the CPU says');
    expect(noteWith(both([2 * MiB]))).toContain('a typical one');
  });

  it('lets chains share the wait, until a queue is full', () => {
    const arms = ['random', 'random-small', 'chains-2', 'chains-8', 'chains-16'];
    const predictions = predicted(aroundMiB(runOf(ladderNs, 9, machine, arms)));
    const at = (variant: string): number => nearest(predictions, variant, MiB).value;
    expect(at('chains-2') / at('random-small')).toBeCloseTo(0.5, 1);
    expect(at('chains-8')).toBeLessThan(at('chains-2'));
    expect(at('chains-16')).toBeGreaterThan(0.05 * at('random-small'));
  });

  it('is fed the very cycle that the kernel goes through, and begins where its chains do', () => {
    const [seed, arms] = [7, ['random', 'random-small', 'in-page', 'strided', 'chains-4']];
    for (const bytes of [12 * KiB, 4 * MiB]) {
      const [room, cycles] = [new GroupRoom(), new GroupCycles(seed)];
      const order = new Map<string, Uint32Array>();
      for (const variant of arms) {
        const point = pointOf(variant, bytes);
        const args = setUp(ladderChase, point, { room, seed, cpus: [] });
        const cycle = cycles.at(point);
        const [ours, its] = [cycle.links, args['links'] as Uint32Array].map(bytesOf) as [Buffer, Buffer];
        expect(ours.equals(its), `${variant} at ${bytes}`).toBe(true);
        expect(cursorsOf(cycle.order, cycle.shape, Number(point['chains']))).toEqual(args['cursors']);
        order.set(variant, cycle.links);
      }
      // Chains go through the cycle that the first arm of their group has built; huge pages have another one.
      const small = order.get('random-small');
      expect([order.get('chains-4') === small, order.get('random') === small]).toEqual([true, false]);
      room.close();
    }
  });

  it('has nothing to say of a curve without an end', () => {
    expect(predicted(runOf(() => 1))).toEqual([]);
  });
});

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
