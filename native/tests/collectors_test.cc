// Every collector natively, for the sanitizers: GCBench and random mutators in heaps from ones that are
// exhausted to ones that are seldom collected. What GCBench keeps must survive, and a run is the same twice.
#include <string>
#include <vector>

#include "allocators/heap-hash.h"
#include "collectors/mutate.h"
#include "collectors/plans.h"
#include "collectors/programs/gc-bench.h"
#include "tests/mutator_programs.h"
#include "tests/test.h"

namespace linefill {
namespace {

constexpr uint32_t kNumbers[] = {9, 7, 101, 2, 8};
const GcBenchShape kShape = GcBenchShape::read(kNumbers);
constexpr uint32_t kRows = 20'000;

struct Room {
  explicit Room(size_t heap_words, size_t root_count)
      : heap(heap_words, 0xdeadbeef), roots(root_count), scratch(heap_words + root_count) {}
  CollectorRoom room() { return {heap, scratch, roots, &log}; }

  std::vector<uint32_t> heap;
  std::vector<uint32_t> roots;
  std::vector<uint32_t> scratch;
  std::vector<double> counts = std::vector<double>(Counts::kNumbers + 1);
  std::vector<double> pauses = std::vector<double>(PauseLog::kHeadNumbers + 64 * PauseLog::kPauseNumbers);
  PauseLog log{pauses};
};

// The same small number for all of a collector's settings: the first that it takes.
template <class C>
std::vector<uint32_t> settings_for(size_t heap_words) {
  std::vector<uint32_t> settings(C::kSettings);
  for (uint32_t number = 1; number < 4096 && !C::check(heap_words, settings).empty(); ++number) {
    settings.assign(C::kSettings, number);
  }
  return settings;
}

template <class C>
Outcome bench(Room& room) {
  return gc_bench<C>(room.room(), settings_for<C>(room.heap.size()), kNumbers, room.counts);
}

template <class C>
void runs_gc_bench(const char* id) {
  uint64_t nodes = tree_size(kShape.stretch_depth) + 2 * tree_size(kShape.long_lived_depth) + 1;
  for (uint32_t depth = kShape.least_depth; depth <= kShape.most_depth; depth += 2) {
    nodes += 2 * (2 * tree_size(kShape.stretch_depth) / tree_size(depth)) * tree_size(depth);
  }
  for (const size_t words : {size_t{4096}, size_t{16384}, size_t{65536}}) {
    Room room(words, gc_bench_roots(kShape));
    if (!C::check(words, settings_for<C>(words)).empty()) continue;
    const Outcome found = bench<C>(room);
    CHECK_EQ(std::string(id) + (found.error == nullptr ? "" : found.error), id);
    if (words == 65536) CHECK_EQ(room.counts.back(), 1.0);
    if (room.counts.back() == 1.0) CHECK_EQ(found.checksum >> 32, nodes);
  }
}

template <class C>
void runs_random_mutators(const char* id) {
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    const std::vector<uint32_t> trace = test::random_rows(seed, kRows);
    const size_t words = size_t{4096} << seed;
    const std::vector<uint32_t> settings = settings_for<C>(words);
    REQUIRE(C::check(words, settings).empty());
    Room once(words, test::kRandomRoots);
    Room again(words, test::kRandomRoots);
    const Outcome found = mutate<C>(once.room(), settings, trace, {}, once.counts);
    const Outcome same = mutate<C>(again.room(), settings, trace, {}, again.counts);
    CHECK_EQ(std::string(id) + (found.error == nullptr ? "" : found.error), id);
    CHECK_EQ(found.checksum, same.checksum);
    CHECK_EQ(heap_hash(once.heap), heap_hash(again.heap));
    CHECK(once.counts == again.counts);
    CHECK(once.counts[0] > 0);
  }
}

// Large objects, each of which frees the one before: none is enough to be timed as a pause.
TEST(a_run_without_pauses_is_given_up) {
  std::vector<uint32_t> trace;
  for (uint32_t i = 0; i < 8; ++i) {
    trace.insert(trace.end(), {static_cast<uint32_t>(MutatorOp::kNew), 0, 0, 1u << 20});
  }
  Room room(size_t{1} << 20, 1);
  CHECK(mutate<RefCount>(room.room(), {}, trace, {}, room.counts).error == nullptr);
  CHECK_EQ(room.log.pauses(), 0u);
  CHECK(mutate<RefCount>(room.room(), {}, trace, {}, room.counts, RunPatience(0)).error != nullptr);
}

TEST(every_collector_runs_gc_bench) {
#define LINEFILL_RUN(C, id) runs_gc_bench<C>(id)
  LINEFILL_COLLECTORS(LINEFILL_RUN);
#undef LINEFILL_RUN
}

TEST(every_collector_runs_random_mutators) {
#define LINEFILL_RUN(C, id) runs_random_mutators<C>(id)
  LINEFILL_COLLECTORS(LINEFILL_RUN);
#undef LINEFILL_RUN
}

}  // namespace
}  // namespace linefill
