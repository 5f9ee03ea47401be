// The pools for several threads: a layout worked by hand, every error, ABA step by step, and heaps that lie.
// What happens when threads meet is in shared_pool_storm_test.cc.
#include <algorithm>
#include <type_traits>
#include <vector>

#include "allocators/cached-pool.h"
#include "allocators/lock-free-pool.h"
#include "allocators/mutex-pool.h"
#include "allocators/pool-layout.h"
#include "platform/platform.h"
#include "tests/shared_heap.h"
#include "tests/test.h"

namespace linefill {
namespace {

using test::Heap;

template <class P>
std::vector<int32_t> drain(P& pool) {
  std::vector<int32_t> answers;
  do {
    answers.push_back(pool.alloc());
  } while (answers.back() > 0);
  return answers;
}

TEST(shared_pool_links_its_blocks_in_ascending_order) {
  const Heap heap(SharedPoolKind::kCached, 20, 2);
  // Two caches of four lines each, twenty links in two lines, blocks of a line.
  CHECK_EQ(heap.shape.links, 64 + 2 * 64);
  CHECK_EQ(heap.shape.first, 192 + 2 * 16);
  CHECK_EQ(heap.shape.heap_words, 224 + 20 * 16);
  CHECK_EQ(heap.words[kListWord], 1);
  for (uint32_t block = 1; block <= 20; ++block) {
    CHECK_EQ(heap.words[192 + block - 1], block < 20 ? block + 1 : 0);
  }
  Census census;
  CHECK_EQ(take_census(heap.data(), heap.shape, &census), "");
  CHECK_EQ(census.listed, 20);
}

template <class P>
void check_capacity() {
  for (const uint32_t capacity : {1u, 2u, 63u, 64u, 65u, 1000u}) {
    const Heap heap(P::kKind, capacity);
    P pool(heap.data(), heap.shape, 0);
    const auto first = drain(pool);
    CHECK_EQ(first.size(), capacity + 1);
    CHECK_EQ(first.back(), refusal(AllocError::kExhausted));
    for (uint32_t i = capacity; i-- > 0;) {
      CHECK(pool.free(static_cast<uint32_t>(first[i])) == AllocError::kNone);
    }
    pool.write_back();
    Census census;
    CHECK_EQ(take_census(heap.data(), heap.shape, &census), "");
    CHECK_EQ(census.in_use, 0);
    P again(heap.data(), heap.shape, 0);
    CHECK_EQ(drain(again).size(), capacity + 1);
  }
}

TEST(mutex_pool_gives_every_block_and_comes_back_from_its_heap) { check_capacity<MutexPool>(); }
TEST(lock_free_pool_gives_every_block_and_comes_back_from_its_heap) { check_capacity<LockFreePool>(); }
TEST(cached_pool_gives_every_block_and_comes_back_from_its_heap) { check_capacity<CachedPool>(); }

template <class P>
void check_wrong_pointers() {
  // Blocks of three lines: a division that is no shift.
  const Heap heap(P::kKind, 100, 1, 180);
  P pool(heap.data(), heap.shape, 0);
  const auto block = static_cast<uint32_t>(pool.alloc());
  const auto freed = static_cast<uint32_t>(pool.alloc());
  CHECK(pool.free(freed) == AllocError::kNone);
  pool.write_back();
  const auto image = heap.memory;
  CHECK(pool.free(freed) == AllocError::kDoubleFree);
  CHECK(pool.free(heap.shape.first + 99 * 48) == AllocError::kDoubleFree);
  CHECK(pool.free(0) == AllocError::kForeign);
  CHECK(pool.free(block - 1) == AllocError::kForeign);
  CHECK(pool.free(static_cast<uint32_t>(heap.shape.heap_words)) == AllocError::kForeign);
  CHECK(pool.free(UINT32_MAX) == AllocError::kForeign);
  for (uint32_t inside = 1; inside < 48; ++inside) {
    CHECK(pool.free(block + inside) == AllocError::kMisaligned);
  }
  pool.write_back();
  CHECK(heap.memory == image);
  CHECK(pool.free(block) == AllocError::kNone);
}

TEST(mutex_pool_waits_once_for_a_lock_that_nobody_lets_go_of) {
  constexpr uint32_t kBlocks = 4000;
  constexpr uint64_t kPatienceNs = 20'000'000;
  const Heap heap(SharedPoolKind::kMutex, kBlocks, 0);
  MutexPool pool(heap.data(), heap.shape, 0, kPatienceNs);
  const std::vector<int32_t> blocks = drain(pool);
  CHECK_EQ(blocks.size(), kBlocks + 1);
  heap.data()[kLockWord] = 1;
  const uint64_t start_ns = platform::now_ns();
  CHECK(error_in(pool.alloc()) == AllocError::kStuck);
  // Whatever the machine does beside: a wait for each block would take four times as long.
  for (uint32_t i = 0; i < kBlocks && platform::now_ns() - start_ns < kBlocks / 4 * kPatienceNs; ++i) {
    CHECK(pool.free(static_cast<uint32_t>(blocks[i])) == AllocError::kStuck);
  }
  CHECK(platform::now_ns() - start_ns < kBlocks / 4 * kPatienceNs);
  // What it could not free is not lost.
  heap.data()[kLockWord] = 0;
  for (uint32_t i = 0; i < kBlocks; ++i) {
    CHECK(pool.free(static_cast<uint32_t>(blocks[i])) == AllocError::kNone);
  }
}

TEST(mutex_pool_names_wrong_pointers_and_changes_nothing) { check_wrong_pointers<MutexPool>(); }
TEST(lock_free_pool_names_wrong_pointers_and_changes_nothing) { check_wrong_pointers<LockFreePool>(); }
TEST(cached_pool_names_wrong_pointers_and_changes_nothing) { check_wrong_pointers<CachedPool>(); }

TEST(shared_blocks_divide_by_the_lines_of_a_block_exactly) {
  for (const uint32_t lines : {1u, 2u, 3u, 7u, 10u, 641u, 1023u, 1024u}) {
    const uint32_t capacity = std::min(kMostSharedBlocks, 2097151 / lines * 64 - 100);
    const SharedPoolShape shape = shared_pool_shape(lines * 64, capacity, 0);
    uint32_t word = 0;  // no block is looked at
    const SharedBlocks blocks(&word, shape);
    for (const uint32_t block : {1u, 2u, 3u, capacity / 2, capacity - 1, capacity}) {
      const auto offset = static_cast<uint32_t>(blocks.offset_of(block));
      CHECK_EQ(blocks.block_at(offset), block);
      CHECK_EQ(blocks.block_at(offset + 16), lines > 1           ? refusal(AllocError::kMisaligned)
                                             : block == capacity ? refusal(AllocError::kForeign)
                                                                 : static_cast<int32_t>(block + 1));
    }
  }
}

// Argobots #178: one thread looks at the head and is stalled; others take that block and the next one and
// give the first back. The head is the same again, what follows it is not. True where the stalled thread then
// took a block that is in use.
template <class List>
bool gives_a_block_twice() {
  const Heap heap(SharedPoolKind::kLockFree, 8);
  LockFreePoolOf<List> stalled(heap.data(), heap.shape);
  LockFreePoolOf<List> other(heap.data(), heap.shape);
  const Look seen = stalled.look();
  const int32_t a = other.alloc();
  const int32_t b = other.alloc();
  CHECK(other.free(static_cast<uint32_t>(a)) == AllocError::kNone);
  CHECK_EQ(other.look().block(), seen.block());
  CHECK(other.look().next != seen.next);
  int32_t taken = stalled.take(seen);
  if (taken == 0) taken = stalled.alloc();
  CHECK_EQ(taken, a);
  return stalled.alloc() == b;
}

TEST(lock_free_pool_survives_aba_by_its_tag) {
  CHECK(!gives_a_block_twice<TaggedListOf<1>>());
  CHECK(gives_a_block_twice<TaggedListOf<0>>());
}

TEST(tagged_list_hands_out_chains) {
  const Heap heap(SharedPoolKind::kLockFree, 10);
  TaggedList list(SharedBlocks(heap.data(), heap.shape));
  Chain chain = list.take_chain(4);
  CHECK_EQ(chain.first, 1);
  CHECK_EQ(chain.count, 4);
  CHECK_EQ(heap.words[heap.shape.links + 3], 0);
  list.put(1, 4);
  chain = list.take_chain(100);
  CHECK_EQ(chain.first, 1);
  CHECK_EQ(chain.count, 10);
  CHECK_EQ(list.take_chain(4).first, 0);
}

TEST(cached_pool_gives_a_block_back_to_the_cache_that_it_came_from) {
  const Heap heap(SharedPoolKind::kCached, 200, 2);
  CachedPool mine(heap.data(), heap.shape, 0);
  CachedPool theirs(heap.data(), heap.shape, 1);
  std::vector<int32_t> blocks;
  for (uint32_t i = 0; i < CachedPool::kBatch; ++i) blocks.push_back(mine.alloc());
  for (const int32_t block : blocks) {
    CHECK(theirs.free(static_cast<uint32_t>(block)) == AllocError::kNone);
    CHECK(theirs.free(static_cast<uint32_t>(block)) == AllocError::kDoubleFree);
  }
  Census census;
  CHECK_EQ(take_census(heap.data(), heap.shape, &census), "");
  CHECK_EQ(census.given_back, CachedPool::kBatch);
  // The last that came back is the first to go out.
  CHECK_EQ(mine.alloc(), blocks.back());
}

TEST(cached_pool_takes_what_lies_about_before_it_is_exhausted) {
  const Heap heap(SharedPoolKind::kCached, 500, 3);
  CachedPool first(heap.data(), heap.shape, 0);
  CachedPool second(heap.data(), heap.shape, 1);
  CachedPool third(heap.data(), heap.shape, 2);
  const auto all = drain(first);
  CHECK_EQ(all.size(), 501);
  // All of it comes back to the first, which never looks; the third finds it.
  for (size_t i = 0; i < 500; ++i) second.free(static_cast<uint32_t>(all[i]));
  CHECK_EQ(drain(third).size(), 501);
}

// The word of a cache that is odd while its thread takes what was given back.
uint32_t& takings(const Heap& heap, uint32_t cache) {
  return heap.data()[kFirstCacheWord + cache * kCacheWords + kCacheTakings];
}

TEST(cached_pool_waits_once_for_a_thread_that_takes_and_never_ends) {
  constexpr uint32_t kCalls = 4000;
  constexpr uint64_t kPatienceNs = 20'000'000;
  const Heap heap(SharedPoolKind::kCached, 8, 2);
  CachedPool pool(heap.data(), heap.shape, 0, kPatienceNs);
  const auto blocks = drain(pool);
  CHECK_EQ(blocks.back(), refusal(AllocError::kExhausted));
  takings(heap, 1) = 1;
  const uint64_t start_ns = platform::now_ns();
  CHECK_EQ(pool.alloc(), refusal(AllocError::kStuck));
  // As for the lock: a wait for each call would take four times as long.
  for (uint32_t i = 0; i < kCalls && platform::now_ns() - start_ns < kCalls / 4 * kPatienceNs; ++i) {
    CHECK_EQ(pool.alloc(), refusal(AllocError::kStuck));
  }
  CHECK(platform::now_ns() - start_ns < kCalls / 4 * kPatienceNs);
  // What is free is given all the same.
  CachedPool other(heap.data(), heap.shape, 1);
  CHECK(other.free(static_cast<uint32_t>(blocks[3])) == AllocError::kNone);
  CHECK_EQ(pool.alloc(), blocks[3]);
  // Who opens the cache again and takes something has ended.
  CHECK(pool.free(static_cast<uint32_t>(blocks[3])) == AllocError::kNone);
  pool.write_back();
  CachedPool again(heap.data(), heap.shape, 1);
  CHECK(again.free(static_cast<uint32_t>(blocks[5])) == AllocError::kNone);
  CHECK_EQ(again.alloc(), blocks[5]);
  CHECK_EQ(takings(heap, 1) % 2, 0);
  CHECK_EQ(pool.alloc(), blocks[3]);
  CHECK_EQ(pool.alloc(), refusal(AllocError::kExhausted));
}

TEST(cached_pool_does_not_wait_for_itself) {
  const Heap heap(SharedPoolKind::kCached, 8, 2);
  takings(heap, 0) = 1;
  CachedPool pool(heap.data(), heap.shape, 0, 0);
  CHECK_EQ(drain(pool).back(), refusal(AllocError::kExhausted));
}

template <class P>
void check_overwritten_words() {
  for (const uint32_t garbage : {101u, 0x7fffffffu, 0x80000000u, 0xdeadbeefu}) {
    const Heap heap(P::kKind, 100);
    P pool(heap.data(), heap.shape, 0);
    heap.data()[heap.shape.links] = garbage;
    CHECK_EQ(pool.alloc(), heap.shape.first);
    CHECK_EQ(pool.alloc(), refusal(AllocError::kCorrupt));
    CHECK_EQ(pool.alloc(), refusal(AllocError::kCorrupt));
  }
}

TEST(mutex_pool_finds_an_overwritten_link) { check_overwritten_words<MutexPool>(); }
TEST(lock_free_pool_finds_an_overwritten_link) { check_overwritten_words<LockFreePool>(); }
TEST(cached_pool_finds_an_overwritten_link) { check_overwritten_words<CachedPool>(); }

// A pool that waits for nobody.
template <class P>
P impatient(uint32_t* heap, const SharedPoolShape& shape, uint32_t thread) {
  if constexpr (std::is_constructible_v<P, uint32_t*, const SharedPoolShape&, uint32_t, uint64_t>) {
    return P(heap, shape, thread, 0);
  } else {
    return P(heap, shape, thread);
  }
}

// Any words behind a sound header: the address sanitizer sees no access outside, and every call ends.
template <class P>
void check_rubbish() {
  uint32_t state = 7;
  const auto random = [&state] { return state = state * 1664525 + 1013904223; };
  for (int round = 0; round < 200; ++round) {
    const Heap heap(P::kKind, 12, 2);
    for (uint32_t i = 6; i < heap.words.size(); ++i) {
      if (random() % 3 == 0) {
        heap.data()[i] = random() % 3 == 0 ? random() : (random() % 14) | (random() % 4 == 0 ? kInUse : 0);
      }
    }
    SharedPoolShape shape = heap.shape;
    std::vector<P> pools;
    for (uint32_t thread = 0; thread < 2; ++thread) pools.push_back(impatient<P>(heap.data(), shape, thread));
    for (int i = 0; i < 60; ++i) {
      P& pool = pools[random() % 2];
      const uint32_t offset = heap.shape.first + random() % 14 * kLineWords;
      const int32_t answer = random() % 2 == 0 ? pool.alloc() : refusal(pool.free(offset));
      CHECK(answer < static_cast<int32_t>(heap.shape.heap_words));
    }
    Census census;
    (void)take_census(heap.data(), shape, &census);
  }
}

TEST(mutex_pool_never_leaves_its_heap) { check_rubbish<MutexPool>(); }
TEST(lock_free_pool_never_leaves_its_heap) { check_rubbish<LockFreePool>(); }
TEST(cached_pool_never_leaves_its_heap) { check_rubbish<CachedPool>(); }

TEST(shared_pool_header_that_lies_is_refused) {
  const Heap sound(SharedPoolKind::kCached, 8, 2);
  SharedPoolShape shape;
  CHECK_EQ(read_shared_pool(sound.words, SharedPoolKind::kCached, &shape), "");
  CHECK_EQ(shape.heap_words, sound.shape.heap_words);
  CHECK(read_shared_pool(sound.words, SharedPoolKind::kMutex, &shape) != "");
  CHECK(read_shared_pool(sound.words.first(15), SharedPoolKind::kCached, &shape) != "");
  CHECK(read_shared_pool(sound.words.first(sound.words.size() - 1), SharedPoolKind::kCached, &shape) != "");
  const struct {
    uint32_t word;
    uint32_t value;
  } lies[] = {{kKindWord, 0},
              {kBlockWordsWord, 0},
              {kBlockWordsWord, 24},
              {kBlockWordsWord, 1 << 15},
              {kBlockWordsWord, UINT32_MAX},
              {kCapacityWord, 0},
              {kCapacityWord, 9},
              {kCapacityWord, UINT32_MAX},
              {kFirstWord, 0},
              {kLinksWord, 0},
              {kCachesWord, 0},
              {kCachesWord, 3},
              {kCachesWord, UINT32_MAX}};
  for (const auto& lie : lies) {
    const Heap heap(SharedPoolKind::kCached, 8, 2);
    heap.data()[lie.word] = lie.value;
    CHECK(read_shared_pool(heap.words, SharedPoolKind::kCached, &shape) != "");
  }
}

TEST(shared_pool_shape_is_checked_before_it_overflows) {
  const auto check = [](uint32_t block_bytes, uint32_t capacity, uint32_t caches) {
    return check_shared_shape(SharedPoolKind::kCached, block_bytes, capacity, caches, {});
  };
  CHECK_EQ(check(0, 8, 1), "\"blockBytes\" must be from 1 to 65536, not 0");
  CHECK_EQ(check(64, 0, 1), "\"capacity\" must be from 1 to 67108863, not 0");
  CHECK_EQ(check(64, 8, 0), "\"caches\" must be from 1 to 1024, not 0");
  CHECK(check(kMostSharedBlockBytes, kMostSharedBlocks, kMostCaches).starts_with("\"capacity\" must be"));
  CHECK_EQ(check(64, 8, 1), "\"heap\" must have at least 272 words, not 0");
}

}  // namespace
}  // namespace linefill
