// Replays a trace over a general allocator that is chosen by its number in heaps.h, for what the books say in
// the end: how much it took, what of that it could not use, what it refused. One kernel for all, so that the
// allocator can be a parameter of an experiment. Cost: the replay's. TypeScript twin:
// src/experiments/allocation/heap-figures.ts.
#include "allocators/heap-replay.h"
#include "allocators/heaps.h"
#include "kernel.h"

namespace linefill {
namespace {

std::string check_figures(uint32_t allocator, uint32_t parameter, std::span<uint32_t> heap,
                          std::span<const uint32_t> trace, std::span<uint32_t> offsets,
                          std::span<uint32_t> sizes, std::span<int32_t> answers, std::span<double> summary) {
  std::string wrong;
  bool has_markers = false;
  uint32_t number = 0;
#define LINEFILL_CHECK(A, id)                 \
  if (allocator == number++) {                \
    wrong = A::check(heap.size(), parameter); \
    has_markers = Marks<A>;                   \
  }
  LINEFILL_HEAPS(LINEFILL_CHECK);
#undef LINEFILL_CHECK
  if (allocator >= number) {
    return "\"allocator\" must be below " + std::to_string(number) + ", not " + std::to_string(allocator);
  }
  if (!wrong.empty()) return wrong;
  return check_heap_replay(heap.size(), trace, offsets, sizes, answers, summary, has_markers);
}

Outcome replay_over(uint32_t allocator, uint32_t parameter, std::span<uint32_t> heap,
                    std::span<const uint32_t> trace, std::span<uint32_t> offsets, std::span<uint32_t> sizes,
                    std::span<int32_t> answers, std::span<double> summary) {
  uint32_t number = 0;
#define LINEFILL_REPLAY(A, id) \
  if (allocator == number++) return replay_heap<A>(heap, parameter, trace, offsets, sizes, answers, summary)
  LINEFILL_HEAPS(LINEFILL_REPLAY);
#undef LINEFILL_REPLAY
  return {};
}

// 1. Replay the rows over the allocator, made afresh, 2. count what is there and hash the heap, 3. clear the
// tables.
Outcome heap_figures(uint32_t allocator, uint32_t parameter, std::span<uint32_t> heap,
                     std::span<const uint32_t> trace, std::span<uint32_t> offsets, std::span<uint32_t> sizes,
                     std::span<int32_t> answers, std::span<double> summary) {
  const Outcome found = replay_over(allocator, parameter, heap, trace, offsets, sizes, answers, summary);
  std::fill(offsets.begin(), offsets.end(), 0);
  std::fill(sizes.begin(), sizes.end(), 0);
  return found;
}

LINEFILL_KERNEL(heap_figures, "heap-figures", "replays a trace over a general allocator and keeps its books",
                check_figures, "allocator", "parameter", "heap", "trace", "offsets", "sizes", "answers",
                "summary");

}  // namespace
}  // namespace linefill
