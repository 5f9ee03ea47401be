// Threads that take and give back blocks of one pool, their own and each other's, as fast as they can: no
// block is held by two, and afterwards each is in exactly one place.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "allocators/cached-pool.h"
#include "allocators/lock-free-pool.h"
#include "allocators/mutex-pool.h"
#include "tests/shared_heap.h"
#include "tests/test.h"

namespace linefill {
namespace {

using test::Heap;

// A pop that gives others a chance between its look and its exchange.
template <class P>
int32_t slow_alloc(P& pool) {
  return pool.alloc();
}
template <class List>
int32_t slow_alloc(LockFreePoolOf<List>& pool) {
  for (;;) {
    const Look seen = pool.look();
    if (!pool.blocks().is_block(seen.block())) return pool.alloc();
    std::this_thread::yield();
    const int32_t taken = pool.take(seen);
    if (taken > 0) return taken;
  }
}

// What the threads of a storm share.
struct Storm {
  static constexpr uint32_t kThreads = 4;
  static constexpr uint32_t kCalls = 20'000;

  Storm(SharedPoolKind kind, uint32_t capacity, uint32_t block_bytes)
      : heap(kind, capacity, kThreads, block_bytes),
        most_held(capacity / kThreads + 1),
        passed(std::max(1u, capacity / 10)) {}

  Heap heap;
  // Now and then all blocks are out.
  uint32_t most_held;
  // Blocks on their way from one thread to another: taken out by whoever is first.
  std::vector<std::atomic<uint32_t>> passed;
  std::atomic<uint32_t> wrong{0};
  std::atomic<uint32_t> ready{0};
};

// One thread of a storm. It marks the blocks that it holds in plain memory: a block that two hold is found by
// its mark, and ThreadSanitizer sees who did not wait his turn.
template <class P>
class Rider {
 public:
  Rider(Storm& storm, uint32_t thread)
      : storm_(storm),
        thread_(thread),
        pool_(storm.heap.data(), storm.heap.shape, thread),
        state_(thread + 1) {}

  void ride() {
    ++storm_.ready;
    while (storm_.ready.load() < Storm::kThreads) std::this_thread::yield();
    for (uint32_t call = 0; call < Storm::kCalls; ++call) {
      if (held_.size() < storm_.most_held && random() % 2 == 0) {
        take();
      } else if (!held_.empty()) {
        part();
      }
    }
    for (const uint32_t offset : held_) give(offset);
    pool_.write_back();
  }

 private:
  uint32_t random() { return (state_ = state_ * 1664525 + 1013904223) >> 8; }
  void keep(uint32_t offset) {
    storm_.heap.data()[offset] = thread_;
    held_.push_back(offset);
  }
  void give(uint32_t offset) {
    if (pool_.free(offset) != AllocError::kNone) ++storm_.wrong;
  }
  void take() {
    const int32_t answer = random() % 4 == 0 ? slow_alloc(pool_) : pool_.alloc();
    if (answer > 0) {
      keep(static_cast<uint32_t>(answer));
    } else if (answer != refusal(AllocError::kExhausted)) {
      ++storm_.wrong;
    }
  }
  // One block in three is handed to another thread, which keeps it as its own or gives it back at once.
  void part() {
    const uint32_t offset = held_.back();
    held_.pop_back();
    if (storm_.heap.data()[offset] != thread_) ++storm_.wrong;
    if (random() % 3 != 0) return give(offset);
    const uint32_t other = storm_.passed[random() % storm_.passed.size()].exchange(offset);
    if (other == 0) return;
    if (random() % 2 == 0) {
      give(other);
    } else {
      keep(other);
    }
  }

  Storm& storm_;
  uint32_t thread_;
  P pool_;
  uint32_t state_;
  std::vector<uint32_t> held_;
};

template <class P>
void storm(uint32_t capacity, uint32_t block_bytes) {
  Storm storm(P::kKind, capacity, block_bytes);
  std::vector<std::thread> threads;
  for (uint32_t thread = 0; thread < Storm::kThreads; ++thread) {
    threads.emplace_back([&storm, thread] { Rider<P>(storm, thread).ride(); });
  }
  for (std::thread& thread : threads) thread.join();
  P pool(storm.heap.data(), storm.heap.shape, 0);
  for (const auto& offset : storm.passed) {
    if (offset != 0) CHECK(pool.free(offset) == AllocError::kNone);
  }
  pool.write_back();
  CHECK_EQ(storm.wrong.load(), 0);
  Census census;
  CHECK_EQ(take_census(storm.heap.data(), storm.heap.shape, &census), "");
  CHECK_EQ(census.in_use, 0);
  CHECK_EQ(census.listed + census.cached + census.given_back, capacity);
}

TEST(mutex_pool_loses_no_block_in_a_storm) { storm<MutexPool>(12, 64); }
// Few blocks: the same ones come and go, as ABA needs it.
TEST(lock_free_pool_loses_no_block_in_a_storm_over_four) { storm<LockFreePool>(4, 64); }
TEST(lock_free_pool_loses_no_block_in_a_storm) { storm<LockFreePool>(40, 192); }
TEST(cached_pool_loses_no_block_in_a_storm_over_four) { storm<CachedPool>(4, 64); }
TEST(cached_pool_loses_no_block_in_a_storm) { storm<CachedPool>(1500, 64); }

// All blocks were given back to the first cache, more than a cache keeps; then both threads ask for one. Who
// comes first has all of them in its hands for a moment. How many were refused.
uint32_t refusals_of_a_round(const Heap& heap) {
  std::array<CachedPool, 2> pools = {CachedPool(heap.data(), heap.shape, 0),
                                     CachedPool(heap.data(), heap.shape, 1)};
  std::vector<uint32_t> blocks;
  for (uint32_t i = 0; i < heap.shape.capacity; ++i) {
    blocks.push_back(static_cast<uint32_t>(pools[0].alloc()));
  }
  for (const uint32_t block : blocks) CHECK(pools[1].free(block) == AllocError::kNone);
  std::atomic<uint32_t> ready{0};
  const auto is_refused = [&ready](CachedPool& pool) {
    ++ready;
    while (ready.load() < 2) std::this_thread::yield();
    const bool refused = pool.alloc() < 0;
    pool.write_back();
    return refused;
  };
  bool other_is_refused = false;
  std::thread other([&] { other_is_refused = is_refused(pools[1]); });
  const bool refused = is_refused(pools[0]);
  other.join();
  return refused + other_is_refused;
}

TEST(cached_pool_refuses_nobody_while_blocks_are_free) {
  uint32_t refused = 0;
  for (uint32_t round = 0; round < 300; ++round) {
    const Heap heap(SharedPoolKind::kCached, 2 * CachedPool::kMostCached, 2);
    refused += refusals_of_a_round(heap);
    Census census;
    CHECK_EQ(take_census(heap.data(), heap.shape, &census), "");
    CHECK_EQ(census.in_use, 2);
  }
  CHECK_EQ(refused, 0);
}

TEST(cached_pool_waits_for_blocks_that_are_in_the_hands_of_another) {
  constexpr uint32_t kBlocks = 8;
  const Heap heap(SharedPoolKind::kCached, kBlocks, 2);
  const SharedBlocks blocks(heap.data(), heap.shape);
  TaggedList list(blocks);
  // Cache 1 has begun to take, and has everything.
  const auto takings = blocks.word(kFirstCacheWord + kCacheWords + kCacheTakings);
  takings.store(1);
  CHECK_EQ(list.take_chain(kBlocks).count, kBlocks);
  std::atomic<bool> asks{false};
  std::thread other([&] {
    while (!asks.load()) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    list.put(1, kBlocks);
    takings.store(2, std::memory_order_release);
  });
  CachedPool pool(heap.data(), heap.shape, 0);
  asks = true;
  CHECK_EQ(pool.alloc(), heap.shape.first);
  other.join();
}

TEST(tagged_list_loses_no_chain_in_a_storm) {
  constexpr uint32_t kThreads = 4, kRounds = 2000, kBlocks = 24;
  const Heap heap(SharedPoolKind::kLockFree, kBlocks);
  std::vector<std::thread> threads;
  for (uint32_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      const SharedBlocks blocks(heap.data(), heap.shape);
      TaggedList list(blocks);
      for (uint32_t round = 0; round < kRounds; ++round) {
        const Chain chain = list.take_chain(1 + (round + thread) % 7);
        if (chain.first == 0) continue;
        uint32_t last = chain.first;
        for (uint32_t i = 1; i < chain.count; ++i) last = blocks.link(last).load();
        list.put(chain.first, last);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Census census;
  CHECK_EQ(take_census(heap.data(), heap.shape, &census), "");
  CHECK_EQ(census.listed, kBlocks);
}

}  // namespace
}  // namespace linefill
