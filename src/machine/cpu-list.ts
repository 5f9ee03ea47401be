/**
 * The kernel's notation for a set of CPUs: '0-3,8' is 0 1 2 3 8. It is what sysfs prints, what taskset -c takes
 * and what our tables show. Source: Linux Documentation/core-api/printk-formats.rst ("%*pbl") and
 * Documentation/admin-guide/cputopology.rst.
 */
import { ContractError } from '../base/errors.ts';

/** More than any machine has; a longer list is a mistake, not a machine. */
const cpuLimit = 65_536;

/**
 * The CPUs of a list, ascending, each once. Blanks around the whole are allowed; '' is the empty set.
 * @throws ContractError that names the part it can't read
 */
export function parseCpuList(text: string): number[] {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  const cpus = new Set<number>();
  for (const part of trimmed.split(',')) {
    const match = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(part);
    if (match === null) throw unreadable(text, part, "must be a number or a range such as '0-3'");
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[2]);
    if (last < first) throw unreadable(text, part, 'runs backwards');
    if (last >= cpuLimit) throw unreadable(text, part, `names a CPU beyond ${cpuLimit - 1}`);
    for (let cpu = first; cpu <= last; cpu++) cpus.add(cpu);
  }
  return [...cpus].toSorted((a, b) => a - b);
}

function unreadable(text: string, part: string, fault: string): ContractError {
  return new ContractError(`CPU list '${text}': '${part}' ${fault}`);
}

/** The shortest list that parses to these CPUs. Order and repetition don't matter; none gives ''. */
export function formatCpuList(cpus: readonly number[]): string {
  const sorted = [...new Set(cpus)].toSorted((a, b) => a - b);
  const parts: string[] = [];
  for (let i = 0; i < sorted.length; ) {
    let end = i;
    while (sorted[end + 1] === sorted[end]! + 1) end++;
    parts.push(end === i ? `${sorted[i]}` : `${sorted[i]}-${sorted[end]}`);
    i = end + 1;
  }
  return parts.join(',');
}

/** As parseCpuList, for text that the system wrote: null where it is absent, empty or not a list. */
export function readCpuList(text: string | null): number[] | null {
  if (text === null) return null;
  try {
    const cpus = parseCpuList(text);
    return cpus.length === 0 ? null : cpus;
  } catch (error) {
    if (error instanceof ContractError) return null;
    throw error;
  }
}
