// A stack of blocks: the last one is given back first, and a marker gives back all that came after it. Each
// block remembers the block before it and where the stack ended then, padding included, so that what is given
// back is exactly what was taken, however the blocks were aligned.
//
//   | previous block | previous top | payload ... |        two words a block
//
// Cost: O(1); release() O(blocks above the marker). TypeScript twin: src/allocators/stack.ts.
#pragma once

#include "allocators/heap.h"

namespace linefill {

class Stack {
 public:
  // A block that is not the last can't be given back, so it can't be moved either.
  static constexpr bool kMoves = false;

  static std::string check(uint64_t heap_words, uint32_t parameter) {
    const std::string wrong = check_no_parameter(parameter);
    return wrong.empty() ? check_heap_words(heap_words, 2 * kHeaderWords) : wrong;
  }

  static Stack create(uint32_t* heap, uint32_t heap_words, uint32_t) {
    std::fill(heap, heap + kHeaderWords, 0);
    heap[kWordsWord] = heap_words;
    heap[kTopWord] = kHeaderWords;
    return Stack(heap);
  }

  int32_t alloc(uint32_t bytes, uint32_t alignment_bytes) {
    const uint32_t heap_words = heap_[kWordsWord];
    const AllocError wrong = check_general(bytes, alignment_bytes, heap_words);
    if (wrong != AllocError::kNone) return refusal(wrong);
    // 1. The next aligned word behind two of our own, 2. if the block ends within the heap.
    const uint32_t top = heap_[kTopWord];
    const uint32_t offset = align_up(top + kOwnWords, alignment_words(alignment_bytes));
    const uint32_t words = payload_words(bytes);
    if (offset > heap_words || words > heap_words - offset) return refusal(AllocError::kExhausted);
    // 3. It remembers what was the last, and is it now.
    heap_[offset - 2] = heap_[kLastWord];
    heap_[offset - 1] = top;
    heap_[kLastWord] = offset;
    heap_[kTopWord] = offset + words;
    return static_cast<int32_t>(offset);
  }

  // Of the last block only; another is refused with kOutOfOrder, and nothing changes.
  AllocError free(uint32_t offset) {
    if (offset == 0 || offset != heap_[kLastWord]) return AllocError::kOutOfOrder;
    heap_[kTopWord] = heap_[offset - 1];
    heap_[kLastWord] = heap_[offset - 2];
    return AllocError::kNone;
  }

  AllocError free_sized(uint32_t offset, uint32_t bytes) {
    if (offset == heap_[kLastWord] && heap_[kTopWord] - offset != payload_words(bytes)) {
      return AllocError::kWrongSize;
    }
    return free(offset);
  }

  bool resize(uint32_t offset, uint32_t bytes) {
    const uint32_t heap_words = heap_[kWordsWord];
    if (offset != heap_[kLastWord] || bytes / kWordBytes >= heap_words) return false;
    const uint32_t words = payload_words(bytes);
    if (words > heap_words - offset) return false;
    heap_[kTopWord] = offset + words;
    return true;
  }

  // What release() goes back to: the last block, 0 in an empty stack.
  uint32_t mark() const { return heap_[kLastWord]; }

  // Gives back all blocks that came after the marker; kForeign, and nothing changes, where it is not among
  // them.
  AllocError release(uint32_t marker) {
    uint32_t top = heap_[kTopWord];
    uint32_t last = heap_[kLastWord];
    while (last != marker) {
      ++steps_;
      // A block lies above those before it.
      if (last < marker) return AllocError::kForeign;
      top = heap_[last - 1];
      last = heap_[last - 2];
    }
    heap_[kTopWord] = top;
    heap_[kLastWord] = last;
    return AllocError::kNone;
  }

  // Blocks that release() went through.
  uint64_t steps() const { return steps_; }

  uint32_t used_words() const { return heap_[kTopWord] - kHeaderWords; }

  Statistics statistics() const {
    Statistics found;
    found.metadata_words = kHeaderWords;
    uint32_t top = heap_[kTopWord];
    for (uint32_t block = heap_[kLastWord]; block != 0; block = heap_[block - 2]) {
      found.add_live(1, top - heap_[block - 1]);
      top = heap_[block - 1];
    }
    const uint32_t rest = heap_[kWordsWord] - heap_[kTopWord];
    found.add_free(rest > 0, rest);
    return found;
  }

 private:
  // Words of the header.
  static constexpr uint32_t kWordsWord = 0;
  static constexpr uint32_t kTopWord = 1;
  static constexpr uint32_t kLastWord = 2;
  // The block before, and where the stack ended.
  static constexpr uint32_t kOwnWords = 2;

  explicit Stack(uint32_t* heap) : heap_(heap) {}

  uint32_t* heap_;
  uint64_t steps_ = 0;
};

}  // namespace linefill
