// Replays a trace over a pool made afresh in the caller's heap: the twin of src/allocators/replay.ts, for
// comparing every offset, every error and the heap's image with TypeScript's.
#include "allocators/checked-pool.h"
#include "allocators/replay.h"
#include "allocators/scan-pool.h"
#include "kernel.h"

namespace linefill {
namespace {

template <class P>
std::string check_replay(std::span<uint32_t> heap, uint32_t block_bytes, uint32_t capacity,
                         std::span<const uint32_t> trace, std::span<uint32_t> offsets,
                         std::span<int32_t> answers) {
  std::string wrong = check_shape(P::kKind, block_bytes, capacity, heap.size());
  if (wrong.empty()) wrong = check_trace(trace, offsets.size(), answers.size());
  if constexpr (P::kKind == PoolKind::kPool) {
    if (wrong.empty()) wrong = check_trusting_trace(trace, offsets.size(), block_bytes, capacity);
  }
  return wrong;
}

// 1. Make the pool, 2. replay the rows, 3. hash the heap.
template <class P>
uint64_t replay_pool(std::span<uint32_t> heap, uint32_t block_bytes, uint32_t capacity,
                     std::span<const uint32_t> trace, std::span<uint32_t> offsets,
                     std::span<int32_t> answers) {
  P pool = P::create(block_bytes, capacity, heap.data());
  return replay(pool, heap, block_bytes, trace, offsets, answers);
}

LINEFILL_KERNEL(replay_pool<Pool>, "pool-replay", "replays a trace over a pool", check_replay<Pool>, "heap",
                "blockBytes", "capacity", "trace", "offsets", "answers");
LINEFILL_KERNEL(replay_pool<CheckedPool>, "pool-checked-replay", "replays a trace over a checked pool",
                check_replay<CheckedPool>, "heap", "blockBytes", "capacity", "trace", "offsets", "answers");
LINEFILL_KERNEL(replay_pool<ScanPool>, "pool-scan-replay", "replays a trace over a scanning pool",
                check_replay<ScanPool>, "heap", "blockBytes", "capacity", "trace", "offsets", "answers");

}  // namespace
}  // namespace linefill
