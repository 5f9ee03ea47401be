/** Where the profile of a machine is kept: in the user's own cache folder, by the machine's id. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { writeWhole } from '../base/whole-file.ts';
import { type MachineProfile, parseProfile } from '../machine/profile.ts';

type Variables = Readonly<Record<string, string | undefined>>;

function cacheFolder(env: Variables, platform: NodeJS.Platform): string {
  const told = env['XDG_CACHE_HOME'];
  if (told !== undefined && told !== '') return told;
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

/** Keeps a profile in place of the last one; returns where. */
export async function keepProfile(profile: MachineProfile, env: Variables): Promise<string> {
  const path = profilePath(profile.machineId, env);
  await mkdir(dirname(path), { recursive: true });
  await writeWhole(path, `${JSON.stringify(profile, null, 2)}\n`);
  return path;
}
