/** From a run's seed to that of a kernel's inputs, which whoever has the run can then make again. */
import type { Point } from './kernel.ts';

/** The seed of a kernel's inputs: the same in every process and language, different from point to point. */
export function inputSeed(seed: number, point: Point): number {
  let hash = (seed ^ 0x811c9dc5) >>> 0;
  const numbers = Object.entries(point).filter(([, value]) => typeof value === 'number');
  for (const character of JSON.stringify(numbers)) {
    hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0;
  }
  return hash;
}

/** A seed of each process's own, for experiments whose processes draw their inputs anew; the run's in the first. */
export function drawSeed(seed: number, process: number): number {
  return (seed + Math.imul(process, 0x9e3779b1)) >>> 0;
}
