import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/base/errors.ts';
import { meant } from '../../../src/cli/nearest.ts';
import { exampleLayout } from '../../../src/layout/example.ts';
import { parseLayout, racedFields } from '../../../src/layout/spec.ts';
import { fieldsOf, spec } from './specs.ts';

const fields = fieldsOf('x:f32 vx:f32 hits:u64');
const loop = { name: 'move', reads: ['x'] };
const whole = { name: 'P', count: 10, fields, loops: [loop] };

function errorOf(text: string): UserError {
  try {
    parseLayout(text, 'a.json', meant);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error(`accepted: ${text}`);
}

/** What is in the file; what the error says; what it says to type. */
const mistakes: readonly (readonly [what: string, value: unknown, fault: string, cure: string])[] = [
  ['no object', [], 'a.json: the whole must be an object, not a list', '--example'],
  ['nothing in it', {}, 'a.json: name is missing', '--example'],
  [
    'an unknown entry',
    { ...whole, cuont: 3 },
    'the whole has an unknown entry "cuont"',
    'did you mean count?',
  ],
  ['no count', { name: 'P', fields, loops: [loop] }, 'count is missing', '--example'],
  ['a count of text', { ...whole, count: '10' }, 'count must be a number, not "10"', '--example'],
  ['half a count', { ...whole, count: 1.5 }, 'count must be a whole number, not 1.5', '--example'],
  ['no element', { ...whole, count: 0 }, 'count must be at least 1, not 0', '--example'],
  ['too many elements', { ...whole, count: 2 ** 32 }, 'count must be at most 4294967295', '--example'],
  ['no field', { ...whole, fields: [] }, 'fields must have at least 1 entry', '--example'],
  ['no loop', { ...whole, loops: [] }, 'loops must have at least 1 entry', '--example'],
  [
    'a name with blanks',
    { ...whole, fields: [{ name: 'a b', type: 'u8' }] },
    'fields[0].name must be a name of letters, digits, _ . and -, not "a b"',
    '--example',
  ],
  ['a long name', { ...whole, name: 'n'.repeat(41) }, 'name must have at most 40 characters', '--example'],
  [
    'a type of C',
    { ...whole, fields: [{ name: 'x', type: 'float' }] },
    'fields[0].type: there is no type "float"',
    'did you mean f32?',
  ],
  [
    'a type of stdint.h',
    { ...whole, fields: [{ name: 'x', type: 'uint16_t' }] },
    'there is no type "uint16_t"',
    'did you mean u16? (choose from: i8, u8, bool,',
  ],
  [
    'a type that every object inherits',
    { ...whole, fields: [{ name: 'x', type: 'constructor' }] },
    'there is no type "constructor"',
    'choose from: i8, u8, bool,',
  ],
  [
    'a type mistyped',
    { ...whole, fields: [{ name: 'x', type: 'f46' }] },
    'there is no type "f46"',
    'did you mean f64?',
  ],
  [
    'bytes without a length',
    { ...whole, fields: [{ name: 'x', type: 'bytes' }] },
    'fields[0]: a field of bytes needs a length',
    '"length": 24',
  ],
  [
    'too long a field',
    { ...whole, fields: [{ name: 'x', type: 'f64', length: 1000 }] },
    '1000 items of f64 are 8000 bytes',
    '"length": 512',
  ],
  [
    'an unknown entry of a field',
    { ...whole, fields: [{ name: 'x', typ: 'f64' }] },
    'fields[0] has an unknown entry "typ"',
    'did you mean type?',
  ],
  [
    'a field twice',
    { ...whole, fields: [...fields, { name: 'x', type: 'u8' }] },
    'fields[3].name: "x" is there twice',
    'rename',
  ],
  ['a loop twice', { ...whole, loops: [loop, loop] }, 'loops[1].name: "move" is there twice', 'rename'],
  [
    'a field that is not there',
    { ...whole, loops: [{ name: 'move', reads: ['x', 'vz'] }] },
    'loops[0].reads[1]: there is no field "vz"',
    'did you mean vx?',
  ],
  [
    'a field read twice',
    { ...whole, loops: [{ name: 'move', writes: ['x', 'x'] }] },
    'loops[0].writes[1]: "x" is there twice',
    'once',
  ],
  [
    'a loop that touches nothing',
    { ...whole, loops: [{ name: 'move' }] },
    'loops[0] touches no field',
    '"reads": ["x"]',
  ],
  [
    'an unknown entry of a loop',
    { ...whole, loops: [{ ...loop, wieght: 1 }] },
    'loops[0] has an unknown entry "wieght"',
    'did you mean weight?',
  ],
  [
    'an unknown order',
    { ...whole, loops: [{ ...loop, order: 'randm' }] },
    'loops[0].order must be sequential or random, not "randm"',
    'did you mean random?',
  ],
  ['a weight of 0', { ...whole, loops: [{ ...loop, weight: 0 }] }, 'loops[0].weight', '--example'],
  [
    'too many threads',
    { ...whole, loops: [{ ...loop, threads: 65 }] },
    'loops[0].threads must be at most 64, not 65',
    '--example',
  ],
  [
    'a partition for one thread',
    { ...whole, loops: [{ ...loop, partition: 'blocks' }] },
    'loops[0].partition: one thread has nothing to share out',
    '"threads": 2',
  ],
  [
    'roles and reads',
    { ...whole, loops: [{ ...loop, roles: [{ reads: ['x'] }, { reads: ['x'] }] }] },
    'loops[0] has "roles" and "reads"',
    'leave the other out',
  ],
  [
    'one role',
    { ...whole, loops: [{ name: 'move', roles: [{ reads: ['x'] }] }] },
    'loops[0].roles must have at least 2 entries',
    '--example',
  ],
  [
    'an unknown entry of a role',
    { ...whole, loops: [{ name: 'move', roles: [{ read: ['x'] }, { reads: ['x'] }] }] },
    'loops[0].roles[0] has an unknown entry "read"',
    'did you mean reads?',
  ],
  [
    'two roles that write a field',
    { ...whole, loops: [{ name: 'move', roles: [{ writes: ['x'] }, { writes: ['vx', 'x'] }] }] },
    'loops[0].roles[1].writes: another role writes "x", too: that is true sharing',
    'a field of its own',
  ],
];

describe('a layout file that is wrong', () => {
  it.each(mistakes)('%s', (_, value, fault, cure) => {
    const error = errorOf(JSON.stringify(value));
    expect(error.message).toContain(fault);
    expect(error.message).toMatch(/^a\.json/);
    expect(error.cure).toContain(cure);
  });

  it.each([
    ['', 'a.json is empty'],
    ['  \n', 'a.json is empty'],
    ['{"name": "P"', 'a.json is not JSON'],
    ['name: P', 'a.json is not JSON'],
  ])('text %j', (text, fault) => {
    const error = errorOf(text);
    expect(error.message).toContain(fault);
    expect(error.cure).toContain('--example');
  });
});

describe('a layout file', () => {
  it('says by itself what is left out', () => {
    expect(spec('x:f32', [{ name: 'a', reads: ['x'] }]).loops).toEqual([
      {
        name: 'a',
        order: 'sequential',
        weight: 1,
        partition: 'whole',
        roles: [{ reads: ['x'], writes: [] }],
      },
    ]);
    const [loops] = spec('x:f32', [{ name: 'a', writes: ['x'], threads: 3 }]).loops;
    expect(loops).toMatchObject({ partition: 'blocks', roles: [{}, {}, {}] });
  });

  it('knows sizes and alignments', () => {
    const { fields: known } = spec('a:f64 b:bytes[20] c:u16[3] d:ptr e:bool', [{ name: 'l', reads: ['a'] }]);
    expect(known.map(({ sizeBytes, alignment }) => [sizeBytes, alignment])).toEqual([
      [8, 8],
      [20, 1],
      [6, 2],
      [8, 8],
      [1, 1],
    ]);
  });

  it('tells fields that one thread writes and another one reads', () => {
    const roles = [
      { reads: ['tail'], writes: ['head'] },
      { reads: ['own'], writes: ['tail', 'own'] },
    ];
    const { loops } = spec('head:u64 tail:u64 own:u64', [{ name: 'pass', roles }]);
    expect([...racedFields(loops[0]!)]).toEqual(['tail']);
    const shared = spec('n:u64', [{ name: 'count', writes: ['n'], reads: ['n'], threads: 2 }]);
    expect([...racedFields(shared.loops[0]!)]).toEqual([]);
  });

  it('may begin with a byte order mark', () => {
    expect(parseLayout(`\uFEFF${JSON.stringify(whole)}`, 'a.json', meant).name).toBe('P');
  });

  it('is what the example is, in every part', () => {
    const { fields: all, loops, count } = parseLayout(exampleLayout, 'the example', meant);
    expect(count).toBeGreaterThan(0);
    expect(all.some(({ type }) => type === 'bytes')).toBe(true);
    expect(loops.map(({ order }) => order)).toEqual(expect.arrayContaining(['sequential', 'random']));
    expect(loops.some(({ partition }) => partition === 'interleaved')).toBe(true);
  });
});
