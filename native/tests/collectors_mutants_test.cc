// Collectors that are broken on purpose, each in one place: the oracle must find every one of them, and find
// what is wrong with it, a survivor lost or garbage kept. What they are made of passes the same programs: the
// control, which is run with each. Marking on a second thread is done in its final pause here, where the
// result is the same, since a broken barrier is a race.
#include <string>
#include <vector>

#include "collectors/plans.h"
#include "tests/collector_oracle.h"
#include "tests/mutator_programs.h"
#include "tests/test.h"

namespace linefill {
namespace {

using test::Fault;
using Settings = std::vector<uint32_t>;
using ConcurrentAlone = Cycle<ConcurrentMarking<false>>;

constexpr uint32_t kSeeds = 30;
constexpr uint32_t kControlSeeds = 3;

struct Program {
  std::vector<uint32_t> rows;
  uint32_t roots;
  size_t heap_words;
};

// Programs in turn: anything at all, with few sizes, and what is hard on barriers.
Program program_of(uint32_t seed) {
  if (seed % 2 == 0) return {test::random_rows(seed, 3000, 24), test::kRandomRoots, 8192};
  return {test::HangingProgram(seed, 120).steps(1500), test::HangingProgram::kRoots, 6144};
}

template <class C>
test::Verdict verdict_of(const Settings& settings, uint32_t seed) {
  const Program program = program_of(seed);
  REQUIRE(C::check(program.heap_words, settings).empty());
  return test::judge(test::plan_of<C>(), program.heap_words, settings, program.rows, program.roots);
}

using Run = test::Verdict (*)(const Settings& settings, uint32_t seed);

// The mutant is found by one of the programs, for that fault, and the collector that it is made of by none.
void is_found(const std::string& name, Run mutant, Run whole, const Settings& settings, Fault fault) {
  for (uint32_t seed = 1; seed <= kControlSeeds; ++seed) {
    const test::Verdict verdict = whole(settings, seed);
    if (verdict.fault != Fault::kNone) CHECK_EQ("the control of " + name + ": " + verdict.what, "");
    CHECK(verdict.counts.freed_objects > 0);
  }
  for (uint32_t seed = 1; seed <= kSeeds; ++seed) {
    const test::Verdict verdict = mutant(settings, seed);
    if (verdict.fault == Fault::kNone) continue;
    CHECK_EQ(name + ": " + show(verdict.fault), name + ": " + show(fault));
    return;
  }
  CHECK_EQ(name + " is found", "");
}

template <class Mutant, class Whole>
void is_found(const std::string& name, const Settings& settings, Fault fault) {
  is_found(name, verdict_of<Mutant>, verdict_of<Whole>, settings, fault);
}

// A store without its barrier.
template <class C>
class Unguarded : public C {
 public:
  Unguarded(const CollectorRoom& room, std::span<const uint32_t> settings)
      : C(room, settings), heap_(room.heap) {}
  void store(uint32_t object, uint32_t slot, uint32_t target) {
    heap_[object + kObjectHeaderWords + C::kExtraWords + slot] = target;
  }

 protected:
  std::span<uint32_t> heap_;
};

// The count of what a slot named is not lowered when it names something else.
template <class C>
class NeverLowers : public Unguarded<C> {
 public:
  using Unguarded<C>::Unguarded;
  void store(uint32_t object, uint32_t slot, uint32_t target) {
    Unguarded<C>::store(object, slot, kNull);
    C::store(object, slot, target);
  }
};

// The count of what a slot names from now on is not raised.
template <class C>
class NeverRaises : public Unguarded<C> {
 public:
  using Unguarded<C>::Unguarded;
  void store(uint32_t object, uint32_t slot, uint32_t target) {
    C::store(object, slot, kNull);
    Unguarded<C>::store(object, slot, target);
  }
};

// What a new object is to marking that goes on: nothing.
template <class Marking>
class Whitening : public Marking {
 public:
  using Marking::Marking;
  void add(uint32_t /*object*/, uint64_t /*words*/) {}
};

// One card in four is missed.
class MissesCards : public CardTable {
 public:
  using CardTable::CardTable;
  void record(uint32_t slot, uint32_t before, uint32_t target) {
    if (slot / 128 % 4 != 0) CardTable::record(slot, before, target);
  }
};

// A card is clean once it has been looked at, though its slots still name young objects.
class CleansTooSoon : public CardTable {
 public:
  using CardTable::CardTable;
  template <class Visit>
  void scan(Counts& counts, Visit visit) {
    CardTable::scan(counts, [&](uint32_t slot) {
      visit(slot);
      return false;
    });
  }
};

// What a collection itself finds of promoted objects is not remembered.
template <class Remembered>
class ForgetsPromoted : public Remembered {
 public:
  using Remembered::Remembered;
  void remember(uint32_t /*slot*/) {}
};

// One store in sixteen is not written down.
class LosesSlots : public StoreBuffer {
 public:
  using StoreBuffer::StoreBuffer;
  void record(uint32_t slot, uint32_t before, uint32_t target) {
    if (++times_ % 16 != 0) StoreBuffer::record(slot, before, target);
  }

 private:
  uint32_t times_ = 0;
};

// A full collection that does nothing.
template <class C>
class Idle : public C {
 public:
  using C::C;
  void collect() {}
};

// One object too many is in use.
class Miscounts : public MarkSweep {
 public:
  using MarkSweep::MarkSweep;
  uint32_t used_words() const { return MarkSweep::used_words() + kLeastObjectWords; }
};

enum class Hearing : uint8_t { kAll, kDeafToOne, kMissesGoodbyes };

struct ToldRoots {
  std::vector<uint32_t> told;
};

// What all of them hear from now on: a type for each would take long to compile.
Hearing hearing_of_all = Hearing::kAll;

// A collector with roots of its own, of which it is told by set_root: all of it, nothing of one root, or not
// that a root names nothing any more.
template <class C>
class Told : ToldRoots, public C {
  static constexpr uint32_t kForgotten = 2;

 public:
  Told(const CollectorRoom& room, std::span<const uint32_t> settings)
      : ToldRoots{std::vector<uint32_t>(room.roots.size())},
        C({room.heap, room.scratch, told, room.pauses}, settings),
        roots_(room.roots) {}

  uint32_t alloc(uint32_t slots, uint64_t words) {
    const uint32_t at = C::alloc(slots, words);
    follow();
    return at;
  }
  void store(uint32_t object, uint32_t slot, uint32_t target) {
    C::store(object, slot, target);
    follow();
  }
  void set_root(uint32_t index, uint32_t target) {
    const bool is_goodbye = hearing_of_all == Hearing::kMissesGoodbyes && target == kNull;
    if (!is_forgotten(index) && !is_goodbye) C::set_root(index, target);
    roots_[index] = target;
  }
  void collect() {
    C::collect();
    follow();
  }

 private:
  static bool is_forgotten(uint32_t index) {
    return hearing_of_all == Hearing::kDeafToOne && index == kForgotten;
  }
  // Objects may have moved.
  void follow() {
    for (uint32_t i = 0; i < told.size(); ++i) {
      if (!is_forgotten(i) && roots_[i] != kNull) roots_[i] = told[i];
    }
  }

  std::span<uint32_t> roots_;
};

TEST(a_missing_barrier_is_found) {
  is_found<Unguarded<Incremental>, Incremental>("insertion", {1, 0, 1}, Fault::kLost);
  is_found<Unguarded<Incremental>, Incremental>("snapshot", {1, 1, 1}, Fault::kLost);
  is_found<Unguarded<ConcurrentAlone>, ConcurrentAlone>("concurrent", {1, 10}, Fault::kLost);
  is_found<Unguarded<GenerationalCards>, GenerationalCards>("cards", {128, 3}, Fault::kLost);
  is_found<Unguarded<GenerationalBuffer>, GenerationalBuffer>("buffer", {128, 3}, Fault::kLost);
  is_found<Unguarded<GenerationalCompact>, GenerationalCompact>("cards, sliding", {128, 3}, Fault::kLost);
  is_found<Unguarded<GenerationalCompactBuffer>, GenerationalCompactBuffer>("buffer, sliding", {128, 3},
                                                                            Fault::kLost);
}

TEST(a_new_object_that_is_not_marked_is_found) {
  is_found<Cycle<Whitening<IncrementalMarking>>, Incremental>("snapshot", {1, 1, 1}, Fault::kLost);
  is_found<Cycle<Whitening<ConcurrentMarking<false>>>, ConcurrentAlone>("concurrent", {1, 10}, Fault::kLost);
}

template <class Old, class Whole, template <class> class Over>
void is_found_over(const std::string& name) {
  is_found<Generational<Old, Over<Whole>>, Generational<Old, Whole>>(name, {128, 3}, Fault::kLost);
}

TEST(a_missed_card_is_found) {
  is_found<Generational<BlockSpace, MissesCards>, GenerationalCards>("missed", {128, 3}, Fault::kLost);
  is_found<Generational<CompactSpace, MissesCards>, GenerationalCompact>("missed, sliding", {128, 3},
                                                                         Fault::kLost);
  is_found<Generational<BlockSpace, CleansTooSoon>, GenerationalCards>("cleaned", {128, 3}, Fault::kLost);
  is_found<Generational<BlockSpace, LosesSlots>, GenerationalBuffer>("a slot", {128, 3}, Fault::kLost);
  is_found_over<BlockSpace, CardTable, ForgetsPromoted>("promoted, cards");
  is_found_over<BlockSpace, StoreBuffer, ForgetsPromoted>("promoted, buffer");
}

template <class C>
void miscounts_are_found(const std::string& name, const Settings& settings) {
  is_found<NeverLowers<C>, C>(name + ", not lowered", settings, Fault::kKept);
  is_found<NeverRaises<C>, C>(name + ", not raised", settings, Fault::kLost);
}

TEST(a_count_that_is_wrong_is_found) {
  miscounts_are_found<RefCount>("ref-count", {});
  miscounts_are_found<RefCountCycles>("ref-count-cycles", {4, 0});
  miscounts_are_found<RefCountDeferred<false>>("ref-count-deferred", {3, 0});
  miscounts_are_found<RefCountDeferred<true>>("ref-count-deferred-cycles", {3, 4, 0});
}

// Settings that this collector takes, small ones, so that much happens.
template <class C>
Settings small_settings() {
  for (const uint32_t number : {0u, 1u, 3u}) {
    const Settings settings(C::kSettings, number);
    if (C::check(6144, settings).empty()) return settings;
  }
  return {};
}

template <class C>
struct Alone {
  using Type = C;
};
template <>
struct Alone<Concurrent> {
  using Type = ConcurrentAlone;
};

template <class C, Hearing kHearing>
test::Verdict told_verdict(const Settings& settings, uint32_t seed) {
  hearing_of_all = kHearing;
  return verdict_of<Told<C>>(settings, seed);
}

template <class Given>
void a_root_is_missed(const char* id) {
  using C = typename Alone<Given>::Type;
  const Settings settings = small_settings<C>();
  const Run whole = told_verdict<C, Hearing::kAll>;
  is_found(id, told_verdict<C, Hearing::kDeafToOne>, whole, settings, Fault::kLost);
  is_found(id, told_verdict<C, Hearing::kMissesGoodbyes>, whole, settings, Fault::kKept);
}

TEST(a_forgotten_root_is_found) {
#define LINEFILL_RUN(C, id) a_root_is_missed<C>(id)
  LINEFILL_COLLECTORS(LINEFILL_RUN);
#undef LINEFILL_RUN
}

TEST(a_collection_that_does_nothing_is_found) {
  is_found<Idle<SemiSpace>, SemiSpace>("semi-space", {}, Fault::kKept);
  is_found<Idle<MarkSweep>, MarkSweep>("mark-sweep", {0}, Fault::kKept);
  is_found<Idle<MarkCompact>, MarkCompact>("mark-compact", {}, Fault::kKept);
  is_found<Idle<RefCountCycles>, RefCountCycles>("ref-count-cycles", {0, 0}, Fault::kKept);
  is_found<Idle<Incremental>, Incremental>("incremental", {75, 0, 1}, Fault::kKept);
  is_found<Idle<GenerationalCards>, GenerationalCards>("generational", {128, 3}, Fault::kKept);
}

TEST(free_memory_that_does_not_add_up_is_found) {
  is_found<Miscounts, MarkSweep>("mark-sweep", {0}, Fault::kMiscounted);
}

}  // namespace
}  // namespace linefill
