// Batches of alloc, tag, read, free over our own pools, which live in the caller's heap and keep their state
// there from call to call. Reference: src/experiments/allocation/pool-kernels.ts.
#include <algorithm>

#include "allocators/checked-pool.h"
#include "allocators/latency.h"
#include "allocators/scan-pool.h"
#include "allocators/work.h"
#include "kernel.h"

namespace linefill {
namespace {

// What a scanning pool may look at in one call, in flags.
constexpr uint64_t kMostScanned = uint64_t{1} << 32;

std::string check_alignment(std::span<const uint32_t> heap) {
  const size_t beyond = reinterpret_cast<uintptr_t>(heap.data()) % kLineBytes;
  if (beyond == 0) return "";
  return "\"heap\" must start at a multiple of " + std::to_string(kLineBytes) + " bytes, not " +
         std::to_string(beyond) + " beyond one";
}

template <class P>
std::string check_heap(std::span<const uint32_t> heap) {
  std::string wrong = check_header(heap, P::kKind);
  if (wrong.empty()) wrong = check_alignment(heap);
  if constexpr (P::kKind == PoolKind::kPool) {
    if (wrong.empty()) wrong = check_free_list(heap);
  }
  return wrong;
}

// How long a scan takes depends on the flags that are up already: a call must end.
std::string check_scan(std::span<const uint32_t> heap, size_t blocks, uint32_t pattern, uint32_t rounds) {
  const auto* flags = reinterpret_cast<const uint8_t*>(heap.data() + kLineWords);
  const auto up = static_cast<uint64_t>(
      std::count_if(flags, flags + heap[kCapacityWord], [](uint8_t flag) { return flag != 0; }));
  const uint64_t own = pattern == static_cast<uint32_t>(Order::kPair) ? 1 : blocks;
  const uint64_t scanned = rounds * blocks * (up + own);
  if (scanned <= kMostScanned) return "";
  return "\"rounds\" must be lower: the call would look at up to " + std::to_string(scanned) +
         " flags, more than " + std::to_string(kMostScanned);
}

template <class P>
std::string check_pool_work(std::span<uint32_t> heap, std::span<uint32_t> slots,
                            std::span<const uint32_t> order, uint32_t pattern, uint32_t rounds) {
  std::string wrong = check_work(slots.size(), order, pattern, rounds);
  if (wrong.empty()) wrong = check_heap<P>(heap);
  if constexpr (P::kKind == PoolKind::kScan) {
    if (wrong.empty()) wrong = check_scan(heap, slots.size(), pattern, rounds);
  }
  return wrong;
}

// 1. Open the pool, 2. do the batches, 3. close it.
template <class P>
Outcome pool_work(std::span<uint32_t> heap, std::span<uint32_t> slots, std::span<const uint32_t> order,
                  uint32_t pattern, uint32_t rounds) {
  PoolWork<P> pool{P(heap.data())};
  const Outcome outcome = work(pool, slots, order, pattern, rounds);
  pool.pool.write_back();
  return outcome;
}

std::string check_pool_latency(std::span<uint32_t> heap, std::span<uint32_t> slots,
                               std::span<const uint32_t> order, Observed<uint32_t> times_ns) {
  std::string wrong = check_latency(slots.size(), order, times_ns.size());
  return wrong.empty() ? check_heap<Pool>(heap) : wrong;
}

// 1. Open the pool, 2. time each call on it, 3. close it.
Outcome pool_latency(std::span<uint32_t> heap, std::span<uint32_t> slots, std::span<const uint32_t> order,
                     Observed<uint32_t> times_ns) {
  PoolWork<Pool> pool{Pool(heap.data())};
  const Outcome outcome = latency(pool, slots, order, times_ns.span);
  pool.pool.write_back();
  return outcome;
}

LINEFILL_KERNEL(pool_work<Pool>, "pool-work", "allocates and frees batches of blocks of a pool",
                check_pool_work<Pool>, "heap", "slots", "order", "pattern", "rounds");
LINEFILL_KERNEL(pool_work<CheckedPool>, "pool-checked-work", "the same over a pool that checks every call",
                check_pool_work<CheckedPool>, "heap", "slots", "order", "pattern", "rounds");
LINEFILL_KERNEL(pool_work<ScanPool>, "pool-scan-work", "the same over a pool that scans its flags",
                check_pool_work<ScanPool>, "heap", "slots", "order", "pattern", "rounds");
LINEFILL_KERNEL(pool_latency, "pool-latency", "times each allocation and each free of a batch over a pool",
                check_pool_latency, "heap", "slots", "order", "timesNs");

}  // namespace
}  // namespace linefill
