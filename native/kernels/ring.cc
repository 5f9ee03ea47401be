// A ring between one producer and one consumer: the producer alone writes the tail, the consumer alone the
// head, and neither waits while the ring is neither full nor empty. What an item costs is how often the lines
// of head and tail travel: in one line, each item takes it to and fro; apart, each side still looks at the
// other's at every item; with a copy of it, only when the copy says that there is nothing to do. After
// Lamport's queue (Specifying Concurrent Program Modules, 1983) and rigtorp's SPSCQueue. Cost: `count` items.
// Reference: src/experiments/hardware/sharing-ring.ts.
#include <bit>

#include "kernel.h"
#include "kernels/patience.h"

namespace linefill {
namespace {

constexpr uint32_t kMultiplier = 2654435761;

std::string check_ring(Shared<uint32_t> indexes, uint32_t apart, Shared<uint32_t> items, uint32_t role,
                       uint32_t copies, uint32_t /*count*/) {
  if (apart == 0 || apart >= indexes.size()) {
    return "\"apart\" must be from 1 to below the length of \"indexes\" (" + std::to_string(indexes.size()) +
           "), not " + std::to_string(apart);
  }
  if (!std::has_single_bit(items.size()) || items.size() > 1u << 30) {
    return "\"items\" must have a power of two of elements, at most 2^30, not " +
           std::to_string(items.size());
  }
  if (role > 1) return "\"role\" must be 0 (produces) or 1 (consumes), not " + std::to_string(role);
  if (copies > 1) return "\"copies\" must be 0 or 1, not " + std::to_string(copies);
  return "";
}

// What passes at a position of the endless row of items.
inline uint32_t item_at(uint32_t position) { return position * kMultiplier; }

// Waits until the other index is no longer `blocked`; what it then is, in *theirs.
inline bool wait_while(std::atomic_ref<uint32_t> index, uint32_t blocked, uint32_t* theirs) {
  Patience patience;
  while ((*theirs = index.load(std::memory_order_acquire)) == blocked) {
    if (!patience.lasts()) return false;
  }
  return true;
}

// 1. Wait for room (a look at the head at every item, or when its copy says full), 2. write the item, 3.
// publish the tail. Answer: the sum of the items.
template <bool Copies>
Outcome produce(std::atomic_ref<uint32_t> head, std::atomic_ref<uint32_t> tail, Shared<uint32_t> items,
                uint32_t count) {
  const uint32_t capacity = static_cast<uint32_t>(items.size());
  uint32_t position = tail.load(std::memory_order_relaxed);
  uint32_t taken = head.load(std::memory_order_acquire);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < count; ++i, ++position) {
    if ((!Copies || position - taken == capacity) && !wait_while(head, position - capacity, &taken))
      return {0, Patience::kAlone};
    const uint32_t item = item_at(position);
    std::atomic_ref<uint32_t>(items[position & (capacity - 1)]).store(item, std::memory_order_relaxed);
    tail.store(position + 1, std::memory_order_release);
    sum += item;
  }
  return {sum, nullptr};
}

// 1. Wait for an item (a look at the tail at every item, or when its copy says empty), 2. read it, 3. publish
// the head. Answer: the sum of the items.
template <bool Copies>
Outcome consume(std::atomic_ref<uint32_t> head, std::atomic_ref<uint32_t> tail, Shared<uint32_t> items,
                uint32_t count) {
  const uint32_t capacity = static_cast<uint32_t>(items.size());
  uint32_t position = head.load(std::memory_order_relaxed);
  uint32_t written = tail.load(std::memory_order_acquire);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < count; ++i, ++position) {
    if ((!Copies || position == written) && !wait_while(tail, position, &written))
      return {0, Patience::kAlone};
    sum += std::atomic_ref<uint32_t>(items[position & (capacity - 1)]).load(std::memory_order_relaxed);
    head.store(position + 1, std::memory_order_release);
  }
  return {sum, nullptr};
}

Outcome ring(Shared<uint32_t> indexes, uint32_t apart, Shared<uint32_t> items, uint32_t role, uint32_t copies,
             uint32_t count) {
  const std::atomic_ref<uint32_t> head(indexes[0]);
  const std::atomic_ref<uint32_t> tail(indexes[apart]);
  if (role == 0)
    return copies ? produce<true>(head, tail, items, count) : produce<false>(head, tail, items, count);
  return copies ? consume<true>(head, tail, items, count) : consume<false>(head, tail, items, count);
}

LINEFILL_KERNEL(ring, "ring", "passes items through a ring, from one producer to one consumer", check_ring,
                "indexes", "apart", "items", "role", "copies", "count");

}  // namespace
}  // namespace linefill
