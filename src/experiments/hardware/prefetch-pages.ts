/** What the prefetching experiments share: on which pages they work, and which of their groups is inferred from. */
import type { Context, Parameter } from '../../experiment/experiment.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { numberAt, type Point } from '../../kernel/kernel.ts';
import type { Pages } from '../../native/binding.ts';
import { hugePagesMissing } from './sizes.ts';

function pagesOf(context: Context): Pages[] {
  const isMissing = hugePagesMissing('transparent', 0, context) !== null;
  if (context.profile === 'smoke' || isMissing) return ['small'];
  return context.profile === 'quick' ? ['transparent'] : ['small', 'transparent'];
}

/** `small` or `transparent`: what is left with the second is the fetching itself. */
export const pagesParameter: Parameter = {
  name: 'pages',
  summary: 'small: the usual ones; transparent: 2 MiB each, which take address translation out of the times',
  unit: 'none',
  values: pagesOf,
  check: (value) =>
    value === 'small' || value === 'transparent' ? null : 'pages must be small or transparent',
};

/** Why a variant can't have its pages; null: it can. For Variant.refuses. */
export function refusePages(point: Point, context: Context): string | null {
  if (point['pages'] !== 'transparent') return null;
  return hugePagesMissing('transparent', numberAt(point, 'workingSetBytes'), context);
}

/** The group of the largest set, on huge pages where it was measured on those. */
export function mainGroup({ groups }: Findings): Group | undefined {
  const bytesOf = ({ point }: Group): number => numberAt(point, 'workingSetBytes');
  const rank = ({ point }: Group): number => (point['pages'] === 'transparent' ? 1 : 0);
  return groups.toSorted((a, b) => bytesOf(b) - bytesOf(a) || rank(b) - rank(a))[0];
}
