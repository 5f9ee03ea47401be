/** Every registered kernel, called wrongly in every way that its signature allows: no call ends the process. */
import { describe, expect, it } from 'vitest';
import { type NativeKernel, nativeKernels } from '../../src/native/binding.ts';
import { type Ended, runChild } from './child.ts';
import { extremeCalls, hostileCalls } from './hostile-calls.mjs';

/** A call that is still running after this long is working, not crashing. */
const extremeLimitMs = 400;

/** The one form of an error about arguments: who, which, what it must be, what it was. */
function oneForm({ id, arguments: table }: NativeKernel): RegExp {
  const names = table.map(({ name }) => name).join('|');
  const sentences = [
    `argument \\d+ "(${names})" must .+`,
    `takes (at most )?\\d+ arguments( \\(.*\\))?, not \\d+`,
    'the arguments must be an array',
    'the plan(\'s "\\w+")? must be .+',
    `.*"(${names})".* must .+`,
  ];
  return new RegExp(`^${id}: (${sentences.join('|')})$`, 's');
}

function crashed({ code, signal, lines, stderr }: Ended): string | null {
  if (code === 0 && signal === null) return null;
  const last = lines.findLast((line) => 'call' in line);
  return `${signal ?? `exit code ${code}`} at: ${String(last?.['kernel'])}, ${String(last?.['call'])}\n${stderr}`;
}

const kernels = nativeKernels();
/** So many kernels share a process, whose start takes longer than their calls: their ids, and they. */
function inGroups(all: readonly NativeKernel[], together: number): [string, readonly NativeKernel[]][] {
  return Array.from({ length: Math.ceil(all.length / together) }, (_, i) => {
    const group = all.slice(i * together, (i + 1) * together);
    return [group.map(({ id }) => id).join(', '), group];
  });
}

function countOf(group: readonly NativeKernel[], calls: typeof hostileCalls): number {
  return group.reduce((count, kernel) => count + calls(kernel).length, 0);
}

describe('hostile calls', () => {
  it('are made for at least one kernel, of each kind', () => {
    expect(kernels.length).toBeGreaterThan(0);
    const names = kernels.flatMap((kernel) => hostileCalls(kernel).map(({ name }) => name));
    for (const part of [
      'detaches',
      'share the same memory',
      'over the other kind',
      'the plan is',
      'arguments are',
      'from an arena of',
    ]) {
      expect(names.filter((name) => name.includes(part)).length, part).toBeGreaterThan(0);
    }
  });

  it.each(inGroups(kernels, 12))('%s', { timeout: 60_000 }, async (ids, group) => {
    const ended = await runChild('hostile-child.mjs', [ids.replaceAll(' ', '')], 55_000);
    expect(crashed(ended)).toBeNull();
    expect(ended.lines.at(-1)).toEqual({ done: countOf(group, hostileCalls) });
    const forms = new Map(group.map((kernel) => [kernel.id, oneForm(kernel)]));
    let call: Record<string, unknown> = {};
    for (const line of ended.lines) {
      if ('call' in line) call = line;
      if (!('outcome' in line)) continue;
      const id = String(call['kernel']);
      const what = `${id}: ${String(call['call'])}: ${JSON.stringify(line)}`;
      if (call['expect'] === 'own') {
        expect(line['message'], what).toBe('thrown by the getter');
      } else if (call['expect'] === 'throws') {
        expect(line['error'], what).toBe('TypeError');
        expect(line['message'], what).toMatch(forms.get(id)!);
      } else if (line['outcome'] === 'threw') {
        expect(line['message'], what).toMatch(new RegExp(`^${id}: \\S`));
      }
    }
  });
});

describe('extreme but permitted numbers', () => {
  it.each(inGroups(kernels, 12))('%s', { timeout: 60_000 }, async (ids, group) => {
    const count = countOf(group, extremeCalls);
    // One process makes them all; where one goes on for too long, the next process begins behind it.
    for (let from = 0; from < count; ) {
      const ended = await runChild(
        'hostile-child.mjs',
        [ids.replaceAll(' ', ''), 'extremes', String(from)],
        55_000,
        extremeLimitMs,
      );
      let id = '';
      for (const line of ended.lines) {
        if ('call' in line) id = String(line['kernel']);
        if (line['outcome'] === 'threw') expect(line['message']).toMatch(new RegExp(`^${id}: \\S`));
      }
      if (!ended.timedOut) {
        expect(crashed(ended)).toBeNull();
        expect(ended.lines.at(-1)).toEqual({ done: count });
        return;
      }
      from += ended.lines.filter((line) => 'outcome' in line).length + 1;
    }
  });
});
