// Objects that are found and wait to be scanned, for marking that stops and goes on: a stack, and behind it a
// queue from which an object's line is asked for some objects before it is read. An object with many slots is
// scanned in pieces. Who marks says how: Access has mark(at), true if that was news, and load(slot's word).
// Each object is pushed once at most, by whoever marked it. Source of the queue: as in marking.h. TypeScript
// twin: src/collectors/grey-objects.ts.
#pragma once

#include <algorithm>

#include "collectors/counts.h"
#include "collectors/object.h"
#include "keep.h"

namespace linefill {

// What a collection that goes on has found so far, and keeps.
struct Kept {
  uint64_t objects = 0;
  uint64_t words = 0;
};

class GreyObjects {
 public:
  // Objects whose lines are on their way.
  static constexpr uint32_t kAhead = 8;

  // `stack` has a word for each object that can be.
  GreyObjects(uint32_t* heap, uint32_t* stack) : heap_(heap), stack_(stack) {}

  void push(uint32_t at) { stack_[depth_++] = at; }

  bool is_empty() const { return depth_ == 0 && queued_ == 0 && slot_ == end_; }

  // Scans so many words of headers and slots, or until nothing is grey.
  template <class Access>
  void scan(Access& access, uint64_t words) {
    for (uint64_t left = words; left > 0;) {
      // 1. The next object, if there is one.
      if (slot_ == end_) {
        if (!open()) return;
        left -= std::min<uint64_t>(left, kObjectHeaderWords);
      }
      // 2. Its slots, or as many as there is time for.
      const auto some = static_cast<uint32_t>(std::min<uint64_t>(left, end_ - slot_));
      uint32_t depth = depth_;
      for (const uint32_t stop = slot_ + some; slot_ < stop; ++slot_) {
        const uint32_t target = access.load(heap_ + slot_);
        if (target != kNull && access.mark(target)) stack_[depth++] = target;
      }
      depth_ = depth;
      scanned_slots_ += some;
      left -= some;
    }
  }

  // Adds what was scanned since it was last asked, to a collection's, too.
  void count(Counts& counts, Kept& kept) {
    counts.marked_objects += objects_;
    counts.scanned_slots += scanned_slots_;
    kept.objects += objects_;
    kept.words += words_;
    objects_ = scanned_slots_ = words_ = 0;
  }

  // Words of the stack, at most.
  uint32_t peak_words() const { return peak_; }

 private:
  bool open() {
    peak_ = std::max(peak_, depth_);
    while (queued_ < kAhead && depth_ > 0) {
      const uint32_t at = stack_[--depth_];
      prefetch(heap_ + at);
      queue_[(oldest_ + queued_++) % kAhead] = at;
    }
    if (queued_ == 0) return false;
    const uint32_t at = queue_[oldest_];
    oldest_ = (oldest_ + 1) % kAhead;
    --queued_;
    slot_ = at + kObjectHeaderWords;
    end_ = slot_ + slots_of(heap_, at);
    ++objects_;
    words_ += words_of(heap_, at);
    return true;
  }

  uint32_t* heap_;
  uint32_t* stack_;
  uint32_t depth_ = 0;
  uint32_t peak_ = 0;
  uint32_t queue_[kAhead] = {};
  uint32_t oldest_ = 0;
  uint32_t queued_ = 0;
  // Of the object that is being scanned.
  uint32_t slot_ = 0;
  uint32_t end_ = 0;
  uint64_t objects_ = 0;
  uint64_t scanned_slots_ = 0;
  uint64_t words_ = 0;
};

}  // namespace linefill
