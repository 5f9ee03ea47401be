/** How many threads a team's sweep goes through. */

/** Powers of two up to a number of threads, and that number: ascending, each once. */
export function doublingUpTo(most: number): number[] {
  const counts: number[] = [];
  for (let threads = 1; threads < most; threads *= 2) counts.push(threads);
  return [...counts, Math.max(1, most)];
}
