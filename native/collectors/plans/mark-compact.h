// Marking, then sliding: what the roots reach is marked, and moved down over what died, in the order in which
// it lay. No gap is left, so that allocation is an addition and a comparison; the whole heap is usable,
// unlike that of a collector that copies. Costs three walks over what lives after the marking. Source: Jones,
// Hosking and Moss, The Garbage Collection Handbook (2012), chapter 3. TypeScript twin:
// src/collectors/plans/mark-compact.ts.
#pragma once

#include "collectors/marking.h"
#include "collectors/plain-heap.h"
#include "collectors/spaces/compact-space.h"

namespace linefill {

class MarkCompact : public PlainHeap {
 public:
  static constexpr uint32_t kSettings = 0;

  static std::string check(size_t heap_words, std::span<const uint32_t> /*settings*/) {
    return check_collected_heap(heap_words);
  }

  MarkCompact(const CollectorRoom& room, std::span<const uint32_t> /*settings*/)
      : PlainHeap(room),
        space_(heap_, kHeapStart, static_cast<uint32_t>(room.heap.size())),
        marking_(heap_, room.scratch, kExtraWords) {}

  uint32_t alloc(uint32_t slots, uint64_t words) {
    uint32_t at = space_.take(words);
    if (at == kNull) [[unlikely]] {
      collect();
      at = space_.take(words);
      if (at == kNull) return out_of_memory(*this, words);
    }
    return make(at, slots, words);
  }

  void collect() {
    pauses_->begin(PauseKind::kFull);
    note_use(used_words());
    // 1. Marks.
    const uint64_t before = counts.marked_objects;
    space_.clear_marks();
    marking_.begin();
    for (const uint32_t root : roots_) marking_.see(space_, root);
    marking_.drain(space_, counts, UINT64_MAX, [this](uint32_t at) { space_.cover(at); });
    // 2. Addresses.
    space_.compute_addresses();
    // 3. References.
    for (uint32_t& root : roots_) {
      if (root != kNull) root = space_.forward(root);
    }
    space_.update_references();
    // 4. Moves.
    space_.slide(counts);
    counts.keep(counts.marked_objects - before, used_words());
    pauses_->end();
  }

  void finish() { note_use(used_words()); }

  uint32_t used_words() const { return space_.used_words(); }
  uint32_t capacity_words() const { return space_.capacity_words(); }
  uint32_t largest_free_words() const { return space_.largest_free_words(); }

 private:
  CompactSpace space_;
  Marking marking_;
};

}  // namespace linefill
