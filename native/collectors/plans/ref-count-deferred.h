// Counting the references of the heap alone: roots, which change most often, are looked at only when the
// table of objects that no slot names has grown, or memory has run out. What is in the table and not in a
// root is then freed, with what hung on it. Costs nothing for an assignment to a root, and a pause now and
// then; dead objects wait for it. With cycles: garbage cycles are looked for as well, as in
// ref-count-cycles.h, with the roots counted for as long as that takes. Coalescing, it counts what slots name
// only then, too, by a log of what they named (field-log.h). Source: L. P. Deutsch and D. G. Bobrow, An
// Efficient, Incremental, Automatic Garbage Collector (1976). TypeScript twin:
// src/collectors/plans/ref-count-deferred.ts.
#pragma once

#include <type_traits>

#include "collectors/field-log.h"
#include "collectors/trial-deletion.h"

namespace linefill {

template <bool kCycles>
class RefCountDeferred : public CountedHeap {
 public:
  // Objects more in the table that make it look at the roots; with cycles, candidates more that make it look
  // for those then; 0: they don't. And whether it coalesces, 0 or 1.
  static constexpr uint32_t kSettings = kCycles ? 3 : 2;

  static std::string check(size_t heap_words, std::span<const uint32_t> settings) {
    if (settings.back() > 1) {
      return "\"settings\" must have 0 or 1 for coalescing, not " + std::to_string(settings.back());
    }
    return check_counted_heap(heap_words);
  }

  RefCountDeferred(const CollectorRoom& room, std::span<const uint32_t> settings)
      : CountedHeap(room),
        table_(room.scratch.data()),
        trials_(*this, room.scratch.subspan(most_objects(room.heap.size()), most_objects(room.heap.size())),
                room.scratch.subspan(2 * size_t{most_objects(room.heap.size())})),
        log_(*this, room.scratch.subspan(2 * size_t{most_objects(room.heap.size())})),
        coalesces_(settings.back() == 1),
        more_pending_(or_never(settings[0])),
        more_candidates_(or_never(kCycles ? settings[1] : 0)),
        most_pending_(more_pending_),
        most_candidates_(more_candidates_) {}

  uint32_t alloc(uint32_t slots, uint64_t words) {
    newest_ = kNull;
    if (pending_ >= most_pending_) [[unlikely]]
      reconcile(kCycles && trials_.size() >= most_candidates_);
    if (coalesces_ && !log_.fits(0)) [[unlikely]]
      reconcile(false);
    uint32_t at = make(slots, words);
    if (at == kNull) [[unlikely]] {
      reconcile(kCycles);
      at = make(slots, words);
      if (at == kNull) return refuse(words);
    }
    newest_ = at;
    wait(at);
    if (coalesces_ && slots > 0) log_.add_new(at);
    return at;
  }

  void store(uint32_t object, uint32_t index, uint32_t target) {
    uint32_t& word = slot(object, index);
    ++counts.stores;
    if (coalesces_ && is_noted(object)) {
      word = target;
      return;
    }
    const uint32_t before = word;
    if (before != kNull || target != kNull) ++counts.barrier_hits;
    word = target;
    if (target != kNull) raise(target);
    if (before != kNull) lower(before);
  }

  void set_root(uint32_t index, uint32_t target) { roots_[index] = target; }

  void collect() {
    newest_ = kNull;
    reconcile(true);
  }

 private:
  using Suspects = std::conditional_t<kCycles, TrialDeletion, NoSuspects>;

  // No heap has so many objects, and the sum of two such does not overflow.
  static constexpr uint64_t kNever = uint64_t{1} << 32;
  static constexpr uint64_t or_never(uint32_t setting) { return setting == 0 ? kNever : setting; }

  // Frees what neither a slot nor a root names. A full one looks for cycles as well, where it can.
  void reconcile(bool is_full) {
    pauses_->begin(is_full ? PauseKind::kFull : PauseKind::kMinor);
    // 1. Slots that changed are counted; for now, roots are, too.
    log_.flush([this](uint32_t at) { raise(at); }, [this](uint32_t at) { lower(at); });
    for (const uint32_t root : roots_) {
      if (root != kNull) raise(root);
    }
    if (newest_ != kNull) raise(newest_);
    // 2. What waits in the table is named by a root, or by a slot since, or it is dead.
    while (pending_ > 0) settle(table_[--pending_]);
    // 3. Cycles. What a root names is on none that is garbage, and is suspected anew below.
    if (is_full) {
      for (const uint32_t root : roots_) {
        if (root != kNull) trials_.pardon(root);
      }
      trials_.collect();
    }
    // 4. Roots count no longer. A cycle may hang on one, and the root can go without a trace.
    for (const uint32_t root : roots_) {
      if (root != kNull) lower(root);
    }
    if (newest_ != kNull) lower(newest_);
    most_pending_ = pending_ + more_pending_;
    if (is_full) most_candidates_ = trials_.size() + more_candidates_;
    if (is_full) {
      note_collection();
    } else {
      ++counts.minor_collections;
    }
    pauses_->end();
  }

  // An object leaves the table. It may be part of a cycle from now on, though no count of it ever fell.
  void settle(uint32_t at) {
    state(at) &= ~kPending;
    if (count(at) > 0) {
      trials_.suspect(at);
      return;
    }
    for (const uint32_t target : slots(at)) {
      if (target != kNull) lower(target);
    }
    if (trials_.holds(at)) {
      paint(at, kBlack);
    } else {
      free(at);
    }
  }

  // Whether what the object's slots name is counted later: it is noted, or it can be now.
  bool is_noted(uint32_t at) {
    if (is(at, kChanged)) return true;
    const uint32_t slots = slot_count(at);
    if (!log_.fits(slots)) reconcile(false);
    if (!log_.fits(slots)) return false;
    ++counts.barrier_hits;
    log_.add(at);
    return true;
  }

  void raise(uint32_t at) {
    ++count(at);
    ++counts.count_changes;
  }

  void lower(uint32_t at) {
    ++counts.count_changes;
    if (--count(at) == 0) {
      wait(at);
    } else {
      trials_.suspect(at);
    }
  }

  // No slot names the object.
  void wait(uint32_t at) {
    if (is(at, kPending)) return;
    state(at) |= kPending;
    table_[pending_++] = at;
    counts.peak_scratch_words = std::max<uint64_t>(counts.peak_scratch_words, pending_);
  }

  uint32_t* table_;
  Suspects trials_;
  // It lies where the trials' stack does, which is used when the log is empty.
  FieldLog log_;
  bool coalesces_;
  uint64_t more_pending_;
  uint64_t more_candidates_;
  uint64_t most_pending_;
  uint64_t most_candidates_;
  uint32_t pending_ = 0;
  // The newest object: its maker may hold it in no root yet. It counts as one.
  uint32_t newest_ = kNull;
};

}  // namespace linefill
