// Counting every reference, and looking for garbage cycles from time to time: when the candidates for one are
// many, when much was allocated since the last look, when memory runs out. What hangs on no cycle is still
// freed at once, unless it is a candidate: that waits for the next look. Source: D. F. Bacon and V. T. Rajan,
// Concurrent Cycle Collection in Reference Counted Systems (2001), the synchronous one. TypeScript twin:
// src/collectors/plans/ref-count-cycles.ts.
#pragma once

#include "collectors/trial-deletion.h"

namespace linefill {

class RefCountCycles {
 public:
  static constexpr uint32_t kExtraWords = kCountedExtraWords;
  // Candidates, and words allocated, that make it look for cycles; 0: they don't.
  static constexpr uint32_t kSettings = 2;

  static std::string check(size_t heap_words, std::span<const uint32_t> /*settings*/) {
    return check_counted_heap(heap_words);
  }

  RefCountCycles(const CollectorRoom& room, std::span<const uint32_t> settings)
      : heap_(room.heap, counts),
        roots_(room.roots),
        pauses_(room.pauses),
        trials_(heap_, room.scratch.first(most_objects(room.heap.size())),
                room.scratch.subspan(most_objects(room.heap.size()))),
        counting_(heap_, trials_, room.scratch.subspan(most_objects(room.heap.size())), room.pauses),
        most_candidates_(settings[0] == 0 ? ~uint32_t{0} : settings[0]),
        most_words_(settings[1] == 0 ? ~uint64_t{0} : settings[1]) {}

  uint32_t alloc(uint32_t slots, uint64_t words) {
    if (trials_.size() >= most_candidates_ || counts.allocated_words - looked_at_words_ >= most_words_)
        [[unlikely]]
      collect();
    uint32_t at = heap_.make(slots, words);
    if (at == kNull) [[unlikely]] {
      collect();
      at = heap_.make(slots, words);
      if (at == kNull) return heap_.refuse(words);
    }
    return at;
  }

  uint32_t load(uint32_t object, uint32_t slot) { return heap_.slot(object, slot); }

  void store(uint32_t object, uint32_t slot, uint32_t target) {
    uint32_t& word = heap_.slot(object, slot);
    ++counts.stores;
    if (word != kNull || target != kNull) ++counts.barrier_hits;
    counting_.name(word, target);
  }

  void set_root(uint32_t index, uint32_t target) { counting_.name(roots_[index], target); }

  void collect() {
    pauses_->begin(PauseKind::kFull);
    trials_.collect();
    looked_at_words_ = counts.allocated_words;
    counts.live_words = heap_.used_words();
    ++counts.full_collections;
    pauses_->end();
  }

  void finish() {}

  uint32_t used_words() const { return heap_.used_words(); }

  Counts counts;

 private:
  CountedHeap heap_;
  std::span<uint32_t> roots_;
  PauseLog* pauses_;
  TrialDeletion trials_;
  Counting<TrialDeletion> counting_;
  uint32_t most_candidates_;
  uint64_t most_words_;
  // What had been allocated when it last looked for cycles.
  uint64_t looked_at_words_ = 0;
};

}  // namespace linefill
