// A bump allocator: the next block starts where the last one ended, and all are given back at once, by
// reset(). free() does nothing: a block stays in use until then.
// Cost: O(1), no word a block; padding where a block is aligned.
// Source: Hanson, "Fast allocation and deallocation of memory based on object lifetimes", Software: Practice
// and Experience 20, 1990. TypeScript twin: src/allocators/linear.ts.
#pragma once

#include "allocators/heap.h"

namespace linefill {

class Linear {
 public:
  static std::string check(uint64_t heap_words, uint32_t parameter) {
    const std::string wrong = check_no_parameter(parameter);
    return wrong.empty() ? check_heap_words(heap_words, kOwnWords + kHeaderWords) : wrong;
  }

  static Linear create(uint32_t* heap, uint32_t heap_words, uint32_t) {
    heap[kWordsWord] = heap_words;
    Linear made(heap);
    made.reset();
    return made;
  }

  int32_t alloc(uint32_t bytes, uint32_t alignment_bytes) {
    const AllocError wrong = check_general(bytes, alignment_bytes, heap_[kWordsWord]);
    if (wrong != AllocError::kNone) return refusal(wrong);
    // 1. The next aligned word, 2. if the block ends within the heap.
    const uint32_t offset = align_up(heap_[kTopWord], alignment_words(alignment_bytes));
    const uint32_t words = payload_words(bytes);
    if (offset > heap_[kWordsWord] || words > heap_[kWordsWord] - offset) {
      return refusal(AllocError::kExhausted);
    }
    // 3. It is the last one now.
    heap_[kTopWord] = offset + words;
    heap_[kLastWord] = offset;
    ++heap_[kCountsWord + size_log(words)];
    return static_cast<int32_t>(offset);
  }

  AllocError free(uint32_t) { return AllocError::kNone; }

  // Gives all blocks back.
  void reset() {
    heap_[kTopWord] = kOwnWords;
    std::fill(heap_ + kLastWord, heap_ + kOwnWords, 0);
  }

  // Only the last block's size is known.
  AllocError free_sized(uint32_t offset, uint32_t bytes) {
    const bool is_wrong = offset == heap_[kLastWord] && heap_[kTopWord] - offset != payload_words(bytes);
    return is_wrong ? AllocError::kWrongSize : AllocError::kNone;
  }

  // The last block can grow and shrink; another can only be as large as it is, which nobody remembers.
  bool resize(uint32_t offset, uint32_t bytes) {
    if (offset != heap_[kLastWord] || bytes / kWordBytes >= heap_[kWordsWord]) return false;
    const uint32_t words = payload_words(bytes);
    if (words > heap_[kWordsWord] - offset) return false;
    --heap_[kCountsWord + size_log(heap_[kTopWord] - offset)];
    ++heap_[kCountsWord + size_log(words)];
    heap_[kTopWord] = offset + words;
    return true;
  }

  uint32_t used_words() const { return heap_[kTopWord] - kOwnWords; }

  Statistics statistics() const {
    Statistics found;
    for (uint32_t i = 0; i < kSizeLogs; ++i) {
      found.live_by_size[i] = heap_[kCountsWord + i];
      found.live_blocks += heap_[kCountsWord + i];
    }
    found.used_words = used_words();
    const uint32_t rest = heap_[kWordsWord] - heap_[kTopWord];
    found.add_free(rest > 0, rest);
    found.metadata_words = kOwnWords;
    return found;
  }

 private:
  // Words of the header.
  static constexpr uint32_t kWordsWord = 0;
  static constexpr uint32_t kTopWord = 1;
  static constexpr uint32_t kLastWord = 2;
  // Blocks by size, since none has a size of its own.
  static constexpr uint32_t kCountsWord = 3;
  static constexpr uint32_t kOwnWords = 2 * kHeaderWords;
  static_assert(kCountsWord + kSizeLogs <= kOwnWords);

  explicit Linear(uint32_t* heap) : heap_(heap) {}

  uint32_t* heap_;
};

}  // namespace linefill
