// The work of pool-work.cc over allocators of others: malloc, operator new, aligned_alloc, std::pmr's pool,
// Boost.Pool, mimalloc. The first three and mimalloc live as long as the process; the two library pools are
// made anew in each call, over an arena of the caller's that is already touched, so that a call that repeats
// its batch measures the pool and not the system's page faults. Reference:
// src/experiments/allocation/opaque-kernels.ts.
#include <cstddef>
#include <memory>
#include <span>

#include "allocators/latency.h"
#include "allocators/opaque.h"
#include "kernel.h"
#include "platform/platform.h"

namespace linefill {
namespace {

using Slots = Scratch<uint64_t>;
using Indices = std::span<const uint32_t>;
using Arena = Scratch<uint8_t>;

// What an allocator adds to a block, at most, for the sake of the refusal below.
constexpr uint64_t kOverheadBytes = 64;

std::string check_blocks(size_t blocks, uint32_t block_bytes) {
  if (block_bytes < sizeof(uint32_t)) {
    return "\"blockBytes\" must be at least 4, to hold the tag, not " + std::to_string(block_bytes);
  }
  const uint64_t bytes = blocks * (uint64_t{block_bytes} + kOverheadBytes);
  const uint64_t available = platform::available_memory_bytes();
  if (available == 0 || bytes <= available / 2) return "";
  return "\"blockBytes\" must be lower: the batch would take " + std::to_string(bytes) +
         " bytes, more than half of the " + std::to_string(available) + " that are available";
}

std::string check_each(Slots slots, Indices order, uint32_t pattern, uint32_t rounds, uint32_t block_bytes) {
  std::string wrong = check_work(slots.size(), order, pattern, rounds);
  return wrong.empty() ? check_blocks(slots.size(), block_bytes) : wrong;
}

Outcome malloc_work(Slots slots, Indices order, uint32_t pattern, uint32_t rounds, uint32_t block_bytes) {
  MallocWork allocator{{}, block_bytes};
  return work(allocator, slots.span, order, pattern, rounds);
}

Outcome new_work(Slots slots, Indices order, uint32_t pattern, uint32_t rounds, uint32_t block_bytes) {
  NewWork allocator{{}, block_bytes};
  return work(allocator, slots.span, order, pattern, rounds);
}

Outcome aligned_work(Slots slots, Indices order, uint32_t pattern, uint32_t rounds, uint32_t block_bytes) {
  const size_t whole_lines = (size_t{block_bytes} + kLineBytes - 1) / kLineBytes * kLineBytes;
  AlignedWork allocator{{}, whole_lines};
  return work(allocator, slots.span, order, pattern, rounds);
}

std::string check_mimalloc(Slots slots, Indices order, uint32_t pattern, uint32_t rounds,
                           uint32_t block_bytes) {
  if (find_peer("mimalloc") == nullptr) return kNoMimalloc;
  return check_each(slots, order, pattern, rounds, block_bytes);
}

Outcome mimalloc_work(Slots slots, Indices order, uint32_t pattern, uint32_t rounds, uint32_t block_bytes) {
  const Peer* found = find_peer("mimalloc");
  MimallocWork allocator{{}, block_bytes, found->allocate, found->release};
  return work(allocator, slots.span, order, pattern, rounds);
}

// --- Pools over an arena
// -------------------------------------------------------------------------------------

std::string check_pmr(Slots slots, Indices order, uint32_t pattern, uint32_t rounds, uint32_t block_bytes,
                      Arena) {
  if (!has_pmr()) return kNoPmr;
  return check_each(slots, order, pattern, rounds, block_bytes);
}

#if defined(LINEFILL_PMR)
// The pool's upstream: the caller's arena, handed out once. What does not fit comes from operator new and is
// remembered: a pool need not survive an upstream that throws, and libstdc++'s goes on without its chunk.
class PmrArena : public std::pmr::memory_resource {
 public:
  explicit PmrArena(std::span<uint8_t> arena) : arena_(arena), free_(arena.data()), room_(arena.size()) {}

  bool was_too_small() const { return was_too_small_; }

 private:
  void* do_allocate(size_t bytes, size_t alignment) override {
    void* const block = std::align(alignment, bytes, free_, room_);
    if (block == nullptr) {
      was_too_small_ = true;
      return std::pmr::new_delete_resource()->allocate(bytes, alignment);
    }
    free_ = static_cast<uint8_t*>(block) + bytes;
    room_ -= bytes;
    return block;
  }

  void do_deallocate(void* block, size_t bytes, size_t alignment) override {
    const uintptr_t place = reinterpret_cast<uintptr_t>(block) - reinterpret_cast<uintptr_t>(arena_.data());
    if (place >= arena_.size()) std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
  }

  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  std::span<uint8_t> arena_;
  void* free_;
  size_t room_;
  bool was_too_small_ = false;
};

// 1. Make the pool over the arena, 2. do the batches, 3. let go of it.
Outcome pmr_work(Slots slots, Indices order, uint32_t pattern, uint32_t rounds, uint32_t block_bytes,
                 Arena arena) {
  try {
    PmrArena upstream(arena.span);
    std::pmr::unsynchronized_pool_resource pool(&upstream);
    PmrWork allocator{{}, block_bytes, &pool};
    const Outcome outcome = work(allocator, slots.span, order, pattern, rounds);
    return upstream.was_too_small() ? Outcome{0, text_of(AllocError::kExhausted)} : outcome;
  } catch (const std::bad_alloc&) {
    return {0, text_of(AllocError::kExhausted)};
  }
}
#else
Outcome pmr_work(Slots, Indices, uint32_t, uint32_t, uint32_t, Arena) { return {0, kNoPmr}; }
#endif

std::string check_boost(Slots slots, Indices order, uint32_t pattern, uint32_t rounds, uint32_t block_bytes,
                        Arena) {
  if (boost_version() == nullptr) return kNoBoostPool;
  return check_each(slots, order, pattern, rounds, block_bytes);
}

#if defined(LINEFILL_BOOST_POOL)
// Boost takes what it is given to be aligned; of a view that starts anywhere the first bytes are left out.
std::span<uint8_t> aligned(std::span<uint8_t> arena) {
  void* first = arena.data();
  size_t room = arena.size();
  if (std::align(alignof(std::max_align_t), 1, first, room) == nullptr) return {};
  return {static_cast<uint8_t*>(first), room};
}

// As pmr_work.
Outcome boost_work(Slots slots, Indices order, uint32_t pattern, uint32_t rounds, uint32_t block_bytes,
                   Arena arena) {
  const BoostArena upstream(aligned(arena.span));
  boost::pool<BoostArena> pool(block_bytes, slots.size());
  BoostWork allocator{{}, &pool};
  return work(allocator, slots.span, order, pattern, rounds);
}
#else
Outcome boost_work(Slots, Indices, uint32_t, uint32_t, uint32_t, Arena) { return {0, kNoBoostPool}; }
#endif

#define LINEFILL_WORK_NAMES "slots", "order", "pattern", "rounds", "blockBytes"
LINEFILL_KERNEL(malloc_work, "alloc-malloc-work",
                "allocates and frees batches of blocks with malloc and free", check_each,
                LINEFILL_WORK_NAMES);
LINEFILL_KERNEL(new_work, "alloc-new-work", "the same with operator new and delete", check_each,
                LINEFILL_WORK_NAMES);
LINEFILL_KERNEL(aligned_work, "alloc-aligned-work", "the same with aligned_alloc, on line boundaries",
                check_each, LINEFILL_WORK_NAMES);
LINEFILL_KERNEL(mimalloc_work, "alloc-mimalloc-work", "the same with mimalloc", check_mimalloc,
                LINEFILL_WORK_NAMES);
LINEFILL_KERNEL(pmr_work, "alloc-pmr-work", "the same with std::pmr::unsynchronized_pool_resource", check_pmr,
                LINEFILL_WORK_NAMES, "arena");
LINEFILL_KERNEL(boost_work, "alloc-boost-work", "the same with Boost.Pool", check_boost, LINEFILL_WORK_NAMES,
                "arena");

}  // namespace
}  // namespace linefill
