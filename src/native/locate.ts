/**
 * Where the addon's binary is: an override by the environment, this checkout's own build, or the binary shipped
 * for this platform. Package managers that block install scripts leave us only the last.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../base/errors.ts';

const packageFolder: string = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** `linux-x64`, `linux-arm64-musl`, ...: the name of a shipped binary. */
export function platformName(): string {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  const musl = process.platform === 'linux' && report?.header?.glibcVersionRuntime === undefined;
  return `${process.platform}-${process.arch}${musl ? '-musl' : ''}`;
}

function candidates(): string[] {
  const override = process.env['LINEFILL_ADDON'];
  if (override !== undefined && override !== '') return [override];
  const own = join(packageFolder, 'build', 'Release', 'linefill.node');
  if (existsSync(own)) return [own];
  return [join(packageFolder, 'prebuilds', `${platformName()}.node`)];
}

/** Loads the addon. Throws UserError, with what to type, when no binary fits this machine. */
export function loadAddon(): unknown {
  const reasons: string[] = [];
  for (const path of candidates()) {
    try {
      return createRequire(import.meta.url)(path);
    } catch (error) {
      reasons.push(existsSync(path) ? `${path}: ${(error as Error).message}` : `${path} does not exist`);
    }
  }
  throw new UserError(
    `the native addon could not be loaded (${reasons.join('; ')})`,
    'build it: npm rebuild linefill (in a checkout: npm run build); it needs a C++20 compiler, make and python3',
  );
}
