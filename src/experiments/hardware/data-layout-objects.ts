/**
 * The same particles as an array of JavaScript objects, each with four number properties. An object holds pointers,
 * and each number that is not a small integer is boxed apart, so that one particle is spread over several places of
 * the JavaScript heap. Checked against the native AoS kernel like any other implementation.
 */
import { defineKernel, type Point } from '../../kernel/kernel.ts';
import { aosScalar, blockBytesAt, type LayoutArguments, type LayoutKernel } from './data-layout-kernels.ts';
import { foldFloat64 } from './data-layout-particles.ts';
import { drag, primingCalls, push } from './data-layout-reference.ts';

interface Particle {
  x: number;
  y: number;
  vx: number;
  vy: number;
}

/**
 * A literal with its numbers: a class's declared fields would start as undefined, and V8 would then make a new box at
 * every store instead of writing into the old one.
 */
function objectsOf(block: Float64Array, particles: number): Particle[] {
  const objects: Particle[] = [];
  for (let at = 0; at < 4 * particles; at += 4) {
    objects.push({ x: block[at]!, y: block[at + 1]!, vx: block[at + 2]!, vy: block[at + 3]! });
  }
  return objects;
}

/** Apart from what precedes and follows the loop, as V8 compiles it best. */
function stepAll(objects: readonly Particle[], dt: number, fields: number): void {
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
}

let isPrimed = false;

/** Once a process, untimed: see primingCalls. */
function prime(): void {
  if (isPrimed) return;
  isPrimed = true;
  const few = objectsOf(new Float64Array(8 * 4).fill(0.3), 8);
  for (let i = 0; i < primingCalls; i++) stepAll(few, 0.3, i % 3);
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
  #objects: readonly Particle[] | null = null;

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
    this.#objects ??= objectsOf(this.#block, this.particles);
    return this.#objects;
  }
}

/** 1. Step every particle, 2. fold the last one. float64 only: JavaScript has no smaller floating-point number. */
export function stepObjects(args: ObjectArguments): bigint {
  const { objects } = args;
  stepAll(objects, args.dt, args.fields);
  const last = objects.at(-1);
  return last === undefined ? 0n : foldFloat64(last.x, last.y, last.vx, last.vy);
}

/** An object of seven words and four boxes of two, and the array's pointer to it. */
const objectBytes = 8 * (7 + 4 * 2 + 1);

/** The native AoS kernel over ObjectArguments; point as there, element float64. */
export const aosObjects: LayoutKernel = defineKernel({
  ...aosScalar,
  setup(place) {
    prime();
    return new ObjectArguments(aosScalar.setup(place));
  },
  footprintBytes: (point: Point) => blockBytesAt('aos', point) * (1 + objectBytes / 32),
});
