/** A word that names a program of objects: a file with a recorded model, or a mutator of the lab; a file goes first. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import type { ProgramSource } from '../experiments/collection/collector-run.ts';
import { readLifetimeModel } from '../trace/lifetime-model-file.ts';
import { mutators } from '../trace/mutators.ts';
import type { Io } from './io.ts';
import { meant } from './nearest.ts';

/** What a word names. Throws UserError where it names nothing, or the file holds no model. */
export async function namedProgram(word: string, io: Io): Promise<ProgramSource> {
  const path = resolve(io.cwd, word);
  if (existsSync(path)) return { model: await readLifetimeModel(path) };
  if (mutators.some(({ id }) => id === word)) return { mutator: word };
  const ids = mutators.map(({ id }) => id);
  throw new UserError(
    `there is no program of objects "${word}", and no file`,
    meant(word, ids, `programs: ${ids.join(', ')}`),
  );
}
