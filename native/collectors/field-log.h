// Objects whose slots changed since counts were last made right, each with what its slots named then. Between
// two epochs only the first and the last target of a slot matter to the counts: however often it is set, it
// costs two changes at most, and none where it names in the end what it named before. An object's slots are
// noted once an epoch, when the first is set; of a new object there is nothing to note but itself. Entries
// lie beside the heap one behind another:
//
//   object | what each slot named        object + 1: a new one
//
// Source: Y. Levanoni and E. Petrank, An On-the-Fly Reference Counting Garbage Collector for Java (2001).
// TypeScript twin: src/collectors/field-log.ts.
#pragma once

#include "collectors/counting.h"

namespace linefill {

class FieldLog {
 public:
  FieldLog(CountedHeap& heap, std::span<uint32_t> room) : heap_(heap), room_(room) {}

  // Whether an object with so many slots can be noted.
  bool fits(uint32_t slots) const { return room_.size() - size_ > slots; }

  void add(uint32_t at) {
    heap_.state(at) |= kChanged;
    room_[size_++] = at;
    for (const uint32_t target : heap_.slots(at)) room_[size_++] = target;
    note_peak();
  }

  void add_new(uint32_t at) {
    heap_.state(at) |= kChanged;
    room_[size_++] = at | kNew;
    note_peak();
  }

  // Makes the counts right: `raise` and `lower` are told of each object that is named once more, or less.
  template <class Raise, class Lower>
  void flush(Raise&& raise, Lower&& lower) {
    // 1. What slots name now: all of it before 2. what they named, so that no count is zero in between.
    for_each([&](uint32_t now, uint32_t before) {
      if (now != kNull && now != before) raise(now);
    });
    for_each([&](uint32_t now, uint32_t before) {
      if (before != kNull && now != before) lower(before);
    });
    // 3. Nothing is noted.
    for (size_t i = 0; i < size_;) {
      const uint32_t at = room_[i] & ~kNew;
      i += 1 + noted(room_[i]);
      heap_.state(at) &= ~kChanged;
    }
    size_ = 0;
  }

 private:
  // Objects begin at even words.
  static constexpr uint32_t kNew = 1;

  // Slots that an entry has.
  uint32_t noted(uint32_t entry) const { return (entry & kNew) != 0 ? 0 : heap_.slot_count(entry); }

  template <class See>
  void for_each(See&& see) {
    for (size_t i = 0; i < size_;) {
      const uint32_t entry = room_[i++];
      const std::span<uint32_t> slots = heap_.slots(entry & ~kNew);
      const uint32_t* before = (entry & kNew) != 0 ? nullptr : &room_[i];
      for (size_t slot = 0; slot < slots.size(); ++slot) see(slots[slot], before ? before[slot] : kNull);
      i += noted(entry);
    }
  }

  void note_peak() {
    heap_.counts.peak_scratch_words = std::max<uint64_t>(heap_.counts.peak_scratch_words, size_);
  }

  CountedHeap& heap_;
  std::span<uint32_t> room_;
  size_t size_ = 0;
};

}  // namespace linefill
