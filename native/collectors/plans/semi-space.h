// Copying between two halves: when one is full, what the roots reach is copied into the other, breadth first,
// and the halves change places. The scan pointer chases the free pointer: what lies between them is grey, and
// no stack is needed. Costs what lives, whatever died; half of the heap is always idle. Source: C. J. Cheney,
// A Nonrecursive List Compacting Algorithm (1970). TypeScript twin: src/collectors/plans/semi-space.ts.
#pragma once

#include <utility>

#include "collectors/plain-heap.h"
#include "collectors/spaces/bump-space.h"

namespace linefill {

class SemiSpace : public PlainHeap {
 public:
  static constexpr uint32_t kSettings = 0;

  static std::string check(size_t heap_words, std::span<const uint32_t> /*settings*/) {
    return check_collected_heap(heap_words);
  }

  SemiSpace(const CollectorRoom& room, std::span<const uint32_t> /*settings*/) : PlainHeap(room) {
    const auto words = static_cast<uint32_t>(room.heap.size());
    const uint32_t half = (words - kHeapStart) / 4 * 2;
    from_ = BumpSpace(kHeapStart, kHeapStart + half);
    to_ = BumpSpace(kHeapStart + half, kHeapStart + 2 * half);
  }

  uint32_t alloc(uint32_t slots, uint64_t words) {
    uint32_t at = from_.take(words);
    if (at == kNull) [[unlikely]] {
      collect();
      at = from_.take(words);
      if (at == kNull) return out_of_memory(*this, words);
    }
    return make(at, slots, words);
  }

  void collect() {
    pauses_->begin(PauseKind::kFull);
    note_use(used_words());
    const uint64_t before = counts.marked_objects;
    // 1. Roots.
    to_.clear();
    for (uint32_t& root : roots_) root = copied(root);
    // 2. What they reach: the scan pointer chases the free one.
    uint32_t scan = to_.start();
    while (scan < to_.free()) {
      const uint32_t slots = slots_of(heap_, scan);
      uint32_t* slot = heap_ + scan + kObjectHeaderWords;
      for (uint32_t* const end = slot + slots; slot < end; ++slot) *slot = copied(*slot);
      counts.scanned_slots += slots;
      scan += words_of(heap_, scan);
    }
    // 3. The halves change places.
    std::swap(from_, to_);
    counts.copied_words += from_.used_words();
    counts.keep(counts.marked_objects - before, from_.used_words());
    pauses_->end();
  }

  void finish() { note_use(used_words()); }

  uint32_t used_words() const { return from_.used_words(); }
  uint32_t capacity_words() const { return from_.capacity_words(); }
  uint32_t largest_free_words() const { return from_.largest_free_words(); }

 private:
  // Where the object is now, copied if it wasn't yet.
  uint32_t copied(uint32_t at) {
    if (at == kNull) return kNull;
    if (is_forwarded(heap_, at)) return heap_[at + 1];
    ++counts.marked_objects;
    return evacuate(heap_, at, to_);
  }

  BumpSpace from_;
  BumpSpace to_;
};

}  // namespace linefill
