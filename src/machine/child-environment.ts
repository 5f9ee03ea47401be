/**
 * The environment of a measuring process: ours, and room for the thread-local data of an allocator that is loaded late.
 * glibc reads this when a process starts, so it can't be asked for afterwards; jemalloc needs 2,632 B of it.
 */

const room = 'glibc.rtld.optional_static_tls=8192';

/** The caller's environment, or the given one, with that room where the user has not set it himself. */
export function childEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const known = env['GLIBC_TUNABLES'];
  if (process.platform !== 'linux' || known?.includes('optional_static_tls') === true) return env;
  return { ...env, GLIBC_TUNABLES: known === undefined || known === '' ? room : `${known}:${room}` };
}
