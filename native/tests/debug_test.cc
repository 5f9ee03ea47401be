// The debug wrapper: a block worked by hand, and mischief of every kind over every allocator, which must
// leave no trace outside the heap: the sanitizers watch.
#include <algorithm>
#include <vector>

#include "allocators/heaps.h"
#include "allocators/mischief.h"
#include "tests/test.h"

namespace linefill {
namespace {

TEST(debug_finds_a_byte_too_far) {
  std::vector<uint32_t> heap(1024);
  Debug<FreeList> debug = Debug<FreeList>::create(heap.data(), 1024, 0);
  debug.set_site(1);
  const auto block = static_cast<uint32_t>(debug.alloc(10, 8));
  CHECK_EQ(block, 24u);
  reinterpret_cast<uint8_t*>(&heap[block])[10] ^= 1;
  debug.set_site(2);
  CHECK_EQ(debug.free(block), AllocError::kOverflow);
  CHECK_EQ(debug.faults(), 1u);
  const Fault fault = debug.fault(0);
  CHECK_EQ(fault.error, AllocError::kOverflow);
  CHECK_EQ(fault.offset, block);
  CHECK_EQ(fault.bytes, 10u);
  CHECK_EQ(fault.allocated, 1u);
  CHECK_EQ(fault.freed, debug::kNoSite);
  CHECK_EQ(fault.found, 2u);
  CHECK_EQ(debug.free(block), AllocError::kDoubleFree);
  CHECK_EQ(debug.fault(1).freed, 2u);
}

TEST(debug_knows_what_is_held_without_a_search) {
  std::vector<uint32_t> heap(1024);
  Debug<FreeList> debug = Debug<FreeList>::create(heap.data(), 1024, 0);
  const auto block = static_cast<uint32_t>(debug.alloc(10, 8));
  CHECK_EQ(debug.free(block), AllocError::kNone);
  heap[block - debug::kFrontWords] ^= 1;
  const debug::Shape shape = debug::shape_of(1024);
  std::fill(heap.begin() + shape.held, heap.begin() + shape.starts, 0);
  CHECK(!debug.is_in_use(block));
  CHECK_EQ(debug.free(block), AllocError::kDoubleFree);
}

TEST(debug_counts_what_it_looks_at_for_a_block_before) {
  std::vector<uint32_t> heap(1 << 16);
  Debug<FreeList> debug = Debug<FreeList>::create(heap.data(), 1 << 16, 0);
  const uint64_t before = debug.steps();
  CHECK_EQ(debug.free(50'000), AllocError::kForeign);
  // A word of the map for 64 of the heap, 16 in a step.
  CHECK_EQ(debug.steps() - before, 50'000u / 64 / 16);
}

TEST(debug_refuses_heaps_too_small) {
  CHECK(Debug<FreeList>::check(240, 0) != "");
  CHECK_EQ(Debug<FreeList>::check(256, 0), "");
  CHECK(Debug<FreeList>::check(256, 9).starts_with("\"parameter\""));
  CHECK(Debug<Slab>::check(256, 0).starts_with("without the debug wrapper's own words"));
}

// A small generator: what it gives need only be varied.
struct Random {
  uint32_t state;
  uint32_t below(uint32_t bound) {
    state = state * 1664525 + 1013904223;
    return (state >> 8) % bound;
  }
};

std::vector<uint32_t> wild_trace(uint32_t seed, uint32_t rows, uint32_t ids, uint32_t heap_words) {
  Random random{seed};
  std::vector<uint32_t> trace;
  for (uint32_t row = 0; row < rows; ++row) {
    const uint32_t op = random.below(16);
    const uint32_t id = random.below(ids);
    if (op < 6) {
      trace.insert(trace.end(), {1, id, random.below(1u << random.below(9)), 1u << random.below(8)});
    } else if (op < 11) {
      trace.insert(trace.end(), {2, id, 0, 0});
    } else if (op == 11) {
      trace.insert(trace.end(), {3, random.below(heap_words + 64), 0, 0});
    } else if (op < 14) {
      trace.insert(trace.end(), {4, id, random.below(400) - 64, 0});
    } else if (op == 14) {
      trace.insert(trace.end(), {5, id, random.below(80) - 20, 0});
    } else {
      trace.insert(trace.end(), {6, 0, 0, 0});
    }
  }
  return trace;
}

template <class A>
void survive(uint32_t heap_words) {
  constexpr uint32_t kRows = 4000;
  constexpr uint32_t kIds = 40;
  for (uint32_t seed = 1; seed <= 3; ++seed) {
    // No word beyond the heap: the sanitizer's to see.
    std::vector<uint32_t> heap(heap_words, 0x5eed);
    const std::vector<uint32_t> trace = wild_trace(seed, kRows, kIds, heap_words);
    std::vector<uint32_t> offsets(kIds);
    std::vector<int32_t> answers(kRows);
    std::vector<uint32_t> told(kToldWords * kRows);
    std::vector<uint32_t> found(1);
    CHECK_EQ(check_mischief(trace, kIds, kRows), "");
    const Outcome outcome = replay_mischief<A>(heap, trace, offsets, answers, told, found);
    CHECK(outcome.error == nullptr);
    CHECK(found[0] > 100);
    CHECK(std::any_of(answers.begin(), answers.end(), [](int32_t answer) { return answer > kNotDone; }));
  }
}

TEST(debug_survives_mischief_of_any_kind) {
#define LINEFILL_SURVIVE(A, id) \
  survive<A>(768);              \
  survive<A>(65536)
  LINEFILL_HEAPS(LINEFILL_SURVIVE);
#undef LINEFILL_SURVIVE
}

}  // namespace
}  // namespace linefill
