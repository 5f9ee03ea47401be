// The debug wrapper over a general allocator that is chosen by its number in heaps.h: mischief replayed over
// it, and what it costs a trace without any. One kernel for all allocators, so that the allocator can be a
// parameter of an experiment. TypeScript twins: src/allocators/mischief.ts,
// src/experiments/allocation/debug-kernels.ts.
#include "allocators/heaps.h"
#include "allocators/mischief.h"
#include "allocators/trace-work.h"
#include "kernel.h"

namespace linefill {
namespace {

using Words = std::span<uint32_t>;
using Rows = std::span<const uint32_t>;

// What is wrong with a heap for an allocator, in the wrapper or not; empty: nothing.
std::string check_heap(uint32_t allocator, uint32_t wrapped, size_t heap_words) {
  if (wrapped > 1) return "\"wrapped\" must be 0 or 1, not " + std::to_string(wrapped);
  uint32_t number = 0;
#define LINEFILL_CHECK(A, id) \
  if (allocator == number++) return wrapped != 0 ? Debug<A>::check(heap_words, 0) : A::check(heap_words, 0)
  LINEFILL_HEAPS(LINEFILL_CHECK);
#undef LINEFILL_CHECK
  return "\"allocator\" must be below " + std::to_string(number) + ", not " + std::to_string(allocator);
}

std::string check_debug_mischief(uint32_t allocator, Words heap, Rows trace, Words offsets,
                                 std::span<int32_t> answers, Words told, Words found) {
  std::string wrong = check_heap(allocator, 1, heap.size());
  if (!wrong.empty()) return wrong;
  if (told.size() % kToldWords != 0) {
    return "\"told\" must have a multiple of " + std::to_string(kToldWords) + " words, not " +
           std::to_string(told.size());
  }
  if (found.size() != 1) return "\"found\" must have one word, not " + std::to_string(found.size());
  return check_mischief(trace, offsets.size(), answers.size());
}

// 1. Replay the rows over the allocator, made afresh in the wrapper, 2. hash the heap.
Outcome debug_mischief(uint32_t allocator, Words heap, Rows trace, Words offsets, std::span<int32_t> answers,
                       Words told, Words found) {
  uint32_t number = 0;
#define LINEFILL_REPLAY(A, id) \
  if (allocator == number++) return replay_mischief<A>(heap, trace, offsets, answers, told, found)
  LINEFILL_HEAPS(LINEFILL_REPLAY);
#undef LINEFILL_REPLAY
  return {};
}

LINEFILL_KERNEL(debug_mischief, "debug-mischief",
                "replays mischief over a general allocator in the debug wrapper", check_debug_mischief,
                "allocator", "heap", "trace", "offsets", "answers", "told", "found");

std::string check_debug_cost(uint32_t allocator, uint32_t wrapped, Words heap, Rows trace, Words slots) {
  std::string wrong = check_heap(allocator, wrapped, heap.size());
  return wrong.empty() ? check_trace_work(trace, slots.size(), heap.size()) : wrong;
}

template <class A>
Outcome work(Words heap, Rows trace, Words slots) {
  HeapStore<A> store(heap, 0);
  NoWatch watch;
  return replay_rows(store, trace, slots, watch);
}

// 1. Make the heap, in the wrapper or not, 2. replay the rows.
Outcome debug_cost(uint32_t allocator, uint32_t wrapped, Words heap, Rows trace, Words slots) {
  uint32_t number = 0;
#define LINEFILL_WORK(A, id)                                                                \
  if (allocator == number++) {                                                              \
    return wrapped != 0 ? work<Debug<A>>(heap, trace, slots) : work<A>(heap, trace, slots); \
  }
  LINEFILL_HEAPS(LINEFILL_WORK);
#undef LINEFILL_WORK
  return {};
}

LINEFILL_KERNEL(debug_cost, "debug-cost",
                "replays a trace over a general allocator, in the debug wrapper or not", check_debug_cost,
                "allocator", "wrapped", "heap", "trace", "slots");

}  // namespace
}  // namespace linefill
