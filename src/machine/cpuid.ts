/**
 * Decodes what an x86-64 CPU says of its caches and TLBs: registers in, tables out. Intel gives a cache or a TLB a
 * subleaf (leaves 4 and 18h). AMD lists its caches in the same form (8000001Dh) and packs its TLBs, and the caches of
 * CPUs before that leaf, two to a register (80000005h, 80000006h, 80000019h). It is what the CPU asked says of
 * itself, and in a guest what the host lets it say. Pure.
 * Source: Intel SDM vol. 2A, CPUID; AMD APM vol. 3 (24594), appendix E.3 and E.4.
 */
import { missing, reported, type Fact } from './fact.ts';
import type { CpuidAnswer } from './native.ts';
import type { CpuidCache, Tlb } from './types.ts';

const kib = 1024;
const pages = { small: 4 * kib, large: 2 * kib ** 2, huge: kib ** 3 } as const;
const noCpuid = 'only x86-64 has the CPUID instruction';

/** `count` bits of a register from bit `from` on. */
function bits(register: number, from: number, count: number): number {
  return (register >>> from) & (2 ** count - 1);
}

function answersOf(answers: readonly CpuidAnswer[], leaf: number): readonly CpuidAnswer[] {
  return answers.filter((answer) => answer.leaf === leaf);
}

/** Those who build after AMD's manual; all others follow Intel's. */
function isAmd(answers: readonly CpuidAnswer[]): boolean {
  const [first] = answersOf(answers, 0);
  const words = first === undefined ? [] : [first.ebx, first.edx, first.ecx];
  const letters = words.flatMap((word) => [0, 8, 16, 24].map((from) => bits(word, from, 8)));
  return ['AuthenticAMD', 'HygonGenuine'].includes(String.fromCharCode(...letters));
}

const cacheKinds: readonly (CpuidCache['kind'] | undefined)[] = [undefined, 'data', 'instruction', 'unified'];

/** A subleaf of 4 or 8000001Dh: every count is one less than what is meant. */
function listedCache({ eax, ebx, ecx }: CpuidAnswer): readonly CpuidCache[] {
  const kind = cacheKinds[bits(eax, 0, 5)];
  if (kind === undefined) return [];
  const [lineBytes, partitions, ways] = [bits(ebx, 0, 12) + 1, bits(ebx, 12, 10) + 1, bits(ebx, 22, 10) + 1];
  const sets = ecx + 1;
  const sizeBytes = ways * partitions * lineBytes * sets;
  return [
    { level: bits(eax, 5, 3), kind, sizeBytes, lineBytes, ways, sets, sharedBy: bits(eax, 14, 12) + 1 },
  ];
}

/** Ways by AMD's code of 4 bits; null: fully associative. A code that is not here says nothing, or refers elsewhere. */
const waysOfCode: Readonly<Record<number, number | null>> = {
  1: 1,
  2: 2,
  3: 3,
  4: 4,
  5: 6,
  6: 8,
  8: 16,
  10: 32,
  11: 48,
  12: 64,
  13: 96,
  14: 128,
  15: null,
};

function packedCache(
  level: number,
  kind: CpuidCache['kind'],
  sizeBytes: number,
  lineBytes: number,
  toldWays: number | null | undefined,
): readonly CpuidCache[] {
  if (sizeBytes === 0 || lineBytes === 0) return [];
  const ways = toldWays === null ? sizeBytes / lineBytes : (toldWays ?? null);
  const sets = ways === null ? null : Math.round(sizeBytes / lineBytes / ways);
  return [{ level, kind, sizeBytes, lineBytes, ways, sets, sharedBy: null }];
}

/** Of 8 bits: 0 is reserved, 255 fully associative. */
function waysOfByte(byte: number): number | null | undefined {
  if (byte === 0) return undefined;
  return byte === 0xff ? null : byte;
}

/** AMD's CPUs before 8000001Dh. Sizes are in KiB, that of the third level in 512 KiB. */
function packedCaches(answers: readonly CpuidAnswer[]): readonly CpuidCache[] {
  const first = (level: number, kind: CpuidCache['kind'], word: number): readonly CpuidCache[] =>
    packedCache(level, kind, bits(word, 24, 8) * kib, bits(word, 0, 8), waysOfByte(bits(word, 16, 8)));
  const later = (level: number, sizeBytes: number, word: number): readonly CpuidCache[] =>
    packedCache(level, 'unified', sizeBytes, bits(word, 0, 8), waysOfCode[bits(word, 12, 4)]);
  return [
    ...answersOf(answers, 0x80000005).flatMap(({ ecx, edx }) => [
      ...first(1, 'data', ecx),
      ...first(1, 'instruction', edx),
    ]),
    ...answersOf(answers, 0x80000006).flatMap(({ ecx, edx }) => [
      ...later(2, bits(ecx, 16, 16) * kib, ecx),
      ...later(3, bits(edx, 18, 14) * 512 * kib, edx),
    ]),
  ];
}

/**
 * The caches of the CPU that answered, nearest first; missing where nobody answered or no leaf names a cache.
 * @param answers the addon's `environment().cpuid()`
 */
export function cpuidCachesFact(answers: readonly CpuidAnswer[]): Fact<readonly CpuidCache[]> {
  if (answers.length === 0) return missing(noCpuid);
  const [leaf, name] = isAmd(answers) ? [0x8000001d, '8000001Dh'] : [4, '4'];
  const listed = answersOf(answers, leaf).flatMap(listedCache);
  if (listed.length > 0) return reported(listed, `CPUID leaf ${name}`);
  const packed = isAmd(answers) ? packedCaches(answers) : [];
  if (packed.length > 0) return reported(packed, 'CPUID leaves 80000005h, 80000006h');
  return missing(`no leaf ${name} of CPUID describes a cache`);
}

const tlbKinds: readonly (Tlb['kind'] | undefined)[] = [
  undefined,
  'data',
  'instruction',
  'unified',
  'load',
  'store',
];

/** A subleaf of 18h. Pages of 4 MiB (bit 2) are not there in 64-bit mode. */
function listedTlb({ ebx, ecx, edx }: CpuidAnswer): readonly Tlb[] {
  const kind = tlbKinds[bits(edx, 0, 5)];
  const pageBytes = [
    ...(bits(ebx, 0, 1) === 1 ? [pages.small] : []),
    ...(bits(ebx, 1, 1) === 1 ? [pages.large] : []),
    ...(bits(ebx, 3, 1) === 1 ? [pages.huge] : []),
  ];
  const ways = bits(ebx, 16, 16);
  const entries = ways * ecx;
  if (kind === undefined || pageBytes.length === 0 || entries === 0) return [];
  return [{ level: bits(edx, 5, 3), kind, pageBytes, entries, ways: bits(edx, 8, 1) === 1 ? entries : ways }];
}

function packedTlb(
  level: number,
  kind: Tlb['kind'],
  pageBytes: number,
  entries: number,
  ways: number | null | undefined,
): readonly Tlb[] {
  if (entries === 0) return [];
  return [{ level, kind, pageBytes: [pageBytes], entries, ways: ways === null ? entries : (ways ?? null) }];
}

/** Ways and entries of 8 bits each, data in the upper half: 80000005h. */
function tlbsOfBytes(word: number, pageBytes: number): readonly Tlb[] {
  return [
    ...packedTlb(1, 'data', pageBytes, bits(word, 16, 8), waysOfByte(bits(word, 24, 8))),
    ...packedTlb(1, 'instruction', pageBytes, bits(word, 0, 8), waysOfByte(bits(word, 8, 8))),
  ];
}

/** Ways as a code of 4 bits, 12 of entries, data in the upper half: 80000006h and 80000019h. Code 0: there is none. */
function tlbsOfCodes(level: number, word: number, pageBytes: number): readonly Tlb[] {
  const half = (kind: Tlb['kind'], from: number): readonly Tlb[] => {
    const code = bits(word, from + 12, 4);
    return code === 0 ? [] : packedTlb(level, kind, pageBytes, bits(word, from, 12), waysOfCode[code]);
  };
  return [...half('data', 16), ...half('instruction', 0)];
}

/** Of large pages AMD counts those of 2 MiB; one of 4 MiB would take two entries. */
function packedTlbs(answers: readonly CpuidAnswer[]): readonly Tlb[] {
  const ofLeaf = (leaf: number, decode: (answer: CpuidAnswer) => readonly Tlb[]): readonly Tlb[] =>
    answersOf(answers, leaf).flatMap(decode);
  return [
    ...ofLeaf(0x80000005, ({ ebx }) => tlbsOfBytes(ebx, pages.small)),
    ...ofLeaf(0x80000005, ({ eax }) => tlbsOfBytes(eax, pages.large)),
    ...ofLeaf(0x80000019, ({ eax }) => tlbsOfCodes(1, eax, pages.huge)),
    ...ofLeaf(0x80000006, ({ ebx }) => tlbsOfCodes(2, ebx, pages.small)),
    ...ofLeaf(0x80000006, ({ eax }) => tlbsOfCodes(2, eax, pages.large)),
    ...ofLeaf(0x80000019, ({ ebx }) => tlbsOfCodes(2, ebx, pages.huge)),
  ];
}

/**
 * The TLBs of the CPU that answered, nearest first; missing where nobody answered or no leaf names one. Intel's CPUs
 * without leaf 18h have descriptors in leaf 2 only, which are not read.
 * @param answers the addon's `environment().cpuid()`
 */
export function tlbsFact(answers: readonly CpuidAnswer[]): Fact<readonly Tlb[]> {
  if (answers.length === 0) return missing(noCpuid);
  if (isAmd(answers)) {
    const tlbs = packedTlbs(answers);
    const names = '80000005h, 80000006h, 80000019h';
    return tlbs.length > 0
      ? reported(tlbs, `CPUID leaves ${names}`)
      : missing(`CPUID leaves ${names} are empty (a guest's host may empty them)`);
  }
  const tlbs = answersOf(answers, 0x18).flatMap(listedTlb);
  return tlbs.length > 0
    ? reported(
        tlbs.toSorted((a, b) => a.level - b.level),
        'CPUID leaf 18h',
      )
    : missing('no leaf 18h of CPUID describes a TLB (older CPUs and some guests have none)');
}
