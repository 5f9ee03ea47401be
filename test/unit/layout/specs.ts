/** Specifications for tests, from as little text as will do. */
import { meant } from '../../../src/cli/nearest.ts';
import { type LayoutSpec, parseLayout } from '../../../src/layout/spec.ts';

/** The specification in a value. */
export function specOf(value: object): LayoutSpec {
  return parseLayout(JSON.stringify(value), 'the file', meant);
}

/** "x:f32 name:bytes[24]" as fields. */
export function fieldsOf(text: string): object[] {
  return text.split(' ').map((word) => {
    const [, name, type, length] = /^([^:]+):(\w+)(?:\[(\d+)\])?$/.exec(word)!;
    return { name, type, ...(length === undefined ? {} : { length: Number(length) }) };
  });
}

/** A specification of fields as above and loops. */
export function spec(fields: string, loops: readonly object[], count = 1000): LayoutSpec {
  return specOf({ name: 'S', count, fields: fieldsOf(fields), loops });
}
