// Marking, then sliding: what the roots reach is marked, and moved down over what died, in the order in which
// it lay. No gap is left, so that allocation is an addition and a comparison; the whole heap is usable,
// unlike that of a collector that copies. Costs three walks over what lives after the marking. Source: Jones,
// Hosking and Moss, The Garbage Collection Handbook (2012), chapter 3. TypeScript twin:
// src/collectors/plans/mark-compact.ts.
#pragma once

#include "collectors/collector.h"
#include "collectors/marking.h"
#include "collectors/spaces/compact-space.h"

namespace linefill {

class MarkCompact {
 public:
  static constexpr uint32_t kExtraWords = 0;
  static constexpr uint32_t kSettings = 0;

  static std::string check(size_t heap_words, std::span<const uint32_t> /*settings*/) {
    return check_collected_heap(heap_words);
  }

  MarkCompact(const CollectorRoom& room, std::span<const uint32_t> /*settings*/)
      : heap_(room.heap.data()),
        roots_(room.roots),
        pauses_(room.pauses),
        space_(heap_, kHeapStart, static_cast<uint32_t>(room.heap.size())),
        marking_(heap_, room.scratch, kExtraWords) {}

  uint32_t alloc(uint32_t slots, uint64_t words) {
    uint32_t at = space_.take(words);
    if (at == kNull) [[unlikely]] {
      collect();
      at = space_.take(words);
      if (at == kNull) return out_of_memory(counts, space_.used_words(), words);
    }
    make_object(heap_, at, kExtraWords, slots, static_cast<uint32_t>(words), kWhite);
    ++counts.allocated_objects;
    counts.allocated_words += words;
    return at;
  }

  uint32_t load(uint32_t object, uint32_t slot) const { return heap_[object + kObjectHeaderWords + slot]; }

  void store(uint32_t object, uint32_t slot, uint32_t target) {
    heap_[object + kObjectHeaderWords + slot] = target;
    ++counts.stores;
  }

  void set_root(uint32_t index, uint32_t target) { roots_[index] = target; }

  void collect() {
    pauses_->begin(PauseKind::kFull);
    counts.peak_used_words = std::max<uint64_t>(counts.peak_used_words, used_words());
    const uint64_t held = counts.allocated_objects - counts.freed_objects;
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
    counts.freed_objects += held - (counts.marked_objects - before);
    counts.live_words = used_words();
    ++counts.full_collections;
    pauses_->end();
  }

  void finish() { counts.peak_used_words = std::max<uint64_t>(counts.peak_used_words, used_words()); }

  uint32_t used_words() const { return space_.used_words(); }

  Counts counts;

 private:
  uint32_t* heap_;
  std::span<uint32_t> roots_;
  PauseLog* pauses_;
  CompactSpace space_;
  Marking marking_;
};

}  // namespace linefill
