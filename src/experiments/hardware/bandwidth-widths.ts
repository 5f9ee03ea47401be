/** Which vectors the passes of native/kernels/stream.cc have on a machine, and which are missing there, and why. */
import type { Machine } from '../../machine/types.ts';
import type { Width } from './bandwidth-kernels.ts';
import { vectorUnitOf } from './data-layout-claim.ts';

/** Narrowest first; those of one architecture never meet those of the other. */
const units: readonly { readonly width: Width; readonly name: string; readonly isa: string }[] = [
  { width: 'sse2', name: 'SSE2', isa: 'sse2' },
  { width: 'avx2', name: 'AVX2', isa: 'avx2' },
  { width: 'avx512', name: 'AVX-512', isa: 'avx512f' },
  { width: 'neon', name: 'NEON', isa: 'neon' },
  { width: 'sve', name: 'SVE', isa: 'sve' },
];
const unitsOf: Readonly<Record<string, readonly Width[]>> = {
  x64: ['sse2', 'avx2', 'avx512'],
  arm64: ['neon', 'sve'],
};

/** The first compilers that know SVE in a single function: native/kernels/stream-sve.h goes by the same numbers. */
const compilersWithSve: Readonly<Record<string, number>> = { gcc: 10, clang: 16 };

/** Whether the addon's compiler could build the loops of SVE. Apple's CPUs have none. */
function buildsSve(machine: Machine): boolean {
  const [, maker, version] = /^(\w+) (\d+)/.exec(machine.compiler.value ?? '') ?? [];
  return machine.platform === 'linux' && Number(version) >= (compilersWithSve[maker ?? ''] ?? Infinity);
}

/**
 * The widest vectors that the passes use on a machine; null where they have none, or nothing says. An emulator may show
 * the flags of another architecture: those count for nothing.
 */
export function widestUnitOf(machine: Machine): string | null {
  const unit = vectorUnitOf(machine);
  const mine = (unitsOf[machine.architecture] ?? []).map(nameOf);
  if (unit === null || !mine.includes(unit)) return null;
  return unit === 'NEON' && machine.isa.value?.includes('sve') === true && buildsSve(machine) ? 'SVE' : unit;
}

/** Whether the widest vectors can be written past the caches. */
export function hasNonTemporal(machine: Machine): boolean {
  const unit = widestUnitOf(machine);
  return unit !== null && unit !== 'NEON';
}

/** True for a width that is narrower than the widest one of the machine; a number at a time is, where there is one. */
export function isNarrower(width: Width, machine: Machine): boolean {
  const widest = widestUnitOf(machine);
  if (width === 'scalar' || widest === null) return widest !== null;
  const mine = unitsOf[machine.architecture] ?? [];
  const at = mine.indexOf(width);
  return at !== -1 && at < mine.findIndex((one) => nameOf(one) === widest);
}

function nameOf(width: Width): string | undefined {
  return units.find((unit) => unit.width === width)?.name;
}

/** `SVE: n/a on this CPU`, where its architecture has such vectors and the machine does not; else null. */
export function whyMissing(width: Width, machine: Machine): string | null {
  const unit = units.find((one) => one.width === width);
  const has = machine.isa.value;
  if (unit === undefined || has === null || unitsOf[machine.architecture]?.includes(width) !== true)
    return null;
  if (!has.includes(unit.isa)) return `${unit.name}: n/a on this CPU`;
  if (vectorUnitOf(machine) !== null && (width !== 'sve' || buildsSve(machine))) return null;
  return `${unit.name}: n/a in this build, whose compiler (${machine.compiler.value ?? 'unknown'}) can't make its loops`;
}
