/** The part of the run file's schema that is words of experiments. */
import * as v from 'valibot';
import type { RunWords } from './run-words.ts';

const text = v.string();
const flag = v.boolean();

const chart = v.object({
  kind: v.picklist(['lines', 'bars', 'matrix']),
  x: text,
  y: v.exactOptional(text),
  logX: flag,
  logY: flag,
  cacheLines: flag,
  title: text,
  metric: v.exactOptional(text),
});

const metric = v.object({
  id: text,
  title: text,
  unit: text,
  better: v.nullable(v.picklist(['less', 'more'])),
  rare: v.exactOptional(flag),
});

/** As RunWords has it. */
export const runWords: v.GenericSchema<unknown, RunWords> = v.object({
  id: text,
  title: text,
  question: text,
  explain: text,
  drawing: text,
  operation: text,
  chart,
  variants: v.array(v.object({ id: text, title: text })),
  parameters: v.array(v.object({ name: text, summary: text })),
  metrics: v.array(metric),
  conclusions: v.array(text),
});
