// Workloads of several threads over pools of ours, which crowd.cc runs over general allocators: slots whose
// blocks threads replace and pass on in rounds (allocators/crowd-slots.cc), and blocks that one thread
// allocates and another frees (allocators/crowd-queue.cc). A pool for each class of sizes, a power of two
// lines each, one behind another in a heap that the threads share. The threads are there already and do one
// part each; in rounds they meet at each one's end. Blocks are named by word offsets, so a script can forge
// none that would be followed out of the heap. Cost: an atomic operation or none a call, as the pool has it;
// a meeting a round. Reference: src/experiments/allocation/pool-crowd-kernels.ts.
#include <bit>
#include <vector>

#include "allocators/cached-pool.h"
#include "allocators/crowd.h"
#include "allocators/lock-free-pool.h"
#include "kernel.h"
#include "kernels/thread-work.h"

namespace linefill {
namespace {

// What a thread does: thread-work.h's roles, and one more.
constexpr uint32_t kSlots = static_cast<uint32_t>(Role::kConsumer) + 1;
// Classes up to the largest block of a pool.
constexpr size_t kMostClasses = 11;
constexpr uint32_t kMostSlots = 1u << 20;

constexpr uint32_t class_of(uint32_t bytes) {
  return static_cast<uint32_t>(std::bit_width((bytes - 1) / kLineBytes));
}

// Pools by class as one allocator. A block's first words are its tag and its size, by which free() knows the
// class.
template <class P>
class ClassPools {
 public:
  using Slot = uint32_t;

  ClassPools(std::span<uint32_t> heap, Wheel sizes) : heap_(heap), sizes_(sizes) {}

  // False: there is none at `base`.
  bool open(uint32_t base, uint32_t thread) {
    SharedPoolShape shape;
    if (!read_shared_pool(heap_.subspan(base), P::kKind, &shape).empty()) return false;
    if (P::kKind == SharedPoolKind::kCached && thread >= shape.caches) return false;
    pools_.push_back({P(heap_.data() + base, shape, thread), base});
    return true;
  }
  void close() {
    for (Class& each : pools_) each.pool.write_back();
  }

  // A block of so many bytes, or the negative of an AllocError.
  int64_t take(uint32_t bytes) {
    Class& pool = pools_[class_of(bytes)];
    const int32_t offset = pool.pool.alloc();
    if (offset <= 0) return offset;
    const uint32_t block = pool.base + static_cast<uint32_t>(offset);
    heap_[block + 1] = bytes;
    return block;
  }
  // The same, the size being the next of the wheel.
  int64_t alloc() { return take(sizes_.next()); }
  static bool taken(int64_t block) { return block > 0; }
  static const char* why(int64_t block) { return text_of(error_in(static_cast<int32_t>(block))); }
  static Slot slot_of(int64_t block) { return static_cast<Slot>(block); }
  // A script may have written any number where a block's should be: of one that holds() nothing is followed.
  bool holds(Slot slot) const { return slot != 0 && slot < heap_.size() - 1; }
  uint32_t& tag(Slot slot) const { return heap_[slot]; }
  uint32_t bytes(Slot slot) const { return heap_[slot + 1]; }
  AllocError free(Slot slot) {
    const uint32_t size_class = class_of(bytes(slot));
    if (size_class >= pools_.size()) return AllocError::kForeign;
    Class& pool = pools_[size_class];
    return pool.pool.free(slot - pool.base);
  }

 private:
  struct Class {
    P pool;
    uint32_t base;
  };
  std::span<uint32_t> heap_;
  Wheel sizes_;
  std::vector<Class> pools_;
};

// Where threads meet, and the slots of each, on lines of their own.
struct Board {
  static constexpr uint32_t kRoundWord = 64;
  static constexpr uint32_t kFirstSlotWord = 128;
  static constexpr uint32_t kPartWords = 2 * kLineWords;

  uint32_t* words;

  static uint64_t part_words(uint32_t width) {
    return (uint64_t{width} + kPartWords - 1) / kPartWords * kPartWords;
  }
  static uint64_t words_for(uint32_t threads, uint32_t width) {
    return kFirstSlotWord + threads * part_words(width);
  }
  std::atomic_ref<uint32_t> slot(uint32_t part, uint32_t width, uint32_t at) const {
    return std::atomic_ref<uint32_t>(words[kFirstSlotWord + part * part_words(width) + at]);
  }

  // Waits until all threads are here; false where they did not come within 10 s.
  bool meet(uint32_t threads) const {
    const std::atomic_ref<uint32_t> arrived(words[0]);
    const std::atomic_ref<uint32_t> round(words[kRoundWord]);
    const uint32_t now = round.load(std::memory_order_acquire);
    if (arrived.fetch_add(1, std::memory_order_acq_rel) + 1 >= threads) {
      arrived.store(0, std::memory_order_relaxed);
      round.store(now + 1, std::memory_order_release);
      return true;
    }
    uint32_t theirs = 0;
    return wait_while(round, now, &theirs);
  }
};

// A thread's part of the slots.
struct Part {
  uint32_t thread;
  uint32_t threads;
  uint32_t rounds;
  uint32_t steps;
  uint32_t width;
  uint32_t moves;
  Table sizes;
  Table choices;
};

template <class P>
class Replacing {
 public:
  Replacing(ClassPools<P>& pools, Board board, const Part& part)
      : pools_(pools), board_(board), part_(part) {}

  Outcome run() {
    const auto [thread, threads, rounds, steps, width, moves, sizes, choices] = part_;
    for (uint32_t round = 0; round < rounds && wrong_ == nullptr; ++round) {
      // 1. A thread for each part, `moves` on from round to round, 2. replaces blocks in it.
      const auto part = static_cast<uint32_t>((thread + uint64_t{round} * moves) % threads);
      const uint32_t first = (round * threads + thread) * steps;
      Wheel size(sizes, first);
      Wheel choice(choices, first);
      for (uint32_t i = 0; i < steps && wrong_ == nullptr; ++i) {
        replace(board_.slot(part, width, choice.next()), size.next(), first + i);
      }
      // 3. Nobody begins the next round before all have ended this one.
      if (!board_.meet(threads) && wrong_ == nullptr) wrong_ = Patience::kAlone;
    }
    // 4. What is left in one's own part is freed.
    for (uint32_t i = 0; i < width && wrong_ == nullptr; ++i) {
      const std::atomic_ref<uint32_t> slot = board_.slot(thread, width, i);
      give(slot.load(std::memory_order_relaxed));
      slot.store(0, std::memory_order_relaxed);
    }
    if (wrong_ != nullptr) return {0, wrong_};
    return {uint64_t{freed_} << 32 | sum_, nullptr};
  }

 private:
  void replace(std::atomic_ref<uint32_t> slot, uint32_t bytes, uint32_t number) {
    give(slot.load(std::memory_order_relaxed));
    const int64_t block = pools_.take(bytes);
    if (!pools_.taken(block)) [[unlikely]] {
      wrong_ = pools_.why(block);
      slot.store(0, std::memory_order_relaxed);
      return;
    }
    pools_.tag(pools_.slot_of(block)) = crowd_tag(number);
    slot.store(pools_.slot_of(block), std::memory_order_relaxed);
  }

  // 0 is no block.
  void give(uint32_t block) {
    if (block == 0) return;
    if (!pools_.holds(block)) [[unlikely]] {
      wrong_ = text_of(AllocError::kForeign);
      return;
    }
    sum_ += pools_.tag(block) + pools_.bytes(block);
    ++freed_;
    const AllocError error = pools_.free(block);
    if (error != AllocError::kNone) [[unlikely]]
      wrong_ = text_of(error);
  }

  ClassPools<P>& pools_;
  Board board_;
  Part part_;
  uint32_t sum_ = 0;
  uint32_t freed_ = 0;
  const char* wrong_ = nullptr;
};

std::string check_sizes_of(Table sizes, size_t classes) {
  const uint32_t most = kLineBytes << (classes - 1);
  if (sizes.empty()) return "\"sizes\" must have at least 1 element, not 0";
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] >= kLeastMarkedBytes && sizes[i] <= most) continue;
    return wrong_item("sizes", i, "from " + std::to_string(kLeastMarkedBytes) + " to " + std::to_string(most),
                      sizes[i]);
  }
  return "";
}

template <class P>
std::string check_pools(Observed<uint32_t> heap, Table pools, uint32_t thread) {
  if (pools.empty() || pools.size() > kMostClasses) {
    return "\"pools\" must have from 1 to " + std::to_string(kMostClasses) + " elements, not " +
           std::to_string(pools.size());
  }
  std::string wrong;
  for (size_t i = 0; i < pools.size() && wrong.empty(); ++i) {
    if (pools[i] % 2 != 0 || pools[i] >= heap.size()) {
      return wrong_item("pools", i, "even and below " + std::to_string(heap.size()), pools[i]);
    }
    SharedPoolShape shape;
    wrong = read_shared_pool(heap.span.subspan(pools[i]), P::kKind, &shape);
    if (!wrong.empty()) return "\"pools\"[" + std::to_string(i) + "]: " + wrong;
    const uint32_t bytes = kLineBytes << i;
    if (shape.block_words * kWordBytes < bytes) {
      return "\"pools\"[" + std::to_string(i) + "]: blocks must have at least " + std::to_string(bytes) +
             " bytes, not " + std::to_string(shape.block_words * kWordBytes);
    }
    if (P::kKind == SharedPoolKind::kCached && thread >= shape.caches) {
      return "\"thread\" must be below the caches of \"heap\", " + std::to_string(shape.caches) + ", not " +
             std::to_string(thread);
    }
  }
  return wrong;
}

std::string check_slots(size_t board, const Part& part) {
  const auto& [thread, threads, rounds, steps, width, moves, sizes, choices] = part;
  std::string wrong = check_count("width", width, 1, kMostSlots);
  if (wrong.empty()) wrong = check_count("rounds", rounds, 1, kMostStarts);
  if (wrong.empty()) wrong = check_count("steps", steps, 1, kMostTaken / threads / rounds);
  if (wrong.empty()) wrong = check_count("moves", moves, 0, kMostCrowd);
  if (!wrong.empty()) return wrong;
  if (board < Board::words_for(threads, width)) {
    return "\"board\" must have at least " + std::to_string(Board::words_for(threads, width)) +
           " elements, not " + std::to_string(board);
  }
  return check_choices(choices, width);
}

template <class P>
std::string check_crowd(Observed<uint32_t> heap, Table pools, Observed<uint32_t> board, uint32_t thread,
                        uint32_t threads, uint32_t role, uint32_t rounds, uint32_t steps, uint32_t width,
                        uint32_t moves, Table sizes, Table choices, Observed<double> cpu_ns) {
  std::string wrong = check_count("role", role, 0, kSlots);
  if (wrong.empty()) wrong = check_count("threads", threads, 1, kMostThreads);
  if (wrong.empty()) wrong = check_count("thread", thread, 0, threads - 1);
  if (wrong.empty() && thread >= cpu_ns.size()) {
    wrong = "\"cpuNs\" must have at least " + std::to_string(thread + 1) + " elements, not " +
            std::to_string(cpu_ns.size());
  }
  if (wrong.empty()) wrong = check_pools<P>(heap, pools, thread);
  if (wrong.empty()) wrong = check_sizes_of(sizes, pools.size());
  if (!wrong.empty()) return wrong;
  if (role == kSlots) {
    return check_slots(board.size(), {thread, threads, rounds, steps, width, moves, sizes, choices});
  }
  wrong = check_count("width", width, 1, kMostBatch);
  if (wrong.empty()) wrong = check_count("rounds", rounds, 1, kMostOperations / width);
  if (wrong.empty() && role != 0 && board.size() < HandOver::kWords) {
    wrong = "\"board\" must have at least " + std::to_string(HandOver::kWords) + " elements, not " +
            std::to_string(board.size());
  }
  return wrong;
}

// 1. Open the pools: the heap may have changed since it was checked, 2. do one's part, 3. close them.
template <class P>
Outcome pool_crowd(Observed<uint32_t> heap, Table pools, Observed<uint32_t> board, uint32_t thread,
                   uint32_t threads, uint32_t role, uint32_t rounds, uint32_t steps, uint32_t width,
                   uint32_t moves, Table sizes, Table choices, Observed<double> cpu_ns) {
  const CpuTime watch(&cpu_ns[thread]);
  try {
    ClassPools<P> opened(heap.span, Wheel(sizes, uint64_t{thread} * rounds * width));
    for (const uint32_t base : pools) {
      if (!opened.open(base, thread)) return {0, "\"heap\" was changed while the call began"};
    }
    Outcome outcome;
    if (role == kSlots) {
      const Part part{thread, threads, rounds, steps, width, moves, sizes, choices};
      outcome = Replacing<P>(opened, Board{board.data()}, part).run();
    } else {
      const HandOver ring{board.data()};
      outcome = do_part(opened, ring, thread, static_cast<Role>(role), width, rounds * width);
    }
    opened.close();
    return outcome;
  } catch (const std::bad_alloc&) {
    return {0, kNoMemory};
  }
}

#define LINEFILL_CROWD_NAMES                                                                           \
  "heap", "pools", "board", "thread", "threads", "role", "rounds", "steps", "width", "moves", "sizes", \
      "choices", "cpuNs"
LINEFILL_KERNEL(pool_crowd<LockFreePool>, "lock-free-pool-crowd",
                "threads replace, or hand over, blocks of pools without a lock, one for each class of sizes",
                check_crowd<LockFreePool>, LINEFILL_CROWD_NAMES);
LINEFILL_KERNEL(pool_crowd<CachedPool>, "cached-pool-crowd", "the same of pools with a cache a thread",
                check_crowd<CachedPool>, LINEFILL_CROWD_NAMES);

}  // namespace
}  // namespace linefill
