// A space where objects are born and most of them die: two halves, of which one is in use. Objects are born
// behind the survivors of the last collection, and a collection copies what lives into the other half, or,
// once it has survived often enough, asks for room elsewhere: it is promoted. The other half has room for all
// of it, so that a promotion that is refused does no harm. Survivors beyond a quarter of a half are promoted
// before their time. An object's age, the collections that it has survived, stands in its header. Source: D.
// Ungar, Generation Scavenging (1984). TypeScript twin: src/collectors/spaces/nursery.ts.
#pragma once

#include <algorithm>
#include <utility>

#include "collectors/counts.h"
#include "collectors/spaces/bump-space.h"

namespace linefill {

class Nursery {
 public:
  // Two halves of so many words from `start` to the end of the heap.
  Nursery(uint32_t* heap, uint32_t start, uint32_t words)
      : heap_(heap),
        start_(start),
        words_(words),
        young_(start, start + words),
        idle_(start + words, start + 2 * words) {}

  // Free words for an object, or kNull.
  uint32_t take(uint64_t words) { return young_.take(words); }

  // Nothing lies behind it.
  bool contains(uint32_t at) const { return at >= start_; }
  uint32_t used_words() const { return young_.used_words(); }
  uint32_t capacity_words() const { return words_; }
  uint32_t largest_free_words() const { return young_.largest_free_words(); }
  // Objects of more are better born elsewhere.
  uint32_t most_object_words() const { return words_ / 4; }

  // Every object in it, in the order of addresses.
  template <class See>
  void objects(See see) const {
    for (uint32_t at = young_.start(); at < young_.free(); at += words_of(heap_, at)) see(at);
  }

  // A collection begins. `age`: the survival with which an object is promoted.
  void begin(uint32_t age) {
    age_ = age;
    from_ = young_.start();
    scan_ = idle_.start();
    survivors_ = 0;
    survived_words_ = 0;
    idle_.clear();
  }

  // Where an object is now, copied if it wasn't yet and lies in the half that is emptied. `promote` is asked
  // for room elsewhere, by words, and told of the survival.
  template <class Promote>
  uint32_t survive(uint32_t at, Promote&& promote) {
    if (at - from_ >= words_) return at;
    const uint32_t header = heap_[at];
    if ((header & kForwarded) != 0) return heap_[at + 1];
    const uint32_t words = words_of(heap_, at);
    const uint32_t survivals = age_of(heap_, at) + 1;
    const bool is_due = survivals >= age_ || idle_.used_words() > words_ / 4;
    uint32_t to = promote(words, survivals, is_due);
    if (to == kNull) to = idle_.take(words);
    for (uint32_t i = 1; i < words; ++i) heap_[to + i] = heap_[at + i];
    heap_[to] = (header & ~(kColourMask | kAgeMask)) | std::min(survivals, kMostAge) << kAgeShift;
    heap_[at] = header | kForwarded;
    heap_[at + 1] = to;
    ++survivors_;
    survived_words_ += words;
    return to;
  }

  // A survivor whose slots have not been looked at; kNull: there is none.
  uint32_t next_survivor() {
    if (scan_ == idle_.free()) return kNull;
    const uint32_t at = scan_;
    scan_ += words_of(heap_, at);
    return at;
  }

  // The collection ends: what is left of `objects` is free.
  void end(Counts& counts, uint64_t objects) {
    counts.copied_words += survived_words_;
    counts.freed_objects += objects - survivors_;
    counts.freed_words += young_.used_words() - survived_words_;
    std::swap(young_, idle_);
  }

 private:
  uint32_t* heap_;
  uint32_t start_;
  uint32_t words_;
  BumpSpace young_;
  BumpSpace idle_;
  // Of the collection that goes on.
  uint32_t age_ = 0;
  uint32_t from_ = kNull;
  uint32_t scan_ = kNull;
  uint64_t survivors_ = 0;
  uint64_t survived_words_ = 0;
};

}  // namespace linefill
