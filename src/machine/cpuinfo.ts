/**
 * Reads /proc/cpuinfo: one block a logical CPU, `key<tabs>: value`, an empty line between blocks. x86 gives a
 * model name and flags; arm64 gives only the identification register in parts, which arm-cores.ts names.
 * Source: Linux arch/x86/kernel/cpu/proc.c and arch/arm64/kernel/cpuinfo.c.
 */
import { armCoreName } from './arm-cores.ts';
import { missing, reported, type Fact } from './fact.ts';
import type { System } from './system.ts';

export const cpuinfoPath = '/proc/cpuinfo';

export type CpuinfoBlock = ReadonlyMap<string, string>;

/** The blocks that describe a CPU; what old ARM kernels print after the last one is left out. */
export function parseCpuinfo(text: string): readonly CpuinfoBlock[] {
  return text
    .split(/\n\s*\n/)
    .map((block) => new Map(block.split('\n').flatMap(keyAndValue)))
    .filter((block) => block.has('processor'));
}

function keyAndValue(line: string): [string, string][] {
  const colon = line.indexOf(':');
  return colon < 0 ? [] : [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()]];
}

/** The blocks of this machine; null where the file is absent or names no CPU. */
export function readCpuinfo(system: System): readonly CpuinfoBlock[] | null {
  const text = system.readText(cpuinfoPath);
  const blocks = text === null ? [] : parseCpuinfo(text);
  return blocks.length === 0 ? null : blocks;
}

/** The model, or the models joined by ' + ' where cores differ (big.LITTLE), in the order of the CPUs. */
export function cpuModelFact(blocks: readonly CpuinfoBlock[] | null): Fact<string> {
  if (blocks === null) return missing(`${cpuinfoPath} can't be read`);
  const models = new Set(blocks.map(modelOf).filter((model) => model !== null));
  if (models.size === 0) return missing(`${cpuinfoPath} names no model`);
  return reported([...models].join(' + '), cpuinfoPath);
}

function modelOf(block: CpuinfoBlock): string | null {
  // 'cpu' is where POWER and 'uarch' where RISC-V name it.
  const named = block.get('model name') ?? block.get('cpu') ?? block.get('uarch');
  if (named !== undefined && named !== '') return named.replaceAll(/\s+/g, ' ');
  const implementer = block.get('CPU implementer');
  const part = block.get('CPU part');
  if (implementer === undefined || part === undefined) return null;
  return armCoreName(Number(implementer), Number(part));
}

/** What decides which of our kernels can run, and what a vectorised variant means; in the order of this list. */
const telling = ['sse2', 'avx', 'avx2', 'avx512f', 'fma', 'neon', 'asimd', 'sve', 'sve2'];

/** The instruction sets that every CPU has: a thread may land on any of them. */
export function isaFact(blocks: readonly CpuinfoBlock[] | null): Fact<readonly string[]> {
  if (blocks === null) return missing(`${cpuinfoPath} can't be read`);
  const sets = blocks.map((block) => block.get('flags') ?? block.get('Features'));
  if (sets.includes(undefined)) return missing(`${cpuinfoPath} lists no flags`);
  const words = sets.map((set) => new Set(set!.split(/\s+/)));
  // arm64 calls NEON asimd: it goes by both names here.
  for (const set of words) if (set.has('asimd')) set.add('neon');
  return reported(
    telling.filter((name) => words.every((set) => set.has(name))),
    cpuinfoPath,
  );
}
