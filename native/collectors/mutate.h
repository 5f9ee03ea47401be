// Runs a mutator's trace over a collector. The mutator holds references in numbered roots alone, so that
// objects may move under it; rows are of four words:
//
//   new root slots bytes | load root from slot | store object slot root | erase object slot | copy root from
//   | clear root | use root | collect | checkpoint
//
// Every row has a meaning whatever the roots hold: a load from none, or of a slot that is not there, gives
// none, and a store to it does nothing. A new object's data begins with its number and ends with the number's
// complement, and `use` reads the number. Where memory runs out the trace ends. TypeScript twin:
// src/collectors/mutate.ts.
#pragma once

#include <span>
#include <string>

#include "allocators/heap-hash.h"
#include "collectors/collector.h"
#include "collectors/patience.h"
#include "timing.h"

namespace linefill {

enum class MutatorOp : uint32_t {
  kNew = 1,
  kLoad = 2,
  kStore = 3,
  kErase = 4,
  kCopy = 5,
  kClear = 6,
  kUse = 7,
  kCollect = 8,
  kCheckpoint = 9,
};
inline constexpr uint32_t kMutatorRowWords = 4;

// What is wrong with a trace for so many roots; empty: nothing. O(rows).
std::string check_mutator_trace(std::span<const uint32_t> trace, size_t roots, size_t heap_words);

// The same with all that a run is given.
std::string check_mutation(size_t heap_words, size_t scratch_words, size_t roots, size_t counts,
                           std::span<const uint32_t> trace, size_t answers);

template <class C>
class Mutator {
 public:
  Mutator(C& collector, std::span<uint32_t> heap, std::span<uint32_t> roots)
      : collector_(collector), heap_(heap), roots_(roots) {}

  // Does a row. Answers with what it found: an object's offset, its number, a hash; false: out of memory.
  bool row(const uint32_t* at, uint32_t& answer) {
    answer = 0;
    switch (static_cast<MutatorOp>(at[0])) {
      case MutatorOp::kNew:
        return make(at[1], at[2], at[3], answer);
      case MutatorOp::kLoad:
        answer = has(at[2], at[3]) ? collector_.load(roots_[at[2]], at[3]) : kNull;
        collector_.set_root(at[1], answer);
        break;
      case MutatorOp::kStore:
        if (has(at[1], at[2])) collector_.store(roots_[at[1]], at[2], roots_[at[3]]);
        break;
      case MutatorOp::kErase:
        if (has(at[1], at[2])) collector_.store(roots_[at[1]], at[2], kNull);
        break;
      case MutatorOp::kCopy:
        collector_.set_root(at[1], roots_[at[2]]);
        break;
      case MutatorOp::kClear:
        collector_.set_root(at[1], kNull);
        break;
      case MutatorOp::kUse:
        answer = number(roots_[at[1]]);
        break;
      case MutatorOp::kCollect:
        work_words_ += heap_.size();
        collector_.collect();
        break;
      case MutatorOp::kCheckpoint:
        work_words_ += heap_.size();
        answer = static_cast<uint32_t>(heap_hash(heap_));
        break;
    }
    return true;
  }

  // What its rows have cleared and looked through so far, about, beside what the rows themselves are.
  uint64_t work_words() const { return work_words_; }

 private:
  bool has(uint32_t root, uint32_t slot) const {
    const uint32_t object = roots_[root];
    return object != kNull && slot < slots_of(heap_.data(), object);
  }

  bool make(uint32_t root, uint32_t slots, uint32_t bytes, uint32_t& answer) {
    const uint64_t words = object_words(C::kExtraWords, slots, bytes);
    work_words_ += RunPatience::kMakingWords + words;
    const uint32_t object = collector_.alloc(slots, words);
    if (object == kNull) return false;
    const uint32_t data_words = (bytes + 3) / 4;
    uint32_t* data = &heap_[object + kObjectHeaderWords + C::kExtraWords + slots];
    ++made_;
    if (data_words > 0) {
      data[data_words - 1] = ~made_;
      data[0] = made_;
    }
    collector_.set_root(root, object);
    answer = object;
    return true;
  }

  // The number in the object's data; 0: it has no data, or there is no object.
  uint32_t number(uint32_t object) const {
    if (object == kNull) return 0;
    const uint32_t data = kObjectHeaderWords + C::kExtraWords + slots_of(heap_.data(), object);
    return data < words_of(heap_.data(), object) ? heap_[object + data] : 0;
  }

  C& collector_;
  std::span<uint32_t> heap_;
  std::span<uint32_t> roots_;
  uint32_t made_ = 0;
  uint64_t work_words_ = 0;
};

// Runs a checked trace over a collector made afresh. `answers` has a word a row, or none: then they are only
// summed. `counts` gets what the collector counted, and behind that the rows that were done. A run that takes
// longer than its patience is given up.
template <class C>
Outcome mutate(const CollectorRoom& room, std::span<const uint32_t> settings, std::span<const uint32_t> trace,
               std::span<uint32_t> answers, std::span<double> counts, RunPatience patience = RunPatience()) {
  for (uint32_t& root : room.roots) root = kNull;
  C collector(room, settings);
  Mutator<C> mutator(collector, room.heap, room.roots);
  const size_t rows = trace.size() / kMutatorRowWords;
  uint32_t sum = 0;
  size_t row = 0;
  for (; row < rows; ++row) {
    uint32_t answer = 0;
    if (!mutator.row(&trace[row * kMutatorRowWords], answer)) break;
    sum += answer;
    if (!answers.empty()) answers[row] = answer;
    if (!patience.lasts(room.pauses->pauses(), row + mutator.work_words())) {
      return {0, kGivenUp};
    }
  }
  room.pauses->close();
  collector.finish();
  collector.counts.write(counts);
  counts[Counts::kNumbers] = static_cast<double>(row);
  return {sum, nullptr};
}

}  // namespace linefill
