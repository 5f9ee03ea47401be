// The timed work of a trace over each general allocator of ours, made afresh in the caller's heap by every
// call. Reference: src/experiments/allocation/trace-kernels.ts.
#include "allocators/heaps.h"
#include "allocators/trace-work.h"
#include "kernel.h"

namespace linefill {
namespace {

using Heap = std::span<uint32_t>;
using Trace = std::span<const uint32_t>;

template <class A>
std::string check_work(Heap heap, uint32_t parameter, Trace trace, std::span<uint32_t> slots) {
  std::string wrong = A::check(heap.size(), parameter);
  return wrong.empty() ? check_trace_work(trace, slots.size(), heap.size(), Marks<A>) : wrong;
}

// 1. Make the heap, 2. replay the rows.
template <class A>
Outcome heap_work(Heap heap, uint32_t parameter, Trace trace, std::span<uint32_t> slots) {
  HeapStore<A> store(heap, parameter);
  NoWatch watch;
  return replay_rows(store, trace, slots, watch);
}

template <class A>
std::string check_tails(Heap heap, uint32_t parameter, Trace trace, std::span<uint32_t> slots,
                        Observed<uint32_t> times_ns) {
  if (times_ns.size() != trace.size() / kRowWords) {
    return "\"timesNs\" must have an element for each row, " + std::to_string(trace.size() / kRowWords) +
           ", not " + std::to_string(times_ns.size());
  }
  return check_work<A>(heap, parameter, trace, slots);
}

// The same, and each row timed.
template <class A>
Outcome heap_tails(Heap heap, uint32_t parameter, Trace trace, std::span<uint32_t> slots,
                   Observed<uint32_t> times_ns) {
  HeapStore<A> store(heap, parameter);
  RowWatch watch{times_ns.span};
  return replay_rows(store, trace, slots, watch);
}

#define LINEFILL_HEAP_WORK(A, id)                                                                       \
  LINEFILL_KERNEL(heap_work<A>, id "-work", "replays a trace over a " id " and keeps no books",         \
                  check_work<A>, "heap", "parameter", "trace", "slots");                                \
  LINEFILL_KERNEL(heap_tails<A>, id "-tails", "the same over a " id ", each row timed", check_tails<A>, \
                  "heap", "parameter", "trace", "slots", "timesNs")

LINEFILL_HEAPS(LINEFILL_HEAP_WORK);
LINEFILL_ONE_SIZE_HEAPS(LINEFILL_HEAP_WORK);

}  // namespace
}  // namespace linefill
