/** A word that names a trace: a file, or a workload of the lab with numbers of its own; a file goes first. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { type Settings, type Workload, workloads } from '../trace/workloads.ts';
import type { Io } from './io.ts';
import { meant } from './nearest.ts';
import { type Setting, wholeNumber } from './settings.ts';

export type NamedTrace =
  | { readonly path: string }
  | { readonly workload: Workload; readonly settings: Settings };

/** `--set`'s numbers of a workload. Throws UserError for one that it doesn't have. */
function settingsOf({ id, parameters }: Workload, set: readonly Setting[]): Settings {
  const names = Object.keys(parameters);
  const pairs = set.map((setting) => {
    const { name } = setting;
    if (names.includes(name)) return [name, wholeNumber(setting)] as const;
    throw new UserError(
      `--set ${name}: the workload ${id} has no such number`,
      meant(name, names, `choose from: ${names.join(', ')}`),
    );
  });
  return Object.fromEntries(pairs);
}

/**
 * What a word names; `set`: numbers for a workload; `isServed`: which workloads may be meant. Throws UserError where it
 * names nothing, or numbers are given that it doesn't have.
 */
export function namedTrace(
  word: string,
  set: readonly Setting[],
  io: Io,
  isServed: (workload: Workload) => boolean = () => true,
): NamedTrace {
  const path = resolve(io.cwd, word);
  if (existsSync(path)) {
    if (set.length === 0) return { path };
    throw new UserError(
      `--set ${set[0]!.name}: "${word}" is a file, which has no numbers`,
      'leave --set out, or name a workload: linefill alloc explain lists them',
    );
  }
  const served = workloads.filter(isServed);
  const workload = served.find(({ id }) => id === word);
  if (workload !== undefined) return { workload, settings: settingsOf(workload, set) };
  const ids = served.map(({ id }) => id);
  throw new UserError(
    `there is no trace file and no workload "${word}"`,
    meant(word, ids, `workloads: ${ids.join(', ')}`),
  );
}
