/** Where the fresh processes of aa.ts start. They have no teams, so no worker is ever started. */
import { serve } from '#dist/measure/serve.js';
import { experiments } from './aa-experiments.ts';

const here = new URL(import.meta.url);
serve(experiments, { child: here, worker: here });
