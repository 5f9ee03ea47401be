/**
 * Where our binaries are, the addon and the libraries to be preloaded: an override by the environment, this checkout's own build, or the
 * binary shipped for this platform. Package managers that block install scripts leave us only the last.
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

function placeOf(variable: string, built: string, shipped: string): string {
  const override = process.env[variable];
  if (override !== undefined && override !== '') return override;
  const own = join(packageFolder, 'build', 'Release', built);
  return existsSync(own) ? own : join(packageFolder, 'prebuilds', shipped);
}

const buildIt =
  'build it: npm rebuild linefill (in a checkout: npm run build); it needs a C++20 compiler, make and python3';

/** Whether binding.gyp builds the libraries that are preloaded. */
const preloads: boolean = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);

/** A library to be preloaded into a program. */
function preloadedPath(name: string, variable: string): string {
  const path = placeOf(variable, `linefill-${name}.so`, `${platformName()}-${name}.so`);
  if (existsSync(path)) return path;
  throw new UserError(`the ${name} is not there (${path} does not exist)`, buildIt);
}

/**
 * The library that records what a program asks of its allocator, to be preloaded into it.
 * @throws UserError where there is none: on systems other than Linux on x64 and arm64, or where it was not built
 */
export function recorderPath(): string {
  if (preloads) return preloadedPath('recorder', 'LINEFILL_RECORDER');
  throw new UserError(
    `recording works on Linux on x64 and arm64, not on ${process.platform} on ${process.arch}`,
    'record there, and bring the trace file here: it is read everywhere',
  );
}

/**
 * The library that checks what a program does to its blocks, to be preloaded into it.
 * @throws UserError where there is none: on systems other than Linux on x64 and arm64, or where it was not built
 */
export function checkerPath(): string {
  if (preloads) return preloadedPath('checker', 'LINEFILL_CHECKER');
  throw new UserError(
    `a program's blocks are checked on Linux on x64 and arm64, not on ${process.platform} on ${process.arch}`,
    'build the program for Linux and check it there',
  );
}

/** The addon's file, which may not be there. */
export function addonPath(): string {
  return placeOf('LINEFILL_ADDON', 'linefill.node', `${platformName()}.node`);
}

/** Loads the addon. Throws UserError, with what to type, when no binary fits this machine. */
export function loadAddon(): unknown {
  const path = addonPath();
  let reason = `${path} does not exist`;
  try {
    return createRequire(import.meta.url)(path);
  } catch (error) {
    if (existsSync(path)) reason = `${path}: ${(error as Error).message}`;
  }
  throw new UserError(`the native addon could not be loaded (${reason})`, buildIt);
}
