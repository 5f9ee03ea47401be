/**
 * One step of particle motion in TypeScript, in three layouts and two element types: x += vx * dt and y += vy * dt,
 * or x alone, or all four fields. Step for step the twins of native/kernels/layout-scalar.cc:
 *   1. move a particle by its velocity, 2. where all fields are asked for, slow it down and push it.
 *
 * Each function has its own text, so that V8 sees one kind of array in each. All layouts use one array and offsets:
 * with an array for each column V8 would check four bounds where it now checks one, and the layout would be charged
 * for that. float32 results are rounded (Math.fround) wherever C++ rounds a float.
 */
import { blockLength, columnPitch } from './data-layout-particles.ts';

const { fround } = Math;

/** A velocity under drag and a steady push tends to push / (1 - drag) = 1/2, and so stays an ordinary number. */
export const drag = 0.75;
export const push = 0.125;

/**
 * Calls on a few particles, of every kind in turn, that a step gets before it is given many. V8 compiles what it has
 * seen. If the first call were long, V8 would enter compiled code in mid-loop without having seen the rest, would fall
 * back to slow code where the rest begins, and in some processes never recover.
 */
export const primingCalls = 600;

/** The argument `fields`: what a step updates. */
const position = 0;
const xOnly = 1;

/** Steps `particles` records [x y vx vy] of float64. */
export function stepAosFloat64(a: Float64Array, particles: number, dt: number, fields: number): void {
  const end = 4 * particles;
  if (fields === position) {
    for (let i = 0; i < end; i += 4) {
      a[i] = a[i]! + a[i + 2]! * dt;
      a[i + 1] = a[i + 1]! + a[i + 3]! * dt;
    }
  } else if (fields === xOnly) {
    for (let i = 0; i < end; i += 4) a[i] = a[i]! + a[i + 2]! * dt;
  } else {
    for (let i = 0; i < end; i += 4) {
      a[i] = a[i]! + a[i + 2]! * dt;
      a[i + 1] = a[i + 1]! + a[i + 3]! * dt;
      a[i + 2] = a[i + 2]! * drag + push;
      a[i + 3] = a[i + 3]! * drag + push;
    }
  }
}

/** Steps `particles` records [x y vx vy] of float32. */
export function stepAosFloat32(a: Float32Array, particles: number, dt: number, fields: number): void {
  const end = 4 * particles;
  const step = fround(dt);
  if (fields === position) {
    for (let i = 0; i < end; i += 4) {
      a[i] = fround(a[i]! + fround(a[i + 2]! * step));
      a[i + 1] = fround(a[i + 1]! + fround(a[i + 3]! * step));
    }
  } else if (fields === xOnly) {
    for (let i = 0; i < end; i += 4) a[i] = fround(a[i]! + fround(a[i + 2]! * step));
  } else {
    for (let i = 0; i < end; i += 4) {
      a[i] = fround(a[i]! + fround(a[i + 2]! * step));
      a[i + 1] = fround(a[i + 1]! + fround(a[i + 3]! * step));
      a[i + 2] = fround(fround(a[i + 2]! * drag) + push);
      a[i + 3] = fround(fround(a[i + 3]! * drag) + push);
    }
  }
}

/** Steps columns of float64. */
export function stepSoaFloat64(a: Float64Array, particles: number, dt: number, fields: number): void {
  const y = columnPitch(particles, a.BYTES_PER_ELEMENT);
  const vx = 2 * y;
  const vy = 3 * y;
  if (fields === position) {
    for (let i = 0; i < particles; i++) {
      a[i] = a[i]! + a[vx + i]! * dt;
      a[y + i] = a[y + i]! + a[vy + i]! * dt;
    }
  } else if (fields === xOnly) {
    for (let i = 0; i < particles; i++) a[i] = a[i]! + a[vx + i]! * dt;
  } else {
    for (let i = 0; i < particles; i++) {
      a[i] = a[i]! + a[vx + i]! * dt;
      a[y + i] = a[y + i]! + a[vy + i]! * dt;
      a[vx + i] = a[vx + i]! * drag + push;
      a[vy + i] = a[vy + i]! * drag + push;
    }
  }
}

/** Steps columns of float32. */
export function stepSoaFloat32(a: Float32Array, particles: number, dt: number, fields: number): void {
  const y = columnPitch(particles, a.BYTES_PER_ELEMENT);
  const vx = 2 * y;
  const vy = 3 * y;
  const step = fround(dt);
  if (fields === position) {
    for (let i = 0; i < particles; i++) {
      a[i] = fround(a[i]! + fround(a[vx + i]! * step));
      a[y + i] = fround(a[y + i]! + fround(a[vy + i]! * step));
    }
  } else if (fields === xOnly) {
    for (let i = 0; i < particles; i++) a[i] = fround(a[i]! + fround(a[vx + i]! * step));
  } else {
    for (let i = 0; i < particles; i++) {
      a[i] = fround(a[i]! + fround(a[vx + i]! * step));
      a[y + i] = fround(a[y + i]! + fround(a[vy + i]! * step));
      a[vx + i] = fround(fround(a[vx + i]! * drag) + push);
      a[vy + i] = fround(fround(a[vy + i]! * drag) + push);
    }
  }
}

/** Steps blocks of eight particles of float64: x at 0, y at 8, vx at 16, vy at 24. */
export function stepAosoaFloat64(a: Float64Array, particles: number, dt: number, fields: number): void {
  const end = blockLength('aosoa', particles, a.BYTES_PER_ELEMENT);
  if (fields === position) {
    for (let block = 0; block < end; block += 32) {
      for (let i = block; i < block + 8; i++) {
        a[i] = a[i]! + a[i + 16]! * dt;
        a[i + 8] = a[i + 8]! + a[i + 24]! * dt;
      }
    }
  } else if (fields === xOnly) {
    for (let block = 0; block < end; block += 32) {
      for (let i = block; i < block + 8; i++) a[i] = a[i]! + a[i + 16]! * dt;
    }
  } else {
    for (let block = 0; block < end; block += 32) {
      for (let i = block; i < block + 8; i++) {
        a[i] = a[i]! + a[i + 16]! * dt;
        a[i + 8] = a[i + 8]! + a[i + 24]! * dt;
        a[i + 16] = a[i + 16]! * drag + push;
        a[i + 24] = a[i + 24]! * drag + push;
      }
    }
  }
}

/** Steps blocks of eight particles of float32. */
export function stepAosoaFloat32(a: Float32Array, particles: number, dt: number, fields: number): void {
  const end = blockLength('aosoa', particles, a.BYTES_PER_ELEMENT);
  const step = fround(dt);
  if (fields === position) {
    for (let block = 0; block < end; block += 32) {
      for (let i = block; i < block + 8; i++) {
        a[i] = fround(a[i]! + fround(a[i + 16]! * step));
        a[i + 8] = fround(a[i + 8]! + fround(a[i + 24]! * step));
      }
    }
  } else if (fields === xOnly) {
    for (let block = 0; block < end; block += 32) {
      for (let i = block; i < block + 8; i++) a[i] = fround(a[i]! + fround(a[i + 16]! * step));
    }
  } else {
    for (let block = 0; block < end; block += 32) {
      for (let i = block; i < block + 8; i++) {
        a[i] = fround(a[i]! + fround(a[i + 16]! * step));
        a[i + 8] = fround(a[i + 8]! + fround(a[i + 24]! * step));
        a[i + 16] = fround(fround(a[i + 16]! * drag) + push);
        a[i + 24] = fround(fround(a[i + 24]! * drag) + push);
      }
    }
  }
}
