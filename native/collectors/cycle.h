// A mark-sweep collection that goes on beside its mutator, in a heap of blocks (spaces/block-space.h). A
// cycle begins when so much of the heap is in use, and goes on whenever a little more has been allocated:
//
//   idle -> start: the roots -> marking, in steps or by a second thread -> final: the rest -> sweeping ->
//   idle
//
// so that a pause is as long as what was allocated since the one before, but for a final one that has to wait
// for a second thread. What is counted is what the space takes for an object; one that owes several steps
// pays them in one pause. How it marks is for Marking to say (incremental-marking.h, concurrent-marking.h).
// Where memory runs out before a cycle is done, the cycle is ended at once. What dies while it goes on may
// float until the next one; collect() ends it and makes another. TypeScript twin: src/collectors/cycle.ts.
#pragma once

#include <algorithm>

#include "collectors/plain-heap.h"
#include "collectors/spaces/block-space.h"

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
//   void add(object, words)              a new one, while marking goes on
//   Kept kept()                          what was marked since the beginning
//   bool store(slot, target)             makes a slot name the target; true: the barrier had something to do
template <class Marking>
class Cycle : public PlainHeap {
  enum class Phase : uint8_t { kIdle, kMarking, kSweeping };

  // Words taken of the space between two pauses: a 64th of the heap, and no more than this.
  static constexpr uint32_t kMostStepWords = 4096;
  static constexpr uint32_t kStepShare = 64;
  // Swept for each word allocated: a block is swept in the time in which some of its objects are marked.
  static constexpr uint32_t kSweptForAllocated = 64;

 public:
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
      : PlainHeap(room),
        space_(Marking::lay_out(room)),
        marking_(room, space_, counts, settings.subspan(1)),
        start_words_(uint64_t{space_.capacity_words()} * settings[0] / 100),
        step_words_(std::min(space_.capacity_words() / kStepShare, kMostStepWords)) {}
  Cycle(const Cycle&) = delete;
  Cycle& operator=(const Cycle&) = delete;

  LINEFILL_INLINE inline uint32_t alloc(uint32_t slots, uint64_t words) {
    since_step_ += BlockSpace::room_words(words);
    if (since_step_ >= step_words_) [[unlikely]]
      pay();
    uint32_t at = space_.take_at_hand(words);
    if (at == kNull) [[unlikely]] {
      at = take_slowly(words);
      if (at == kNull) return kNull;
    }
    make(at, slots, words);
    if (phase_ == Phase::kMarking) [[unlikely]]
      marking_.add(at, words);
    return at;
  }

  void store(uint32_t object, uint32_t slot, uint32_t target) {
    uint32_t* const place = heap_ + object + kObjectHeaderWords + slot;
    ++counts.stores;
    if (phase_ == Phase::kMarking) [[unlikely]] {
      counts.barrier_hits += marking_.store(place, target) ? 1 : 0;
    } else {
      *place = target;
    }
  }

  LINEFILL_COLD void collect() {
    pauses_->begin(PauseKind::kFull);
    // 1. What goes on is ended, with what floats in it.
    if (phase_ == Phase::kMarking) {
      marking_.finish();
      begin_sweep();
    }
    if (phase_ == Phase::kSweeping) end_sweep();
    // 2. Then all of it once more, from the roots.
    note_use(used_words());
    marking_.mark_all();
    begin_sweep();
    end_sweep();
    pauses_->end();
  }

  void finish() {
    note_use(used_words());
    if (phase_ == Phase::kMarking) marking_.finish();
  }

  uint32_t used_words() const { return space_.used_words(); }
  uint32_t capacity_words() const { return space_.capacity_words(); }
  // It ends a sweep that goes on.
  uint32_t largest_free_words() { return space_.largest_free_words(); }

 private:
  // The steps that are owed, as far as there is anything to do: a pause for all of them together.
  LINEFILL_COLD void pay() {
    note_use(used_words());
    is_paused_ = false;
    // Of a request that can never be met no more is owed.
    since_step_ = std::min<uint64_t>(since_step_, space_.capacity_words());
    for (; since_step_ >= step_words_; since_step_ -= step_words_) step(step_words_);
    if (is_paused_) pauses_->end();
  }

  void step(uint64_t words) {
    switch (phase_) {
      case Phase::kIdle:
        if (space_.used_words() > start_words_) start();
        break;
      case Phase::kMarking:
        since_start_ += words;
        if (marking_.is_due(since_start_)) mark(words);
        break;
      case Phase::kSweeping:
        pause(PauseKind::kStep);
        ++counts.increments;
        space_.sweep_blocks(static_cast<uint32_t>(words * kSweptForAllocated / kBlockWords) + 1);
        if (space_.is_swept()) phase_ = Phase::kIdle;
        break;
    }
  }

  // The mutator stands still from here on, if it doesn't yet: known by what is more than a step.
  void pause(PauseKind kind) {
    if (!is_paused_) {
      pauses_->begin(kind);
    } else if (kind != PauseKind::kStep) {
      pauses_->become(kind);
    }
    is_paused_ = true;
  }

  void start() {
    pause(PauseKind::kStart);
    marking_.begin();
    phase_ = Phase::kMarking;
    since_start_ = 0;
  }

  void mark(uint64_t words) {
    pause(PauseKind::kStep);
    ++counts.increments;
    if (!marking_.step(words)) return;
    pause(PauseKind::kFinal);
    begin_sweep();
  }

  void begin_sweep() {
    counts.keep(marking_.kept().objects, marking_.kept().words);
    space_.begin_lazy_sweep();
    phase_ = Phase::kSweeping;
  }

  void end_sweep() {
    space_.finish_sweep();
    phase_ = Phase::kIdle;
  }

  LINEFILL_COLD uint32_t take_slowly(uint64_t words) {
    uint32_t at = space_.take(words);
    if (at == kNull) at = make_room(words);
    return at == kNull ? out_of_memory(*this, words) : at;
  }

  // There is no room: a cycle that goes on is ended at once, and if that is not enough all is collected.
  uint32_t make_room(uint64_t words) {
    if (phase_ == Phase::kMarking) {
      pauses_->begin(PauseKind::kFull);
      ++counts.hurried_collections;
      note_use(used_words());
      marking_.finish();
      begin_sweep();
      const uint32_t at = space_.take(words);
      pauses_->end();
      if (at != kNull) return at;
    }
    collect();
    return space_.take(words);
  }

  BlockSpace space_;
  Marking marking_;
  uint64_t start_words_;
  uint32_t step_words_;
  Phase phase_ = Phase::kIdle;
  bool is_paused_ = false;
  // Words taken of the space.
  uint64_t since_step_ = 0;
  uint64_t since_start_ = 0;
};

}  // namespace linefill
