/**
 * The same particles as an array of JavaScript objects, each with four number properties. An object holds pointers,
 * and each number that is not a small integer is boxed apart, so that one particle is spread over several places of
 * the JavaScript heap. Checked against the native AoS kernel like any other implementation.
 */
import { defineKernel, type Point } from '../../kernel/kernel.ts';
import { aosScalar, blockBytesAt, type LayoutArguments, type LayoutKernel } from './data-layout-kernels.ts';
import { foldFloat64 } from './data-layout-particles.ts';
import { drag, push } from './data-layout-reference.ts';

interface Particle {
  x: number;
  y: number;
  vx: number;
  vy: number;
}

/**
 * An AoS kernel's arguments whose particles may live in objects. They are built when they are first asked for; from
 * then on `float64s` is how the rest of the lab sees them: reading it copies the objects' numbers into the block.
 */
export class ObjectArguments implements LayoutArguments {
  readonly float32s: Float32Array;
  readonly particles: number;
  readonly dt: number;
  readonly fields: number;
  readonly #block: Float64Array;
  #objects: Particle[] | null = null;

  constructor(args: LayoutArguments) {
    this.#block = args.float64s;
    this.float32s = args.float32s;
    this.particles = args.particles;
    this.dt = args.dt;
    this.fields = args.fields;
  }

  get float64s(): Float64Array {
    const block = this.#block;
    let at = 0;
    for (const { x, y, vx, vy } of this.#objects ?? []) {
      block[at++] = x;
      block[at++] = y;
      block[at++] = vx;
      block[at++] = vy;
    }
    return block;
  }

  get objects(): readonly Particle[] {
    if (this.#objects === null) {
      const block = this.#block;
      const objects: Particle[] = [];
      for (let at = 0; at < 4 * this.particles; at += 4) {
        // A literal with its numbers: a class's declared fields would start as undefined, and V8 would then make a
        // new box at every store instead of writing into the old one.
        objects.push({ x: block[at]!, y: block[at + 1]!, vx: block[at + 2]!, vy: block[at + 3]! });
      }
      this.#objects = objects;
    }
    return this.#objects;
  }
}

/** 1. Step every particle, 2. fold the last one. float64 only: JavaScript has no smaller floating-point number. */
export function stepObjects(args: ObjectArguments): bigint {
  const { objects, dt, fields } = args;
  if (fields === 0) {
    for (const p of objects) {
      p.x += p.vx * dt;
      p.y += p.vy * dt;
    }
  } else if (fields === 1) {
    for (const p of objects) p.x += p.vx * dt;
  } else {
    for (const p of objects) {
      p.x += p.vx * dt;
      p.y += p.vy * dt;
      p.vx = p.vx * drag + push;
      p.vy = p.vy * drag + push;
    }
  }
  const last = objects.at(-1);
  return last === undefined ? 0n : foldFloat64(last.x, last.y, last.vx, last.vy);
}

/** An object of seven words and four boxes of two, and the array's pointer to it. */
const objectBytes = 8 * (7 + 4 * 2 + 1);

/** The native AoS kernel over ObjectArguments; point as there, element float64. */
export const aosObjects: LayoutKernel = defineKernel({
  ...aosScalar,
  setup: (place) => new ObjectArguments(aosScalar.setup(place)),
  footprintBytes: (point: Point) => blockBytesAt('aos', point) * (1 + objectBytes / 32),
});
