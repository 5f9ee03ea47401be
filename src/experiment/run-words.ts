/** Words of an experiment that a run keeps, because it stands in no list: what a report shows beside the rows. */
import type { Experiment } from './experiment.ts';
import type { Run } from './run.ts';

/** What a run file holds of such an experiment. */
export interface RunWords
  extends Pick<Experiment, 'id' | 'title' | 'question' | 'explain' | 'drawing' | 'operation' | 'chart'> {
  readonly variants: readonly { readonly id: string; readonly title: string }[];
  readonly parameters: readonly { readonly name: string; readonly summary: string }[];
  readonly metrics: NonNullable<Experiment['metrics']>;
  /** What the run says of the question, in sentences. */
  readonly conclusions: readonly string[];
}

/** The run with an experiment's words, and what it comes to. */
export function withWords(run: Run, experiment: Experiment, conclusions: readonly string[]): Run {
  const { id, title, question, explain, drawing, operation, chart, metrics = [] } = experiment;
  const words: RunWords = {
    id,
    title,
    question,
    explain,
    drawing,
    operation,
    chart,
    variants: experiment.variants.map((one) => ({ id: one.id, title: one.title })),
    parameters: experiment.parameters.map(({ name, summary }) => ({ name, summary })),
    metrics,
    conclusions,
  };
  return { ...run, words: [...(run.words ?? []), words] };
}
