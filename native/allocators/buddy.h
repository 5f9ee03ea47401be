// The binary buddy system: every block is a power of two in size and starts at a multiple of it from the
// heap's start, so that a block's buddy, the other half of the block that it was split from, is one bit of
// its number away. A request takes the smallest block that is large enough, halved until it would be too
// small; a freed block merges with its buddy while that is free and whole.
//
//   | header | a byte for each 16 bytes of the heap | blocks ...
//   byte of a block's first 16 bytes   order << 1 | free        order 0: 16 bytes
//   free block                         | next | previous | ...   links of its order's list; 0 ends it
//
// The heap need not be a power of two: it is covered with the largest blocks that fit. A bit for each order
// says whether its list has a block.
// Cost: alloc and free O(orders) at worst; a sixteenth of the heap, and up to half of every block.
// Source: Knowlton, "A fast storage allocator" (CACM 8, 1965); Knuth, The Art of Computer Programming 1,
// section 2.5, algorithms R and S. TypeScript twin: src/allocators/buddy.ts.
#pragma once

#include <bit>

#include "allocators/heap.h"

namespace linefill {

class Buddy {
 public:
  static std::string check(uint64_t heap_words, uint32_t parameter) {
    const std::string wrong = check_no_parameter(parameter);
    return wrong.empty() ? check_heap_words(heap_words, 2 * kOwnWords) : wrong;
  }

  static Buddy create(uint32_t* heap, uint32_t heap_words, uint32_t) {
    const uint32_t first = first_word(heap_words);
    std::fill(heap, heap + first, 0);
    heap[kWordsWord] = heap_words;
    Buddy buddy(heap);
    // The largest block that starts here and ends within the heap, and so on.
    for (uint32_t block = first; block < heap_words;) {
      const uint32_t order = std::min(static_cast<uint32_t>(std::countr_zero(block / kLeastWords)),
                                      floor_order(heap_words - block));
      buddy.push(block, order);
      block += kLeastWords << order;
    }
    return buddy;
  }

  int32_t alloc(uint32_t bytes, uint32_t alignment_bytes) {
    const AllocError wrong = check_general(bytes, alignment_bytes, heap_[kWordsWord]);
    if (wrong != AllocError::kNone) return refusal(wrong);
    // 1. The lowest order that is large enough and has a block. A block is aligned to its size.
    const uint32_t order = order_of(std::max(payload_words(bytes), alignment_words(alignment_bytes)));
    const uint32_t candidates = heap_[kOrdersWord] & (~uint32_t{0} << order);
    if (candidates == 0) return refusal(AllocError::kExhausted);
    uint32_t had = static_cast<uint32_t>(std::countr_zero(candidates));
    const uint32_t block = heap_[kFirstList + had];
    unlink(block, had);
    // 2. Its upper halves stay free.
    while (had > order) {
      --had;
      push(block + (kLeastWords << had), had);
    }
    // 3. It is in use.
    states_[block / kLeastWords] = static_cast<uint8_t>(order << 1);
    heap_[kUsedWord] += kLeastWords << order;
    return static_cast<int32_t>(block);
  }

  AllocError free(uint32_t offset) { return give(offset, states_[offset / kLeastWords] >> 1); }

  // The order follows from the size; that it is the block's own is checked aside.
  AllocError free_sized(uint32_t offset, uint32_t bytes) {
    const uint32_t order = order_of(payload_words(bytes));
    return states_[offset / kLeastWords] == order << 1 ? give(offset, order) : AllocError::kWrongSize;
  }

  bool resize(uint32_t offset, uint32_t bytes) {
    if (bytes / kWordBytes >= heap_[kWordsWord]) return false;
    const uint32_t order = order_of(payload_words(bytes));
    const uint32_t had = states_[offset / kLeastWords] >> 1;
    // 1. To grow, it must be the lower half each time, and the upper one free.
    for (uint32_t each = had; each < order; ++each) {
      const uint32_t other = offset ^ (kLeastWords << each);
      if (other < offset || other >= heap_[kWordsWord] ||
          states_[other / kLeastWords] != (each << 1 | kFree)) {
        return false;
      }
    }
    for (uint32_t each = had; each < order; ++each) unlink(offset + (kLeastWords << each), each);
    // 2. To shrink, the upper halves are given back; their buddies are in use.
    for (uint32_t each = had; each > order; --each) push(offset + (kLeastWords << (each - 1)), each - 1);
    states_[offset / kLeastWords] = static_cast<uint8_t>(order << 1);
    heap_[kUsedWord] += (kLeastWords << order) - (kLeastWords << had);
    return true;
  }

  uint32_t used_words() const { return heap_[kUsedWord]; }

  Statistics statistics() const {
    Statistics found;
    found.metadata_words = first_word(heap_[kWordsWord]);
    for (uint32_t block = found.metadata_words; block < heap_[kWordsWord];) {
      const uint32_t state = states_[block / kLeastWords];
      const uint32_t words = kLeastWords << (state >> 1);
      if ((state & kFree) != 0) {
        found.add_free(1, words);
      } else {
        found.add_live(1, words);
      }
      block += words;
    }
    return found;
  }

 private:
  // Words of the header.
  static constexpr uint32_t kWordsWord = 0;
  static constexpr uint32_t kUsedWord = 1;
  static constexpr uint32_t kOrdersWord = 2;
  static constexpr uint32_t kFirstList = 3;
  static constexpr uint32_t kOwnWords = 2 * kHeaderWords;

  static constexpr uint32_t kLeastWords = 4;
  static constexpr uint32_t kFree = 1;
  // The largest block of the largest heap has a list.
  static_assert(kFirstList + std::bit_width(kMostGeneralWords / kLeastWords) <= kOwnWords);

  explicit Buddy(uint32_t* heap) : heap_(heap), states_(reinterpret_cast<uint8_t*>(heap + kOwnWords)) {}

  // Where blocks start, behind the header and the bytes.
  static constexpr uint32_t first_word(uint32_t heap_words) {
    return align_up(kOwnWords + heap_words / kLeastWords / kWordBytes, kLeastWords);
  }

  // The lowest order that holds so many words.
  static constexpr uint32_t order_of(uint32_t words) {
    return static_cast<uint32_t>(std::bit_width((words - 1) / kLeastWords));
  }

  // The highest order that so many words hold.
  static constexpr uint32_t floor_order(uint32_t words) {
    return static_cast<uint32_t>(std::bit_width(words / kLeastWords)) - 1;
  }

  // Takes back a block of that order.
  AllocError give(uint32_t block, uint32_t order) {
    const uint32_t end = heap_[kWordsWord];
    heap_[kUsedWord] -= kLeastWords << order;
    // 1. Merge with the buddy while it is free and whole.
    for (;;) {
      const uint32_t other = block ^ (kLeastWords << order);
      if (other >= end || states_[other / kLeastWords] != (order << 1 | kFree)) break;
      unlink(other, order);
      block &= other;
      ++order;
    }
    // 2. The whole goes to the front of its list.
    push(block, order);
    return AllocError::kNone;
  }

  void push(uint32_t block, uint32_t order) {
    const uint32_t next = heap_[kFirstList + order];
    heap_[block] = next;
    heap_[block + 1] = 0;
    if (next != 0) heap_[next + 1] = block;
    heap_[kFirstList + order] = block;
    heap_[kOrdersWord] |= uint32_t{1} << order;
    states_[block / kLeastWords] = static_cast<uint8_t>(order << 1 | kFree);
  }

  void unlink(uint32_t block, uint32_t order) {
    const uint32_t next = heap_[block];
    const uint32_t previous = heap_[block + 1];
    if (next != 0) heap_[next + 1] = previous;
    if (previous != 0) {
      heap_[previous] = next;
      return;
    }
    heap_[kFirstList + order] = next;
    if (next == 0) heap_[kOrdersWord] &= ~(uint32_t{1} << order);
  }

  uint32_t* heap_;
  uint8_t* states_;
};

}  // namespace linefill
