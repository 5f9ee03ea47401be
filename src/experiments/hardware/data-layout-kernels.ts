/**
 * The kernels of the data-layout experiment: three layouts, each by a native loop that handles a number at a time and
 * by one that uses the CPU's widest vector unit. Both have the same reference, and the same particles.
 * Native twins: native/kernels/layout-scalar.cc and layout-vector.cc.
 */
import { ContractError } from '../../base/errors.ts';
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

function setUp(layout: Layout, { point, prng, room }: Place): LayoutArguments {
  const particles = numberAt(point, 'particles');
  const element = elementAt(point);
  const length = blockLength(layout, particles, elementBytes[element]);
  const float64s = element === 'float64' ? room.array('float64', length, 4096) : new Float64Array(0);
  const float32s = element === 'float32' ? room.array('float32', length, 4096) : new Float32Array(0);
  fillParticles(element === 'float64' ? float64s : float32s, layout, particles, prng);
  return { float64s, float32s, particles, dt, fields: fieldsNames.indexOf(fieldsAt(point)) };
}

type Step<B> = (block: B, particles: number, dt: number, fields: number) => void;

/** 1. Step every particle, 2. fold the last one. */
function referenceOf(
  layout: Layout,
  float64Step: Step<Float64Array>,
  float32Step: Step<Float32Array>,
): (args: LayoutArguments) => bigint {
  return (args) => {
    const { particles, fields } = args;
    if (particles === 0) return 0n;
    const { float32s } = args;
    const floats = float32s.length > 0;
    const places = placesOf(layout, particles, floats ? 4 : 8);
    const x = startOf(places, particles - 1);
    const y = x + places.fieldStride;
    const vx = y + places.fieldStride;
    const vy = vx + places.fieldStride;
    if (floats) {
      float32Step(float32s, particles, args.dt, fields);
      return foldFloat32(float32s[x]!, float32s[y]!, float32s[vx]!, float32s[vy]!);
    }
    const { float64s } = args;
    float64Step(float64s, particles, args.dt, fields);
    return foldFloat64(float64s[x]!, float64s[y]!, float64s[vx]!, float64s[vy]!);
  };
}

const references: Readonly<Record<Layout, (args: LayoutArguments) => bigint>> = {
  aos: referenceOf('aos', stepAosFloat64, stepAosFloat32),
  soa: referenceOf('soa', stepSoaFloat64, stepSoaFloat32),
  aosoa: referenceOf('aosoa', stepAosoaFloat64, stepAosoaFloat32),
};

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
    reference: references[layout],
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
