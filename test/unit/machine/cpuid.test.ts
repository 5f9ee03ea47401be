/** What CPUs say of themselves, worked out by hand from the tables of their makers' manuals. */
import { describe, expect, it } from 'vitest';
import { cpuidCachesFact, tlbsFact } from '../../../src/machine/cpuid.ts';
import type { CpuidAnswer } from '../../../src/machine/index.ts';
import { environment } from '../../../src/native/binding.ts';
import { phenom, tigerLake, zen4Guest } from '../../fixtures/cpuid-answers.ts';

const kib = 1024;
const mib = 1024 ** 2;
const [small, large, huge] = [4 * kib, 2 * mib, 1024 ** 3];
const line = { lineBytes: 64 };

function without(answers: readonly CpuidAnswer[], leaf: number): CpuidAnswer[] {
  return answers.filter((answer) => answer.leaf !== leaf);
}

function changed(answers: readonly CpuidAnswer[], leaf: number, change: Partial<CpuidAnswer>): CpuidAnswer[] {
  return answers.map((answer) => (answer.leaf === leaf ? { ...answer, ...change } : answer));
}

describe('the caches', () => {
  it('of an Intel CPU are those of leaf 4', () => {
    // Ways 0x02c0003f >> 22 = 11, line 63, sets 63: each one less. 12 x 64 B x 64 = 48 KiB.
    expect(cpuidCachesFact(tigerLake)).toEqual({
      value: [
        { level: 1, kind: 'data', sizeBytes: 48 * kib, ...line, ways: 12, sets: 64, sharedBy: 2 },
        { level: 1, kind: 'instruction', sizeBytes: 32 * kib, ...line, ways: 8, sets: 64, sharedBy: 2 },
        { level: 2, kind: 'unified', sizeBytes: 1280 * kib, ...line, ways: 20, sets: 1024, sharedBy: 2 },
        { level: 3, kind: 'unified', sizeBytes: 12 * mib, ...line, ways: 12, sets: 16_384, sharedBy: 16 },
      ],
      origin: 'reported',
      from: 'CPUID leaf 4',
    });
  });

  it('of an AMD CPU are those of leaf 8000001Dh', () => {
    expect(cpuidCachesFact(zen4Guest)).toEqual({
      value: [
        { level: 1, kind: 'data', sizeBytes: 32 * kib, ...line, ways: 8, sets: 64, sharedBy: 1 },
        { level: 1, kind: 'instruction', sizeBytes: 32 * kib, ...line, ways: 8, sets: 64, sharedBy: 1 },
        { level: 2, kind: 'unified', sizeBytes: mib, ...line, ways: 8, sets: 2048, sharedBy: 1 },
        { level: 3, kind: 'unified', sizeBytes: 32 * mib, ...line, ways: 16, sets: 32_768, sharedBy: 2 },
      ],
      origin: 'reported',
      from: 'CPUID leaf 8000001Dh',
    });
  });

  it('of an older AMD CPU are packed into two leaves', () => {
    // L1: 0x40 KiB, 2 ways. L2: 0x200 KiB, code 8: 16 ways. L3: 0x0030b140 >> 18 = 12 of 512 KiB, code 11: 48 ways.
    expect(cpuidCachesFact(phenom)).toEqual({
      value: [
        { level: 1, kind: 'data', sizeBytes: 64 * kib, ...line, ways: 2, sets: 512, sharedBy: null },
        { level: 1, kind: 'instruction', sizeBytes: 64 * kib, ...line, ways: 2, sets: 512, sharedBy: null },
        { level: 2, kind: 'unified', sizeBytes: 512 * kib, ...line, ways: 16, sets: 512, sharedBy: null },
        { level: 3, kind: 'unified', sizeBytes: 6 * mib, ...line, ways: 48, sets: 2048, sharedBy: null },
      ],
      origin: 'reported',
      from: 'CPUID leaves 80000005h, 80000006h',
    });
  });

  it('may have ways that no leaf tells, or be fully associative', () => {
    // Code 9 refers to leaf 8000001Dh; a byte of 0xff is fully associative: 512 lines in one set.
    const odd = changed(phenom, 0x80000006, { ecx: 0x02009140, edx: 0 });
    const full = changed(odd, 0x80000005, { ecx: 0x20ff0140, edx: 0 });
    expect(cpuidCachesFact(full).value).toEqual([
      { level: 1, kind: 'data', sizeBytes: 32 * kib, ...line, ways: 512, sets: 1, sharedBy: null },
      { level: 2, kind: 'unified', sizeBytes: 512 * kib, ...line, ways: null, sets: null, sharedBy: null },
    ]);
  });

  it('are missing, with the reason, where none are told', () => {
    expect(cpuidCachesFact([]).from).toBe('only x86-64 has the CPUID instruction');
    expect(cpuidCachesFact(without(tigerLake, 4)).from).toBe('no leaf 4 of CPUID describes a cache');
    const bare = zen4Guest.slice(0, 2);
    expect(cpuidCachesFact(bare).from).toBe('no leaf 8000001Dh of CPUID describes a cache');
  });
});

describe('the TLBs', () => {
  it('of an Intel CPU are those of leaf 18h, loads and stores apart', () => {
    expect(tlbsFact(tigerLake)).toEqual({
      value: [
        { level: 1, kind: 'instruction', pageBytes: [small], entries: 128, ways: 8 },
        { level: 1, kind: 'instruction', pageBytes: [large], entries: 32, ways: 8 },
        { level: 1, kind: 'store', pageBytes: [small, large, huge], entries: 16, ways: 16 },
        { level: 1, kind: 'load', pageBytes: [small], entries: 64, ways: 4 },
        { level: 1, kind: 'load', pageBytes: [large], entries: 32, ways: 4 },
        { level: 1, kind: 'load', pageBytes: [huge], entries: 8, ways: 8 },
        { level: 2, kind: 'unified', pageBytes: [small, large], entries: 1024, ways: 8 },
        { level: 2, kind: 'unified', pageBytes: [small, huge], entries: 1024, ways: 8 },
      ],
      origin: 'reported',
      from: 'CPUID leaf 18h',
    });
  });

  it('of an AMD CPU are packed, data and instructions in one register', () => {
    // 0xff48ff40: 72 data and 64 instruction entries, fully associative. 0x6c004200: code 6, 8 ways, 0xc00 = 3072.
    expect(tlbsFact(zen4Guest)).toEqual({
      value: [
        { level: 1, kind: 'data', pageBytes: [small], entries: 72, ways: 72 },
        { level: 1, kind: 'instruction', pageBytes: [small], entries: 64, ways: 64 },
        { level: 1, kind: 'data', pageBytes: [large], entries: 72, ways: 72 },
        { level: 1, kind: 'instruction', pageBytes: [large], entries: 64, ways: 64 },
        { level: 2, kind: 'data', pageBytes: [small], entries: 3072, ways: 8 },
        { level: 2, kind: 'instruction', pageBytes: [small], entries: 512, ways: 4 },
        { level: 2, kind: 'data', pageBytes: [large], entries: 3072, ways: 6 },
        { level: 2, kind: 'instruction', pageBytes: [large], entries: 512, ways: 2 },
      ],
      origin: 'reported',
      from: 'CPUID leaves 80000005h, 80000006h, 80000019h',
    });
  });

  it('of 1 GiB pages stand in a leaf of their own; what is switched off is left out', () => {
    const tlbs = tlbsFact(phenom).value!;
    expect(tlbs.filter(({ pageBytes }) => pageBytes[0] === huge)).toEqual([
      { level: 1, kind: 'data', pageBytes: [huge], entries: 48, ways: 48 },
    ]);
    // 0x20800000: 128 entries of 2 ways for data, none for instructions.
    expect(tlbs.filter(({ level, pageBytes }) => level === 2 && pageBytes[0] === large)).toEqual([
      { level: 2, kind: 'data', pageBytes: [large], entries: 128, ways: 2 },
    ]);
  });

  it('are missing, with the reason, where none are told', () => {
    expect(tlbsFact([]).from).toBe('only x86-64 has the CPUID instruction');
    expect(tlbsFact(without(tigerLake, 0x18)).from).toBe(
      'no leaf 18h of CPUID describes a TLB (older CPUs and some guests have none)',
    );
    expect(tlbsFact(zen4Guest.slice(0, 2)).from).toBe(
      "CPUID leaves 80000005h, 80000006h, 80000019h are empty (a guest's host may empty them)",
    );
  });
});

describe('the CPU we stand on', () => {
  const answers = environment().cpuid();

  it('answers in whole registers, each leaf once, where it is an x86-64', () => {
    expect(answers.length > 0).toBe(process.arch === 'x64');
    const registers = answers.flatMap((answer) => Object.values(answer) as number[]);
    expect(registers.filter((value) => !Number.isInteger(value) || value < 0 || value >= 2 ** 32)).toEqual(
      [],
    );
    expect(new Set(answers.map(({ leaf, subleaf }) => `${leaf} ${subleaf}`)).size).toBe(answers.length);
  });

  it('describes caches that can be: whole sets of whole lines', () => {
    for (const { sizeBytes, lineBytes, ways, sets } of cpuidCachesFact(answers).value ?? []) {
      expect(sizeBytes).toBeGreaterThan(0);
      if (ways !== null && sets !== null) expect(sizeBytes % (ways * lineBytes * sets)).toBe(0);
    }
  });
});
