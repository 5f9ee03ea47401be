// Which slots of an old generation may name young objects, one by one: a store that makes an old object's
// slot name a young one writes the slot down, unless what it names already was young, for then it stands
// there. So the barrier compares, and the collection looks at hardly a slot for nothing. A buffer that is
// full stops: then the next collection looks at every old object instead. Costs 1/128 of the heap. Source: D.
// Ungar, Generation Scavenging (1984), whose set had objects; Jones, Hosking and Moss, The Garbage Collection
// Handbook (2012), section 11.8. TypeScript twin: src/collectors/spaces/store-buffer.ts.
#pragma once

#include "collectors/counts.h"
#include "collectors/object.h"

namespace linefill {

class StoreBuffer {
 public:
  // Words of the buffer for a heap of so many.
  static uint32_t table_words(uint32_t heap_words) { return (heap_words / 128 + 17) / 2 * 2; }

  // A buffer at `start`; from `young` on everything is young.
  StoreBuffer(uint32_t* heap, uint32_t heap_words, uint32_t start, uint32_t young)
      : entries_(heap + start), most_(table_words(heap_words)), young_(young) {
    for (uint32_t i = 0; i < most_; ++i) entries_[i] = 0;
  }

  // The write barrier: the slot is about to name something else.
  void record(uint32_t slot, uint32_t before, uint32_t target) {
    if (target < young_ || slot >= young_ || before >= young_) return;
    ++hits_;
    remember(slot);
  }
  uint64_t hits(uint64_t /*stores*/) const { return hits_; }

  // An object's place in the old generation.
  void placed(uint32_t /*at*/, uint32_t /*words*/) {}

  // A slot of an old object names a young one.
  void remember(uint32_t slot) {
    if (entries_used_ == most_) [[unlikely]] {
      is_incomplete_ = true;
      return;
    }
    entries_[entries_used_++] = slot;
  }

  // Forgets all slots. Whoever calls it tells of all of them anew.
  void forget() {
    entries_used_ = 0;
    is_incomplete_ = false;
  }

  // Whether slots may be missing, so that every old object has to be looked at.
  bool is_incomplete() const { return is_incomplete_; }

  // Shows every slot that is remembered to `visit`, and goes on remembering those for which it is true.
  template <class Visit>
  void scan(Counts& counts, Visit visit) {
    const uint32_t entries = entries_used_;
    counts.remembered_slots += entries;
    entries_used_ = 0;
    for (uint32_t i = 0; i < entries; ++i) {
      if (visit(entries_[i])) entries_[entries_used_++] = entries_[i];
    }
  }

 private:
  uint32_t* entries_;
  uint32_t most_;
  uint32_t young_;
  uint32_t entries_used_ = 0;
  bool is_incomplete_ = false;
  uint64_t hits_ = 0;
};

// No barrier: nothing is remembered, and every collection of the young looks at every old object.
class NoBarrier {
 public:
  static uint32_t table_words(uint32_t /*heap_words*/) { return 0; }
  NoBarrier(uint32_t* /*heap*/, uint32_t /*heap_words*/, uint32_t /*start*/, uint32_t /*young*/) {}
  void record(uint32_t /*slot*/, uint32_t /*before*/, uint32_t /*target*/) {}
  uint64_t hits(uint64_t /*stores*/) const { return 0; }
  void placed(uint32_t /*at*/, uint32_t /*words*/) {}
  void remember(uint32_t /*slot*/) {}
  void forget() {}
  bool is_incomplete() const { return true; }
  template <class Visit>
  void scan(Counts& /*counts*/, Visit /*visit*/) {}
};

}  // namespace linefill
