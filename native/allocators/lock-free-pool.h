// A pool of fixed-size blocks for several threads, without a lock: tagged-list.h is all of it. A block that
// is given back twice is found by its link, unless two threads give it back at the same moment. Cost: a
// compare-exchange a call; where threads meet, the head's line travels and some of them try again. TypeScript
// twin: src/allocators/lock-free-pool.ts.
#pragma once

#include "allocators/tagged-list.h"

namespace linefill {

template <class List>
class LockFreePoolOf {
 public:
  static constexpr SharedPoolKind kKind = SharedPoolKind::kLockFree;

  // Opens a heap that read_shared_pool found sound.
  LockFreePoolOf(uint32_t* heap, const SharedPoolShape& shape, uint32_t /*thread*/ = 0)
      : blocks_(heap, shape), list_(blocks_) {}

  const SharedBlocks& blocks() const { return blocks_; }

  // A block's offset, -kExhausted, or -kCorrupt.
  int32_t alloc() {
    for (;;) {
      // 1. Look at the head, 2. take it if it is still there.
      const Look seen = look();
      if (seen.block() == 0) return refusal(AllocError::kExhausted);
      if (!blocks_.is_block(seen.block())) return refusal(AllocError::kCorrupt);
      const int32_t taken = take(seen);
      if (taken > 0) return taken;
    }
  }

  // The two halves of alloc(), so that a test can let others in between them. take() answers 0 where it came
  // too late.
  Look look() const { return list_.look(); }
  int32_t take(const Look& seen) {
    if (!list_.take(seen)) return 0;
    blocks_.link(seen.block()).store(kInUse, std::memory_order_relaxed);
    return blocks_.offset_of(seen.block());
  }

  // kNone, or what is wrong with the pointer; refused calls change nothing.
  AllocError free(uint32_t offset) {
    const int32_t block = blocks_.block_at(offset);
    if (block < 0) return error_in(block);
    const auto number = static_cast<uint32_t>(block);
    if (blocks_.link(number).load(std::memory_order_relaxed) < kInUse) return AllocError::kDoubleFree;
    list_.put(number, number);
    return AllocError::kNone;
  }

  void write_back() {}

 private:
  SharedBlocks blocks_;
  List list_;
};

using LockFreePool = LockFreePoolOf<TaggedList>;

}  // namespace linefill
