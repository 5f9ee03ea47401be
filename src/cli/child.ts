/** Where a fresh measuring process starts. */
import { experiments } from '../experiments/index.ts';
import { serve } from '../measure/serve.ts';
import { make } from './makers.ts';

serve(
  experiments,
  { child: new URL(import.meta.url), worker: new URL('./worker.js', import.meta.url) },
  make,
);
