import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractError } from '../../../src/base/errors.ts';
import { formatCpuList, parseCpuList } from '../../../src/machine/index.ts';

describe('a CPU list', () => {
  it.each([
    ['0', [0]],
    ['0-3,8', [0, 1, 2, 3, 8]],
    ['8,0-1,1', [0, 1, 8]],
    [' 2-3\n', [2, 3]],
    ['', []],
    ['\n', []],
  ])('%j is %j', (text, cpus) => {
    expect(parseCpuList(text)).toEqual(cpus);
  });

  it.each([
    [[0, 1], '0-1'],
    [[3, 1, 2, 8, 8], '1-3,8'],
    [[5], '5'],
    [[], ''],
  ])('%j is written %j', (cpus, text) => {
    expect(formatCpuList(cpus)).toBe(text);
  });

  it('comes back from its text, whatever the set', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(300), { maxLength: 80 }), (cpus) => {
        const text = formatCpuList(cpus);
        expect(parseCpuList(text)).toEqual(cpus.toSorted((a, b) => a - b));
        expect(formatCpuList(parseCpuList(text))).toBe(text);
      }),
    );
  });

  it('takes any text without an error of another kind', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9,\- x]{0,12}$/), (text) => {
        try {
          const cpus = parseCpuList(text);
          expect(cpus.every((cpu, i) => i === 0 || cpu > cpus[i - 1]!)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(ContractError);
        }
      }),
    );
  });

  it.each([
    ['0-3;8', "CPU list '0-3;8': '0-3;8' must be a number or a range such as '0-3'"],
    ['1,', "CPU list '1,': '' must be a number or a range such as '0-3'"],
    ['-1', "CPU list '-1': '-1' must be a number or a range such as '0-3'"],
    ['0x3', "CPU list '0x3': '0x3' must be a number or a range such as '0-3'"],
    ['3-1', "CPU list '3-1': '3-1' runs backwards"],
    ['0-999999999', "CPU list '0-999999999': '0-999999999' names a CPU beyond 65535"],
  ])('%j is refused', (text, message) => {
    expect(() => parseCpuList(text)).toThrow(new ContractError(message));
  });
});
