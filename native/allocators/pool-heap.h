// A pool of blocks of one size as a general allocator (heap.h): it serves requests up to that size, at any
// alignment that its blocks keep, and takes any block back in any order. For a program that asks for one
// size, or for each of a program's types one. The parameter is the bytes from one block to the next.
//
//   header | block | block | block | never used yet ...
//      |       ^ in use   ^ free: its first word names the next free one
//      +-- the free block that came back last; where none did, the next that was never used
//
// A block keeps the largest power of two that divides its bytes, to 4096; the first one starts at a multiple
// of it, and so do all. Free space is counted block by block, those that were never used among them: no
// request gets more than one. Cost: O(1), no word a block; making the heap touches its header alone.
// Source: Kenwright, "Fast Efficient Fixed-Size Memory Pool" (2012): the list inside the blocks, and blocks
// linked only when they come back. pool.h is the bare pool, without sizes and alignments. TypeScript twin:
// src/allocators/pool-heap.ts.
#pragma once

#include "allocators/heap.h"

namespace linefill {

class PoolHeap {
 public:
  static std::string check(uint64_t heap_words, uint32_t parameter) {
    const std::string wrong = check_heap_words(heap_words, 2 * kHeaderWords);
    if (!wrong.empty()) return wrong;
    const uint32_t words = parameter / kWordBytes;
    const bool is_whole = parameter != 0 && parameter % kUsualAlignmentBytes == 0;
    if (is_whole && uint64_t{first_block(words)} + words <= heap_words) return "";
    return "\"parameter\" must be the bytes of a block, a multiple of " +
           std::to_string(kUsualAlignmentBytes) + ", and one must fit into the heap, not " +
           std::to_string(parameter);
  }

  static PoolHeap create(uint32_t* heap, uint32_t heap_words, uint32_t parameter) {
    std::fill(heap, heap + kHeaderWords, 0);
    heap[kWordsWord] = heap_words;
    heap[kBlockWord] = parameter / kWordBytes;
    heap[kFreshWord] = first_block(heap[kBlockWord]);
    return PoolHeap(heap);
  }

  LINEFILL_INLINE int32_t alloc(uint32_t bytes, uint32_t alignment_bytes) {
    // 1. Is it one for these blocks?
    const uint32_t words = heap_[kBlockWord];
    if (alignment_bytes != kUsualAlignmentBytes || bytes > words * kWordBytes) {
      const AllocError wrong = check_request(bytes, alignment_bytes, words);
      if (wrong != AllocError::kNone) return refusal(wrong);
    }
    // 2. The block that came back last, 3. or the next one that was never used.
    const uint32_t block = heap_[kHeadWord];
    if (block != 0) {
      heap_[kHeadWord] = heap_[block];
      ++heap_[kLiveWord];
      return static_cast<int32_t>(block);
    }
    const uint32_t fresh = heap_[kFreshWord];
    if (words > heap_[kWordsWord] - fresh) return refusal(AllocError::kExhausted);
    heap_[kFreshWord] = fresh + words;
    ++heap_[kLiveWord];
    return static_cast<int32_t>(fresh);
  }

  LINEFILL_INLINE AllocError free(uint32_t offset) {
    heap_[offset] = heap_[kHeadWord];
    heap_[kHeadWord] = offset;
    --heap_[kLiveWord];
    return AllocError::kNone;
  }

  LINEFILL_INLINE AllocError free_sized(uint32_t offset, uint32_t bytes) {
    return bytes > block_bytes() ? AllocError::kWrongSize : free(offset);
  }

  // Within the block.
  bool resize(uint32_t, uint32_t bytes) const { return bytes <= block_bytes(); }

  uint32_t used_words() const { return heap_[kLiveWord] * heap_[kBlockWord]; }

  Statistics statistics() const {
    const uint32_t words = heap_[kBlockWord];
    const uint32_t blocks = (heap_[kWordsWord] - first_block(words)) / words;
    Statistics found;
    found.add_live(heap_[kLiveWord], words);
    found.add_free(blocks - heap_[kLiveWord], words);
    // The header, what aligns the first block, and what is left behind the last.
    found.metadata_words = heap_[kWordsWord] - blocks * words;
    return found;
  }

 private:
  // Words of the header.
  static constexpr uint32_t kWordsWord = 0;
  static constexpr uint32_t kBlockWord = 1;
  static constexpr uint32_t kHeadWord = 2;
  static constexpr uint32_t kFreshWord = 3;
  static constexpr uint32_t kLiveWord = 4;

  explicit PoolHeap(uint32_t* heap) : heap_(heap) {}

  // The largest power of two that divides a block's words, to that of a page.
  static constexpr uint32_t kept_words(uint32_t words) {
    return std::min(words & (~words + 1), kMostAlignmentBytes / kWordBytes);
  }

  static constexpr uint32_t first_block(uint32_t words) { return align_up(kHeaderWords, kept_words(words)); }

  static constexpr AllocError check_request(uint32_t bytes, uint32_t alignment_bytes, uint32_t words) {
    const bool power_of_two = alignment_bytes != 0 && (alignment_bytes & (alignment_bytes - 1)) == 0;
    if (!power_of_two || alignment_bytes > kept_words(words) * kWordBytes) return AllocError::kBadAlignment;
    return bytes > words * kWordBytes ? AllocError::kTooLarge : AllocError::kNone;
  }

  uint32_t block_bytes() const { return heap_[kBlockWord] * kWordBytes; }

  uint32_t* heap_;
};

}  // namespace linefill
