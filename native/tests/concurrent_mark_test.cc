// A second thread marks while a random mutator cuts and hangs what it marks: what comes out is, word by word,
// as when the same is done in the final pause, and the sanitizers see no race.
#include <vector>

#include "collectors/concurrent-marking.h"
#include "collectors/cycle.h"
#include "collectors/mutate.h"
#include "tests/mutator_programs.h"
#include "tests/test.h"

namespace linefill {
namespace {

constexpr uint32_t kRoots = test::HangingProgram::kRoots;
constexpr uint32_t kTableSlots = 800;

// What a run leaves behind.
struct Ran {
  std::vector<uint32_t> heap, roots, answers;
  std::vector<double> counts;
};

template <bool kThreaded>
Ran run(const std::vector<uint32_t>& rows, uint32_t heap_words, uint32_t start, uint32_t distance) {
  using Collector = Cycle<ConcurrentMarking<kThreaded>>;
  Ran ran{std::vector<uint32_t>(heap_words, 0xa5a5a5a5), std::vector<uint32_t>(kRoots),
          std::vector<uint32_t>(rows.size() / kMutatorRowWords), std::vector<double>(Counts::kNumbers + 1)};
  std::vector<uint32_t> scratch(heap_words + kRoots, 0x5a5a5a5a);
  const std::vector<uint32_t> settings{start, distance};
  CHECK_EQ(Collector::check(heap_words, settings), "");
  PauseLog pauses({});
  const CollectorRoom room{ran.heap, scratch, ran.roots, &pauses};
  const Outcome outcome = mutate<Collector>(room, settings, rows, ran.answers, ran.counts);
  CHECK(outcome.error == nullptr);
  return ran;
}

void compare(uint32_t seed, uint32_t heap_words, uint32_t start, uint32_t distance) {
  const std::vector<uint32_t> rows =
      test::HangingProgram(seed, kTableSlots).steps(test::kSanitized ? 10'000 : 40'000);
  const Ran alone = run<false>(rows, heap_words, start, distance);
  const Ran threaded = run<true>(rows, heap_words, start, distance);
  CHECK(threaded.answers == alone.answers);
  CHECK(threaded.roots == alone.roots);
  CHECK(threaded.heap == alone.heap);
  CHECK(threaded.counts == alone.counts);
  constexpr size_t kFullCollections = 2;
  CHECK(alone.counts[kFullCollections] > 1);
}

TEST(concurrent_marking_comes_to_the_same_where_cycles_never_end) { compare(1, 1 << 16, 1, 5); }
TEST(concurrent_marking_comes_to_the_same_in_short_cycles) { compare(2, 1 << 16, 1, 1); }
TEST(concurrent_marking_comes_to_the_same_by_default) { compare(3, 1 << 16, 60, 20); }
TEST(concurrent_marking_comes_to_the_same_in_a_hurry) { compare(4, 32'768, 50, 100); }
TEST(concurrent_marking_comes_to_the_same_where_memory_runs_out) { compare(5, 9216, 20, 10); }

// A thread that waits in the middle of a cycle ends with the collector.
TEST(concurrent_marking_ends_with_its_collector) {
  std::vector<uint32_t> heap(1 << 16), scratch(heap.size() + kRoots), roots(kRoots);
  const std::vector<uint32_t> settings{1, 100};
  PauseLog pauses({});
  for (uint32_t round = 0; round < 20; ++round) {
    for (uint32_t& root : roots) root = kNull;
    Cycle<ConcurrentMarking<true>> collector({heap, scratch, roots, &pauses}, settings);
    for (uint32_t made = 0; made < 100 * round; ++made)
      collector.set_root(made % kRoots, collector.alloc(4, 8));
  }
}

}  // namespace
}  // namespace linefill
