/**
 * tinybench in several short passes over all tasks instead of one long stay with each, so that every task meets every
 * mood of the machine, and two tasks can be compared pass by pass.
 */
import { Bench } from 'tinybench';
import { median, medianInterval } from '#dist/stats/index.js';
import type { Figure } from './sitting.ts';

/** A task does its work once; `times` says how many operations that was. */
export interface Task {
  readonly name: string;
  readonly times: number;
  run(): void;
}

export interface Effort {
  readonly passes: number;
  /** Time for each task in each pass. */
  readonly taskMs: number;
}

export const ordinaryEffort: Effort = { passes: 9, taskMs: 60 };
export const smokeEffort: Effort = { passes: 1, taskMs: 2 };

/** For each task, by its name: ns an operation, the median call of each pass. */
export function timeTasks(tasks: readonly Task[], { passes, taskMs }: Effort): Map<string, number[]> {
  const found = new Map<string, number[]>(tasks.map(({ name }) => [name, []]));
  for (let pass = 0; pass < passes; pass++) {
    const bench = new Bench({
      time: taskMs,
      iterations: 3,
      warmupTime: taskMs / 4,
      warmupIterations: 1,
      throws: true,
    });
    for (const task of pass % 2 === 0 ? tasks : tasks.toReversed()) bench.add(task.name, () => task.run());
    bench.runSync();
    for (const { name, times } of tasks) {
      const result = bench.getTask(name)?.result;
      if (result === undefined || !('latency' in result))
        throw new Error(`${name}: tinybench took no sample`);
      found.get(name)!.push((result.latency.p50 * 1e6) / times);
    }
  }
  return found;
}

/** The median of the passes, and their least and most. */
export function overPasses(values: readonly number[]): { value: number; low: number; high: number } {
  return { value: median(values), low: Math.min(...values), high: Math.max(...values) };
}

const alpha = 0.05;

/** Times of one over times of another, pass by pass as far as both went; its interval, or the ends where there is none. */
export function ratio(
  name: string,
  of: readonly number[],
  over: readonly number[],
  target?: Figure['target'],
): Figure {
  const ratios = Array.from({ length: Math.min(of.length, over.length) }, (_, i) => of[i]! / over[i]!);
  const { low, high } = medianInterval(ratios, alpha) ?? overPasses(ratios);
  return {
    name,
    unit: 'x',
    value: median(ratios),
    low,
    high,
    ...(target === undefined ? {} : { target }),
  };
}
