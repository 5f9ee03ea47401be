// Replays a trace over a pool for several threads, made afresh in the caller's heap, with the calls of all
// threads one after another: what comes out is certain then, and can be compared with TypeScript's, offset by
// offset. The rows are those of allocators/replay.h with the thread as the fourth word, in place of an
// alignment:
//
//   alloc id bytes thread | free id - thread | free-at offset - thread | checkpoint
//
// TypeScript twin: src/allocators/replay.ts.
#include <vector>

#include "allocators/cached-pool.h"
#include "allocators/heap-hash.h"
#include "allocators/lock-free-pool.h"
#include "allocators/mutex-pool.h"
#include "allocators/replay.h"
#include "kernel.h"

namespace linefill {
namespace {

using Words = std::span<const uint32_t>;

constexpr size_t kThreadAt = 3;

template <class P>
std::string check_replay(std::span<uint32_t> heap, uint32_t block_bytes, uint32_t capacity, uint32_t threads,
                         Words trace, std::span<uint32_t> offsets, std::span<int32_t> answers) {
  if (threads < 1 || threads > kMostCaches) {
    return "\"threads\" must be from 1 to " + std::to_string(kMostCaches) + ", not " +
           std::to_string(threads);
  }
  const uint32_t caches = P::kKind == SharedPoolKind::kCached ? threads : 0;
  std::string wrong = check_shared_shape(P::kKind, block_bytes, capacity, caches, heap);
  if (wrong.empty()) wrong = check_trace(trace, offsets.size(), answers.size());
  for (size_t row = 0; wrong.empty() && row < answers.size(); ++row) {
    const uint32_t thread = trace[row * kRowWords + kThreadAt];
    if (thread >= threads) {
      return "\"trace\" row " + std::to_string(row) + " must name a thread below " + std::to_string(threads) +
             ", not " + std::to_string(thread);
    }
  }
  return wrong;
}

template <class P>
struct Replay {
  std::span<uint32_t> heap;
  std::span<uint32_t> offsets;
  uint32_t block_bytes;
  uint32_t block_words;
  std::vector<P> pools;

  int32_t allocate(uint32_t id, uint32_t bytes, P& pool) {
    // 1. Refuse what no block fits, 2. allocate, 3. write the block's ends.
    if (bytes > block_bytes) return refusal(AllocError::kTooLarge);
    const int32_t answer = pool.alloc();
    if (answer > 0) {
      offsets[id] = static_cast<uint32_t>(answer);
      heap[answer] = id;
      heap[answer + block_words - 1] = ~id;
    }
    return answer;
  }

  int32_t play(const uint32_t* row) {
    P& pool = pools[row[kThreadAt]];
    switch (static_cast<TraceOp>(row[0])) {
      case TraceOp::kAlloc:
        return allocate(row[1], row[2], pool);
      case TraceOp::kFree:
        return refusal(pool.free(offsets[row[1]]));
      case TraceOp::kFreeAt:
        return refusal(pool.free(row[1]));
      case TraceOp::kCheckpoint:
        break;
    }
    for (P& each : pools) each.write_back();
    return static_cast<int32_t>(heap_hash(heap));
  }
};

// 1. Make the pool and open it for each thread, 2. replay the rows, 3. hash the heap.
template <class P>
uint64_t replay_shared(std::span<uint32_t> heap, uint32_t block_bytes, uint32_t capacity, uint32_t threads,
                       Words trace, std::span<uint32_t> offsets, std::span<int32_t> answers) {
  const uint32_t caches = P::kKind == SharedPoolKind::kCached ? threads : 0;
  const SharedPoolShape shape = make_shared_pool(P::kKind, block_bytes, capacity, caches, heap.data());
  Replay<P> replay{heap, offsets, block_bytes, shape.block_words, {}};
  for (uint32_t thread = 0; thread < threads; ++thread) {
    replay.pools.emplace_back(heap.data(), shape, thread);
  }
  for (size_t row = 0; row < answers.size(); ++row) answers[row] = replay.play(&trace[row * kRowWords]);
  for (P& pool : replay.pools) pool.write_back();
  return heap_hash(heap);
}

#define LINEFILL_REPLAY_NAMES "heap", "blockBytes", "capacity", "threads", "trace", "offsets", "answers"
LINEFILL_KERNEL(replay_shared<MutexPool>, "mutex-pool-replay", "replays a trace over a pool under a lock",
                check_replay<MutexPool>, LINEFILL_REPLAY_NAMES);
LINEFILL_KERNEL(replay_shared<LockFreePool>, "lock-free-pool-replay",
                "replays a trace over a pool without a lock", check_replay<LockFreePool>,
                LINEFILL_REPLAY_NAMES);
LINEFILL_KERNEL(replay_shared<CachedPool>, "cached-pool-replay",
                "replays a trace of several threads over a pool with a cache a thread",
                check_replay<CachedPool>, LINEFILL_REPLAY_NAMES);

}  // namespace
}  // namespace linefill
