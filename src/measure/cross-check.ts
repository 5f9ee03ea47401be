/**
 * Before a time is reported, both languages must give the same answer: native, reference, and whatever other
 * implementation a variant has, each from fresh inputs, at every point that will be measured.
 */
import { InvariantError } from '../base/errors.ts';
import type { Experiment } from '../experiment/experiment.ts';
import type { Arm, PlannedGroup } from '../experiment/plan.ts';
import { disagreement } from '../kernel/agree.ts';
import type { Crew } from './crew.ts';
import { GroupRoom } from './room.ts';
import { TeamArm } from './team.ts';
import { type AnyArguments, implementationOf, type Seat, setUp, timeHere } from './thread-arm.ts';

/** Iterations a check: two, so that a state which one iteration leaves for the next is checked too. */
const plan = { warmup: 0, iterations: 2 };

interface Side {
  readonly name: string;
  readonly checksums: readonly bigint[];
  readonly args: readonly AnyArguments[];
}

function compareSides(arm: Arm, one: Side, other: Side): void {
  for (let member = 0; member < one.args.length; member++) {
    const found = disagreement(
      arm.variant.kernel,
      { checksum: one.checksums[member]!, args: one.args[member]! },
      { checksum: other.checksums[member]!, args: other.args[member]! },
    );
    if (found !== null) {
      throw new InvariantError(`${one.name} and ${other.name} disagree at ${arm.key}: ${found}; no time is reported`);
    }
  }
}

type Implementation = (args: AnyArguments) => bigint;

function threadSide(arm: Arm, name: string, implementation: Implementation | null, seat: Seat): Side {
  const { kernel } = arm.variant;
  const args = setUp(kernel, arm.point, seat);
  const language = implementation === null ? 'native' : 'typescript';
  const body = implementation ?? implementationOf(arm.variant);
  return { name, args: [args], checksums: [timeHere(kernel, language, body, args, plan).checksum] };
}

function checkThread(arm: Arm, seat: Omit<Seat, 'room'>): void {
  const rooms: GroupRoom[] = [];
  const room = (): Seat => {
    rooms.push(new GroupRoom());
    return { ...seat, room: rooms.at(-1)! };
  };
  try {
    const native = threadSide(arm, 'native', null, room());
    compareSides(arm, native, threadSide(arm, 'reference', arm.variant.kernel.reference as Implementation, room()));
    if (arm.variant.implementation !== undefined) {
      compareSides(arm, native, threadSide(arm, arm.variant.id, implementationOf(arm.variant), room()));
    }
  } finally {
    for (const each of rooms) each.close();
  }
}

async function checkTeam(experiment: Experiment, arm: Arm, seat: Omit<Seat, 'room'>, crew: Crew): Promise<void> {
  const sides: Side[] = [];
  for (const language of ['native', 'typescript'] as const) {
    const room = new GroupRoom();
    const team = new TeamArm({
      experiment: experiment.id,
      variant: arm.variant,
      point: arm.point,
      seat: { ...seat, room },
      language,
      reference: true,
      crew,
      scope: arm.key,
    });
    try {
      await team.start();
      const { checksums } = await team.sample(plan);
      sides.push({ name: language, checksums, args: team.args });
    } finally {
      await team.close();
      room.close();
    }
  }
  compareSides(arm, sides[0]!, sides[1]!);
}

/**
 * Checks every distinct computation of a group; returns how many. Throws InvariantError at the first difference,
 * ContractError when a signature drifted.
 */
export async function crossCheck(
  experiment: Experiment,
  group: PlannedGroup,
  seat: Omit<Seat, 'room'>,
  crew: Crew,
): Promise<number> {
  const done = new Set<string>();
  for (const arm of group.arms) {
    const { kernel, implementation } = arm.variant;
    const key = `${kernel.id} ${JSON.stringify(arm.point)} ${implementation === undefined ? '' : arm.variant.id}`;
    if (done.has(key)) continue;
    done.add(key);
    if (arm.variant.form === 'team') await checkTeam(experiment, arm, seat, crew);
    else checkThread(arm, seat);
  }
  return done.size;
}
