/** Where the profile of a machine is kept: in the user's own cache folder, by the machine's id. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { UserError } from '../base/errors.ts';
import { checkPlace, writeWhole } from '../base/whole-file.ts';
import { type MachineProfile, parseProfile } from '../machine/profile.ts';

type Variables = Readonly<Record<string, string | undefined>>;

function cacheFolder(env: Variables, platform: NodeJS.Platform): string {
  const told = env['XDG_CACHE_HOME'];
  // A relative one is to be ignored: XDG Base Directory Specification.
  if (told !== undefined && isAbsolute(told)) return told;
  const home = env['HOME'] ?? homedir();
  if (platform === 'darwin') return join(home, 'Library', 'Caches');
  if (platform === 'win32') return env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local');
  return join(home, '.cache');
}

/** The file of the machine with this id. */
export function profilePath(
  machineId: string,
  env: Variables,
  platform: NodeJS.Platform = process.platform,
): string {
  return join(cacheFolder(env, platform), 'linefill', `machine-${machineId}.json`);
}

/** The profile that was kept of this machine; null where there is none, or none that can be read. */
export function readProfile(machineId: string, env: Variables): MachineProfile | null {
  const path = profilePath(machineId, env);
  try {
    return existsSync(path) ? parseProfile(readFileSync(path, 'utf8'), machineId) : null;
  } catch {
    return null;
  }
}

/**
 * Refuses a place where nothing could be kept, before anything is measured for it. Makes nothing.
 * @throws UserError
 */
export function checkProfilePlace(machineId: string, env: Variables): void {
  let place = profilePath(machineId, env);
  while (!existsSync(dirname(place))) place = dirname(place);
  checkPlace(place);
}

/** One by one: where a folder can't be made, as in /proc, Node's recursive mkdir does not always end. */
async function makeFolder(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  await makeFolder(dirname(folder));
  try {
    await mkdir(folder);
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (!existsSync(folder))
      throw new UserError(
        `${folder} can't be made: ${(error as Error).message}`,
        'set XDG_CACHE_HOME to a folder of yours',
      );
  }
}

/**
 * Keeps a profile in place of the last one; returns where.
 * @throws UserError where nothing can be written there
 */
export async function keepProfile(profile: MachineProfile, env: Variables): Promise<string> {
  const path = profilePath(profile.machineId, env);
  await makeFolder(dirname(path));
  await writeWhole(path, `${JSON.stringify(profile, null, 2)}\n`);
  return path;
}
