import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { ContractError, UserError } from '../../../src/base/errors.ts';
import { checkPlace, writeWhole } from '../../../src/base/whole-file.ts';
import { readRun, writeRun } from '../../../src/experiment/run-file.ts';
import { syntheticRun } from '../../fixtures/run.ts';

const run = syntheticRun({ processes: 2, samples: 3 });
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'linefill-test-'));
  const used = folder;
  onTestFinished(() => rmSync(used, { recursive: true, force: true }));
});

const at = (name: string): string => join(folder, name);

function listeners(): number[] {
  return ['SIGINT', 'SIGTERM', 'SIGHUP', 'exit'].map((name) => process.listenerCount(name));
}

async function refusal(promise: Promise<unknown>): Promise<UserError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  return error as UserError;
}

describe('writeRun and readRun', () => {
  test('what is written can be read', async () => {
    await writeRun(at('a.json'), run);
    expect(await readRun(at('a.json'))).toEqual(run);
    expect(readdirSync(folder)).toEqual(['a.json']);
  });

  test('a run that could not be read back is not written, and the old file stays', async () => {
    writeFileSync(at('a.json'), 'old');
    const row = { ...run.measurements[0]!, divisor: Number.NaN };
    const broken = { ...run, measurements: [row] };
    await expect(writeRun(at('a.json'), broken)).rejects.toThrow(ContractError);
    await expect(writeRun(at('a.json'), broken)).rejects.toThrow('measurements[0].divisor must be a number');
    expect(readFileSync(at('a.json'), 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['a.json']);
  });

  test('a byte order mark is read over, and UTF-16 is named', async () => {
    writeFileSync(at('bom.json'), `\uFEFF${JSON.stringify(run)}`);
    expect(await readRun(at('bom.json'))).toEqual(run);
    writeFileSync(at('wide.json'), Buffer.from(`\uFEFF${JSON.stringify(run)}`, 'utf16le'));
    expect((await refusal(readRun(at('wide.json')))).message).toContain('is UTF-16 text');
  });

  test('a file that can not be read says why', async () => {
    expect((await refusal(readRun(at('none.json')))).message).toBe(`there is no file "${at('none.json')}"`);
    expect((await refusal(readRun(folder))).message).toContain('is a folder');
    writeFileSync(at('file'), '');
    expect((await refusal(readRun(at('file/a.json')))).message).toContain("can't be read");
  });
});

describe('writeWhole', () => {
  test('replaces a file at once, through a link too', async () => {
    mkdirSync(at('kept'));
    writeFileSync(at('kept/real'), 'old');
    symlinkSync(at('kept/real'), at('link'));
    await writeWhole(at('link'), 'new');
    expect(readFileSync(at('kept/real'), 'utf8')).toBe('new');
    expect(
      readdirSync(folder, { withFileTypes: true })
        .find(({ name }) => name === 'link')
        ?.isSymbolicLink(),
    ).toBe(true);
    expect(readdirSync(at('kept'))).toEqual(['real']);
  });

  test('many at once to one place: one of them wins, whole', async () => {
    const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(100_000));
    await Promise.all(texts.map((text) => writeWhole(at('a'), text)));
    expect(texts).toContain(readFileSync(at('a'), 'utf8'));
    expect(readdirSync(folder)).toEqual(['a']);
  });

  test('leaves nothing behind when the system refuses', async () => {
    const name = 'x'.repeat(250);
    const error = await refusal(writeWhole(at(name), 'text'));
    expect(error.message).toMatch(/can't be written: ENAMETOOLONG/);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('stops listening to signals and to the end when it is done', async () => {
    const before = listeners();
    await writeWhole(at('a'), 'text');
    await refusal(writeWhole(at('none/a'), 'text'));
    expect(listeners()).toEqual(before);
  });
});

describe('checkPlace', () => {
  test('says where the file will stand', () => {
    expect(checkPlace(at('a'))).toBe(at('a'));
  });

  test.each([
    ['.', 'is a folder'],
    ['none/a', 'there is no folder'],
    ['file/a', 'is a file, not a folder'],
  ])('refuses %s', (name, fault) => {
    writeFileSync(at('file'), '');
    expect(() => checkPlace(at(name))).toThrow(fault);
  });

  test('refuses a device, which a rename would replace', () => {
    expect(() => checkPlace('/dev/null')).toThrow('is a device or a pipe');
  });
});
