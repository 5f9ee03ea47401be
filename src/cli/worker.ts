/** Where a team's member starts. */
import { experiments } from '../experiments/index.ts';
import { serveMember } from '../measure/member.ts';

serveMember(experiments);
