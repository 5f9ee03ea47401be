/**
 * What somebody may have meant. Distance: insertions, deletions, substitutions and swaps of neighbours.
 * Source: the optimal string alignment of Damerau, "A technique for computer detection and correction of spelling
 * errors", CACM 7(3), 1964.
 */

/** How many edits make one word of the other. */
export function editDistance(one: string, other: string): number {
  let twoBack: number[] = [];
  let back = Array.from({ length: other.length + 1 }, (_, j) => j);
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const isSame = one[i - 1] === other[j - 1];
      let least = Math.min(back[j]! + 1, row[j - 1]! + 1, back[j - 1]! + (isSame ? 0 : 1));
      const isSwap = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      if (isSwap) least = Math.min(least, twoBack[j - 2]! + 1);
      row.push(least);
    }
    twoBack = back;
    back = row;
  }
  return back[other.length]!;
}

/** The choice that is nearest to a word: one that it begins or is part of, else one within half of the word's letters. */
export function nearest(word: string, choices: readonly string[]): string | null {
  const asked = word.toLowerCase();
  const rated = choices.map((choice) => {
    const lower = choice.toLowerCase();
    const isPart = asked.length >= 3 && (lower.includes(asked) || asked.includes(lower));
    const distance = editDistance(asked, lower);
    const isNear = distance <= Math.max(1, Math.floor(asked.length / 2));
    return { choice, distance: isPart ? Math.min(distance, 1) : distance, fits: isPart || isNear };
  });
  const fitting = rated.filter(({ fits }) => fits).toSorted((a, b) => a.distance - b.distance);
  return fitting[0]?.choice ?? null;
}

/** At most so many choices are worth reading in an error. */
const mostChoices = 12;

/** What to type instead: the nearest choice, and all of them where they are few. `where` says who lists them. */
export function meant(word: string, choices: readonly string[], where?: string): string {
  const near = nearest(word, choices);
  const all = choices.length <= mostChoices ? `choose from: ${choices.join(', ')}` : '';
  const rest = where === undefined ? all : where;
  if (near === null) return rest;
  return rest === '' ? `did you mean ${near}?` : `did you mean ${near}? (${rest})`;
}
