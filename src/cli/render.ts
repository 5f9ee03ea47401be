/** A run in the form that was asked for. Each form's code is loaded when it is used. */
import type { Experiment } from '../experiment/experiment.ts';
import type { Run } from '../experiment/run.ts';
import type { Looks } from './io.ts';

export type Format = 'text' | 'json' | 'csv' | 'markdown';

/** The run as text, in the looks of where it goes. */
export async function render(
  run: Run,
  experiments: readonly Experiment[],
  format: Format,
  looks: Looks,
): Promise<string> {
  switch (format) {
    case 'json':
      return (await import('../report/json.ts')).renderJson(run);
    case 'csv':
      return (await import('../report/csv.ts')).renderCsv(run);
    case 'markdown':
      return (await import('../report/markdown.ts')).renderMarkdown(run, experiments);
    case 'text':
      return (await import('../report/text.ts')).renderText(run, experiments, looks);
  }
}
