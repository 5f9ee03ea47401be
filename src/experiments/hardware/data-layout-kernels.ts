/**
 * The kernels of the data-layout experiment: three layouts, each by a native loop that handles a number at a time and
 * by one that uses the CPU's widest vector unit. Both have the same reference, and the same particles.
 * Native twins: native/kernels/layout-scalar.cc and layout-vector.cc.
 */
import { ContractError } from '../../base/errors.ts';
import { Prng } from '../../base/prng.ts';
import {
  defineKernel,
  type Kernel,
  numberAt,
  type Place,
  type Point,
  textAt,
  type Work,
} from '../../kernel/kernel.ts';
import type { Arguments } from '../../kernel/signature.ts';
import {
  blockLength,
  blockParticles,
  type ElementName,
  elementBytes,
  type FieldsName,
  fieldsNames,
  fillParticles,
  foldFloat32,
  foldFloat64,
  type Layout,
  placesOf,
  startOf,
} from './data-layout-particles.ts';
import {
  primingCalls,
  stepAosFloat32,
  stepAosFloat64,
  stepAosoaFloat32,
  stepAosoaFloat64,
  stepSoaFloat32,
  stepSoaFloat64,
} from './data-layout-reference.ts';

/** The block is `float64s` or `float32s`; the other one is empty. `fields`: see fieldsNames. */
export const layoutSignature = {
  float64s: 'float64[]',
  float32s: 'float32[]',
  particles: 'size',
  dt: 'float64',
  fields: 'uint32',
} as const;
export type LayoutArguments = Arguments<typeof layoutSignature>;
export type LayoutKernel = Kernel<typeof layoutSignature>;

/** A time step whose product with a velocity needs rounding, so that a fused multiply-add would be found out. */
const dt = 1 / 60;

function elementAt(point: Point): ElementName {
  const element = textAt(point, 'element');
  if (element === 'float64' || element === 'float32') return element;
  throw new ContractError(`element must be float64 or float32, not ${element}`);
}

function fieldsAt(point: Point): FieldsName {
  const fields = textAt(point, 'fields');
  const found = fieldsNames.find((name) => name === fields);
  if (found === undefined) throw new ContractError(`fields must be ${fieldsNames.join(', ')}, not ${fields}`);
  return found;
}

/** Bytes of a layout's block at a point. */
export function blockBytesAt(layout: Layout, point: Point): number {
  const bytes = elementBytes[elementAt(point)];
  return bytes * blockLength(layout, numberAt(point, 'particles'), bytes);
}

interface Steps {
  float64(block: Float64Array, particles: number, dt: number, fields: number): void;
  float32(block: Float32Array, particles: number, dt: number, fields: number): void;
}

const steps: Readonly<Record<Layout, Steps>> = {
  aos: { float64: stepAosFloat64, float32: stepAosFloat32 },
  soa: { float64: stepSoaFloat64, float32: stepSoaFloat32 },
  aosoa: { float64: stepAosoaFloat64, float32: stepAosoaFloat32 },
};

const primed = new Set<string>();

/** Once a process, untimed: see primingCalls. */
function prime(layout: Layout, element: ElementName): void {
  const name = `${layout} ${element}`;
  if (primed.has(name)) return;
  primed.add(name);
  const few = blockParticles;
  const length = blockLength(layout, few, elementBytes[element]);
  const [float64s, float32s] = [new Float64Array(length), new Float32Array(length)];
  fillParticles(element === 'float64' ? float64s : float32s, layout, few, new Prng(1));
  for (let i = 0; i < primingCalls; i++) {
    const fields = i % fieldsNames.length;
    if (element === 'float64') steps[layout].float64(float64s, few, dt, fields);
    else steps[layout].float32(float32s, few, dt, fields);
  }
}

function setUp(layout: Layout, { point, prng, room }: Place): LayoutArguments {
  const particles = numberAt(point, 'particles');
  const element = elementAt(point);
  prime(layout, element);
  const length = blockLength(layout, particles, elementBytes[element]);
  const float64s = element === 'float64' ? room.array('float64', length, 4096) : new Float64Array(0);
  const float32s = element === 'float32' ? room.array('float32', length, 4096) : new Float32Array(0);
  fillParticles(element === 'float64' ? float64s : float32s, layout, particles, prng);
  return { float64s, float32s, particles, dt, fields: fieldsNames.indexOf(fieldsAt(point)) };
}

/** 1. Step every particle, 2. fold the last one. */
function referenceOf(layout: Layout): (args: LayoutArguments) => bigint {
  const { float64, float32 } = steps[layout];
  return (args) => {
    const { float64s, float32s, particles, fields } = args;
    if (particles === 0) return 0n;
    const floats = float32s.length > 0;
    const places = placesOf(layout, particles, floats ? elementBytes.float32 : elementBytes.float64);
    const x = startOf(places, particles - 1);
    const y = x + places.fieldStride;
    const vx = y + places.fieldStride;
    const vy = vx + places.fieldStride;
    if (floats) {
      float32(float32s, particles, args.dt, fields);
      return foldFloat32(float32s[x]!, float32s[y]!, float32s[vx]!, float32s[vy]!);
    }
    float64(float64s, particles, args.dt, fields);
    return foldFloat64(float64s[x]!, float64s[y]!, float64s[vx]!, float64s[vy]!);
  };
}

/** Numbers that one particle's update reads and writes: position 4 + 2, x-only 2 + 1, all 4 + 4. */
const numbersMoved: Readonly<Record<FieldsName, number>> = { position: 6, 'x-only': 3, all: 8 };

/**
 * One operation is one particle. Bytes are those of the numbers that the update reads and writes, the same for every
 * layout: what a line brings along unasked is the layout's cost, and is not counted as work.
 */
function work(point: Point): Work {
  const operations = numberAt(point, 'particles');
  return { operations, bytes: operations * numbersMoved[fieldsAt(point)] * elementBytes[elementAt(point)] };
}

const described: Readonly<Record<Layout, string>> = {
  aos: 'stored one after another (AoS)',
  soa: 'stored as a column for each field (SoA)',
  aosoa: 'stored in blocks of eight (AoSoA)',
};

function kernelOf(id: string, layout: Layout, howMany: string): LayoutKernel {
  return defineKernel({
    id,
    summary: `steps particles ${described[layout]}, ${howMany} at a time`,
    signature: layoutSignature,
    setup: (place) => setUp(layout, place),
    reference: referenceOf(layout),
    agreement: { kind: 'exact' },
    work,
    footprintBytes: (point) => blockBytesAt(layout, point),
  });
}

/** Point of all six: particles, element ('float64' | 'float32'), fields ('position' | 'x-only' | 'all'). */
export const aosScalar: LayoutKernel = kernelOf('layout-aos-scalar', 'aos', 'a number');
export const soaScalar: LayoutKernel = kernelOf('layout-soa-scalar', 'soa', 'a number');
export const aosoaScalar: LayoutKernel = kernelOf('layout-aosoa-scalar', 'aosoa', 'a number');
/** The same by the widest vector unit that the CPU has. */
export const aosVector: LayoutKernel = kernelOf('layout-aos-vector', 'aos', 'several numbers');
export const soaVector: LayoutKernel = kernelOf('layout-soa-vector', 'soa', 'several numbers');
export const aosoaVector: LayoutKernel = kernelOf('layout-aosoa-vector', 'aosoa', 'several numbers');
