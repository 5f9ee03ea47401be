#!/usr/bin/env bash
# Runs the numa experiment where there are two NUMA nodes: in a guest that qemu emulates in software, with a CPU and
# memory on each node. Its pages must lie where they were asked to, on both nodes, dealt out over them, and by first
# touch; every answer is compared with its TypeScript reference. Emulated times mean nothing; places do.
# Needs, from Debian: qemu-system-x86 busybox-static cpio; no root, no KVM, about a minute. The kernel is Debian's
# (downloaded by apt-get and unpacked, never installed), or LINEFILL_GUEST_KERNEL=<a bzImage with CONFIG_NUMA>.
# Not part of CI. Build first: npm run build. Ends with 0 where all of it held, 3 where something to run it is missing.
# Arguments are a linefill command to run in the guest as well: scripts/numa-guest.sh run numa --no-out --no-html
set -euo pipefail
cd "$(dirname "$0")/.."

skip() {
  echo "numa-guest: skipped: $1" >&2
  exit 3
}

for tool in qemu-system-x86_64 busybox cpio gzip; do
  command -v "$tool" >/dev/null || skip "$tool is missing: apt-get install qemu-system-x86 busybox-static cpio"
done
[ "$(node -p process.arch)" = x64 ] || skip 'the guest runs the Node.js of this machine, which must be x64'
for built in dist/cli/main.js build/Release/linefill.node; do
  [ -e "$built" ] || skip "$built is missing: npm run build"
done
if ldd "$(command -v busybox)" >/dev/null 2>&1; then skip 'busybox is not linked statically: apt-get install busybox-static'; fi

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

kernel=${LINEFILL_GUEST_KERNEL:-}
if [ -z "$kernel" ]; then
  command -v dpkg-deb >/dev/null || skip 'no dpkg-deb to unpack a kernel with: set LINEFILL_GUEST_KERNEL=<bzImage>'
  package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: //p' | head -n 1)
  [ -n "$package" ] || skip 'apt knows no linux-image-cloud-amd64: set LINEFILL_GUEST_KERNEL=<bzImage>'
  (cd "$out" && apt-get download -qq "$package" >/dev/null 2>&1) || skip "$package can't be downloaded"
  dpkg-deb --extract "$out"/linux-image-*.deb "$out/kernel"
  kernel=$(echo "$out"/kernel/boot/vmlinuz-*)
fi
[ -e "$kernel" ] || skip "there is no kernel at $kernel"

# What the guest sees: busybox, Node.js with its libraries, and what the command line needs of this checkout.
guest="$out/guest"
mkdir -p "$guest"/{bin,dev,proc,sys,tmp,linefill/build/Release,linefill/node_modules}
cp "$(command -v busybox)" "$guest/bin/busybox"
cp --dereference "$(node -p process.execPath)" "$guest/bin/node"
{ ldd "$guest/bin/node"; ldd build/Release/linefill.node; } | grep -o '/[^ )]*' | sort -u | while read -r library; do
  cp --dereference --parents "$library" "$guest"
done
cp -r dist package.json "$guest/linefill/"
cp build/Release/linefill.node "$guest/linefill/build/Release/"
for dependency in commander valibot; do cp -r --dereference "node_modules/$dependency" "$guest/linefill/node_modules/"; done

cat >"$guest/linefill/check.mjs" <<'CHECK'
import { deepEqual } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { environment } from './dist/native/binding.js';

const { Region, currentNode, pagesByNode, pin, placeOnNodes, unpin } = environment();
const pages = 64;
/** Where the pages lie of memory that a CPU touches, after it was placed on these nodes; none: left to the touch. */
function placed(cpu, nodes) {
  pin(cpu);
  const view = new Uint8Array(new Region(pages * 4096, { pages: 'small' }).buffer);
  if (nodes.length > 0) placeOnNodes(view, nodes);
  view.fill(1);
  return pagesByNode(view);
}

deepEqual([pin(0), currentNode(), pin(1), currentNode()], [undefined, 0, undefined, 1], 'a node for each CPU');
for (const cpu of [0, 1]) {
  deepEqual(placed(cpu, [0]), [pages], `CPU ${cpu} touches memory bound to node 0`);
  deepEqual(placed(cpu, [1]), [0, pages], `CPU ${cpu} touches memory bound to node 1`);
  deepEqual(placed(cpu, [0, 1]), [pages / 2, pages / 2], `CPU ${cpu} touches memory that is dealt out`);
  deepEqual(placed(cpu, []), cpu === 0 ? [pages] : [0, pages], `CPU ${cpu} touches memory first`);
}
const touched = new Uint8Array(new Region(pages * 4096, { pages: 'small' }).buffer).fill(1);
placeOnNodes(touched, [0]);
deepEqual(pagesByNode(touched), [pages], 'touched pages move');
console.log('numa-guest: pages lie where they were asked to');
// A child starts on the CPUs of its parent.
unpin();

const args = ['/linefill/dist/cli/main.js', 'run', 'numa', '--profile', 'smoke', '--no-out', '--no-html', '--json'];
const run = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 28 }));
deepEqual(run.machine.numaNodes.value, 2, 'the machine has two nodes');
deepEqual(run.machine.cpus.value.map(({ id, node }) => [id, node]), [[0, 0], [1, 1]], 'a CPU on each');
deepEqual(run.warnings.filter((warning) => warning.startsWith('numa')), [], 'nothing failed');
const arms = run.measurements.filter(({ twin }) => !twin).map(({ group, arm }) => `${group.split(' ')[0]} ${arm}`);
const memories = ['node0', 'node1', 'interleaved', 'first-touch'];
const wanted = [0, 1].flatMap((cpu) =>
  ['latency', 'bandwidth'].flatMap((variant) => memories.map((at) => `cpu=${cpu} ${variant} memory=${at}`)),
);
deepEqual(arms, wanted, 'all arms were measured');
const where = run.measurements.flatMap(({ point, processes }) =>
  processes.flatMap(({ noise }) => noise.cpu.map((cpu) => cpu === point.cpu)),
);
deepEqual(where.includes(false), false, 'each arm ran on its CPU');
deepEqual(run.verdicts.map(({ claim, status }) => [claim, status]), [['numa-local', 'inconclusive']], 'judged');
console.log(`numa-guest: ${arms.length} arms were measured on both nodes`);
CHECK

echo "$*" >"$guest/linefill/command"
cat >"$guest/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox mount -t proc none /proc
/bin/busybox mount -t sysfs none /sys
/bin/busybox mount -t devtmpfs none /dev
export PATH=/bin HOME=/tmp
cd /linefill
node check.mjs && echo numa-guest: passed
[ -z "$(/bin/busybox cat command)" ] || node dist/cli/main.js $(/bin/busybox cat command)
/bin/busybox poweroff -f
INIT
chmod +x "$guest/init"
(cd "$guest" && find . -print0 | cpio --null --create --format=newc --owner=0:0 --quiet | gzip -1 >"$out/initrd")

timeout 600 qemu-system-x86_64 -accel tcg,thread=multi -cpu max -m 2G -smp 2 \
  -object memory-backend-ram,id=m0,size=1G -numa node,nodeid=0,cpus=0,memdev=m0 \
  -object memory-backend-ram,id=m1,size=1G -numa node,nodeid=1,cpus=1,memdev=m1 \
  -kernel "$kernel" -initrd "$out/initrd" -append 'console=ttyS0 quiet panic=-1 rdinit=/init' \
  -display none -serial stdio -monitor none -nic none -no-reboot </dev/null | tr -d '\r' | tee "$out/console"
grep -q '^numa-guest: passed$' "$out/console" || {
  echo 'numa-guest: FAILED' >&2
  exit 1
}
