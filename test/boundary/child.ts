/** Starts one of this folder's scripts in a process of its own, and gathers what it said until it ended. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** True when it was still at it when the time was up, and was ended by us. */
  readonly timedOut: boolean;
  readonly lines: readonly Record<string, unknown>[];
  readonly stderr: string;
}

/** Another Node than ours, such as one of another architecture under an emulator. */
const node = process.env['LINEFILL_TEST_NODE'] ?? process.execPath;

/**
 * @param limitMs how long it may take, 0 for ever
 * @param silenceMs how long it may say nothing once it has begun to speak, 0 for ever
 */
export function runChild(
  script: string,
  args: readonly string[],
  limitMs = 0,
  silenceMs = 0,
): Promise<Ended> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(node, ['--expose-gc', path, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr, timedOut] = ['', '', false];
  const end = (): void => {
    timedOut = child.kill('SIGKILL');
  };
  let silence: NodeJS.Timeout | undefined;
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    clearTimeout(silence);
    if (silenceMs > 0) silence = setTimeout(end, silenceMs);
  });
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const timer = limitMs === 0 ? undefined : setTimeout(end, limitMs);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      clearTimeout(silence);
      const whole = stdout.slice(0, stdout.lastIndexOf('\n') + 1);
      const lines = whole.split('\n').filter((line) => line !== '');
      resolve({ code, signal, timedOut, lines: lines.map((line) => JSON.parse(line)), stderr });
    });
  });
}
