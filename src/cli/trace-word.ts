/** A word that names a trace: a file, or a workload of the lab; a file goes first. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { type Workload, workloads } from '../trace/workloads.ts';
import type { Io } from './io.ts';
import { meant } from './nearest.ts';

export type NamedTrace = { readonly path: string } | { readonly workload: Workload };

/** What a word names; `isServed`: which workloads may be meant. Throws UserError where it names nothing. */
export function namedTrace(
  word: string,
  io: Io,
  isServed: (workload: Workload) => boolean = () => true,
): NamedTrace {
  const path = resolve(io.cwd, word);
  if (existsSync(path)) return { path };
  const served = workloads.filter(isServed);
  const workload = served.find(({ id }) => id === word);
  if (workload !== undefined) return { workload };
  const ids = served.map(({ id }) => id);
  throw new UserError(
    `there is no trace file and no workload "${word}"`,
    meant(word, ids, `workloads: ${ids.join(', ')}`),
  );
}
