// Replays a trace over each general allocator, made afresh in the caller's heap: the twins of
// src/allocators/heap-replay.ts, for comparing every offset, every refusal and the heap's image.
#include "allocators/heap-replay.h"

#include "allocators/debug.h"
#include "allocators/heaps.h"
#include "kernel.h"

namespace linefill {
namespace {

template <class A>
std::string check_replay(std::span<uint32_t> heap, uint32_t parameter, std::span<const uint32_t> trace,
                         std::span<uint32_t> offsets, std::span<uint32_t> sizes, std::span<int32_t> answers,
                         std::span<double> summary) {
  std::string wrong = A::check(heap.size(), parameter);
  if (!wrong.empty()) return wrong;
  return check_heap_replay(heap.size(), trace, offsets, sizes, answers, summary, Marks<A>);
}

#define LINEFILL_HEAP_REPLAY(A, id)                                                                    \
  LINEFILL_KERNEL(replay_heap<A>, id "-replay", "replays a trace over a " id, check_replay<A>, "heap", \
                  "parameter", "trace", "offsets", "sizes", "answers", "summary")

#define LINEFILL_DEBUG_REPLAY(A, id) LINEFILL_HEAP_REPLAY(Debug<A>, "debug-" id)

LINEFILL_HEAPS(LINEFILL_HEAP_REPLAY);
LINEFILL_HEAPS(LINEFILL_DEBUG_REPLAY);
LINEFILL_ONE_SIZE_HEAPS(LINEFILL_HEAP_REPLAY);
LINEFILL_ONE_SIZE_HEAPS(LINEFILL_DEBUG_REPLAY);

}  // namespace
}  // namespace linefill
