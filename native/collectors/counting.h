// What collectors that count references share. An object has one word more, the references to it that are
// counted; at zero it is freed at once, and what hung on it alone with it. A release walks with a stack
// beside the heap, never by recursion: a list may be as long as the heap. Source: G. E. Collins, A Method for
// Overlapping and Erasure of Lists (1960). TypeScript twin: src/collectors/counting.ts.
#pragma once

#include "collectors/collector.h"
#include "collectors/spaces/block-space.h"
#include "inline.h"

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

// The objects of a heap, with their counts: a plan derives from it, and says when counts change. Its slots
// are read as they lie there.
class CountedHeap {
 public:
  static constexpr uint32_t kExtraWords = kCountedExtraWords;

  static std::string check(size_t heap_words, std::span<const uint32_t> /*settings*/) {
    return check_counted_heap(heap_words);
  }

  CountedHeap(const CountedHeap&) = delete;
  CountedHeap& operator=(const CountedHeap&) = delete;

  uint32_t load(uint32_t object, uint32_t index) { return slot(object, index); }
  void finish() {}
  uint32_t used_words() const { return used_words_; }
  uint32_t capacity_words() const { return space_.capacity_words(); }
  uint32_t largest_free_words() { return space_.largest_free_words(); }

  // An object that nothing names, or kNull.
  LINEFILL_INLINE inline uint32_t make(uint32_t slots, uint64_t words) {
    uint32_t at = space_.take_at_hand(words);
    if (at == kNull) [[unlikely]] {
      at = space_.take(words);
      if (at == kNull) return kNull;
    }
    make_object(words_, at, kExtraWords, slots, static_cast<uint32_t>(words), kBlack);
    ++counts.allocated_objects;
    counts.allocated_words += words;
    used_words_ += static_cast<uint32_t>(BlockSpace::room_words(words));
    counts.peak_used_words = std::max<uint64_t>(counts.peak_used_words, used_words_);
    return at;
  }

  uint32_t refuse(uint64_t words) { return out_of_memory(*this, words); }

  void free(uint32_t at) {
    ++counts.freed_objects;
    const uint32_t words = words_of(words_, at);
    counts.freed_words += words;
    used_words_ -= static_cast<uint32_t>(BlockSpace::room_words(words));
    space_.free(at);
  }

  uint32_t& state(uint32_t at) { return words_[at]; }
  uint32_t& count(uint32_t at) { return words_[at + kObjectHeaderWords]; }
  std::span<uint32_t> slots(uint32_t at) {
    return {words_ + at + kObjectHeaderWords + kExtraWords, slot_count(at)};
  }
  uint32_t slot_count(uint32_t at) const { return slots_of(words_, at); }
  uint32_t& slot(uint32_t at, uint32_t index) {
    return words_[at + kObjectHeaderWords + kExtraWords + index];
  }
  bool is(uint32_t at, uint32_t flag) const { return (words_[at] & flag) != 0; }
  uint32_t colour(uint32_t at) const { return colour_of(words_, at); }
  void paint(uint32_t at, uint32_t colour) { linefill::paint(words_, at, colour); }

  Counts counts;

 protected:
  explicit CountedHeap(const CollectorRoom& room)
      : roots_(room.roots),
        pauses_(room.pauses),
        words_(room.heap.data()),
        space_(words_, kHeapStart, static_cast<uint32_t>(room.heap.size())) {}

  // A full collection is done.
  void note_collection() {
    ++counts.full_collections;
    counts.live_words = counts.allocated_words - counts.freed_words;
  }

  std::span<uint32_t> roots_;
  PauseLog* pauses_;

 private:
  uint32_t* words_;
  BlockSpace space_;
  // The space knows it, too, but has to look at every size's hole.
  uint32_t used_words_ = 0;
};

// At most so many objects are in a heap: what a list of them needs of the scratch.
inline constexpr uint32_t most_objects(size_t heap_words) {
  return static_cast<uint32_t>(heap_words / kLeastObjectWords);
}

// Knows of no cycles: every object whose count falls to zero can be freed at once.
struct NoSuspects {
  NoSuspects(CountedHeap& /*heap*/, std::span<uint32_t> /*candidates*/, std::span<uint32_t> /*stack*/) {}
  void suspect(uint32_t /*at*/) {}
  void pardon(uint32_t /*at*/) {}
  bool holds(uint32_t /*at*/) const { return false; }
  uint32_t size() const { return 0; }
  void collect() {}
};

// A heap whose counts are raised and lowered at once, those of slots and roots alike. `Suspects` is told of
// counts that fell, though not to zero.
template <class Suspects>
class Counting : public CountedHeap {
 public:
  void store(uint32_t object, uint32_t index, uint32_t target) {
    uint32_t& word = slot(object, index);
    ++counts.stores;
    if (word != kNull || target != kNull) ++counts.barrier_hits;
    name(word, target);
  }

  void set_root(uint32_t index, uint32_t target) { name(roots_[index], target); }

 protected:
  explicit Counting(const CollectorRoom& room)
      : CountedHeap(room),
        suspects_(*this, room.scratch.first(most_objects(room.heap.size())),
                  room.scratch.subspan(most_objects(room.heap.size()))),
        stack_(room.scratch.data() + most_objects(room.heap.size())) {}

  Suspects suspects_;

 private:
  // Makes a word, a slot or a root, name the target. The new count is raised first: both may be one object.
  void name(uint32_t& word, uint32_t target) {
    const uint32_t before = word;
    if (target != kNull) {
      ++count(target);
      ++counts.count_changes;
      suspects_.pardon(target);
    }
    word = target;
    if (before == kNull) return;
    ++counts.count_changes;
    if (--count(before) == 0) {
      release(before);
    } else {
      suspects_.suspect(before);
    }
  }

  // Frees an object that nothing names any more, and what it alone kept.
  void release(uint32_t first) {
    uint64_t depth = 0;
    uint64_t deepest = 1;
    uint64_t steps = 0;
    bool is_pause = false;
    stack_[depth++] = first;
    while (depth > 0) {
      const uint32_t at = stack_[--depth];
      steps += 1 + slot_count(at);
      if (steps >= kPauseSteps && !is_pause) {
        pauses_->begin(PauseKind::kRelease);
        is_pause = true;
      }
      for (const uint32_t target : slots(at)) {
        if (target == kNull) continue;
        ++counts.count_changes;
        if (--count(target) == 0) {
          stack_[depth++] = target;
        } else {
          suspects_.suspect(target);
        }
      }
      deepest = std::max(deepest, depth);
      if (suspects_.holds(at)) {
        paint(at, kBlack);
      } else {
        free(at);
      }
    }
    if (is_pause) pauses_->end();
    counts.peak_scratch_words = std::max(counts.peak_scratch_words, deepest);
  }

  uint32_t* stack_;
};

}  // namespace linefill
