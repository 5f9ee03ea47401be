/**
 * The only window of this folder onto the system. Everything else here is pure over `System`, so that a test
 * feeds a machine it does not have: a tree of files and a table of command answers.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';

export interface System {
  readonly platform: string;
  readonly architecture: string;
  readonly osRelease: string;
  readonly nodeVersion: string;
  readonly v8Version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** CPUs that the scheduler may give to this process, by number only. */
  readonly availableParallelism: number;
  /** The text of a file, unchanged; null where it is absent or may not be read. */
  readText(path: string): string | null;
  /** The names in a directory, sorted; empty where it is absent or may not be read. */
  list(directory: string): readonly string[];
  /** What a command prints, trimmed; null where it is absent or fails. `file` is run without a shell. */
  run(file: string, args: readonly string[]): string | null;
  /** The model name of each logical CPU; empty strings are possible. */
  cpuModels(): readonly string[];
  totalMemoryBytes(): number;
  freeMemoryBytes(): number;
  /** The hardware addresses of the network interfaces, loopback left out, in no particular order. */
  macAddresses(): readonly string[];
}

/** The machine we stand on. Reading it changes nothing; a command is given 5 s. */
export function realSystem(): System {
  return {
    platform: process.platform,
    architecture: process.arch,
    osRelease: os.release(),
    nodeVersion: process.versions.node,
    v8Version: process.versions.v8,
    env: process.env,
    availableParallelism: os.availableParallelism(),
    readText,
    list,
    run,
    cpuModels: () => os.cpus().map((cpu) => cpu.model),
    totalMemoryBytes: os.totalmem,
    freeMemoryBytes: os.freemem,
    macAddresses,
  };
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function list(directory: string): readonly string[] {
  try {
    return readdirSync(directory).toSorted();
  } catch {
    return [];
  }
}

function run(file: string, args: readonly string[]): string | null {
  try {
    return execFileSync(file, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 5000,
    }).trim();
  } catch {
    return null;
  }
}

function macAddresses(): readonly string[] {
  return Object.values(os.networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => !address.internal)
    .map((address) => address.mac);
}
