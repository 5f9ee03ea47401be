// A pool of fixed-size blocks with its free list inside the free blocks.
//
// The textbook's list chains each free block to the next: alloc takes the head and loads the next head from
// it, so every allocation waits for the load of the one before. Here a link points four blocks ahead and the
// first four blocks are kept as heads: four loads are under way at once, and the order of the blocks stays
// that of a stack.
//
//   heads    a    b    c    d
//            |    |    |    |        alloc: take a; b, c, d move up; a's link becomes the last head
//   link    [e]  [f]  [g]  [h]       free:  the exact reverse
//
// While a Pool is open its four heads live in the object, so that a loop keeps them in registers;
// write_back() puts them into the heap, which then holds all there is. One object a heap at a time. Nothing
// is checked but exhaustion: checked-pool.h finds wrong pointers. Cost: O(1); alloc loads one word and stores
// none, free stores one word. The heap needs no space beside one line. Source: Kenwright, "Fast Efficient
// Fixed-Size Memory Pool" (2012), for the list inside the blocks; the lookahead is our own. TypeScript twin:
// src/allocators/pool.ts.
#pragma once

#include "allocators/pool-layout.h"

namespace linefill {

class Pool {
 public:
  static constexpr PoolKind kKind = PoolKind::kPool;

  // Makes a pool in a heap for which check_shape found nothing.
  static Pool create(uint32_t block_bytes, uint32_t capacity, uint32_t* heap) {
    link_blocks(write_header(kKind, block_bytes, capacity, heap), heap);
    return Pool(heap);
  }

  // Opens a heap for which check_header and check_free_list found nothing.
  explicit Pool(uint32_t* heap)
      : heap_(heap),
        head_(heap[kHeadsWord]),
        second_(heap[kHeadsWord + 1]),
        third_(heap[kHeadsWord + 2]),
        fourth_(heap[kHeadsWord + 3]) {}

  // A block's offset, or -kExhausted.
  int32_t alloc() {
    // 1. The head is the block; 0 where none is left.
    const uint32_t block = head_;
    if (block == 0) return refusal(AllocError::kExhausted);
    // 2. The others move up, and the block's link becomes the last head.
    head_ = second_;
    second_ = third_;
    third_ = fourth_;
    fourth_ = heap_[block];
    return static_cast<int32_t>(block);
  }

  // Takes back a block that is in use; anything else breaks the pool.
  AllocError free(uint32_t block) {
    // 1. The last head becomes the block's link, 2. the others move down, and the block is the head.
    heap_[block] = fourth_;
    fourth_ = third_;
    third_ = second_;
    second_ = head_;
    head_ = block;
    return AllocError::kNone;
  }

  // The next block that alloc() would give; 0 where none is left.
  uint32_t head() const { return head_; }

  // Makes the heap's header true. The pool stays open.
  void write_back() {
    heap_[kHeadsWord] = head_;
    heap_[kHeadsWord + 1] = second_;
    heap_[kHeadsWord + 2] = third_;
    heap_[kHeadsWord + 3] = fourth_;
  }

  uint32_t* heap() const { return heap_; }

 private:
  uint32_t* heap_;
  // Four scalars, not an array: compilers keep them in registers.
  uint32_t head_;
  uint32_t second_;
  uint32_t third_;
  uint32_t fourth_;
};

}  // namespace linefill
