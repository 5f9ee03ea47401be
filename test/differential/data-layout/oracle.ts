/**
 * Particles without a layout, and one step of their motion, written apart from the kernels and their references: what
 * all of them are held against. Also where each layout keeps a field, worked out in another way than in src.
 */
import type {
  Block,
  ElementName,
  FieldsName,
  Layout,
} from '../../../src/experiments/hardware/data-layout-particles.ts';

/** [x, y, vx, vy] */
export type Particle = readonly [number, number, number, number];

const roundings: Readonly<Record<ElementName, (value: number) => number>> = {
  float64: (value) => value,
  float32: Math.fround,
};

/** One particle after one update; every product and every sum rounded to the element type. */
export function stepped(particle: Particle, dt: number, fields: FieldsName, element: ElementName): Particle {
  const round = roundings[element];
  const [x, y, vx, vy] = particle;
  const move = (at: number, velocity: number): number => round(at + round(velocity * round(dt)));
  const settle = (velocity: number): number => round(round(velocity * 0.75) + 0.125);
  if (fields === 'x-only') return [move(x, vx), y, vx, vy];
  if (fields === 'position') return [move(x, vx), move(y, vy), vx, vy];
  return [move(x, vx), move(y, vy), settle(vx), settle(vy)];
}

/** The index of every field of every particle, [particle][field], and the length of the block. */
export function placesByCounting(
  layout: Layout,
  count: number,
  bytes: number,
): { at: number[][]; length: number } {
  const ids = Array.from({ length: count }, (_, i) => i);
  const four = [0, 1, 2, 3];
  if (layout === 'aos') return { at: ids.map((i) => four.map((f) => i * 4 + f)), length: 4 * count };
  if (layout === 'soa') {
    let pitch = count;
    while ((pitch * bytes) % 4096 !== 1088) pitch++;
    return { at: ids.map((i) => four.map((f) => f * pitch + i)), length: 4 * pitch };
  }
  const at: number[][] = ids.map(() => []);
  let length = 0;
  for (let first = 0; first < count; first += 8) {
    for (const f of four) {
      for (let lane = 0; lane < 8; lane++, length++) {
        const particle = at[first + lane];
        if (particle !== undefined) particle[f] = length;
      }
    }
  }
  return { at, length };
}

/** A fresh block that holds the particles in a layout; what belongs to no particle is 0. */
export function blockOf(particles: readonly Particle[], layout: Layout, element: ElementName): Block {
  const { at, length } = placesByCounting(layout, particles.length, element === 'float64' ? 8 : 4);
  const block = element === 'float64' ? new Float64Array(length) : new Float32Array(length);
  particles.forEach((particle, i) => particle.forEach((value, f) => (block[at[i]![f]!] = value)));
  return block;
}

/** The particles in a block. */
export function particlesIn(block: Block, layout: Layout, count: number): number[][] {
  const { at } = placesByCounting(layout, count, block.BYTES_PER_ELEMENT);
  return at.map((places) => places.map((place) => block[place]!));
}
