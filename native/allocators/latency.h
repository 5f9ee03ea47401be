// Times every single operation, for what a mean hides: the rare slow call. Each time includes one read of the
// clock and comes in the clock's steps; the clock's own loop says how much that is. TypeScript sorts them
// afterwards.
#pragma once

#include <algorithm>
#include <limits>

#include "allocators/work.h"
#include "platform/platform.h"

namespace linefill {

// What is wrong with the arguments that all latency kernels share; empty: nothing.
inline std::string check_latency(size_t slots, std::span<const uint32_t> order, size_t times) {
  if (times != 2 * slots) {
    return "\"timesNs\" must have two elements a slot, " + std::to_string(2 * slots) + ", not " +
           std::to_string(times);
  }
  return check_work(slots, order, 0, 1);
}

inline uint32_t since_ns(uint64_t start_ns) {
  const uint64_t elapsed_ns = platform::now_ns() - start_ns;
  return static_cast<uint32_t>(std::min<uint64_t>(elapsed_ns, std::numeric_limits<uint32_t>::max()));
}

// Allocates slots.size() blocks and frees them in `order`, noting 2 x slots.size() times: the allocations',
// then the frees'. The checksum is as work()'s.
template <class A>
Outcome latency(A& allocator, std::span<typename A::Slot> slots, std::span<const uint32_t> order,
                std::span<uint32_t> times_ns) {
  const size_t n = slots.size();
  uint32_t sum = 0;
  const auto release = [&](typename A::Slot slot, uint32_t* time_ns) {
    sum += allocator.tag(slot);
    const uint64_t start_ns = platform::now_ns();
    const AllocError error = allocator.free(slot);
    *time_ns = since_ns(start_ns);
    return error;
  };
  // 1. Allocate, timed; tag.
  for (size_t i = 0; i < n; ++i) {
    const uint64_t start_ns = platform::now_ns();
    const auto block = allocator.alloc();
    times_ns[i] = since_ns(start_ns);
    if (!allocator.taken(block)) {
      while (i-- > 0) release(slots[i], &times_ns[i]);
      return {0, text_of(AllocError::kExhausted)};
    }
    slots[i] = allocator.slot_of(block);
    allocator.tag(slots[i]) = static_cast<uint32_t>(i);
    sum += allocator.fold(slots[i]);
  }
  // 2. Read the tag; free, timed.
  AllocError wrong = AllocError::kNone;
  for (size_t i = 0; i < n; ++i) {
    const AllocError error = release(slots[order[i]], &times_ns[n + i]);
    if (error != AllocError::kNone) wrong = error;
  }
  if (wrong != AllocError::kNone) return {0, text_of(wrong)};
  return {sum, nullptr};
}

}  // namespace linefill
