/** `--set`: how its text is taken apart, and values with commas in them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { parseSetting, settingsFor } from '../../src/cli/settings.ts';
import { allocThreads } from '../../src/experiments/allocation/alloc-threads.ts';
import { storage } from '../../src/experiments/hardware/storage.ts';
import { smallestFileBytes } from '../../src/experiments/hardware/storage-file.ts';
import { makeContext } from '../unit/experiment/made.ts';

describe('the text of a setting', () => {
  it.each([
    ['threads=1,2', ['1', '2']],
    ['threads= 1 , 2 ,', ['1', '2']],
    [String.raw`file=a\,b`, ['a,b']],
    [String.raw`file=a\,b,c`, ['a,b', 'c']],
    [String.raw`file=\,`, [',']],
    // A path of Windows keeps its backslashes.
    [String.raw`file=C:\data\large.bin`, [String.raw`C:\data\large.bin`]],
    ['file=a=b', ['a=b']],
  ])('%s', (text, values) => {
    expect(parseSetting(text).values).toEqual(values);
  });

  it.each(['threads', '=4', 'threads=', 'threads=,'])('%s is none', (text) => {
    expect(() => parseSetting(text)).toThrow(UserError);
  });
});

describe('a parameter that leaves its value to what is measured', () => {
  const settingsOf = (text: string) => settingsFor([parseSetting(text)], [allocThreads], makeContext());

  it.each([
    ['rounds=4', { rounds: [4] }],
    ['mostBytes=1KiB,own', { mostBytes: [1024, 'own'] }],
    ['steps=own', { steps: ['own'] }],
  ])('takes a number, or that word: %s', (text, settings) => {
    expect(settingsOf(text)).toEqual(settings);
  });

  it('refuses other words and numbers that it can not take', () => {
    expect(() => settingsOf('rounds=mine')).toThrow('--set rounds: "mine" is not a number such as 8 or 10k');
    expect(() => settingsOf('rounds=0')).toThrow('rounds must be a whole number from 1 to 1024');
  });
});

describe('a file whose name has a comma', () => {
  const folder = mkdtempSync(join(tmpdir(), 'linefill-settings-'));
  const file = join(folder, 'one,two');
  writeFileSync(file, new Uint8Array(smallestFileBytes));
  afterAll(() => rmSync(folder, { recursive: true }));
  const settingsOf = (value: string) =>
    settingsFor([parseSetting(`file=${value}`)], [storage], makeContext());

  it('is one value where the comma is written so', () => {
    expect(settingsOf(file.replaceAll(',', String.raw`\,`))).toEqual({ file: [file] });
  });

  it('is refused where it is not, in words that say how', () => {
    try {
      settingsOf(file);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({
        message: expect.stringContaining(`there is no ${join(folder, 'one')}`),
        cure: String.raw`a comma inside a value is written \,`,
      });
    }
  });

  it('has nothing to do with a lone value that is refused', () => {
    try {
      settingsOf(join(folder, 'none'));
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ cure: 'see linefill explain storage' });
    }
  });
});
