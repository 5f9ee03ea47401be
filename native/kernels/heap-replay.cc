// Replays a trace over each general allocator, made afresh in the caller's heap: the twins of
// src/allocators/heap-replay.ts, for comparing every offset, every refusal and the heap's image.
#include "allocators/heap-replay.h"

#include "allocators/buddy.h"
#include "allocators/free-list.h"
#include "allocators/linear.h"
#include "allocators/multi-pool.h"
#include "allocators/segregated.h"
#include "allocators/slab.h"
#include "allocators/small-object.h"
#include "allocators/stack.h"
#include "allocators/tlsf.h"
#include "kernel.h"

namespace linefill {
namespace {

template <class A>
std::string check_replay(std::span<uint32_t> heap, uint32_t parameter, std::span<const uint32_t> trace,
                         std::span<uint32_t> offsets, std::span<uint32_t> sizes, std::span<int32_t> answers,
                         std::span<double> summary) {
  std::string wrong = A::check(heap.size(), parameter);
  if (!wrong.empty()) return wrong;
  if (sizes.size() != offsets.size()) {
    return "\"sizes\" must have as many words as \"offsets\", " + std::to_string(offsets.size()) + ", not " +
           std::to_string(sizes.size());
  }
  if (summary.size() != kBooks) {
    return "\"summary\" must have " + std::to_string(kBooks) + " numbers, not " +
           std::to_string(summary.size());
  }
  return check_heap_trace(trace, offsets.size(), answers.size(), heap.size());
}

#define LINEFILL_HEAP_REPLAY(A, id)                                                                    \
  LINEFILL_KERNEL(replay_heap<A>, id "-replay", "replays a trace over a " id, check_replay<A>, "heap", \
                  "parameter", "trace", "offsets", "sizes", "answers", "summary")

LINEFILL_HEAP_REPLAY(Linear, "linear");
LINEFILL_HEAP_REPLAY(Stack, "stack");
LINEFILL_HEAP_REPLAY(FreeList, "free-list");
LINEFILL_HEAP_REPLAY(Segregated, "segregated");
LINEFILL_HEAP_REPLAY(Tlsf, "tlsf");
LINEFILL_HEAP_REPLAY(Buddy, "buddy");
LINEFILL_HEAP_REPLAY(MultiPool, "multi-pool");
LINEFILL_HEAP_REPLAY(Slab, "slab");
LINEFILL_HEAP_REPLAY(SmallObject, "small-object");

}  // namespace
}  // namespace linefill
