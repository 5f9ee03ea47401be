// A list of blocks that any thread takes from and puts onto without a lock (Treiber, "Systems Programming:
// Coping with Parallelism", 1986). Its head is one 64-bit word: the first block in the low half, a tag in the
// high one. To take a block is to look at the head and at the block's link, and to exchange the head for that
// link if it is still the same. The same block may have come back meanwhile, with another one behind it (ABA;
// argobots #178 is such a bug): hence the tag, which goes up with every change, so that an old look fails.
//
//   head   |block 3|tag 17|     link of 3 -> 5     exchange (3, 17) for (5, 18)
//
// A tag of 32 bits comes round after 4 billion changes during one look. Cost: a compare-exchange, more where
// threads meet; a chain of blocks costs one, too. TypeScript twin: src/allocators/tagged-list.ts.
#pragma once

#include "allocators/shared-pool.h"

namespace linefill {

// What a look at a list saw.
struct Look {
  uint64_t head = 0;
  uint32_t next = 0;
  uint32_t block() const { return static_cast<uint32_t>(head); }
};

// Blocks linked one to the next.
struct Chain {
  uint32_t first = 0;  // 0: none
  uint32_t count = 0;
};

// kTagStep: what a change adds to the tag. 1; the tests show what 0 does.
template <uint32_t kTagStep>
class TaggedListOf {
 public:
  explicit TaggedListOf(const SharedBlocks& blocks)
      : blocks_(blocks), head_(reinterpret_cast<uint64_t*>(blocks.heap() + kListWord)) {}

  // 1. The head, 2. and what follows it. A head that is no block, or 0, has nothing behind it.
  Look look() const {
    Look seen{head().load(std::memory_order_acquire)};
    if (blocks_.is_block(seen.block()))
      seen.next = blocks_.link(seen.block()).load(std::memory_order_relaxed);
    return seen;
  }

  // Takes the block that a look saw; false where the list has changed since.
  bool take(const Look& seen) { return exchange(seen.head, seen.next); }

  // Takes up to `most` blocks. A first block that is none tells of a head, or of a link, that was
  // overwritten.
  Chain take_chain(uint32_t most) {
    for (;;) {
      const uint64_t before = head().load(std::memory_order_acquire);
      Chain chain{static_cast<uint32_t>(before), 1};
      if (!blocks_.is_block(chain.first)) return chain;
      // 1. Walk ahead; another thread may take what is walked over, and then the head has changed.
      uint32_t last = chain.first;
      uint32_t next = blocks_.link(last).load(std::memory_order_relaxed);
      for (; chain.count < most && blocks_.is_block(next); ++chain.count) {
        last = next;
        next = blocks_.link(last).load(std::memory_order_relaxed);
      }
      // 2. Exchange the head for what follows.
      if (exchange(before, next)) {
        blocks_.link(last).store(0, std::memory_order_relaxed);
        return chain;
      }
    }
  }

  // Puts a chain onto the list; `last` is its last block, whose link is written.
  void put(uint32_t first, uint32_t last) {
    uint64_t before = head().load(std::memory_order_relaxed);
    do {
      blocks_.link(last).store(static_cast<uint32_t>(before), std::memory_order_relaxed);
    } while (!head().compare_exchange_weak(before, after(before, first), std::memory_order_release,
                                           std::memory_order_relaxed));
  }

 private:
  std::atomic_ref<uint64_t> head() const { return std::atomic_ref<uint64_t>(*head_); }
  static uint64_t after(uint64_t before, uint32_t block) { return ((before >> 32) + kTagStep) << 32 | block; }
  bool exchange(uint64_t before, uint32_t block) {
    return head().compare_exchange_strong(before, after(before, block), std::memory_order_acq_rel,
                                          std::memory_order_relaxed);
  }

  SharedBlocks blocks_;
  uint64_t* head_;
};

using TaggedList = TaggedListOf<1>;

}  // namespace linefill
