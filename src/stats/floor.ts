/**
 * The A/A floor: what this machine, now, can't tell apart.
 *
 * Idea: the baseline runs a second time under another name, its twin. Their true ratio is 1, so whatever the
 * twin's interval reaches to is noise of this machine in this hour, and no other difference of that size
 * deserves belief, either. It also catches what an interval can't: a bias that repeats in every process
 * (the order of the variants, an unlucky alignment) moves the twin as well.
 * Source: Kohavi, Longbotham et al., "Controlled experiments on the web", 2009, section on A/A tests.
 */
import type { RatioEstimate } from './ratio.ts';

/**
 * max(|ln low|, |ln high|) of the twin's ratio to the baseline: a natural logarithm, at least 0, and for small
 * values about a fraction (0.012 is about 1.2%). null when the twin has no interval: the floor isn't known.
 */
export function aaFloor(twin: RatioEstimate): number | null {
  if (twin.interval === null) return null;
  return Math.max(Math.abs(Math.log(twin.interval.low)), Math.abs(Math.log(twin.interval.high)));
}

/** A floor or margin (a natural logarithm) as a ratio, at least 1: 0.0488 is 1.05. */
export function floorAsRatio(floor: number): number {
  return Math.exp(floor);
}
