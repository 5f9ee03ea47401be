// What collectors that count references share. An object has one word more, the references to it that are
// counted; at zero it is freed at once, and what hung on it alone with it. A release walks with a stack
// beside the heap, never by recursion: a list may be as long as the heap. Source: G. E. Collins, A Method for
// Overlapping and Erasure of Lists (1960). TypeScript twin: src/collectors/counting.ts.
#pragma once

#include "collectors/collector.h"
#include "collectors/spaces/block-space.h"

namespace linefill {

inline constexpr uint32_t kCountedExtraWords = 1;
// It stands among the candidates for a cycle's root; it waits in the table of those that none counted names.
inline constexpr uint32_t kCandidate = kListed;
inline constexpr uint32_t kPending = kLogged;
// Its slots stand in the log of changes. Counting knows no ages: the bit is free.
inline constexpr uint32_t kChanged = 1 << kAgeShift;
// The clock of a release is read when it comes to this many objects and slots; a shorter one is no pause.
inline constexpr uint64_t kPauseSteps = 128;

// The smallest heap that has room for an object.
inline constexpr uint32_t kLeastCountedWords = (kHeapStart + BlockSpace::kLeastWords + 15) / 16 * 16;

// What counting collectors ask of their heap; empty: nothing is wrong.
inline std::string check_counted_heap(size_t heap_words) {
  std::string wrong = check_collected_heap(heap_words);
  if (!wrong.empty() || heap_words >= kLeastCountedWords) return wrong;
  return "\"heap\" must have at least " + std::to_string(kLeastCountedWords) + " words, not " +
         std::to_string(heap_words);
}

// The objects of a heap, with their counts.
class CountedHeap {
 public:
  CountedHeap(std::span<uint32_t> heap, Counts& counts)
      : counts(counts),
        words_(heap.data()),
        space_(heap.data(), kHeapStart, static_cast<uint32_t>(heap.size())) {}

  // An object that nothing names, or kNull.
  uint32_t make(uint32_t slots, uint64_t words) {
    const uint32_t at = space_.take(words);
    if (at == kNull) [[unlikely]]
      return kNull;
    make_object(words_, at, kCountedExtraWords, slots, static_cast<uint32_t>(words), kBlack);
    ++counts.allocated_objects;
    counts.allocated_words += words;
    counts.peak_used_words = std::max<uint64_t>(counts.peak_used_words, used_words());
    return at;
  }

  uint32_t refuse(uint64_t words) { return out_of_memory(counts, used_words(), words); }

  void free(uint32_t at) {
    ++counts.freed_objects;
    counts.freed_words += words_of(words_, at);
    space_.free(at);
  }

  uint32_t& state(uint32_t at) { return words_[at]; }
  uint32_t& count(uint32_t at) { return words_[at + kObjectHeaderWords]; }
  std::span<uint32_t> slots(uint32_t at) {
    return {words_ + at + kObjectHeaderWords + kCountedExtraWords, slot_count(at)};
  }
  uint32_t slot_count(uint32_t at) const { return slots_of(words_, at); }
  uint32_t& slot(uint32_t at, uint32_t slot) {
    return words_[at + kObjectHeaderWords + kCountedExtraWords + slot];
  }
  bool is(uint32_t at, uint32_t flag) const { return (words_[at] & flag) != 0; }
  uint32_t colour(uint32_t at) const { return colour_of(words_, at); }
  void paint(uint32_t at, uint32_t colour) { linefill::paint(words_, at, colour); }

  uint32_t used_words() const { return static_cast<uint32_t>(counts.allocated_words - counts.freed_words); }

  Counts& counts;

 private:
  uint32_t* words_;
  BlockSpace space_;
};

// At most so many objects are in a heap: what a list of them needs of the scratch.
inline constexpr uint32_t most_objects(size_t heap_words) {
  return static_cast<uint32_t>(heap_words / kLeastObjectWords);
}

// Knows of no cycles: every object whose count falls to zero can be freed at once.
struct NoSuspects {
  NoSuspects() = default;
  NoSuspects(CountedHeap& /*heap*/, std::span<uint32_t> /*candidates*/, std::span<uint32_t> /*stack*/) {}
  void suspect(uint32_t /*at*/) {}
  void pardon(uint32_t /*at*/) {}
  bool holds(uint32_t /*at*/) const { return false; }
  uint32_t size() const { return 0; }
  void collect() {}
};

// Raises and lowers counts at once. `Suspects` is told of counts that fell, though not to zero.
template <class Suspects>
class Counting {
 public:
  Counting(CountedHeap& heap, Suspects& suspects, std::span<uint32_t> stack, PauseLog* pauses)
      : heap_(heap), suspects_(suspects), stack_(stack.data()), pauses_(pauses) {}

  // Makes a word, a slot or a root, name the target. The new count is raised first: both may be one object.
  void name(uint32_t& word, uint32_t target) {
    const uint32_t before = word;
    if (target != kNull) {
      ++heap_.count(target);
      ++heap_.counts.count_changes;
      suspects_.pardon(target);
    }
    word = target;
    if (before == kNull) return;
    ++heap_.counts.count_changes;
    if (--heap_.count(before) == 0) {
      release(before);
    } else {
      suspects_.suspect(before);
    }
  }

 private:
  // Frees an object that nothing names any more, and what it alone kept.
  void release(uint32_t first) {
    uint64_t depth = 0;
    uint64_t deepest = 1;
    uint64_t steps = 0;
    bool is_pause = false;
    stack_[depth++] = first;
    while (depth > 0) {
      const uint32_t at = stack_[--depth];
      steps += 1 + heap_.slot_count(at);
      if (steps >= kPauseSteps && !is_pause) {
        pauses_->begin(PauseKind::kRelease);
        is_pause = true;
      }
      for (const uint32_t target : heap_.slots(at)) {
        if (target == kNull) continue;
        ++heap_.counts.count_changes;
        if (--heap_.count(target) == 0) {
          stack_[depth++] = target;
        } else {
          suspects_.suspect(target);
        }
      }
      deepest = std::max(deepest, depth);
      if (suspects_.holds(at)) {
        heap_.paint(at, kBlack);
      } else {
        heap_.free(at);
      }
    }
    if (is_pause) pauses_->end();
    heap_.counts.peak_scratch_words = std::max(heap_.counts.peak_scratch_words, deepest);
  }

  CountedHeap& heap_;
  Suspects& suspects_;
  uint32_t* stack_;
  PauseLog* pauses_;
};

}  // namespace linefill
