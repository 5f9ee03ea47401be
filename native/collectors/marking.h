// Marking: what the roots reach is found depth first. An object is white; grey once it is found, marked and
// pushed; black when its slots have been looked at. Between the stack and the look stands a queue: an
// object's line is asked for when it leaves the stack, and read some objects later. A space is asked to
// `mark`, and says whether that was news, so an object is pushed once at most. The stack lies in `scratch`.
// Cost: each object once, each slot once. Source: C.-Y. Cher, A. Hosking and T. Vitek, Software Prefetching
// for Mark-Sweep Garbage Collection (2004). TypeScript twin: src/collectors/marking.ts.
#pragma once

#include <cstdint>
#include <span>

#include "collectors/counts.h"
#include "collectors/object.h"
#include "keep.h"

namespace linefill {

class Marking {
 public:
  // Objects whose lines are on their way.
  static constexpr uint32_t kAhead = 16;

  Marking() = default;
  Marking(uint32_t* heap, std::span<uint32_t> scratch, uint32_t extra_words)
      : heap_(heap), stack_(scratch.data()), first_slot_(kObjectHeaderWords + extra_words) {}

  // Nothing is grey, nothing was found.
  void begin() {
    top_ = 0;
    words_ = 0;
  }

  // Finds the object that a root or a slot names, if any.
  template <class Space>
  void see(Space& space, uint32_t at) {
    if (at != kNull && space.mark(at)) push(at);
  }

  // An object that was just marked is grey.
  void push(uint32_t at) { stack_[top_++] = at; }

  bool is_done() const { return top_ == 0; }

  // Words of the objects that have become black since begin().
  uint64_t words() const { return words_; }

  // Blackens until nothing is grey, or until `limit` objects and slots have been looked at: true where
  // nothing is grey. Calls `black` with each object.
  template <class Space, class Black>
  bool drain(Space& space, Counts& counts, uint64_t limit, Black&& black) {
    uint32_t queue[kAhead];
    uint32_t oldest = 0;
    uint32_t queued = 0;
    uint32_t top = top_;
    uint32_t peak = top;
    uint64_t objects = 0;
    uint64_t scanned = 0;
    uint32_t* const stack = stack_;
    // 1. The queue is filled from the stack.
    while (objects + scanned < limit) {
      while (queued < kAhead && top > 0) {
        const uint32_t at = stack[--top];
        prefetch(heap_ + at);
        queue[(oldest + queued++) % kAhead] = at;
      }
      if (queued == 0) break;
      // 2. Its oldest object becomes black, what it names grey.
      const uint32_t at = queue[oldest];
      oldest = (oldest + 1) % kAhead;
      --queued;
      const uint32_t slots = slots_of(heap_, at);
      const uint32_t* slot = heap_ + at + first_slot_;
      for (const uint32_t* const end = slot + slots; slot < end; ++slot) {
        if (*slot != kNull && space.mark(*slot)) stack[top++] = *slot;
      }
      if (top > peak) peak = top;
      ++objects;
      scanned += slots;
      words_ += words_of(heap_, at);
      black(at);
    }
    // 3. What is still queued goes back, in its order.
    while (queued > 0) stack[top++] = queue[(oldest + --queued) % kAhead];
    if (top > peak) peak = top;
    top_ = top;
    counts.marked_objects += objects;
    counts.scanned_slots += scanned;
    if (peak > counts.peak_scratch_words) counts.peak_scratch_words = peak;
    return top == 0;
  }

  template <class Space>
  bool drain(Space& space, Counts& counts, uint64_t limit = UINT64_MAX) {
    return drain(space, counts, limit, [](uint32_t) {});
  }

 private:
  uint32_t* heap_ = nullptr;
  uint32_t* stack_ = nullptr;
  uint32_t first_slot_ = kObjectHeaderWords;
  uint32_t top_ = 0;
  uint64_t words_ = 0;
};

}  // namespace linefill
