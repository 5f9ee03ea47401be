/** What the run file's validator found, in words. */
import type * as v from 'valibot';

/** What the validator calls its rules, for people. */
const expectations: Readonly<Record<string, string>> = {
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  Array: 'an array',
  Object: 'an object',
  '>=0': '0 or more',
  finite: 'a finite number',
  integer: 'a whole number',
  iso_timestamp: 'a time such as 2026-01-31T12:00:00.000Z',
};

/** An issue as a path and a sentence: `measurements[3].unit must be a text, not 7`. */
export function describeIssue(issue: v.BaseIssue<unknown>): string {
  const keys = (issue.path ?? []).map(({ key }) => key);
  const path = keys.map((key, i) =>
    typeof key === 'number' ? `[${key}]` : `${i === 0 ? '' : '.'}${String(key)}`,
  );
  const where = path.length === 0 ? 'the whole' : path.join('');
  const last = issue.path?.at(-1);
  if (last !== undefined && 'value' in last && last.value === undefined) return `${where} is missing`;
  const rule = issue.expected ?? issue.type;
  const received = { Array: 'an array', Object: 'an object' }[issue.received] ?? issue.received;
  return `${where} must be ${expectations[rule] ?? rule.replace(/^\((.*)\)$/, '$1')}, not ${received}`;
}
