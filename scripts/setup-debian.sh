#!/usr/bin/env bash
# Installs from Debian or Ubuntu what building, testing and comparing with other allocators use. Asks apt only for
# what is missing, and only as root; whatever can't be had is named, with what will be skipped without it.
set -euo pipefail
cd "$(dirname "$0")/.."

# package | what shows that it is there | what needs it
wanted='
g++|command -v c++|building the addon
make|command -v make|building the addon
python3|command -v python3|building the addon (node-gyp runs on it)
cmake|command -v cmake|native tests, sanitizers, arm64
clang-format-14|command -v clang-format-14|the format check of C++
libgc-dev|test -e /usr/include/gc.h|the bench of our collectors beside the Boehm collector
libboost-dev|test -e /usr/include/boost/pool/pool.hpp|the Boost.Pool variant of pool-allocation
libmimalloc2.0|ldconfig -p | grep -q libmimalloc|mimalloc among the allocators that ours are compared with
libjemalloc2|ldconfig -p | grep -q libjemalloc|jemalloc among them
libtcmalloc-minimal4|ldconfig -p | grep -q libtcmalloc_minimal|tcmalloc among them
g++-aarch64-linux-gnu|command -v aarch64-linux-gnu-g++|the arm64 build
qemu-user|command -v qemu-aarch64|the arm64 tests
valgrind|command -v valgrind|the comparison of the cache model with cachegrind
'

missing() {
  while IFS= read -r line; do
    [ -n "$line" ] || continue
    local package=${line%%|*} rest=${line#*|}
    sh -c "${rest%|*}" >/dev/null 2>&1 || printf '%s|%s\n' "$package" "${rest##*|}"
  done <<<"$wanted"
}

if [ "$(id -u)" = 0 ] || [ -x "${CHROMIUM:-/usr/bin/chromium}" ]; then
  scripts/setup-chromium.sh || echo 'setup: without Chromium: no browser tests'
else
  echo 'setup: without Chromium: no browser tests (scripts/setup-chromium.sh installs it)'
fi

lacking=$(missing)
if [ -n "$lacking" ] && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq || true
  while IFS='|' read -r package _; do
    # One at a time: a package that this release does not have must not keep the others away.
    apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 || true
  done <<<"$lacking"
  lacking=$(missing)
fi

if [ -z "$lacking" ]; then
  echo 'setup: all there'
  exit 0
fi
while IFS='|' read -r package use; do
  echo "setup: without $package: no ${use}"
done <<<"$lacking"
[ "$(id -u)" = 0 ] || echo 'setup: run as root to install them: sudo scripts/setup-debian.sh'
