// A pool of fixed-size blocks for several threads, one lock about all of it: what is written first, and what
// the claim mutex-pool-cost is about. BlockList is the same without the lock, for one thread. Cost: O(1); the
// lock's line and the list's travel to whoever calls. TypeScript twin: src/allocators/mutex-pool.ts.
#pragma once

#include "allocators/shared-pool.h"
#include "allocators/word-lock.h"

namespace linefill {

// The list of a heap for one thread at a time; its head stays in the heap.
class BlockList {
 public:
  static constexpr SharedPoolKind kKind = SharedPoolKind::kMutex;

  // Opens a heap that read_shared_pool found sound.
  BlockList(uint32_t* heap, const SharedPoolShape& shape, uint32_t /*thread*/ = 0) : blocks_(heap, shape) {}

  const SharedBlocks& blocks() const { return blocks_; }

  // A block's offset, -kExhausted, or -kCorrupt.
  int32_t alloc() {
    // 1. The head is the block, 2. its link the next head, 3. and it is in use.
    const uint32_t block = head().load(std::memory_order_relaxed);
    if (block == 0) return refusal(AllocError::kExhausted);
    if (!blocks_.is_block(block)) return refusal(AllocError::kCorrupt);
    const auto link = blocks_.link(block);
    head().store(link.load(std::memory_order_relaxed), std::memory_order_relaxed);
    link.store(kInUse, std::memory_order_relaxed);
    return blocks_.offset_of(block);
  }

  // kNone, or what is wrong with the pointer; refused calls change nothing.
  AllocError free(uint32_t offset) {
    const int32_t block = blocks_.block_at(offset);
    if (block < 0) return error_in(block);
    const auto link = blocks_.link(static_cast<uint32_t>(block));
    if (link.load(std::memory_order_relaxed) < kInUse) return AllocError::kDoubleFree;
    link.store(head().load(std::memory_order_relaxed), std::memory_order_relaxed);
    head().store(static_cast<uint32_t>(block), std::memory_order_relaxed);
    return AllocError::kNone;
  }

  void write_back() {}

 private:
  std::atomic_ref<uint32_t> head() const { return blocks_.word(kListWord); }

  SharedBlocks blocks_;
};

class MutexPool {
 public:
  static constexpr SharedPoolKind kKind = SharedPoolKind::kMutex;

  MutexPool(uint32_t* heap, const SharedPoolShape& shape, uint32_t /*thread*/ = 0,
            uint64_t patience_ns = PoolWait::kUsualNs)
      : list_(heap, shape), lock_(heap + kLockWord, patience_ns) {}

  const SharedBlocks& blocks() const { return list_.blocks(); }

  // As BlockList's, or -kStuck.
  int32_t alloc() {
    if (!lock_.take()) return refusal(AllocError::kStuck);
    const int32_t answer = list_.alloc();
    lock_.give();
    return answer;
  }

  AllocError free(uint32_t offset) {
    if (!lock_.take()) return AllocError::kStuck;
    const AllocError wrong = list_.free(offset);
    lock_.give();
    return wrong;
  }

  void write_back() {}

 private:
  BlockList list_;
  WordLock lock_;
};

}  // namespace linefill
