// Finds cycles that keep only themselves, by trial: take away the counts that come from inside, and see whose
// count is zero then. Every garbage cycle has a member whose count once fell and did not reach zero: such are
// the candidates, painted purple and looked at later, all of them together in each phase, so that an object
// is looked at a bounded number of times however many candidates reach it. Costs what the candidates reach,
// dead or alive. Source: D. F. Bacon and V. T. Rajan, Concurrent Cycle Collection in Reference Counted
// Systems (2001), the synchronous one. TypeScript twin: src/collectors/trial-deletion.ts.
#pragma once

#include "collectors/counting.h"

namespace linefill {

class TrialDeletion {
 public:
  // Room for a list of all objects, and for two stacks of them.
  TrialDeletion(CountedHeap& heap, std::span<uint32_t> candidates, std::span<uint32_t> stack)
      : heap_(heap), candidates_(candidates.data()), stack_(stack.data()) {}

  // A count fell, not to zero. An object without slots is part of no cycle.
  void suspect(uint32_t at) {
    if (heap_.colour(at) == kPurple || heap_.slot_count(at) == 0) return;
    heap_.paint(at, kPurple);
    if (heap_.is(at, kCandidate)) return;
    heap_.state(at) |= kCandidate;
    candidates_[size_++] = at;
  }

  // A count rose: if what holds the object now lets go of it, its count falls again.
  void pardon(uint32_t at) { heap_.paint(at, kBlack); }

  // Whether an object that is dead must wait: it stands among the candidates.
  bool holds(uint32_t at) const { return heap_.is(at, kCandidate); }

  uint32_t size() const { return size_; }

  // Frees the cycles that only themselves keep, and the dead among the candidates, of which none are left.
  void collect() {
    deepest_ = 0;
    // 1. From each candidate: take away the counts of references from inside.
    uint32_t kept = 0;
    for (uint32_t i = 0; i < size_; ++i) {
      const uint32_t at = candidates_[i];
      if (heap_.colour(at) == kPurple) {
        mark_grey(at);
        candidates_[kept++] = at;
        continue;
      }
      heap_.state(at) &= ~kCandidate;
      if (heap_.colour(at) == kBlack && heap_.count(at) == 0) heap_.free(at);
    }
    // 2. What has counts left is held from outside, and all that it reaches: give those counts back.
    for (uint32_t i = 0; i < kept; ++i) scan(candidates_[i]);
    // 3. The rest is garbage.
    collect_white(kept);
    heap_.counts.peak_scratch_words = std::max<uint64_t>(heap_.counts.peak_scratch_words, size_ + deepest_);
    size_ = 0;
  }

 private:
  void mark_grey(uint32_t first) {
    uint32_t depth = 0;
    heap_.paint(first, kGrey);
    stack_[depth++] = first;
    while (depth > 0) {
      const std::span<uint32_t> slots = heap_.slots(stack_[--depth]);
      ++heap_.counts.marked_objects;
      heap_.counts.scanned_slots += slots.size();
      for (const uint32_t target : slots) {
        if (target == kNull) continue;
        --heap_.count(target);
        ++heap_.counts.count_changes;
        if (heap_.colour(target) == kGrey) continue;
        heap_.paint(target, kGrey);
        stack_[depth++] = target;
      }
      deepest_ = std::max(deepest_, depth);
    }
  }

  // A grey object is held from outside, or white until something shows that it is.
  void scan(uint32_t first) {
    uint32_t depth = weigh(first, 0);
    while (depth > 0) {
      const uint32_t at = stack_[--depth];
      // It was found to be held in the meantime.
      if (heap_.colour(at) != kWhite) continue;
      const std::span<uint32_t> slots = heap_.slots(at);
      heap_.counts.scanned_slots += slots.size();
      for (const uint32_t target : slots) {
        if (target != kNull) depth = weigh(target, depth);
      }
      deepest_ = std::max(deepest_, depth);
    }
  }

  // Decides about one; answers with the stack's depth.
  uint32_t weigh(uint32_t at, uint32_t depth) {
    if (heap_.colour(at) != kGrey) return depth;
    if (heap_.count(at) > 0) {
      restore(at, depth);
      return depth;
    }
    heap_.paint(at, kWhite);
    stack_[depth] = at;
    return depth + 1;
  }

  // Gives back the counts of all that an object reaches which is held.
  void restore(uint32_t first, const uint32_t base) {
    uint32_t depth = base;
    heap_.paint(first, kBlack);
    stack_[depth++] = first;
    while (depth > base) {
      const std::span<uint32_t> slots = heap_.slots(stack_[--depth]);
      heap_.counts.scanned_slots += slots.size();
      for (const uint32_t target : slots) {
        if (target == kNull) continue;
        ++heap_.count(target);
        ++heap_.counts.count_changes;
        if (heap_.colour(target) == kBlack) continue;
        heap_.paint(target, kBlack);
        stack_[depth++] = target;
      }
      deepest_ = std::max(deepest_, depth);
    }
  }

  // Lists all white objects before it frees the first: until then others' slots name it.
  void collect_white(uint32_t kept) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < kept; ++i) {
      heap_.state(candidates_[i]) &= ~kCandidate;
      found = gather(candidates_[i], found);
    }
    for (uint32_t i = 0; i < found; ++i) {
      const std::span<uint32_t> slots = heap_.slots(stack_[i]);
      heap_.counts.scanned_slots += slots.size();
      for (const uint32_t target : slots) {
        if (target != kNull) found = gather(target, found);
      }
    }
    for (uint32_t i = 0; i < found; ++i) heap_.free(stack_[i]);
    deepest_ = std::max(deepest_, found);
  }

  // Lists an object if it is white; answers with the list's length.
  uint32_t gather(uint32_t at, uint32_t found) {
    if (heap_.colour(at) != kWhite) return found;
    heap_.paint(at, kBlack);
    stack_[found] = at;
    return found + 1;
  }

  CountedHeap& heap_;
  uint32_t* candidates_;
  uint32_t* stack_;
  uint32_t size_ = 0;
  uint32_t deepest_ = 0;
};

}  // namespace linefill
