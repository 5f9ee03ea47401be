/** The claim that a structure of arrays beats an array of structures, judged; and how a machine's vectors are named. */
import { formatCount } from '../../base/units.ts';
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { describeRatio, judgeTimes, withoutEffect } from '../../experiment/judging.ts';
import type { Machine } from '../../machine/types.ts';

/** The source's number of particles. */
export const claimedParticles = 1_000_000;

/** In the kernels' order of preference (native/kernels/layout-vector.cc). */
const vectorUnits = [
  ['avx512f', 'AVX-512'],
  ['avx2', 'AVX2'],
  ['sse2', 'SSE2'],
  ['neon', 'NEON'],
] as const;

/** The vector unit that the vector kernels use on a machine; null where they have none, or nothing says. */
export function vectorUnitOf(machine: Machine): string | null {
  // MSVC has no vector extensions: there the vector kernels run the scalar code.
  if (machine.compiler.value?.startsWith('msvc') === true) return null;
  const has = machine.isa.value ?? [];
  return vectorUnits.find(([name]) => has.includes(name))?.[1] ?? null;
}

function claimedGroup(findings: Findings): Group | undefined {
  return findings.groups.find(
    ({ point }) =>
      point['particles'] === claimedParticles &&
      point['element'] === 'float64' &&
      point['fields'] === 'position',
  );
}

/** `1.42x [1.40, 1.45]` for an AoS variant over its SoA counterpart, or why there is none. */
function sideNote(findings: Findings, group: Group, how: string): string {
  const ratio = findings.ratio(group, { variant: `aos-${how}` }, { variant: `soa-${how}` });
  return 'missing' in ratio ? `not known (${ratio.missing})` : describeRatio(ratio);
}

function judge(findings: Findings): Judgement {
  const group = claimedGroup(findings);
  if (group === undefined) {
    const particles = `${formatCount(claimedParticles)} float64 particles`;
    const why = findings.leftOut.find((text) =>
      text.startsWith(`particles=${claimedParticles} element=float64 fields=position:`),
    );
    return why === undefined
      ? withoutEffect('inconclusive', `Updating the positions of ${particles} was not part of this run.`)
      : withoutEffect('not-applicable', `Updating the positions of ${particles} was left out: ${why}.`);
  }
  const ratio = findings.ratio(group, { variant: 'aos-scalar' }, { variant: 'soa-scalar' });
  const what =
    'Updating x and y of one million particles, AoS against SoA, both native and a number at a time,';
  const judged = judgeTimes(ratio, 3, what);
  const unit = vectorUnitOf(findings.machine);
  const vectors =
    unit === null
      ? 'There is no vector unit to compare with'
      : `With vectors (${unit}) AoS takes ${sideNote(findings, group, 'vector')} as long`;
  const typescript = `in TypeScript ${sideNote(findings, group, 'typescript')}`;
  return { ...judged, sentence: `${judged.sentence} ${vectors}; ${typescript}.` };
}

export const aosOverSoa: Claim = {
  id: 'aos-over-soa',
  statement:
    'Moving one million particles takes several times as long stored one by one (AoS) as by columns (SoA).',
  source: '3x (150 ms -> 50 ms)',
  judge,
};
