/**
 * The allocators of others that this machine has, and their versions. Asked in a process of its own: those that are
 * loaded late need room that only a new process can be given, and ours stays without them.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { childEnvironment } from './child-environment.ts';
import { type Fact, missing, reported } from './fact.ts';
import type { InstalledAllocator } from './types.ts';

/** What the addon says of them. */
interface Peers {
  readonly boostPool: string | null;
  readonly general: readonly {
    readonly id: string;
    readonly version: string | null;
    readonly missing: string | null;
  }[];
  readonly pmr: string | null;
}

const script = 'process.stdout.write(JSON.stringify(require(process.argv[1]).environment().peers()))';
const patienceMs = 10_000;

function listed({ boostPool, general, pmr }: Peers): InstalledAllocator[] {
  const pool = boostPool === null ? [] : [{ id: 'Boost.Pool', version: boostPool.replaceAll('_', '.') }];
  const found = general.filter((peer) => peer.missing === null);
  return [
    ...found.map(({ id, version }) => ({ id, version })),
    ...pool,
    ...(pmr === null ? [] : [{ id: 'std::pmr', version: pmr }]),
  ];
}

/** What is there, by the addon at `addonPath`; missing where it can't be asked. Starts a process: some 50 ms. */
export async function allocatorsFact(addonPath: string): Promise<Fact<readonly InstalledAllocator[]>> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script, addonPath], {
      env: childEnvironment(),
      timeout: patienceMs,
    });
    return reported(listed(JSON.parse(stdout) as Peers), 'the loader, and what the addon was built with');
  } catch (error) {
    return missing(`the addon could not be asked: ${(error as Error).message.split('\n')[0]!}`);
  }
}
