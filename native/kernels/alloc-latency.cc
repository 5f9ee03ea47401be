// The single-operation times of pool-latency over malloc and mimalloc, and the clock's own floor.
// Reference: src/experiments/allocation/latency-kernels.ts.
#include "allocators/latency.h"
#include "allocators/opaque.h"
#include "kernel.h"

namespace linefill {
namespace {

using Slots = Scratch<uint64_t>;
using Indices = std::span<const uint32_t>;
using Times = Observed<uint32_t>;

constexpr uint32_t kMostBlockBytesTimed = 4096;

std::string check_each(Slots slots, Indices order, Times times_ns, uint32_t block_bytes) {
  std::string wrong = check_latency(slots.size(), order, times_ns.size());
  if (!wrong.empty()) return wrong;
  if (block_bytes >= sizeof(uint32_t) && block_bytes <= kMostBlockBytesTimed) return "";
  return "\"blockBytes\" must be from 4 to " + std::to_string(kMostBlockBytesTimed) + ", not " +
         std::to_string(block_bytes);
}

Outcome malloc_latency(Slots slots, Indices order, Times times_ns, uint32_t block_bytes) {
  MallocWork allocator{{}, block_bytes};
  return latency(allocator, slots.span, order, times_ns.span);
}

std::string check_mimalloc(Slots slots, Indices order, Times times_ns, uint32_t block_bytes) {
  if (find_peer("mimalloc") == nullptr) return kNoMimalloc;
  return check_each(slots, order, times_ns, block_bytes);
}

Outcome mimalloc_latency(Slots slots, Indices order, Times times_ns, uint32_t block_bytes) {
  const Peer* found = find_peer("mimalloc");
  MimallocWork allocator{{}, block_bytes, found->allocate, found->release};
  return latency(allocator, slots.span, order, times_ns.span);
}

std::string check_clock(Times times_ns) {
  return times_ns.size() <= kMostOperations
             ? ""
             : "\"timesNs\" must have at most " + std::to_string(kMostOperations) + " elements";
}

// 1. Read the clock twice with nothing between, and note the difference, 2. for every element.
uint64_t clock_latency(Times times_ns) {
  for (uint32_t& time_ns : times_ns.span) {
    const uint64_t start_ns = platform::now_ns();
    clobber();
    time_ns = since_ns(start_ns);
  }
  return times_ns.size();
}

LINEFILL_KERNEL(malloc_latency, "alloc-malloc-latency", "times each malloc and each free of a batch",
                check_each, "slots", "order", "timesNs", "blockBytes");
LINEFILL_KERNEL(mimalloc_latency, "alloc-mimalloc-latency", "the same with mimalloc", check_mimalloc, "slots",
                "order", "timesNs", "blockBytes");
LINEFILL_KERNEL(clock_latency, "alloc-clock-latency", "times nothing at all: the floor of such times",
                check_clock, "timesNs");

}  // namespace
}  // namespace linefill
