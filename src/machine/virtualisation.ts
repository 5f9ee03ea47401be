/**
 * Whether this is a machine or a guest, and whether a container. A guest's caches, topology and clock are its
 * host's choice, so every report says so. There is no one place that tells: the CPU has a bit, the firmware has a
 * vendor, containers leave traces. The first that speaks is believed, and named.
 * Source: systemd's systemd-detect-virt (src/basic/virt.c) for the places; the CPU's bit is CPUID 1 ECX 31.
 */
import { cpuinfoPath, type CpuinfoBlock } from './cpuinfo.ts';
import { missing, reported, type Fact } from './fact.ts';
import type { System } from './system.ts';

const dmiRoot = '/sys/class/dmi/id';

/** What firmware tables of guests say about themselves; bare machines name their maker instead. */
const guests: readonly (readonly [RegExp, string])[] = [
  [/Amazon EC2/, 'Amazon EC2'],
  [/Google Compute Engine/, 'Google Compute Engine'],
  [/Microsoft Corporation Virtual Machine/, 'Hyper-V'],
  [/VMware/, 'VMware'],
  [/VirtualBox|innotek/, 'VirtualBox'],
  [/Parallels/, 'Parallels'],
  [/Apple Virtualization/, 'Apple Virtualization'],
  [/Firecracker/, 'Firecracker'],
  [/Xen/, 'Xen'],
  [/OpenStack/, 'OpenStack'],
  [/DigitalOcean|Hetzner vServer/, 'KVM'],
  [/QEMU|KVM|Standard PC|Bochs/, 'QEMU/KVM'],
];

interface Hint {
  readonly name: string;
  readonly from: string;
}

/** 'none', 'virtual machine (KVM)', 'container (docker)' or 'virtual machine (KVM), container (docker)'. */
export function virtualisationFact(system: System, blocks: readonly CpuinfoBlock[] | null): Fact<string> {
  const guest = guestHint(system, blocks);
  const container = containerHint(system);
  const parts = [
    ...(guest === null ? [] : [`virtual machine${guest.name === '' ? '' : ` (${guest.name})`}`]),
    ...(container === null ? [] : [`container (${container.name})`]),
  ];
  const from = [guest, container].flatMap((hint) => (hint === null ? [] : [hint.from]));
  if (parts.length > 0) return reported(parts.join(', '), from.join('; '));
  // Only x86 has a bit whose absence means something; elsewhere the firmware has to name a maker.
  if (blocks?.some((block) => block.has('flags')))
    return reported('none', `${cpuinfoPath}: no hypervisor flag`);
  if (firmware(system) !== null) return reported('none', `${dmiRoot}/sys_vendor names no hypervisor`);
  return missing('neither the CPU nor the firmware says');
}

function firmware(system: System): string | null {
  const names = ['sys_vendor', 'product_name'].map(
    (name) => system.readText(`${dmiRoot}/${name}`)?.trim() ?? '',
  );
  const text = names.join(' ').trim();
  return text === '' ? null : text;
}

function guestHint(system: System, blocks: readonly CpuinfoBlock[] | null): Hint | null {
  const text = firmware(system);
  const known = text === null ? undefined : guests.find(([pattern]) => pattern.test(text));
  const flagged =
    blocks?.some((block) => (block.get('flags') ?? '').split(/\s+/).includes('hypervisor')) ?? false;
  // Amazon's bare instances carry the same vendor as its guests: there the CPU's bit decides.
  const bare = blocks?.some((block) => block.has('flags')) === true && !flagged;
  if (known !== undefined && !bare && !/\.metal/.test(text!)) {
    return { name: known[1], from: `${dmiRoot}/{sys_vendor,product_name}` };
  }
  const type = system.readText('/sys/hypervisor/type')?.trim() ?? '';
  if (type !== '') return { name: type === 'xen' ? 'Xen' : type, from: '/sys/hypervisor/type' };
  if (system.list('/proc/xen').length > 0) return { name: 'Xen', from: '/proc/xen' };
  const tree = '/proc/device-tree/hypervisor/compatible';
  const compatible = system.readText(tree)?.replaceAll('\0', '').trim() ?? '';
  if (compatible !== '') return { name: compatible === 'linux,kvm' ? 'KVM' : compatible, from: tree };
  return flagged ? { name: '', from: `${cpuinfoPath}: hypervisor flag` } : null;
}

const groupTraces: readonly (readonly [RegExp, string])[] = [
  [/\/kubepods/, 'kubernetes'],
  [/\/docker[/-]/, 'docker'],
  [/\/libpod/, 'podman'],
  [/\/lxc/, 'lxc'],
  [/\/machine\.slice\/.*nspawn/, 'systemd-nspawn'],
];

function containerHint(system: System): Hint | null {
  if (system.env['KUBERNETES_SERVICE_HOST'] !== undefined) {
    return { name: 'kubernetes', from: 'environment KUBERNETES_SERVICE_HOST' };
  }
  const named = system.readText('/run/systemd/container')?.trim() ?? system.env['container'] ?? '';
  if (named !== '') return { name: named, from: '/run/systemd/container or environment container' };
  if (system.readText('/run/.containerenv') !== null) return { name: 'podman', from: '/run/.containerenv' };
  if (system.readText('/.dockerenv') !== null) return { name: 'docker', from: '/.dockerenv' };
  const groups = system.readText('/proc/self/cgroup') ?? '';
  const trace = groupTraces.find(([pattern]) => pattern.test(groups));
  return trace === undefined ? null : { name: trace[1], from: '/proc/self/cgroup' };
}
