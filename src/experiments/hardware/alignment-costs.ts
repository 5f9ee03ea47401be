/** What an access across a boundary costs beyond an aligned one, and the claim that it costs anything. */
import { formatRatio } from '../../base/units.ts';
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { ArmReference } from '../../experiment/experiment.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import type { Inferred } from '../../experiment/inference.ts';
import { describeRatio, judgeSlower, withoutEffect } from '../../experiment/judging.ts';
import { combine, coreTimes, figure } from './per-process.ts';

/** The width that is judged: a pointer's, a double's. */
export const judgedBytes = 8;
/** Every width from 4 bytes on straddles two lines there. */
export const acrossBytes = 62;

type Boundary = 'line' | 'page';

const ends: Readonly<Record<Boundary, string>> = { line: 'a line', page: 'a page' };

const at = (variant: string, offsetBytes: number): ArmReference => ({ variant, at: { offsetBytes } });

function groupOf({ groups }: Findings, boundary: Boundary): Group | undefined {
  return groups.find(({ point }) => point['widthBytes'] === judgedBytes && point['boundary'] === boundary);
}

/** `9.81x [9.77, 9.83] as long`, or why that is not known. */
function pageNote(findings: Findings): string {
  const group = groupOf(findings, 'page');
  if (group === undefined) return 'not measured';
  const ratio = findings.ratio(group, at('load', acrossBytes), at('load', 0));
  if ('missing' in ratio) return `not known (${ratio.missing})`;
  return ratio.low === null
    ? `${formatRatio(ratio.ratio)} as long, without an interval`
    : `${describeRatio(ratio)} as long`;
}

export const alignmentMatters: Claim = {
  id: 'alignment-matters',
  statement: 'Accesses that straddle a cache line or a page cost more than aligned ones.',
  source: 'slower',
  judge(findings): Judgement {
    const group = groupOf(findings, 'line');
    if (group === undefined) {
      return withoutEffect(
        'inconclusive',
        'Loads of 8 bytes at the ends of lines were not part of this run.',
      );
    }
    const ratio = findings.ratio(group, at('load', acrossBytes), at('load', 0));
    const judged = judgeSlower(ratio, `Loading ${judgedBytes} bytes across the end of a line`);
    return { ...judged, sentence: `${judged.sentence} Across the end of a page: ${pageNote(findings)}.` };
  },
};

const accesses: readonly (readonly [variant: string, name: string])[] = [
  ['load', 'Load'],
  ['chase', 'Dependent load'],
  ['store', 'Store'],
  ['atomic', 'Atomic addition'],
];

const splitNote =
  'each is a split lock, for which every core of the machine waited; where a kernel slows down who takes them, that is in the time';

/** Nanoseconds that each kind of access of 8 bytes takes longer across a line and across a page. */
export function inferCosts(findings: Findings): Inferred[] {
  return (['line', 'page'] as const).flatMap((boundary) => {
    const group = groupOf(findings, boundary);
    if (group === undefined) return [];
    return accesses.flatMap(([variant, name]) =>
      figure(
        {
          id: `${variant}-across-${boundary}`,
          title: `${name} across ${ends[boundary]}, extra`,
          unit: 'ns',
          note: variant === 'atomic' ? splitNote : null,
        },
        combine(
          coreTimes(findings, group, at(variant, acrossBytes)),
          coreTimes(findings, group, at(variant, 0)),
          (across, aligned) => across - aligned,
        ),
      ),
    );
  });
}
