// A mark-sweep collection that goes on beside its mutator, in a heap of blocks (spaces/block-space.h). A
// cycle begins when so much of the heap is in use, and goes on whenever a little more has been allocated:
//
//   idle -> start: the roots -> marking, in steps or by a second thread -> final: the rest -> sweeping ->
//   idle
//
// so that no pause is as long as the heap is large. How it marks is for Marking to say
// (incremental-marking.h, concurrent-marking.h). Where memory runs out before a cycle is done, the cycle is
// ended at once. What dies while it goes on may float until the next one; collect() ends it and makes
// another. TypeScript twin: src/collectors/cycle.ts.
#pragma once

#include <algorithm>

#include "collectors/collector.h"
#include "collectors/spaces/block-space.h"
#include "inline.h"

namespace linefill {

// The first setting is a Cycle's own: a cycle begins when more than so many percent of the heap are in use.
// The others are the Marking's. It is made of (room, space, settings) and has
//
//   static constexpr uint32_t kSettings, static std::string check(settings)
//   BlockSpace lay_out(room)             the space, with its marks where they must be
//   void begin()                         the roots' objects are grey
//   bool is_due(allocated_words)         whether a pause is due, so many words after the beginning
//   bool step(allocated_words)           marks in proportion; true: all that must be kept is marked
//   void finish(), void mark_all()       marks the rest; all of it, from the beginning
//   void add(object)                     a new one, while marking goes on
//   bool store(slot, target)             makes a slot name the target; true: the barrier had something to do
template <class Marking>
class Cycle {
  enum class Phase : uint8_t { kIdle, kMarking, kSweeping };

  // Words allocated between two pauses: a 64th of the heap, and no more than this.
  static constexpr uint32_t kMostStepWords = 4096;
  static constexpr uint32_t kStepShare = 64;
  // Swept for each word allocated: a block is swept in the time in which some of its objects are marked.
  static constexpr uint32_t kSweptForAllocated = 64;

 public:
  static constexpr uint32_t kExtraWords = 0;
  static constexpr uint32_t kSettings = 1 + Marking::kSettings;
  static constexpr uint32_t kLeastWords = (kHeapStart + BlockSpace::kLeastWords + 15) / 16 * 16;

  static std::string check(size_t heap_words, std::span<const uint32_t> settings) {
    std::string wrong = check_collected_heap(heap_words, kLeastWords);
    if (!wrong.empty()) return wrong;
    if (settings[0] < 1 || settings[0] > 100) {
      return "the start in \"settings\" must be from 1 to 100 percent, not " + std::to_string(settings[0]);
    }
    return Marking::check(settings.subspan(1));
  }

  Cycle(const CollectorRoom& room, std::span<const uint32_t> settings)
      : heap_(room.heap.data()),
        roots_(room.roots),
        pauses_(room.pauses),
        space_(Marking::lay_out(room)),
        marking_(room, space_, counts, settings.subspan(1)),
        start_words_(uint64_t{space_.capacity_words()} * settings[0] / 100),
        step_words_(std::min(space_.capacity_words() / kStepShare, kMostStepWords)) {}
  Cycle(const Cycle&) = delete;
  Cycle& operator=(const Cycle&) = delete;

  LINEFILL_INLINE inline uint32_t alloc(uint32_t slots, uint64_t words) {
    if (since_step_ >= step_words_) [[unlikely]]
      step();
    uint32_t at = space_.take(words);
    if (at == kNull) [[unlikely]] {
      at = make_room(words);
      if (at == kNull) return out_of_memory(counts, space_.used_words(), words);
    }
    make_object(heap_, at, kExtraWords, slots, static_cast<uint32_t>(words), kWhite);
    if (phase_ == Phase::kMarking) [[unlikely]]
      marking_.add(at);
    since_step_ += words;
    ++counts.allocated_objects;
    counts.allocated_words += words;
    return at;
  }

  uint32_t load(uint32_t object, uint32_t slot) const { return heap_[object + kObjectHeaderWords + slot]; }

  void store(uint32_t object, uint32_t slot, uint32_t target) {
    uint32_t* const place = heap_ + object + kObjectHeaderWords + slot;
    ++counts.stores;
    if (phase_ == Phase::kMarking) [[unlikely]] {
      counts.barrier_hits += marking_.store(place, target) ? 1 : 0;
    } else {
      *place = target;
    }
  }

  void set_root(uint32_t index, uint32_t target) { roots_[index] = target; }

  LINEFILL_COLD void collect() {
    pauses_->begin(PauseKind::kFull);
    // 1. What goes on is ended, with what floats in it.
    if (phase_ == Phase::kMarking) {
      marking_.finish();
      begin_sweep();
    }
    if (phase_ == Phase::kSweeping) end_sweep();
    // 2. Then all of it once more, from the roots.
    note_use();
    marking_.mark_all();
    begin_sweep();
    end_sweep();
    pauses_->end();
  }

  void finish() {
    note_use();
    if (phase_ == Phase::kMarking) marking_.finish();
  }

  uint32_t used_words() const { return space_.used_words(); }

  Counts counts;

 private:
  // A pause, if one is due. What a large object owes is paid in several.
  LINEFILL_COLD void step() {
    const uint64_t words = step_words_;
    since_step_ -= words;
    note_use();
    switch (phase_) {
      case Phase::kIdle:
        if (space_.used_words() > start_words_) start();
        break;
      case Phase::kMarking:
        since_start_ += words;
        if (marking_.is_due(since_start_)) mark(words);
        break;
      case Phase::kSweeping:
        pauses_->begin(PauseKind::kStep);
        ++counts.increments;
        space_.sweep_blocks(static_cast<uint32_t>(words * kSweptForAllocated / kBlockWords) + 1);
        if (space_.is_swept()) end_sweep();
        pauses_->end();
        break;
    }
  }

  void start() {
    pauses_->begin(PauseKind::kStart);
    marking_.begin();
    phase_ = Phase::kMarking;
    since_start_ = 0;
    pauses_->end();
  }

  void mark(uint64_t words) {
    pauses_->begin(PauseKind::kStep);
    ++counts.increments;
    if (marking_.step(words)) {
      pauses_->become(PauseKind::kFinal);
      begin_sweep();
    }
    pauses_->end();
  }

  void begin_sweep() {
    ++counts.full_collections;
    used_before_sweep_ = space_.used_words();
    freed_before_sweep_ = counts.freed_words;
    space_.begin_lazy_sweep(counts);
    phase_ = Phase::kSweeping;
  }

  void end_sweep() {
    space_.finish_sweep();
    counts.live_words = used_before_sweep_ - (counts.freed_words - freed_before_sweep_);
    phase_ = Phase::kIdle;
  }

  // There is no room: a cycle that goes on is ended at once, and if that is not enough all is collected.
  LINEFILL_COLD uint32_t make_room(uint64_t words) {
    if (phase_ == Phase::kMarking) {
      pauses_->begin(PauseKind::kFull);
      ++counts.hurried_collections;
      note_use();
      marking_.finish();
      begin_sweep();
      const uint32_t at = space_.take(words);
      pauses_->end();
      if (at != kNull) return at;
    }
    collect();
    return space_.take(words);
  }

  void note_use() {
    counts.peak_used_words = std::max<uint64_t>(counts.peak_used_words, space_.used_words());
  }

  uint32_t* heap_;
  std::span<uint32_t> roots_;
  PauseLog* pauses_;
  BlockSpace space_;
  Marking marking_;
  uint64_t start_words_;
  uint32_t step_words_;
  Phase phase_ = Phase::kIdle;
  // Words allocated.
  uint64_t since_step_ = 0;
  uint64_t since_start_ = 0;
  uint64_t used_before_sweep_ = 0;
  uint64_t freed_before_sweep_ = 0;
};

}  // namespace linefill
