/** Where a team's member starts. */
import { serveMember } from '../measure/member.ts';
import { make } from './makers.ts';

await serveMember(async () => (await import('../experiments/index.ts')).experiments, make);
