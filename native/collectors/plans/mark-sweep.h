// Mark-sweep: when there is no room, what the roots reach is marked, and the cells of all else are free where
// they lie. Nothing moves, so no memory is kept idle, and gaps stay between what lives. The sweep is part of
// the pause, or, where the setting says so, done block by block as room is looked for. Costs what lives, and
// by the block what the heap has. Sources: J. McCarthy, Recursive Functions of Symbolic Expressions (1960);
// lazily: R. J. M. Hughes, A Semi-Incremental Garbage Collection Algorithm (1982).
// TypeScript twin: src/collectors/plans/mark-sweep.ts.
#pragma once

#include "collectors/marking.h"
#include "collectors/plain-heap.h"
#include "collectors/spaces/block-space.h"

namespace linefill {

class MarkSweep : public PlainHeap {
 public:
  // Whether the sweep is lazy.
  static constexpr uint32_t kSettings = 1;
  static constexpr uint32_t kLeastWords = (kHeapStart + BlockSpace::kLeastWords + 15) / 16 * 16;

  static std::string check(size_t heap_words, std::span<const uint32_t> settings) {
    if (settings[0] > 1) return "\"settings\" must say 0 or 1 for lazy, not " + std::to_string(settings[0]);
    return check_collected_heap(heap_words, kLeastWords);
  }

  MarkSweep(const CollectorRoom& room, std::span<const uint32_t> settings)
      : PlainHeap(room),
        space_(heap_, kHeapStart, static_cast<uint32_t>(room.heap.size())),
        marking_(heap_, room.scratch, kExtraWords),
        is_lazy_(settings[0] != 0) {}

  LINEFILL_INLINE inline uint32_t alloc(uint32_t slots, uint64_t words) {
    const uint32_t at = space_.take_at_hand(words);
    if (at == kNull) [[unlikely]]
      return alloc_slowly(slots, words);
    return make(at, slots, words);
  }

  LINEFILL_COLD void collect() {
    pauses_->begin(PauseKind::kFull);
    note_use(used_words());
    space_.finish_sweep();
    const uint64_t before = counts.marked_objects;
    // 1. Roots.
    marking_.begin();
    for (const uint32_t root : roots_) marking_.see(space_, root);
    // 2. What they reach.
    marking_.drain(space_, counts);
    // 3. All else is free.
    space_.begin_lazy_sweep();
    if (!is_lazy_) space_.finish_sweep();
    counts.keep(counts.marked_objects - before, marking_.words());
    pauses_->end();
  }

  void finish() { note_use(used_words()); }

  uint32_t used_words() const { return space_.used_words(); }
  uint32_t capacity_words() const { return space_.capacity_words(); }
  uint32_t largest_free_words() { return space_.largest_free_words(); }

 private:
  LINEFILL_COLD uint32_t alloc_slowly(uint32_t slots, uint64_t words) {
    uint32_t at = space_.take(words);
    if (at == kNull) {
      collect();
      at = space_.take(words);
      if (at == kNull) return out_of_memory(*this, words);
    }
    return make(at, slots, words);
  }

  BlockSpace space_;
  Marking marking_;
  bool is_lazy_;
};

}  // namespace linefill
