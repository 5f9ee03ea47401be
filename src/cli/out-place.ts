/** May a command write there? One answer for all that keep what stands at the place they are given. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { checkPlace } from '../base/whole-file.ts';
import type { Io } from './io.ts';

export interface OutOptions {
  readonly out: string;
  /** Write over what stands there. */
  readonly force?: boolean;
}

/**
 * Where a file asked for by `--out` will stand, as checkPlace says it; asked before any work is done for it.
 * @throws UserError where something stands there already, unless forced, and where nothing can be written
 */
export function outPlace({ out, force = false }: OutOptions, io: Io): string {
  const place = checkPlace(resolve(io.cwd, out));
  if (force || !existsSync(place)) return place;
  throw new UserError(`"${out}" is there already`, 'name another file, or write over it: --force');
}
