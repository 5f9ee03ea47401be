/**
 * Before a time is reported, both languages must give the same answer: native, reference, and whatever other
 * implementation a variant has, each from fresh (or unwritten) inputs, at every point that will be measured.
 */
import { InvariantError } from '../base/errors.ts';
import type { Experiment, Language } from '../experiment/experiment.ts';
import type { Arm, ArmGroup } from '../experiment/plan.ts';
import { disagreement } from '../kernel/agree.ts';
import type { Room } from '../kernel/kernel.ts';
import { answerArrays } from '../kernel/signature.ts';
import type { Crew } from './crew.ts';
import { GroupRoom, sharingWith } from './room.ts';
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
      throw new InvariantError(
        `${one.name} and ${other.name} disagree at ${arm.key}: ${found}; no time is reported`,
      );
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

/** Makes something in a room of its own and frees the room. */
async function inRoom<T>(make: (room: GroupRoom) => T | Promise<T>): Promise<T> {
  const room = new GroupRoom();
  try {
    return await make(room);
  } finally {
    room.close();
  }
}

/** Where nothing is written arms may share their inputs, too: only the checksum tells. */
function writesNothing(arm: Arm): boolean {
  return answerArrays(arm.variant.kernel.signature).length === 0;
}

/**
 * Both sides stand in one room: what is written each has for itself, and is gone after the arm; what a kernel shares
 * nobody writes, and serves all arms of the group.
 */
async function checkThread(arm: Arm, seat: Omit<Seat, 'room'>, inputs: GroupRoom): Promise<void> {
  const { kernel, id, implementation } = arm.variant;
  const checkIn = (room: Room): void => {
    const side = (name: string, body: Implementation | null): Side =>
      threadSide(arm, name, body, { ...seat, room });
    const native = side('native', null);
    compareSides(arm, native, side('reference', kernel.reference as Implementation));
    if (implementation !== undefined) compareSides(arm, native, side(id, implementationOf(arm.variant)));
  };
  if (writesNothing(arm)) checkIn(inputs);
  else await inRoom((own) => checkIn(sharingWith(inputs, own)));
}

async function checkTeam(
  experiment: Experiment,
  arm: Arm,
  seat: Omit<Seat, 'room'>,
  crew: Crew,
): Promise<void> {
  const { variant, point, key: scope } = arm;
  const side = (name: string, language: Language, reference: boolean) =>
    inRoom(async (room): Promise<Side> => {
      const options = {
        experiment: experiment.id,
        variant,
        point,
        seat: { ...seat, room },
        language,
        reference,
        crew,
        scope,
      };
      const team = new TeamArm(options);
      try {
        await team.start();
        const { checksums } = await team.sample(plan);
        return { name, checksums, args: team.args };
      } finally {
        await team.close();
      }
    });
  const native = await side('native', 'native', true);
  compareSides(arm, native, await side('reference', 'typescript', true));
  if (variant.implementation !== undefined)
    compareSides(arm, native, await side(variant.id, 'typescript', false));
}

/**
 * Checks every distinct computation of a group; returns how many. Throws InvariantError at the first difference,
 * ContractError when a signature drifted.
 */
export async function crossCheck(
  experiment: Experiment,
  group: ArmGroup,
  seat: Omit<Seat, 'room'>,
  crew: Crew,
): Promise<number> {
  return await inRoom(async (inputs) => {
    const done = new Set<string>();
    for (const arm of group.arms) {
      const { kernel, implementation } = arm.variant;
      const key = `${kernel.id} ${JSON.stringify(arm.point)} ${implementation === undefined ? '' : arm.variant.id}`;
      if (done.has(key)) continue;
      done.add(key);
      if (arm.variant.form === 'team') await checkTeam(experiment, arm, seat, crew);
      else await checkThread(arm, seat, inputs);
    }
    return done.size;
  });
}
