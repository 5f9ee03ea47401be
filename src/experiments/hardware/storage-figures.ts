/** What the reads say of a device, and the claim about it. Each process gives a figure of its own. */
import { formatBytes } from '../../base/units.ts';
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { type Inferred, overProcesses } from '../../experiment/inference.ts';
import { judgeFigure, withoutEffect } from '../../experiment/judging.ts';
import { numberAt } from '../../kernel/kernel.ts';
import { figure, type PerProcess, perProcess } from './per-process.ts';
import { ownFile } from './storage-file.ts';

const claimedBlock = 4096;
const nsPerUs = 1000;
/** The source's figures, in us. */
const claimedUs = { flash: 15, disk: 3000 } as const;
/** An arm has to travel, and the platter to turn: no disk answers within a millisecond, and no flash takes as long. */
const diskFromUs = 1000;
const flashUpToUs = 300;

const blockOf = ({ point }: Group): number => numberAt(point, 'blockBytes');

/** Groups of the first file, by the size of a block. */
function groupsOf(findings: Findings): Group[] {
  const file = findings.groups[0]?.point['file'];
  return findings.groups
    .filter(({ point }) => point['file'] === file)
    .toSorted((a, b) => blockOf(a) - blockOf(b));
}

function deviceWords(us: number): string {
  if (us >= diskFromUs) return 'That looks like a hard disk';
  return us <= flashUpToUs
    ? 'That looks like flash, or a cache below it'
    : 'That is neither clearly flash nor a disk';
}

function caution(findings: Findings, group: Group): string {
  const isGuest = findings.machine.virtualisation.value?.includes('virtual machine') === true;
  const parts = [
    ...(group.point['file'] === ownFile ? ['the file was written a moment before'] : []),
    ...(isGuest ? ["a virtual machine's disk may be its host's memory"] : []),
  ];
  return parts.length === 0 ? '.' : `; but ${parts.join(', and ')}.`;
}

export const latencyStorage: Claim = {
  id: 'latency-storage',
  statement: 'A random read takes about 15 us from an SSD and about 3 ms from a hard disk.',
  source: '15 us / 3 ms',
  judge(findings): Judgement {
    const group = groupsOf(findings).find((each) => blockOf(each) === claimedBlock);
    const nsOf: PerProcess = group === undefined ? new Map() : perProcess(findings, group, 'direct-random');
    if (group === undefined || nsOf.size === 0) {
      const why = findings.leftOut.find((text) => text.startsWith('direct, random ('));
      return why === undefined
        ? withoutEffect('inconclusive', 'Direct random reads of 4 KiB were not part of this run.')
        : withoutEffect('not-applicable', `Nothing was read from a device: ${why}.`);
    }
    const read = overProcesses([...nsOf.values()].map((ns) => ns / nsPerUs));
    const us = read.value ?? 0;
    const [claimed, what] = us >= diskFromUs ? [claimedUs.disk, 'hard disk'] : [claimedUs.flash, 'SSD'];
    const judged = judgeFigure(
      read,
      { low: claimed, high: claimed, unit: 'us' },
      'A direct random read of 4 KiB',
    );
    if (judged.effect === null) return judged;
    const which = `${deviceWords(us)}, and is judged as ${what === 'SSD' ? 'an SSD' : 'a hard disk'}`;
    return { ...judged, sentence: `${judged.sentence} ${which}${caution(findings, group)}` };
  },
};

/** GB/s, which is bytes a ns. */
function rateOf(nsOf: PerProcess, bytes: number): PerProcess {
  return new Map([...nsOf].map(([process, ns]) => [process, bytes / ns]));
}

/** The latency of the smallest blocks, and the rate of the largest. */
export function inferStorage(findings: Findings): Inferred[] {
  const groups = groupsOf(findings);
  const [smallest, largest] = [groups[0], groups.at(-1)];
  if (smallest === undefined || largest === undefined) return [];
  const latency = (id: string, title: string, variant: string): Inferred[] =>
    figure(
      { id, title: `${title}, ${formatBytes(blockOf(smallest))}`, unit: 'ns' },
      perProcess(findings, smallest, variant),
    );
  const rate = (id: string, title: string, group: Group, variant: string): Inferred[] =>
    figure(
      { id, title: `${title}, ${formatBytes(blockOf(group))}`, unit: 'GB/s' },
      rateOf(perProcess(findings, group, variant), blockOf(group)),
    );
  return [
    ...latency('page-cache-read', 'cached read', 'cached-random'),
    ...latency('storage-read', 'direct random read', 'direct-random'),
    ...latency('storage-cold-read', 'cold random read', 'cold-random'),
    ...rate('page-cache-rate', 'cached in order', largest, 'cached-sequential'),
    ...rate('storage-rate', 'direct in order', largest, 'direct-sequential'),
    ...rate('read-ahead-rate', 'read ahead', smallest, 'cold-sequential'),
  ];
}
