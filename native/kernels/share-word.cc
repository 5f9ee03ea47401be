// One word that several threads read and write: what an access costs depends on who else has its line, and on
// which instruction makes it. Loads and plain stores are relaxed atomics, two ordinary moves that the
// compiler may neither merge nor keep in a register. Answers are the same however the threads meet: a word
// that is stored holds one number in both its halves, so that a load can tell whether it was written whole;
// one that is added to may only rise. Beside it, a walk over many lines of which each is one thread's own:
// who shares no line may still share a pair of lines, which some prefetchers fetch together. Cost: `count`
// accesses, a line transfer each where threads contend. Reference:
// src/experiments/hardware/sharing-kernels.ts.
#include <bit>

#include "kernel.h"

namespace linefill {
namespace {

enum class Access : uint32_t { kStore, kStoreInOrder, kExchange, kAdd, kCompareExchange };
constexpr uint32_t kAccesses = 5;

inline uint32_t in_both_halves(uint32_t n) { return n << 16 | (n & 0xffff); }
inline bool is_whole(uint32_t value) { return std::rotl(value, 16) == value; }

std::string check_word(Shared<uint32_t> words, uint32_t slot, uint32_t access, uint32_t every,
                       uint32_t /*count*/) {
  if (slot >= words.size()) {
    return "\"slot\" must be below the length of \"words\" (" + std::to_string(words.size()) + "), not " +
           std::to_string(slot);
  }
  if (access >= kAccesses) {
    return "\"access\" must be 0 (store), 1 (store in order), 2 (exchange), 3 (add) or 4 (compare and "
           "exchange), not " +
           std::to_string(access);
  }
  if (every > 1 && access > static_cast<uint32_t>(Access::kExchange)) {
    return "\"every\" must be 0 or 1 where the word is added to, not " + std::to_string(every);
  }
  return "";
}

inline bool load(std::atomic_ref<uint32_t> word) { return is_whole(word.load(std::memory_order_relaxed)); }

// The n-th write; `least` is what an added-to word had reached. True when nothing was torn or lost.
template <Access Kind>
inline bool write(std::atomic_ref<uint32_t> word, uint32_t n, uint32_t* least) {
  if constexpr (Kind == Access::kStore) {
    word.store(in_both_halves(n), std::memory_order_relaxed);
    return true;
  } else if constexpr (Kind == Access::kStoreInOrder) {
    word.store(in_both_halves(n), std::memory_order_seq_cst);
    return true;
  } else if constexpr (Kind == Access::kExchange) {
    return is_whole(word.exchange(in_both_halves(n), std::memory_order_relaxed));
  } else {
    uint32_t old;
    if constexpr (Kind == Access::kAdd) {
      old = word.fetch_add(1, std::memory_order_relaxed);
    } else {
      old = word.load(std::memory_order_relaxed);
      while (!word.compare_exchange_strong(old, old + 1, std::memory_order_relaxed)) {
      }
    }
    const bool rises = static_cast<int32_t>(old - *least) >= 0;
    *least = old + 1;
    return rises;
  }
}

// 1. Of each `every` accesses, the last is a write (0: none is), 2. the others are loads. 3. What is left of
// `count` are loads. Answer: the accesses that found the word as it may be.
template <Access Kind>
uint64_t access_word(std::atomic_ref<uint32_t> word, uint32_t every, uint32_t count) {
  uint64_t sound = 0;
  uint32_t least = word.load(std::memory_order_relaxed);
  const uint32_t writes = every == 0 ? 0 : count / every;
  for (uint32_t n = 1; n <= writes; ++n) {
    for (uint32_t i = 1; i < every; ++i) sound += load(word);
    sound += write<Kind>(word, n, &least);
  }
  for (uint32_t i = writes * every; i < count; ++i) sound += load(word);
  return sound;
}

uint64_t share_word(Shared<uint32_t> words, uint32_t slot, uint32_t access, uint32_t every, uint32_t count) {
  const std::atomic_ref<uint32_t> word(words[slot]);
  switch (static_cast<Access>(access)) {
    case Access::kStore:
      return access_word<Access::kStore>(word, every, count);
    case Access::kStoreInOrder:
      return access_word<Access::kStoreInOrder>(word, every, count);
    case Access::kExchange:
      return access_word<Access::kExchange>(word, every, count);
    case Access::kAdd:
      return access_word<Access::kAdd>(word, every, count);
    case Access::kCompareExchange:
      return access_word<Access::kCompareExchange>(word, every, count);
  }
  return 0;
}

// The lines are visited by a linear congruence, a full period for a power of two (Hull and Dobell 1962), so
// that no prefetcher but the one that completes pairs of lines has anything to go by.
constexpr uint32_t kMultiplier = 69069;
constexpr uint32_t kIncrement = 1;

std::string check_walk(Shared<uint32_t> words, uint32_t first, uint32_t apart, uint32_t slots,
                       uint32_t /*passes*/) {
  if (!std::has_single_bit(slots)) return "\"slots\" must be a power of two, not " + std::to_string(slots);
  const uint64_t last = first + uint64_t{slots - 1} * apart;
  if (last < words.size()) return "";
  return "\"words\" must hold the last slot, element " + std::to_string(last) + "; it has " +
         std::to_string(words.size());
}

// 1. In each pass, each slot once, in an order that looks random, 2. is added one to, indivisibly. Answer:
// the sum of what the slots held after each addition.
uint64_t walk_lines(Shared<uint32_t> words, uint32_t first, uint32_t apart, uint32_t slots, uint32_t passes) {
  uint64_t sum = 0;
  uint32_t slot = 0;
  const uint64_t count = uint64_t{slots} * passes;
  for (uint64_t i = 0; i < count; ++i) {
    slot = (slot * kMultiplier + kIncrement) & (slots - 1);
    const std::atomic_ref<uint32_t> word(words[first + size_t{slot} * apart]);
    sum += word.fetch_add(1, std::memory_order_relaxed) + 1;
  }
  return sum;
}

LINEFILL_KERNEL(share_word, "share-word", "reads and writes one shared word, by the instruction asked for",
                check_word, "words", "slot", "access", "every", "count");
LINEFILL_KERNEL(walk_lines, "walk-lines", "adds one to a word in each of many lines, in scattered order",
                check_walk, "words", "first", "apart", "slots", "passes");

}  // namespace
}  // namespace linefill
