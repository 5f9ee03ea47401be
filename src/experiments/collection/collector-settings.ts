/** The settings of a collector at a point of a sweep. */
import type { CollectorKind } from '../../collectors/plans.ts';
import type { Point } from '../../kernel/kernel.ts';

/** As the kernel takes them: each is the coordinate of its name, or what it usually is. */
export function settingsAt({ settings }: CollectorKind, point: Point): Uint32Array {
  return Uint32Array.from(settings, ({ name, default: usual }) => {
    const value = point[name];
    return typeof value === 'number' ? value : usual;
  });
}
