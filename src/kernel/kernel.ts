/**
 * What a kernel is on the TypeScript side: its signature, how its inputs are made, its reference, and how much
 * work one call does. `defineKernel` registers it; a native kernel of the same id must exist with the same
 * argument table, which is checked when the addon loads.
 */
import { ContractError } from '../base/errors.ts';
import type { Prng } from '../base/prng.ts';
import { expectKernel, type Pages } from '../native/binding.ts';
import type { Arguments, Signature } from './signature.ts';

/** A value of a parameter. */
export type Scalar = number | string | boolean;

/** One value a parameter: where in the sweep we are. Includes what the variant fixes. */
export type Point = Readonly<Record<string, Scalar>>;

/** The value of a coordinate that leaves the matter to what is measured: no report needs to name it. */
export const own = 'own';

/** Where inputs get their memory. All of it is freed when the group of arms that made it is done. */
export interface Room {
  /**
   * A zeroed typed array in mapped memory, its first byte at a multiple of `alignment` (64 unless told), on pages of
   * the kind that is asked for ('system' unless told). Throws where the system has no such pages to give.
   */
  array<T extends keyof RoomArrays>(
    element: T,
    length: number,
    alignment?: number,
    pages?: Pages,
  ): RoomArrays[T];
  /** A zeroed typed array over a SharedArrayBuffer, aligned alike. */
  shared<T extends keyof RoomArrays>(element: T, length: number, alignment?: number): RoomArrays[T];
  /** Made once a group and given to every arm that asks with the same key: for inputs that nobody writes. */
  share<T>(key: string, make: () => T): T;
  /** The real address of a view's first byte. */
  addressOf(view: ArrayBufferView): bigint;
  /** Bytes of an `array` of this room that huge pages back now; null where the system can't say. */
  hugeBytes(view: ArrayBufferView): number | null;
}

export interface RoomArrays {
  readonly int32: Int32Array;
  readonly uint32: Uint32Array;
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  readonly uint8: Uint8Array;
  readonly uint64: BigUint64Array;
}

/** What a kernel's setup is given. */
export interface Place {
  readonly point: Point;
  /** Seeded by the run's seed and the point's numbers: the same inputs in every process and language. */
  readonly prng: Prng;
  readonly room: Room;
  /** In a team, which member this is, of how many, on which CPUs; 0 of 1 for a thread. */
  readonly member: number;
  readonly members: number;
  readonly cpus: readonly number[];
}

export interface Work {
  /** What a time is divided by: loads, increments, particles, operations. */
  readonly operations: number;
  /** Bytes that the program asks for: what a bandwidth is computed from. */
  readonly bytes: number;
}

/** Exact equality of checksum and written arrays, or equality of floats up to a relative tolerance. */
export type Agreement =
  | { readonly kind: 'exact' }
  | { readonly kind: 'relative'; readonly tolerance: number };

export interface Kernel<S extends Signature = Signature> {
  readonly id: string;
  readonly summary: string;
  readonly signature: S;
  /** Builds the arguments: untimed and seeded. */
  setup(place: Place): Arguments<S>;
  /** The same computation in TypeScript, step for step. Returns the same 64-bit checksum. */
  reference(args: Arguments<S>): bigint;
  readonly agreement: Agreement;
  /** The work of one call. */
  work(point: Point): Work;
  /** Bytes that setup takes at this point, so that a run can leave out what does not fit. */
  footprintBytes(point: Point): number;
  /** How much of that other arms of the group share, by its key in the room. */
  readonly sharedBytes?: (point: Point) => Readonly<Record<string, number>>;
}

/**
 * Declares a kernel. Its signature is compared with the addon's when that is loaded (at once, where it already is):
 * ContractError then shows both when they differ. The addon is not loaded for it.
 */
export function defineKernel<const S extends Signature>(kernel: Kernel<S>): Kernel<S> {
  const table = Object.entries(kernel.signature).map(([name, type]) => ({ name, type }));
  expectKernel({ id: kernel.id, summary: kernel.summary, arguments: table });
  return kernel;
}

/** Reads a numeric coordinate; throws ContractError when the point has none of that name. */
export function numberAt(point: Point, name: string): number {
  const value = point[name];
  if (typeof value !== 'number') throw new ContractError(`the point has no number called ${name}`);
  return value;
}

/** Reads a textual coordinate; throws ContractError when the point has none of that name. */
export function textAt(point: Point, name: string): string {
  const value = point[name];
  if (typeof value !== 'string') throw new ContractError(`the point has no text called ${name}`);
  return value;
}
