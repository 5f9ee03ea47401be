/** A run as JSON: the run file itself, so that whatever reads one reads the other. */
import type { Run } from '../experiment/run.ts';
import { runText } from '../experiment/run-file.ts';

/** One line and an end of line. */
export function renderJson(run: Run): string {
  return runText(run);
}
