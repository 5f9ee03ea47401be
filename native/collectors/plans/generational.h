// Generations: objects are born in a nursery, which is collected often and by copying, at the cost of the few
// that live; those that survive some collections are promoted into the old generation, which is collected
// when it is full. A collection of the young must know which slots of old objects name young ones: what knows
// it (cards, a store buffer, or nothing, so that all are looked at) and which space holds the old are
// parameters.
//
// A full collection marks everything, reclaims the old generation, then empties the nursery into it. Where
// there is no room for a promotion, one comes next. Sources: H. Lieberman and C. Hewitt, A Real-Time Garbage
// Collector Based on the Lifetimes of Objects (1983); Jones, Hosking and Moss, The Garbage Collection
// Handbook (2012), chapter 9. TypeScript twin: src/collectors/plans/generational.ts.
#pragma once

#include "collectors/marking.h"
#include "collectors/plain-heap.h"
#include "collectors/plans/generations.h"
#include "collectors/spaces/block-space.h"
#include "collectors/spaces/card-table.h"
#include "collectors/spaces/compact-space.h"
#include "collectors/spaces/nursery.h"
#include "collectors/spaces/store-buffer.h"

namespace linefill {

// A space whose objects move.
template <class Space>
concept Slides = requires(Space& space, Counts& counts) {
  space.slide(counts);
};

template <class Old, class Remembered>
class Generational : public PlainHeap {
 public:
  static constexpr uint32_t kSettings = Generations::kSettings;

  static std::string check(size_t heap_words, std::span<const uint32_t> settings) {
    return Generations::check(heap_words, table_words(heap_words), Old::kLeastWords, settings);
  }

  Generational(const CollectorRoom& room, std::span<const uint32_t> settings)
      : Generational(room, Generations(room.heap.size(), table_words(room.heap.size()), settings)) {}

  uint32_t alloc(uint32_t slots, uint64_t words) {
    uint32_t at = words <= large_words_ ? nursery_.take(words) : kNull;
    if (at == kNull) [[unlikely]] {
      at = take_slowly(words);
      if (at == kNull) return kNull;
    }
    return make(at, slots, words);
  }

  void store(uint32_t object, uint32_t slot, uint32_t target) {
    const uint32_t at = object + kObjectHeaderWords + slot;
    remembered_.record(at, heap_[at], target);
    heap_[at] = target;
    ++counts.stores;
  }

  void collect() {
    begin(PauseKind::kFull);
    const uint64_t before = counts.marked_objects;
    // 1. All that the roots reach, old and young.
    mark();
    // 2. The old generation's garbage.
    reclaim();
    // 3. The young are promoted, as far as there is room. Every old object is alive now, and looked at.
    evacuate(1, true);
    counts.keep(counts.marked_objects - before, marking_.words());
    pauses_->end();
  }

  void finish() { note_use(); }

  uint32_t used_words() const { return old_.used_words() + nursery_.used_words(); }
  uint32_t capacity_words() const { return old_.capacity_words() + nursery_.capacity_words(); }
  uint32_t largest_free_words() { return std::max(old_.largest_free_words(), nursery_.largest_free_words()); }

 private:
  static uint32_t table_words(size_t heap_words) {
    return Remembered::table_words(static_cast<uint32_t>(std::min<size_t>(heap_words, kMostCollectedWords)));
  }

  Generational(const CollectorRoom& room, const Generations& plan)
      : PlainHeap(room),
        scratch_(room.scratch.data()),
        remembered_(heap_, static_cast<uint32_t>(room.heap.size()), kHeapStart, plan.young_start),
        old_(heap_, plan.old_start, plan.young_start),
        marking_(heap_, room.scratch, kExtraWords),
        nursery_(heap_, plan.young_start, plan.nursery_words),
        large_words_(nursery_.most_object_words()),
        promotion_age_(plan.promotion_age) {}

  bool is_young(uint32_t at) const { return nursery_.contains(at); }

  void note_use() {
    PlainHeap::note_use(used_words());
    counts.barrier_hits = remembered_.hits(counts.stores);
  }

  void begin(PauseKind kind) {
    pauses_->begin(kind);
    note_use();
  }

  // Where the nursery has no room for it, or should not have it.
  LINEFILL_COLD uint32_t take_slowly(uint64_t words) {
    const bool is_large = words > large_words_;
    uint32_t at = kNull;
    if (is_large) {
      at = old_.take(words);
    } else {
      collect_young();
      if (!is_old_full_) at = nursery_.take(words);
    }
    if (at == kNull) {
      collect();
      at = is_large ? old_.take(words) : nursery_.take(words);
      // Better the wrong generation than none.
      if (at == kNull) at = is_large ? nursery_.take(words) : old_.take(words);
    }
    if (at == kNull) return out_of_memory(*this, words);
    if (!is_young(at)) {
      remembered_.placed(at, static_cast<uint32_t>(words));
      ++old_objects_;
    }
    return at;
  }

  void collect_young() {
    begin(PauseKind::kMinor);
    evacuate(promotion_age_, false);
    ++counts.minor_collections;
    pauses_->end();
  }

  // What marking asks: a young object is marked by its colour, an old one in its space.
  struct Both {
    Generational& plan;
    bool mark(uint32_t at) {
      if (!plan.is_young(at)) return plan.old_.mark(at);
      if (colour_of(plan.heap_, at) == kBlack) return false;
      paint(plan.heap_, at, kBlack);
      return true;
    }
  };

  void mark() {
    Both both{*this};
    old_marked_ = 0;
    old_.clear_marks();
    marking_.begin();
    for (const uint32_t root : roots_) marking_.see(both, root);
    marking_.drain(both, counts, UINT64_MAX, [this](uint32_t at) {
      if (is_young(at)) return;
      ++old_marked_;
      if constexpr (Slides<Old>) old_.cover(at);
    });
  }

  // Frees what is not marked of the old generation.
  void reclaim() {
    if constexpr (Slides<Old>) {
      old_.compute_addresses();
      const auto forward = [this](uint32_t& slot) {
        if (old_.contains(slot)) slot = old_.forward(slot);
      };
      for (uint32_t& root : roots_) forward(root);
      nursery_.objects([&](uint32_t at) {
        if (colour_of(heap_, at) != kBlack) return;
        uint32_t* slot = heap_ + at + kObjectHeaderWords;
        for (uint32_t* const end = slot + slots_of(heap_, at); slot < end; ++slot) forward(*slot);
      });
      old_.update_references();
      old_.slide(counts);
    } else {
      old_.sweep();
    }
    old_objects_ = old_marked_;
  }

  // Empties the nursery's half in use. `age`: the survival with which an object is promoted.
  void evacuate(uint32_t age, bool is_full) {
    is_full_ = is_full;
    is_old_full_ = false;
    nursery_.begin(age);
    const uint64_t born = counts.allocated_objects - counts.freed_objects - old_objects_;
    const bool looks_at_all = is_full || remembered_.is_incomplete();
    // 1. Where what is remembered does not do: slots of old objects that name young ones.
    const uint32_t listed = looks_at_all ? list_old_slots() : 0;
    stack_ = listed;
    peak_ = listed;
    // 2. Roots.
    for (uint32_t& root : roots_) root = survive(root);
    // 3. Slots of old objects.
    for (uint32_t i = 0; i < listed; ++i) {
      if (update(scratch_[i])) remembered_.remember(scratch_[i]);
    }
    if (!looks_at_all) remembered_.scan(counts, [this](uint32_t slot) { return update(slot); });
    // 4. What they reach.
    trace(listed);
    // 5. What is left there is free.
    nursery_.end(counts, born);
    counts.peak_scratch_words = std::max<uint64_t>(counts.peak_scratch_words, peak_);
  }

  // Slots of old objects that name young ones, all of them, into scratch. The remembered set begins anew.
  uint32_t list_old_slots() {
    uint32_t listed = 0;
    remembered_.forget();
    old_.objects([&](uint32_t at) {
      remembered_.placed(at, words_of(heap_, at));
      const uint32_t slots = slots_of(heap_, at);
      const uint32_t first = at + kObjectHeaderWords;
      for (uint32_t slot = first; slot < first + slots; ++slot) {
        if (is_young(heap_[slot])) scratch_[listed++] = slot;
      }
      counts.remembered_slots += slots;
    });
    return listed;
  }

  // Looks at the slots of survivors: the promoted are on a stack above `bottom`, the others wait in the
  // nursery.
  void trace(uint32_t bottom) {
    for (;;) {
      const bool is_promoted = stack_ > bottom;
      const uint32_t at = is_promoted ? scratch_[--stack_] : nursery_.next_survivor();
      if (at == kNull) return;
      const uint32_t slots = slots_of(heap_, at);
      const uint32_t first = at + kObjectHeaderWords;
      for (uint32_t slot = first; slot < first + slots; ++slot) {
        const uint32_t target = survive(heap_[slot]);
        heap_[slot] = target;
        if (is_promoted && is_young(target)) remembered_.remember(slot);
      }
      counts.scanned_slots += slots;
    }
  }

  // Where an object is now, moved if it wasn't yet.
  uint32_t survive(uint32_t at) {
    return nursery_.survive(at, [this](uint32_t words, uint32_t survivals, bool is_due) {
      return place(words, survivals, is_due);
    });
  }

  // Words of the old generation for an object that is due, or kNull: it isn't, or there is no room.
  uint32_t place(uint32_t words, uint32_t survivals, bool is_due) {
    if (!is_full_) {
      ++counts.marked_objects;
      counts.survived_words[survivals - 1] += words;
    }
    // Once there was no room, a collection of everything comes next.
    if (!is_due || (is_old_full_ && !is_full_)) return kNull;
    const uint32_t to = old_.take(words);
    if (to == kNull) {
      is_old_full_ = true;
      return kNull;
    }
    remembered_.placed(to, words);
    scratch_[stack_++] = to;
    peak_ = std::max(peak_, stack_);
    ++old_objects_;
    counts.promoted_words += words;
    return to;
  }

  // Moves what an old object's slot names; true: it was moved, and is young.
  bool update(uint32_t slot) {
    const uint32_t before = heap_[slot];
    const uint32_t after = survive(before);
    heap_[slot] = after;
    return before != after && is_young(after);
  }

  uint32_t* scratch_;
  Remembered remembered_;
  Old old_;
  Marking marking_;
  Nursery nursery_;
  uint32_t large_words_;
  uint32_t promotion_age_;
  uint64_t old_objects_ = 0;
  uint64_t old_marked_ = 0;
  // There was no room for a promotion.
  bool is_old_full_ = false;
  // Of the evacuation that goes on.
  bool is_full_ = false;
  uint32_t stack_ = 0;
  uint32_t peak_ = 0;
};

using GenerationalCards = Generational<BlockSpace, CardTable>;
using GenerationalBuffer = Generational<BlockSpace, StoreBuffer>;
using GenerationalScan = Generational<BlockSpace, NoBarrier>;
using GenerationalCompact = Generational<CompactSpace, CardTable>;
using GenerationalCompactBuffer = Generational<CompactSpace, StoreBuffer>;

}  // namespace linefill
