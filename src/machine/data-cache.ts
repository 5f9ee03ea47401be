/** How large a data cache is, by whoever knows best. */
import type { Cache, Machine } from './types.ts';

/** Where measured and reported agree within this factor, the reported size is the exact one. */
const agreesWithin = 1.25;

/** The data cache of a level: what is reported where measurement agrees or there is none, else what was measured. */
export function dataCacheBytes(machine: Machine, level: number): number | null {
  const isData = ({ kind, level: at }: Cache): boolean => kind !== 'instruction' && at === level;
  const told = (machine.caches.value ?? []).find(isData)?.sizeBytes ?? null;
  const found =
    (machine.measuredCaches.value ?? []).find((cache) => cache.level === level)?.sizeBytes ?? null;
  if (told === null || found === null) return told ?? found;
  return Math.abs(Math.log(found / told)) <= Math.log(agreesWithin) ? told : found;
}
