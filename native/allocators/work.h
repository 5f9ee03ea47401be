// The timed work over an allocator: blocks are allocated, tagged, read back and freed, in one of four orders.
// A template over the allocator: no virtual call in the loops, and the order is chosen outside them.
//
//   pair     each block is freed before the next is asked for
//   lifo     a batch is allocated, then freed from its last block to its first
//   fifo     ... from its first to its last
//   random   ... in the order of a permutation made beforehand
//
// A tag is written to each block and read back before it is freed, so that the sum of the tags proves the
// blocks to have been distinct and their contents to have survived.
//
// An allocator A has: Slot (what the batch remembers of a block), alloc() -> Block, taken(Block),
// slot_of(Block), tag(Slot) -> uint32_t&, free(Slot) -> AllocError, fold(Slot) -> what the sum takes of a
// placement.
#pragma once

#include <span>
#include <string>

#include "allocators/allocation.h"
#include "inline.h"
#include "keep.h"
#include "timing.h"

namespace linefill {

enum class Order : uint32_t { kPair, kLifo, kFifo, kRandom };

// Operations of one call: what bounds its duration.
inline constexpr uint64_t kMostOperations = uint64_t{1} << 24;

// What is wrong with the arguments that all work shares; empty: nothing. `order` must be a permutation.
std::string check_work(size_t slots, std::span<const uint32_t> order, uint32_t pattern, uint32_t rounds);

// Does `rounds` batches of slots.size() blocks. The checksum is the 32-bit sum of the tags and of what fold()
// says of each placement. On a refusal it frees what it holds and says why.
template <class A>
Outcome work(A& allocator, std::span<typename A::Slot> slots, std::span<const uint32_t> order,
             uint32_t pattern, uint32_t rounds) {
  // A copy whose address nobody has: its fields can live in registers.
  A a = allocator;
  const size_t n = slots.size();
  uint32_t sum = 0;
  AllocError wrong = AllocError::kNone;
  const auto take = [&](size_t i, size_t tag) LINEFILL_INLINE {
    const auto block = a.alloc();
    if (!a.taken(block)) [[unlikely]]
      return false;
    const auto slot = a.slot_of(block);
    slots[i] = slot;
    a.tag(slot) = static_cast<uint32_t>(tag);
    sum += a.fold(slot);
    return true;
  };
  const auto give = [&](size_t i) LINEFILL_INLINE {
    const auto slot = slots[i];
    sum += a.tag(slot);
    const AllocError error = a.free(slot);
    if (error != AllocError::kNone) [[unlikely]]
      wrong = error;
  };
  for (uint32_t round = 0; round < rounds; ++round) {
    const size_t base = round * n;
    // 1. Allocate and tag the batch, or each block's pair of calls.
    size_t held = 0;
    if (pattern == static_cast<uint32_t>(Order::kPair)) {
      for (size_t i = 0; i < n; ++i) {
        if (!take(i, base + i)) [[unlikely]] {
          allocator = a;
          return {0, text_of(AllocError::kExhausted)};
        }
        // Somebody uses the block, and then the rest of the memory: neither the pair nor its link melts away.
        clobber();
        give(i);
        clobber();
      }
      continue;
    }
    while (held < n && take(held, base + held)) ++held;
    if (held < n) [[unlikely]] {
      while (held > 0) give(--held);
      allocator = a;
      return {0, text_of(AllocError::kExhausted)};
    }
    // 2. Read each tag back and free its block.
    if (pattern == static_cast<uint32_t>(Order::kLifo)) {
      for (size_t i = n; i-- > 0;) give(i);
    } else if (pattern == static_cast<uint32_t>(Order::kFifo)) {
      for (size_t i = 0; i < n; ++i) give(i);
    } else {
      for (size_t i = 0; i < n; ++i) give(order[i]);
    }
  }
  allocator = a;
  return wrong == AllocError::kNone ? Outcome{sum, nullptr} : Outcome{0, text_of(wrong)};
}

// A pool of ours as work() takes it: the sum folds every offset, so that placement must agree as well.
template <class P>
struct PoolWork {
  using Slot = uint32_t;
  P pool;

  int32_t alloc() { return pool.alloc(); }
  static bool taken(int32_t block) { return block > 0; }
  static Slot slot_of(int32_t block) { return static_cast<Slot>(block); }
  uint32_t& tag(Slot slot) const { return pool.heap()[slot]; }
  AllocError free(Slot slot) { return pool.free(slot); }
  static uint32_t fold(Slot slot) { return slot; }
};

}  // namespace linefill
