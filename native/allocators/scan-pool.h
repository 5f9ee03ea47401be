// A pool that keeps one used flag a block and looks for a free one from the start: what is written first, and
// what the claim pool-scan-grows is about.
// Cost: alloc O(blocks in use before the first free one), free O(1); one byte a block.
// TypeScript twin: src/allocators/scan-pool.ts.
#pragma once

#include "allocators/pool-layout.h"

namespace linefill {

class ScanPool {
 public:
  static constexpr PoolKind kKind = PoolKind::kScan;

  // Makes a pool in a heap for which check_shape found nothing.
  static ScanPool create(uint32_t block_bytes, uint32_t capacity, uint32_t* heap) {
    write_header(kKind, block_bytes, capacity, heap);
    return ScanPool(heap);
  }

  // Opens a heap for which check_header found nothing.
  explicit ScanPool(uint32_t* heap)
      : heap_(heap), used_(reinterpret_cast<uint8_t*>(heap + kLineWords)), shape_(shape_of(heap)) {}

  // A block's offset, or -kExhausted.
  int32_t alloc() {
    // 1. The first block whose flag is down, 2. raised.
    for (uint32_t i = 0; i < shape_.capacity; ++i) {
      if (used_[i] != 0) continue;
      used_[i] = 1;
      return static_cast<int32_t>(shape_.first + i * shape_.block_words);
    }
    return refusal(AllocError::kExhausted);
  }

  // kNone, or what is wrong with the pointer; refused calls change nothing.
  AllocError free(uint32_t block) {
    // 1. The start of a block, 2. in use, 3. its flag lowered.
    const AllocError wrong = check_offset(shape_, block);
    if (wrong != AllocError::kNone) return wrong;
    uint8_t* used = &used_[(block - shape_.first) / shape_.block_words];
    if (*used == 0) return AllocError::kDoubleFree;
    *used = 0;
    return AllocError::kNone;
  }

  // The heap is always true: nothing is held outside it.
  void write_back() {}

  uint32_t* heap() const { return heap_; }

 private:
  uint32_t* heap_;
  uint8_t* used_;
  PoolShape shape_;
};

}  // namespace linefill
