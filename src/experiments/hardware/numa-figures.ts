/** What a machine's nodes are to each other: latency and bandwidth of near and far memory, and their ratio. */
import type { Findings, Group, Ratio } from '../../experiment/findings.ts';
import { type Inferred, overProcesses, processValues } from '../../experiment/inference.ts';
import type { Measurement } from '../../experiment/run.ts';
import { numberAt } from '../../kernel/kernel.ts';

const lineBytes = 64;

/** A CPU's memory on its own node beside that of another. */
interface Remote {
  readonly cpu: number;
  readonly local: number;
  readonly far: number;
  /** Time of a load there over that of one here. */
  readonly ratio: Ratio;
}

/** The node of a group's CPU, as reported. */
function localNode({ machine }: Findings, group: Group): number | null {
  const cpu = numberAt(group.point, 'cpu');
  return machine.cpus.value?.find(({ id }) => id === cpu)?.node ?? null;
}

/** The nodes whose memory was measured in a group, ascending. */
function measuredNodes(findings: Findings, group: Group): number[] {
  const most = Math.max(0, findings.machine.numaNodes.value ?? 0, ...knownNodes(findings)) + 1;
  return Array.from({ length: most }, (_, node) => node).filter(
    (node) => findings.measurement(group, { variant: 'latency', at: { memory: `node${node}` } }) !== null,
  );
}

function knownNodes({ machine }: Findings): number[] {
  return (machine.cpus.value ?? []).flatMap(({ node }) => node ?? []);
}

/** Every CPU with every node that is not its own. */
function remotesOf(findings: Findings): Remote[] {
  return findings.groups.flatMap((group) => {
    const local = localNode(findings, group);
    const nodes = measuredNodes(findings, group);
    if (local === null || !nodes.includes(local)) return [];
    const at = (node: number) => ({ variant: 'latency', at: { memory: `node${node}` } });
    return nodes
      .filter((node) => node !== local)
      .map((far) => ({
        cpu: numberAt(group.point, 'cpu'),
        local,
        far,
        ratio: findings.ratio(group, at(far), at(local)),
      }));
  });
}

/** The pair of nodes that differ least: a claim that holds for it holds for all. Null where there is none. */
export function leastRemote(findings: Findings): Remote | null {
  const size = ({ ratio }: Remote): number => ('missing' in ratio ? Number.POSITIVE_INFINITY : ratio.ratio);
  return remotesOf(findings).toSorted((a, b) => size(a) - size(b))[0] ?? null;
}

type Side = 'near' | 'far';

/** Each process's mean over the CPUs and nodes of one side: what the machine's near, or far, memory is like. */
function overSide(findings: Findings, side: Side, variant: string, of: (ns: number) => number): number[] {
  const values = new Map<number, number[]>();
  for (const group of findings.groups) {
    const local = localNode(findings, group);
    for (const node of measuredNodes(findings, group)) {
      if ((node === local) !== (side === 'near')) continue;
      const row: Measurement | null = findings.measurement(group, { variant, at: { memory: `node${node}` } });
      for (const { process, value } of row === null ? [] : processValues(row)) {
        values.set(process, [...(values.get(process) ?? []), of(value)]);
      }
    }
  }
  return [...values.values()].map((each) => each.reduce((sum, value) => sum + value, 0) / each.length);
}

const figures = [
  { id: 'latency', title: 'latency', variant: 'latency', unit: 'ns', of: (ns: number) => ns },
  {
    id: 'bandwidth',
    title: 'bandwidth of one CPU',
    variant: 'bandwidth',
    unit: 'GB/s',
    of: (ns: number) => lineBytes / ns,
  },
] as const;

/** Near and far, latency and bandwidth; nothing on a machine of one node. */
export function inferNodes(findings: Findings): Inferred[] {
  return (['near', 'far'] as const).flatMap((side) =>
    figures.flatMap(({ id, title, variant, unit, of }): Inferred[] => {
      const values = overSide(findings, side, variant, of);
      if (values.length === 0) return [];
      const words = {
        id: `${side}-${id}`,
        title: `${side === 'near' ? 'Near' : 'Far'} memory: ${title}`,
        unit,
      };
      return [{ ...words, ...overProcesses(values), reported: null, reportedBy: null, note: null }];
    }),
  );
}
