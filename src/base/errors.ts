/**
 * The three ranks of failure. They are never mixed: a user error names the input and what to type instead
 * (exit code 2); a contract error is a caller's mistake and throws; a broken invariant is our own mistake.
 */

/** Something the person at the keyboard can mend. `cure` says what to type instead. */
export class UserError extends Error {
  override readonly name: string = 'UserError';
  readonly cure: string | null;
  constructor(message: string, cure: string | null = null) {
    super(message);
    this.cure = cure;
  }
}

/** A caller broke a documented precondition of ours: wrong argument, wrong state. */
export class ContractError extends Error {
  override readonly name: string = 'ContractError';
}

/** Our own reasoning was wrong. Nothing that follows can be believed. */
export class InvariantError extends Error {
  override readonly name: string = 'InvariantError';
}

/** Throws InvariantError unless `condition` holds. For what must be true, never for input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
