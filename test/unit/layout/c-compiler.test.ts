/** The oracle for offsets and sizes: a C++ compiler, asked about hundreds of random structures at once. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { type Field, fieldTypes, type FieldType } from '../../../src/layout/spec.ts';
import { place } from '../../../src/layout/struct.ts';
import { spec } from './specs.ts';

const cTypes: Readonly<Record<FieldType, string>> = {
  i8: 'int8_t',
  u8: 'uint8_t',
  bool: 'bool',
  i16: 'int16_t',
  u16: 'uint16_t',
  i32: 'int32_t',
  u32: 'uint32_t',
  f32: 'float',
  i64: 'int64_t',
  u64: 'uint64_t',
  f64: 'double',
  ptr: 'void *',
  bytes: 'char',
};

const compiler = process.env['CXX'] ?? 'c++';
const folder = mkdtempSync(join(tmpdir(), 'linefill-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function randomFields(prng: Prng): readonly Field[] {
  const words = Array.from({ length: 1 + prng.below(12) }, (_, i) => {
    const type = fieldTypes[prng.below(fieldTypes.length)]!;
    const length = type === 'bytes' || prng.below(4) === 0 ? `[${1 + prng.below(40)}]` : '';
    return `f${i}:${type}${length}`;
  });
  return spec(words.join(' '), [{ name: 'l', reads: ['f0'] }]).fields;
}

/** `alignas` of a field that begins a line of its own; 1: none. */
function startOf(index: number, at: number): number {
  return (index + at) % 7 === 0 ? 64 : 1;
}

function programOf(structs: readonly (readonly Field[])[]): string {
  const parts = structs.map((fields, at) => {
    const lines = fields.map(({ name, type, length }, i) => {
      const aligned = startOf(i, at) === 1 ? '' : 'alignas(64) ';
      return `  ${aligned}${cTypes[type]} ${name}${length === 1 ? '' : `[${length}]`};`;
    });
    const offsets = fields.map(({ name }) => `, offsetof(S${at}, ${name})`).join('');
    const format = fields.map(() => ' %zu').join('');
    return [
      `struct S${at} {\n${lines.join('\n')}\n};`,
      `static void print${at}() { std::printf("%zu %zu${format}\\n", sizeof(S${at}), alignof(S${at})${offsets}); }`,
    ].join('\n');
  });
  const calls = structs.map((_, at) => `  print${at}();`).join('\n');
  const heads = ['cstddef', 'cstdint', 'cstdio'].map((name) => `#include <${name}>`).join('\n');
  return `${heads}\n${parts.join('\n')}\nint main() {\n${calls}\n}\n`;
}

it('a compiler puts every field where we do', ({ skip }) => {
  if (spawnSync(compiler, ['--version']).status !== 0) skip(`there is no C++ compiler called ${compiler}`);
  const prng = new Prng(20);
  const structs = Array.from({ length: 300 }, () => randomFields(prng));
  const [source, program] = [join(folder, 'structs.cc'), join(folder, 'structs')];
  writeFileSync(source, programOf(structs));
  const compiled = spawnSync(compiler, ['-std=c++17', '-w', '-o', program, source], { encoding: 'utf8' });
  expect(compiled.stderr).toBe('');
  const lines = spawnSync(program, { encoding: 'utf8' }).stdout.trim().split('\n');
  expect(lines).toHaveLength(structs.length);
  structs.forEach((fields, at) => {
    const { sizeBytes, alignment, members } = place(fields, (field) => startOf(fields.indexOf(field), at));
    const ours = [sizeBytes, alignment, ...members.map(({ offsetBytes }) => offsetBytes)];
    expect(`${at}: ${ours.join(' ')}`).toBe(`${at}: ${lines[at]}`);
  });
});
