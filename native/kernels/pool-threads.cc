// Several threads over one of our pools, in a heap that they share: native/kernels/thread-work.h is the work.
// The list without a lock is for one thread, over a heap of its own. Reference:
// src/experiments/allocation/pool-threads-kernels.ts.
#include <type_traits>

#include "allocators/cached-pool.h"
#include "allocators/lock-free-pool.h"
#include "allocators/mutex-pool.h"
#include "kernel.h"
#include "kernels/thread-work.h"

namespace linefill {
namespace {

constexpr const char* kChanged = "\"heap\" was changed while the call began";

// A pool of ours as the loops take it.
template <class P>
struct ThreadPool {
  using Slot = uint32_t;
  P pool;
  uint32_t heap_words;

  int32_t alloc() { return pool.alloc(); }
  static bool taken(int32_t block) { return block > 0; }
  static const char* why(int32_t block) { return text_of(error_in(block)); }
  static Slot slot_of(int32_t block) { return static_cast<Slot>(block); }
  uint32_t& tag(Slot slot) const { return pool.blocks().heap()[slot]; }
  AllocError free(Slot slot) { return pool.free(slot); }
  // A script may have laid anything into the ring. free() says what is wrong with it; no word outside is
  // read.
  bool holds(Slot slot) const { return slot < heap_words; }
};

template <class P>
std::string check_heap(Observed<uint32_t> heap, uint32_t thread, Observed<double> cpu_ns) {
  SharedPoolShape shape;
  std::string wrong = read_shared_pool(heap.span, P::kKind, &shape);
  if (!wrong.empty()) return wrong;
  if (P::kKind == SharedPoolKind::kCached && thread >= shape.caches) {
    return "\"thread\" must be below the caches of \"heap\", " + std::to_string(shape.caches) + ", not " +
           std::to_string(thread);
  }
  if (thread < cpu_ns.size() && thread < kMostThreads) return "";
  return "\"thread\" must be below the length of \"cpuNs\" (" + std::to_string(cpu_ns.size()) +
         ") and below " + std::to_string(kMostThreads) + ", not " + std::to_string(thread);
}

template <class P>
constexpr bool kForOneThread = std::is_same_v<P, BlockList>;

template <class P>
std::string check_threads(Observed<uint32_t> heap, Observed<uint32_t> ring, uint32_t thread, uint32_t role,
                          uint32_t blocks, uint32_t count, Observed<double> cpu_ns) {
  std::string wrong = check_part(role, blocks, count);
  if (!wrong.empty()) return wrong;
  if (kForOneThread<P> && role != static_cast<uint32_t>(Role::kOwn)) {
    return "\"role\" must be 0: this list is for one thread, and nobody else may free its blocks";
  }
  if (role != static_cast<uint32_t>(Role::kOwn) && ring.size() < HandOver::kWords) {
    return "\"ring\" must have at least " + std::to_string(HandOver::kWords) + " elements, not " +
           std::to_string(ring.size());
  }
  return check_heap<P>(heap, thread, cpu_ns);
}

// 1. Open the pool: the heap may have changed since it was checked, 2. do one's part, 3. close the pool.
template <class P>
Outcome pool_threads(Observed<uint32_t> heap, Observed<uint32_t> ring, uint32_t thread, uint32_t role,
                     uint32_t blocks, uint32_t count, Observed<double> cpu_ns) {
  SharedPoolShape shape;
  if (!read_shared_pool(heap.span, P::kKind, &shape).empty()) return {0, kChanged};
  if (P::kKind == SharedPoolKind::kCached && thread >= shape.caches) return {0, kChanged};
  const CpuTime watch(&cpu_ns[thread]);
  ThreadPool<P> pool{P(heap.data(), shape, thread), static_cast<uint32_t>(shape.heap_words)};
  Outcome outcome;
  if constexpr (kForOneThread<P>) {
    outcome = own_batches(pool, thread, blocks, count);
  } else {
    outcome = do_part(pool, HandOver{ring.data()}, thread, static_cast<Role>(role), blocks, count);
  }
  pool.pool.write_back();
  return outcome;
}

#define LINEFILL_THREAD_NAMES "heap", "ring", "thread", "role", "blocks", "count", "cpuNs"
LINEFILL_KERNEL(pool_threads<BlockList>, "block-list-threads",
                "allocates and frees batches of a list that no other thread has", check_threads<BlockList>,
                LINEFILL_THREAD_NAMES);
LINEFILL_KERNEL(pool_threads<MutexPool>, "mutex-pool-threads",
                "batches, or blocks that another thread frees, of a pool under a lock",
                check_threads<MutexPool>, LINEFILL_THREAD_NAMES);
LINEFILL_KERNEL(pool_threads<LockFreePool>, "lock-free-pool-threads", "the same of a pool without a lock",
                check_threads<LockFreePool>, LINEFILL_THREAD_NAMES);
LINEFILL_KERNEL(pool_threads<CachedPool>, "cached-pool-threads", "the same of a pool with a cache a thread",
                check_threads<CachedPool>, LINEFILL_THREAD_NAMES);

}  // namespace
}  // namespace linefill
