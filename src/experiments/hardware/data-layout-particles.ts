/**
 * Particles of four fields (x, y, vx, vy) in one block of numbers, in three layouts: where each field lies, what the
 * particles are, and how an answer is folded. The twin of native/kernels/layout.h.
 *
 *   AoS    x y vx vy | x y vx vy | ...                      a particle's fields side by side
 *   SoA    x x x ... | y y y ... | vx vx vx ... | vy ...    a column for each field
 *   AoSoA  x*8 y*8 vx*8 vy*8 | x*8 y*8 ...                  blocks of eight particles, each a small SoA
 */
import type { Prng } from '../../base/prng.ts';

export type Layout = 'aos' | 'soa' | 'aosoa';
export type ElementName = 'float64' | 'float32';
/** What a step updates; the index is the kernels' argument `fields`. */
export const fieldsNames = ['position', 'x-only', 'all'] as const;
export type FieldsName = (typeof fieldsNames)[number];
export type Block = Float64Array | Float32Array;

/** Particles in a block of AoSoA. */
export const blockParticles = 8;
/** Fields of a particle: x, y, vx, vy. */
export const fieldCount = 4;
export const elementBytes: Readonly<Record<ElementName, number>> = { float64: 8, float32: 4 };

const pageBytes = 4096;
const staggerBytes = 17 * 64;

/**
 * Elements from one SoA column to the next. The columns start 17 lines apart modulo 4 KiB: at the same offset within
 * a page they would compete for the same cache sets, and a load would wait for the store of another column whose
 * address ends in the same 12 bits.
 */
export function columnPitch(particles: number, bytesOfElement: number): number {
  const bytes = particles * bytesOfElement;
  return (bytes + ((staggerBytes + pageBytes - (bytes % pageBytes)) % pageBytes)) / bytesOfElement;
}

/** Elements that `particles` take. AoSoA rounds up to whole blocks, whose unused lanes are updated like the others. */
export function blockLength(layout: Layout, particles: number, bytesOfElement: number): number {
  if (layout === 'aos') return fieldCount * particles;
  if (layout === 'soa') return fieldCount * columnPitch(particles, bytesOfElement);
  return Math.ceil(particles / blockParticles) * blockParticles * fieldCount;
}

/**
 * Where fields lie, in elements. Every layout is a row of groups of particles, each with its fields side by side:
 * AoS has groups of one, AoSoA of eight, and SoA is a single group.
 */
export interface Places {
  readonly groupParticles: number;
  readonly groupStride: number;
  /** From one field of a particle to its next. */
  readonly fieldStride: number;
}

/** The places of a layout's fields. */
export function placesOf(layout: Layout, particles: number, bytesOfElement: number): Places {
  if (layout === 'aos') return { groupParticles: 1, groupStride: fieldCount, fieldStride: 1 };
  if (layout === 'aosoa') {
    return {
      groupParticles: blockParticles,
      groupStride: blockParticles * fieldCount,
      fieldStride: blockParticles,
    };
  }
  const fieldStride = columnPitch(particles, bytesOfElement);
  return { groupParticles: Math.max(1, particles), groupStride: fieldCount * fieldStride, fieldStride };
}

/** Where the x of particle `i` lies. */
export function startOf(places: Places, i: number): number {
  const inside = i % places.groupParticles;
  return ((i - inside) / places.groupParticles) * places.groupStride + inside;
}

/** A prime number of different particles: repeated, no line, block or page meets the same ones at the same place. */
const differentParticles = 4099;

/**
 * Writes particles into a zeroed block: positions in [-1, 1), velocities of either sign in [1/2, 1). None is so near
 * to zero that a sum of products could become a denormal number, which some CPUs compute far more slowly. The same
 * generator state gives the same particles in every layout.
 */
export function fillParticles(block: Block, layout: Layout, particles: number, prng: Prng): void {
  const seeds = new Float64Array(fieldCount * Math.min(particles, differentParticles));
  for (let i = 0; i < seeds.length; i++) {
    const position = i % fieldCount < 2;
    const unit = prng.next() / 2 ** 32;
    if (position) seeds[i] = 2 * unit - 1;
    else seeds[i] = unit < 0.5 ? -0.5 - unit : unit;
  }
  const places = placesOf(layout, particles, block.BYTES_PER_ELEMENT);
  const { fieldStride } = places;
  for (let i = 0, seed = 0; i < particles; i++) {
    const at = startOf(places, i);
    block[at] = seeds[seed]!;
    block[at + fieldStride] = seeds[seed + 1]!;
    block[at + 2 * fieldStride] = seeds[seed + 2]!;
    block[at + 3 * fieldStride] = seeds[seed + 3]!;
    seed = seed + fieldCount === seeds.length ? 0 : seed + fieldCount;
  }
}

const four64 = new Float64Array(fieldCount);
const words64 = new Uint32Array(four64.buffer);
const four32 = new Float32Array(fieldCount);
const words32 = new Uint32Array(four32.buffer);

/** One particle's 32-bit words folded by h = 31 h + word: the checksum of a step, taken of its last particle. */
export function foldFloat64(x: number, y: number, vx: number, vy: number): bigint {
  four64[0] = x;
  four64[1] = y;
  four64[2] = vx;
  four64[3] = vy;
  let hash = 0;
  for (let i = 0; i < 2 * fieldCount; i++) hash = (Math.imul(hash, 31) + words64[i]!) | 0;
  return BigInt(hash >>> 0);
}

/** The same for float32 fields. */
export function foldFloat32(x: number, y: number, vx: number, vy: number): bigint {
  four32[0] = x;
  four32[1] = y;
  four32[2] = vx;
  four32[3] = vy;
  let hash = 0;
  for (let i = 0; i < fieldCount; i++) hash = (Math.imul(hash, 31) + words32[i]!) | 0;
  return BigInt(hash >>> 0);
}
