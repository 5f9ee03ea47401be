// Every collector beside the oracle: what can be reached stays, what can't goes, and free memory adds up. It
// is the control of the mutants, too: none of this is found in what is not broken.
#include <utility>
#include <vector>

#include "collectors/plans.h"
#include "tests/collector_oracle.h"
#include "tests/mutator_programs.h"
#include "tests/test.h"

namespace linefill {
namespace {

using test::Fault;
using test::Watched;

constexpr uint32_t kSeeds = 3;
constexpr uint32_t kRows = test::kSanitized ? 1500 : 4000;
// Few sizes of cells, so that little heaps have room for all of them.
constexpr uint32_t kMostBytes = 24;
constexpr uint32_t kTableSlots = 120;

// Settings that little heaps reach, thresholds of 0 and 1 among them.
using Settings = std::vector<uint32_t>;
template <class C>
struct Pressed {
  static std::vector<Settings> settings() { return {Settings(C::kSettings)}; }
};
template <>
struct Pressed<MarkSweep> {
  static std::vector<Settings> settings() { return {{0}, {1}}; }
};
template <>
struct Pressed<RefCountCycles> {
  static std::vector<Settings> settings() { return {{0, 0}, {1, 0}, {4, 0}, {0, 40}}; }
};
template <>
struct Pressed<RefCountDeferred<false>> {
  static std::vector<Settings> settings() { return {{0, 0}, {1, 0}, {3, 0}, {0, 1}, {3, 1}}; }
};
template <>
struct Pressed<RefCountDeferred<true>> {
  static std::vector<Settings> settings() { return {{0, 0, 0}, {3, 4, 0}, {1, 1, 0}, {0, 0, 1}, {3, 4, 1}}; }
};
template <>
struct Pressed<Incremental> {
  static std::vector<Settings> settings() {
    return {{1, 0, 1}, {75, 0, 1}, {100, 0, 4}, {1, 1, 1}, {75, 1, 1}};
  }
};
template <>
struct Pressed<Concurrent> {
  static std::vector<Settings> settings() { return {{1, 1}, {1, 10}, {75, 100}}; }
};
template <class Old, class Remembered>
struct Pressed<Generational<Old, Remembered>> {
  static std::vector<Settings> settings() { return {{0, 2}, {64, 1}, {128, 3}, {300, 7}}; }
};

// The smallest heap that these settings allow, and a little more.
template <class C>
size_t heap_for(const Settings& settings, size_t more) {
  size_t words = kLeastCollectedWords;
  while (words < (1 << 16) && !C::check(words, settings).empty()) words += 16;
  REQUIRE(words < (1 << 16));
  return words + more;
}

std::string told(const char* id, const Settings& settings, const test::Verdict& verdict) {
  std::string text = id;
  for (const uint32_t setting : settings) text += " " + std::to_string(setting);
  return text + ": " + show(verdict.fault) + ", row " + std::to_string(verdict.row) + ", " + verdict.what;
}

template <class C>
void keeps_what_can_be_reached(const char* id) {
  uint64_t freed = 0;
  for (const Settings& settings : Pressed<C>::settings()) {
    for (uint32_t seed = 1; seed <= kSeeds; ++seed) {
      const std::vector<uint32_t> random = test::random_rows(seed, kRows, kMostBytes);
      const std::vector<uint32_t> hanging = test::HangingProgram(seed, kTableSlots).steps(kRows / 3);
      for (const auto& [rows, roots] :
           {std::pair{random, test::kRandomRoots}, std::pair{hanging, test::HangingProgram::kRoots}}) {
        const test::Verdict verdict =
            test::judge(test::plan_of<C>(), heap_for<C>(settings, 2048 * (1 + seed)), settings, rows, roots);
        if (verdict.fault != Fault::kNone) CHECK_EQ(told(id, settings, verdict), id);
        freed += verdict.counts.freed_objects;
      }
    }
  }
  CHECK(freed > 0);
}

// How many of the smallest objects fit beside those that are there.
uint64_t room_beside(const Watched& watched) {
  const test::BlocksSeen& seen = watched.blocks();
  const uint32_t blocks = seen.exist() ? (seen.end() - seen.start()) / kBlockWords : 0;
  // Of each block: the objects in it, and whether they are all of the smallest.
  std::vector<uint32_t> taken(blocks);
  std::vector<bool> has_others(blocks);
  uint64_t beside_blocks = 0;
  for (const uint32_t number : watched.reached()) {
    const uint32_t words = watched.taken_by(number);
    const uint32_t at = watched.place_of(number);
    if (!seen.have(at)) {
      beside_blocks += words;
      continue;
    }
    for (uint32_t word = 0; word < words; word += kBlockWords) {
      const uint32_t block = (at - seen.start() + word) / kBlockWords;
      ++taken[block];
      if (test::cell_words(words) != kLeastObjectWords) has_others[block] = true;
    }
  }
  uint64_t room = 0;
  for (uint32_t block = 0; block < blocks; ++block) {
    if (!has_others[block]) room += kBlockWords / kLeastObjectWords - taken[block];
  }
  for (const uint32_t words : watched.places().stretch_words) {
    room += (words - beside_blocks) / kLeastObjectWords;
    beside_blocks = 0;
  }
  return room;
}

// The roots of a list.
constexpr uint32_t kNewest = 1;
constexpr uint32_t kLast = 2;

// Makes the smallest objects that name one another until there is no memory left: how many there were.
uint64_t fill(Watched& watched) {
  test::Rows rows;
  rows.add(MutatorOp::kNew, kNewest, 1, 0).add(MutatorOp::kStore, kNewest, 0, kLast);
  rows.add(MutatorOp::kCopy, kLast, kNewest);
  uint64_t made = 0;
  for (; watched.row(&rows.words[0]); ++made) {
    watched.row(&rows.words[kMutatorRowWords]);
    watched.row(&rows.words[2 * kMutatorRowWords]);
  }
  return made;
}

void do_rows(Watched& watched, const std::vector<uint32_t>& rows, const std::string& where) {
  for (size_t at = 0; at < rows.size(); at += kMutatorRowWords) {
    REQUIRE(watched.row(&rows[at]));
    if (watched.fault_after(&rows[at]) != Fault::kNone) CHECK_EQ(watched.what(), where);
  }
}

void free_memory_adds_up(const char* id, const test::Plan& plan, const Settings& settings, uint32_t seed) {
  const std::string where = std::string(id) + ", seed " + std::to_string(seed);
  const size_t heap_words = size_t{1} << 15;
  Watched watched(plan, heap_words, settings, test::kRandomRoots);
  const uint64_t all = room_beside(watched);
  test::Rows dropped;
  for (uint32_t root = 0; root < test::kRandomRoots; ++root) dropped.add(MutatorOp::kClear, root);
  dropped.add(MutatorOp::kCollect);
  std::vector<uint32_t> rows = test::random_rows(seed, 1000, kMostBytes);
  // Cycles would stay, and not be seen by a walk.
  if (plan.keeps_cycles) rows.clear();
  // Some that take whole blocks, with a gap; and the roots that the list is to have.
  test::Rows large;
  for (uint32_t root = 2; root < 6; ++root) large.add(MutatorOp::kNew, root, 3, 3000);
  for (const uint32_t root : {kNewest, kLast, 3u}) large.add(MutatorOp::kClear, root);
  large.add(MutatorOp::kCollect);
  rows.insert(rows.end(), large.words.begin(), large.words.end());
  do_rows(watched, rows, where);
  const uint64_t room = room_beside(watched);
  CHECK(room < all);
  CHECK_EQ(where + " " + std::to_string(fill(watched)), where + " " + std::to_string(room));
  CHECK(watched.counts().needed_words > 0);
  do_rows(watched, dropped.words, where);
  if (!plan.sweeps_later(settings)) CHECK_EQ(watched.used_words(), 0u);
  CHECK_EQ(where + " " + std::to_string(fill(watched)), where + " " + std::to_string(all));
}

template <class C>
void free_memory_adds_up(const char* id) {
  for (const Settings& settings : Pressed<C>::settings()) {
    for (uint32_t seed = 1; seed <= (test::kSanitized ? 1 : 2); ++seed) {
      free_memory_adds_up(id, test::plan_of<C>(), settings, seed);
    }
  }
}

TEST(every_collector_keeps_what_the_oracle_reaches) {
#define LINEFILL_RUN(C, id) keeps_what_can_be_reached<C>(id)
  LINEFILL_COLLECTORS(LINEFILL_RUN);
#undef LINEFILL_RUN
}

TEST(free_memory_of_every_collector_adds_up) {
#define LINEFILL_RUN(C, id) free_memory_adds_up<C>(id)
  LINEFILL_COLLECTORS(LINEFILL_RUN);
#undef LINEFILL_RUN
}

}  // namespace
}  // namespace linefill
