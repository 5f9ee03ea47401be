// The pool with a state for every line of its blocks, so that wrong calls are found instead of breaking the
// heap: a double free, a foreign and a misaligned pointer at free(), a block that was written after it was
// freed at the alloc() that would have followed its link. Whatever the heap holds behind a sound header, and
// whatever is freed, no access leaves the heap. Cost: one byte a line beside the pool's own, one byte read
// and written a call. TypeScript twin: src/allocators/checked-pool.ts.
#pragma once

#include "allocators/pool.h"

namespace linefill {

class CheckedPool {
 public:
  static constexpr PoolKind kKind = PoolKind::kChecked;

  // Makes a pool in a heap for which check_shape found nothing.
  static CheckedPool create(uint32_t block_bytes, uint32_t capacity, uint32_t* heap) {
    const PoolShape shape = write_header(kKind, block_bytes, capacity, heap);
    link_blocks(shape, heap);
    uint8_t* states = reinterpret_cast<uint8_t*>(heap + kLineWords);
    const uint32_t lines_a_block = shape.block_words / kLineWords;
    for (uint32_t i = 0; i < capacity; ++i) states[uint64_t{i} * lines_a_block] = kFree;
    return CheckedPool(heap);
  }

  // Opens a heap for which check_header found nothing.
  explicit CheckedPool(uint32_t* heap)
      : pool_(heap),
        states_(reinterpret_cast<uint8_t*>(heap + kLineWords)),
        first_(heap[kFirstWord]),
        block_area_words_(heap[kCapacityWord] * heap[kBlockWordsWord]),
        capacity_(heap[kCapacityWord]),
        used_(heap[kUsedWord]) {}

  // A block's offset, -kExhausted, or -kCorrupt; refused calls change nothing.
  int32_t alloc() {
    if (used_ == capacity_) return refusal(AllocError::kExhausted);
    // 1. The next block must be a free one: its predecessor's link may have been overwritten.
    const uint32_t distance = pool_.head() - first_;
    if (distance >= block_area_words_ || distance % kLineWords != 0 ||
        states_[distance / kLineWords] != kFree) {
      return refusal(AllocError::kCorrupt);
    }
    // 2. Mark it and take it.
    states_[distance / kLineWords] = kUsed;
    ++used_;
    return pool_.alloc();
  }

  // kNone, or what is wrong with the pointer; refused calls change nothing.
  AllocError free(uint32_t block) {
    // 1. Inside the blocks, 2. at the start of one, 3. in use.
    const uint32_t distance = block - first_;
    if (distance >= block_area_words_) return AllocError::kForeign;
    uint8_t* state = &states_[distance / kLineWords];
    if (distance % kLineWords != 0 || (*state != kUsed && *state != kFree)) return AllocError::kMisaligned;
    if (*state == kFree) return AllocError::kDoubleFree;
    // 4. Mark it and give it back.
    *state = kFree;
    --used_;
    return pool_.free(block);
  }

  // Makes the heap's header true. The pool stays open.
  void write_back() {
    pool_.write_back();
    heap()[kUsedWord] = used_;
  }

  uint32_t* heap() const { return pool_.heap(); }

 private:
  // A line that is no block's first has 0.
  static constexpr uint8_t kFree = 1;
  static constexpr uint8_t kUsed = 2;

  Pool pool_;
  uint8_t* states_;
  uint32_t first_;
  uint32_t block_area_words_;
  uint32_t capacity_;
  uint32_t used_;
};

}  // namespace linefill
