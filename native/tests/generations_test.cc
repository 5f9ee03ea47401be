// Collectors that move objects, over random mutators in heaps that are exactly theirs, so that a sanitizer
// sees a step outside: what a program finds is what it finds under the simplest of them, in a heap that is
// never full.
#include <memory>
#include <random>
#include <vector>

#include "collectors/mutate.h"
#include "collectors/plans/generational.h"
#include "collectors/plans/mark-compact.h"
#include "collectors/plans/semi-space.h"
#include "tests/test.h"

namespace linefill {
namespace {

constexpr uint32_t kRoots = 24;
constexpr uint32_t kRows = 3000;

struct Ran {
  std::vector<uint32_t> answers;
  std::vector<double> counts;
  size_t rows = 0;
};

std::vector<uint32_t> random_trace(std::mt19937& random) {
  const auto below = [&](uint32_t most) { return static_cast<uint32_t>(random() % most); };
  std::vector<uint32_t> rows;
  const auto row = [&](MutatorOp op, uint32_t second, uint32_t third, uint32_t fourth) {
    rows.insert(rows.end(), {static_cast<uint32_t>(op), second, third, fourth});
  };
  for (uint32_t i = 0; i < kRows; ++i) {
    const uint32_t kind = below(100);
    // One in a hundred is large, with slots on many cards.
    const uint32_t slots = below(100) == 0 ? 300 : 6;
    if (kind < 30) {
      row(MutatorOp::kNew, below(kRoots), below(slots), 1 + below(100));
    } else if (kind < 45) {
      row(MutatorOp::kLoad, below(kRoots), below(kRoots), below(6));
    } else if (kind < 75) {
      row(MutatorOp::kStore, below(kRoots), below(slots), below(kRoots));
    } else if (kind < 80) {
      row(MutatorOp::kErase, below(kRoots), below(slots), 0);
    } else if (kind < 85) {
      row(MutatorOp::kClear, below(kRoots), 0, 0);
    } else {
      row(below(60) == 0 ? MutatorOp::kCollect : MutatorOp::kUse, below(kRoots), 0, 0);
    }
  }
  return rows;
}

template <class C>
Ran run(size_t heap_words, const std::vector<uint32_t>& settings, const std::vector<uint32_t>& trace) {
  REQUIRE(C::check(heap_words, settings).empty());
  // Rubbish: nothing may be taken for granted.
  const std::unique_ptr<uint32_t[]> heap(new uint32_t[heap_words]);
  for (size_t i = 0; i < heap_words; ++i) heap[i] = static_cast<uint32_t>(i) * 0x9e3779b9;
  const std::unique_ptr<uint32_t[]> scratch(new uint32_t[heap_words + kRoots]);
  std::vector<uint32_t> roots(kRoots);
  PauseLog pauses({});
  Ran ran{std::vector<uint32_t>(kRows), std::vector<double>(Counts::kNumbers + 1)};
  const CollectorRoom room{{heap.get(), heap_words}, {scratch.get(), heap_words + kRoots}, roots, &pauses};
  const Outcome outcome = mutate<C>(room, settings, trace, ran.answers, ran.counts);
  CHECK(outcome.error == nullptr);
  ran.rows = static_cast<size_t>(ran.counts[Counts::kNumbers]);
  return ran;
}

template <class C>
void finds_the_same(size_t least_words, const std::vector<std::vector<uint32_t>>& settings) {
  std::mt19937 random(20261121);
  double minor = 0;
  double full = 0;
  for (uint32_t time = 0; time < 12; ++time) {
    const std::vector<uint32_t> trace = random_trace(random);
    const Ran simple = run<SemiSpace>(size_t{1} << 18, {}, trace);
    REQUIRE(simple.rows == kRows);
    const size_t heap_words = least_words + (time % 4 + 1) * 1024;
    const Ran ran = run<C>(heap_words, settings[time % settings.size()], trace);
    uint32_t differing = 0;
    for (size_t row = 0; row < ran.rows; ++row) {
      const bool is_use = trace[row * kMutatorRowWords] == static_cast<uint32_t>(MutatorOp::kUse);
      if (is_use && ran.answers[row] != simple.answers[row]) ++differing;
    }
    CHECK_EQ(differing, 0u);
    full += ran.counts[2];
    minor += ran.counts[3];
  }
  CHECK(full > 0);
  CHECK(minor > 0 || C::kSettings == 0);
}

TEST(mark_compact_finds_the_same) { finds_the_same<MarkCompact>(1024, {{}}); }

TEST(generations_find_the_same) {
  const std::vector<std::vector<uint32_t>> settings = {{0, 2}, {64, 1}, {300, 7}};
  finds_the_same<GenerationalCards>(4096, settings);
  finds_the_same<GenerationalBuffer>(4096, settings);
  finds_the_same<GenerationalScan>(4096, settings);
  finds_the_same<GenerationalCompact>(1024, settings);
  finds_the_same<GenerationalCompactBuffer>(1024, settings);
}

}  // namespace
}  // namespace linefill
