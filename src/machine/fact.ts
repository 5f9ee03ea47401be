/**
 * A fact about the machine, and where it came from: `reported` by the operating system, the CPU or the
 * runtime; `measured` by one of our kernels; or `missing`, with the reason.
 */
export type Origin = 'reported' | 'measured' | 'missing';

export interface Fact<T> {
  readonly value: T | null;
  readonly origin: Origin;
  /** The file, call or kernel that said so; for a missing fact, the reason. */
  readonly from: string;
}

/** A fact that the system told us. */
export function reported<T>(value: T, from: string): Fact<T> {
  return { value, origin: 'reported', from };
}

/** A fact that one of our kernels found. */
export function measured<T>(value: T, from: string): Fact<T> {
  return { value, origin: 'measured', from };
}

/** A fact that could not be had, and why. */
export function missing<T>(reason: string): Fact<T> {
  return { value: null, origin: 'missing', from: reason };
}
