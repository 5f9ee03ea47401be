/** No time without agreement: what goes wrong in an experiment is said, and costs no other experiment anything. */
import { describe, expect, it } from 'vitest';
import { measureFixtures, twoCpus } from '../fixtures/lab/measuring.ts';

/** Experiments whose fault is in a team. */
const ofTeams = new Set(['broken-team', 'thrower', 'unshared']);
const faults: readonly (readonly [string, RegExp])[] = [
  [
    'broken',
    /native and reference disagree at native: fixed-work: the checksum is \d+ in one and \d+ in the other/,
  ],
  ['broken-own', /native and own disagree at own: fixed-work: the checksum is/],
  [
    'broken-team',
    /native and own disagree at own: increment: "counters"\[\d+\] is 2000 in one and 2002 in the other/,
  ],
  ['thrower', /own: a member of the team failed: this member gives up/],
  ['bad-flag', /refused: it ended \(code 9\)/],
  ['dies', /mortal: it ended \(SIGKILL\)/],
  ['exits', /a measuring process ended \(code 7\)/],
  ['unmeasured', /native( \(again\))?: its metric p99 is NaN, not a number/],
  ['unshared', /native: a team's "counters" must be made by room\.shared\(\)/],
];

describe('an experiment that goes wrong', () => {
  const here = faults.filter(([id]) => twoCpus || !ofTeams.has(id));

  it.each(here)('%s gives no time, and a warning that names why', async (id, why) => {
    const { run } = await measureFixtures([id]);
    expect(run.measurements).toEqual([]);
    expect(run.comparisons).toEqual([]);
    expect(run.conduct).toMatchObject([{ experiment: id, stopped: 'failed', processes: 0 }]);
    const warning = run.warnings.find((text) => text.startsWith(`${id}: no time is reported: `));
    expect(warning).toMatch(why);
    // The run itself went to its end.
    expect(run.complete).toBe(true);
  });

  it('does not keep the next one from being measured', async () => {
    const { run } = await measureFixtures(['broken', 'sound']);
    expect(run.conduct.map(({ experiment, stopped }) => [experiment, stopped])).toEqual([
      ['broken', 'failed'],
      ['sound', 'processes'],
    ]);
    expect(new Set(run.measurements.map((row) => row.experiment))).toEqual(new Set(['sound']));
    expect(run.warnings.filter((text) => text.includes('no time is reported'))).toHaveLength(1);
  });
});
