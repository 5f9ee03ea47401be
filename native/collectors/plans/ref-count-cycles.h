// Counting every reference, and looking for garbage cycles from time to time: when the candidates for one are
// many, when much was allocated since the last look, when memory runs out. What hangs on no cycle is still
// freed at once, unless it is a candidate: that waits for the next look. Source: D. F. Bacon and V. T. Rajan,
// Concurrent Cycle Collection in Reference Counted Systems (2001), the synchronous one. TypeScript twin:
// src/collectors/plans/ref-count-cycles.ts.
#pragma once

#include "collectors/trial-deletion.h"

namespace linefill {

class RefCountCycles : public Counting<TrialDeletion> {
 public:
  // Candidates, and words allocated, that make it look for cycles; 0: they don't.
  static constexpr uint32_t kSettings = 2;

  RefCountCycles(const CollectorRoom& room, std::span<const uint32_t> settings)
      : Counting(room),
        most_candidates_(settings[0] == 0 ? ~uint32_t{0} : settings[0]),
        most_words_(settings[1] == 0 ? ~uint64_t{0} : settings[1]) {}

  uint32_t alloc(uint32_t slots, uint64_t words) {
    if (suspects_.size() >= most_candidates_ || counts.allocated_words - looked_at_words_ >= most_words_)
        [[unlikely]]
      collect();
    uint32_t at = make(slots, words);
    if (at == kNull) [[unlikely]] {
      collect();
      at = make(slots, words);
      if (at == kNull) return refuse(words);
    }
    return at;
  }

  void collect() {
    pauses_->begin(PauseKind::kFull);
    suspects_.collect();
    looked_at_words_ = counts.allocated_words;
    note_collection();
    pauses_->end();
  }

 private:
  uint32_t most_candidates_;
  uint64_t most_words_;
  // What had been allocated when it last looked for cycles.
  uint64_t looked_at_words_ = 0;
};

}  // namespace linefill
