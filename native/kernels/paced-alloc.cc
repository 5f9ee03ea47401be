// Allocations at a rate: between one and the next the program has other work to do, a chain of additions. The
// blocks live for as long as it takes to fill the slots; each is tagged, and the tag is read back before the
// block is freed. Over our pool and over malloc. Reference: src/experiments/allocation/paced-kernels.ts.
#include "allocators/opaque.h"
#include "allocators/pool.h"
#include "kernel.h"

namespace linefill {
namespace {

constexpr uint64_t kMostAdds = uint64_t{1} << 32;

std::string check_pace(size_t slots, uint32_t steps, uint32_t adds) {
  if (slots == 0) return "\"slots\" must have at least one element";
  if (steps <= kMostOperations && steps * (uint64_t{adds} + 1) <= kMostAdds) return "";
  return "\"steps\" times \"adds\" must be at most " + std::to_string(kMostAdds) +
         ", and \"steps\" at most " + std::to_string(kMostOperations) + ", not " + std::to_string(steps) +
         " and " + std::to_string(adds);
}

// 1. Each step frees the block in its slot, allocates and tags another, 2. and does its additions; 3. the
// rest is freed. Answer: the 32-bit sum of the tags and of the additions.
template <class A>
Outcome paced(A& allocator, std::span<typename A::Slot> slots, uint32_t steps, uint32_t adds) {
  uint32_t sum = 0;
  uint32_t work = 0;
  size_t at = 0;
  size_t held = 0;
  AllocError wrong = AllocError::kNone;
  const auto give = [&](size_t i) {
    sum += allocator.tag(slots[i]);
    const AllocError error = allocator.free(slots[i]);
    if (error != AllocError::kNone) wrong = error;
  };
  for (uint32_t step = 0; step < steps; ++step) {
    if (held == slots.size()) {
      give(at);
      --held;
    }
    const auto block = allocator.alloc();
    if (!allocator.taken(block)) {
      wrong = AllocError::kExhausted;
      break;
    }
    slots[at] = allocator.slot_of(block);
    allocator.tag(slots[at]) = step;
    ++held;
    at = at + 1 == slots.size() ? 0 : at + 1;
    LINEFILL_UNROLL
    for (uint32_t i = 0; i < adds; ++i) {
      ++work;
      keep_register(work);
    }
  }
  for (; held > 0; --held) {
    at = at == 0 ? slots.size() - 1 : at - 1;
    give(at);
  }
  std::fill(slots.begin(), slots.end(), 0);
  return wrong == AllocError::kNone ? Outcome{sum + work, nullptr} : Outcome{0, text_of(wrong)};
}

std::string check_paced_pool(std::span<uint32_t> heap, std::span<uint32_t> slots, uint32_t steps,
                             uint32_t adds) {
  std::string wrong = check_pace(slots.size(), steps, adds);
  if (wrong.empty()) wrong = check_header(heap, Pool::kKind);
  return wrong.empty() ? check_free_list(heap) : wrong;
}

Outcome paced_pool(std::span<uint32_t> heap, std::span<uint32_t> slots, uint32_t steps, uint32_t adds) {
  PoolWork<Pool> pool{Pool(heap.data())};
  const Outcome outcome = paced(pool, slots, steps, adds);
  pool.pool.write_back();
  return outcome;
}

std::string check_paced_malloc(std::span<uint64_t> slots, uint32_t steps, uint32_t adds,
                               uint32_t block_bytes) {
  std::string wrong = check_pace(slots.size(), steps, adds);
  if (!wrong.empty()) return wrong;
  if (block_bytes >= sizeof(uint32_t) && block_bytes <= 4096 && slots.size() <= 65536) return "";
  return "\"blockBytes\" must be from 4 to 4096, of at most 65536 \"slots\", not " +
         std::to_string(block_bytes) + " and " + std::to_string(slots.size());
}

Outcome paced_malloc(std::span<uint64_t> slots, uint32_t steps, uint32_t adds, uint32_t block_bytes) {
  MallocWork allocator{{}, block_bytes};
  return paced(allocator, slots, steps, adds);
}

LINEFILL_KERNEL(paced_pool, "paced-pool", "allocates from a pool at a rate, with work between",
                check_paced_pool, "heap", "slots", "steps", "adds");
LINEFILL_KERNEL(paced_malloc, "paced-malloc", "the same with malloc", check_paced_malloc, "slots", "steps",
                "adds", "blockBytes");

}  // namespace
}  // namespace linefill
