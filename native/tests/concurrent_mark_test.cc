// A second thread marks while a random mutator cuts and hangs what it marks: what comes out is, word by word,
// as when the same is done in the final pause, and the sanitizers see no race.
#include <vector>

#include "collectors/concurrent-marking.h"
#include "collectors/cycle.h"
#include "collectors/mutate.h"
#include "tests/test.h"

namespace linefill {
namespace {

constexpr uint32_t kRoots = 5;
constexpr uint32_t kTable = 0, kFirst = 1, kSecond = 2, kFresh = 3, kHeld = 4;
constexpr uint32_t kTableSlots = 800;

// A program over a wide object that stays, and chains that hang on it.
class Program {
 public:
  explicit Program(uint32_t seed) : state_(seed) { row(MutatorOp::kNew, kTable, kTableSlots, 0); }

  void step() {
    const uint32_t place = random() % kTableSlots;
    const uint32_t slot = random() % 4;
    switch (random() % 8) {
      case 0:
      case 1:
        make(kFresh);
        row(MutatorOp::kStore, kTable, place, kFresh);
        break;
      case 2:
        make(kFresh);
        row(MutatorOp::kStore, kFirst, slot, kFresh);
        row(MutatorOp::kCopy, kFirst, kFresh);
        break;
      case 3:
        row(MutatorOp::kLoad, kFirst, kTable, place);
        break;
      case 4:
        row(MutatorOp::kLoad, kFirst, kFirst, slot);
        break;
      case 5:
        row(MutatorOp::kLoad, kSecond, kTable, place);
        row(MutatorOp::kErase, kTable, place);
        row(MutatorOp::kStore, kTable, random() % kTableSlots, kSecond);
        row(MutatorOp::kUse, kSecond);
        break;
      case 6:
        row(MutatorOp::kLoad, kSecond, kTable, place);
        row(MutatorOp::kStore, kFirst, slot, kSecond);
        break;
      default:
        if (random() % 16 == 0) row(MutatorOp::kLoad, kHeld, kTable, place);
        if (random() % 64 == 0) make(kHeld);
        if (random() % 4096 == 0) row(MutatorOp::kCollect);
        if (random() % 256 == 0) row(MutatorOp::kCheckpoint);
        make(kFresh);
    }
  }

  std::vector<uint32_t> rows;

 private:
  uint32_t random() { return (state_ = state_ * 1664525 + 1013904223) >> 8; }
  void make(uint32_t root) { row(MutatorOp::kNew, root, 4, 8 + random() % 3 * 4); }
  void row(MutatorOp op, uint32_t second = 0, uint32_t third = 0, uint32_t fourth = 0) {
    for (const uint32_t word : {static_cast<uint32_t>(op), second, third, fourth}) rows.push_back(word);
  }

  uint32_t state_;
};

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
  Program program(seed);
  const uint32_t steps = test::kSanitized ? 10'000 : 40'000;
  for (uint32_t step = 0; step < steps; ++step) program.step();
  const Ran alone = run<false>(program.rows, heap_words, start, distance);
  const Ran threaded = run<true>(program.rows, heap_words, start, distance);
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
