/** Workers and processes that end in the middle of a kernel leave nothing broken behind. */
import { describe, expect, it } from 'vitest';
import { runChild } from './child.ts';

/** How it ends, what was seen, and the process's exit code. */
const ways: readonly (readonly [string, unknown, number])[] = [
  ['terminate() a working kernel', [1, 1], 0],
  ['terminate() many workers at once', Array.from({ length: 8 }, () => 1), 0],
  ['stop a team that waits', 'fixed-work: the team was stopped, or a member never arrived', 0],
  ['process.exit() beside a working kernel', 'leaving', 7],
  ['process.exit() inside a worker', 3, 0],
  ['an error thrown beside a working kernel', 'leaving', 1],
];

describe('ending in the middle of a kernel', () => {
  it.each(ways)('%s', async (way, saw, code) => {
    const ended = await runChild('teardown-child.mjs', [way], 25_000);
    expect({ signal: ended.signal, code: ended.code, lines: ended.lines }).toEqual({
      signal: null,
      code,
      lines: [{ saw, computes: 200 }],
    });
  });
});
