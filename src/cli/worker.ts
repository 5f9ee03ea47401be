/** Where a team's member starts. */
import { experiments } from '../experiments/index.ts';
import { serveMember } from '../measure/member.ts';
import { make } from './makers.ts';

await serveMember(experiments, make);
