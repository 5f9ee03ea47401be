/**
 * A kernel's argument table in TypeScript, spelt as native/boundary.h spells it, so that the two are compared
 * word for word when a kernel is first used.
 */

interface ArrayOf {
  readonly int8: Int8Array;
  readonly uint8: Uint8Array;
  readonly int16: Int16Array;
  readonly uint16: Uint16Array;
  readonly int32: Int32Array;
  readonly uint32: Uint32Array;
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  readonly int64: BigInt64Array;
  readonly uint64: BigUint64Array;
}
type Element = keyof ArrayOf;

/**
 * One argument's type: a scalar, a read array, a written array, a shared array, an array of observations, or room to work
 * in whose contents are nobody's answer.
 */
export type ArgumentType =
  | 'uint32'
  | 'int32'
  | 'size'
  | 'float64'
  | `const ${Element}[]`
  | `${Element}[]`
  | `shared ${Element}[]`
  | `observed ${Element}[]`
  | `scratch ${Element}[]`;

/** Argument names in their order, each with its type. */
export type Signature = Readonly<Record<string, ArgumentType>>;

type ElementOf<T extends ArgumentType> = T extends `const ${infer E}[]`
  ? E
  : T extends `shared ${infer E}[]`
    ? E
    : T extends `observed ${infer E}[]`
      ? E
      : T extends `scratch ${infer E}[]`
        ? E
        : T extends `${infer E}[]`
          ? E
          : never;

/** What a kernel of signature S is called with. */
export type Arguments<S extends Signature> = {
  readonly [K in keyof S]: ElementOf<S[K]> extends infer E
    ? [E] extends [never]
      ? number
      : E extends Element
        ? ArrayOf[E]
        : never
    : never;
};

/** The values in the signature's order, as the addon takes them. */
export function inOrder(signature: Signature, args: Readonly<Record<string, unknown>>): unknown[] {
  return Object.keys(signature).map((name) => args[name]);
}

/** Names of the arrays whose contents are part of the answer: written, and not mere observations. */
export function answerArrays(signature: Signature): string[] {
  return Object.entries(signature)
    .filter(([, type]) => type.endsWith('[]') && !/^(const|observed|scratch) /.test(type))
    .map(([name]) => name);
}
