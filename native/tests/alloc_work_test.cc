// The timed work over every allocator: the checksum worked by hand, and what happens when one runs out.
#include <algorithm>
#include <vector>

#include "allocators/checked-pool.h"
#include "allocators/latency.h"
#include "allocators/opaque.h"
#include "allocators/scan-pool.h"
#include "tests/test.h"

namespace linefill {
namespace {

constexpr uint32_t kBlocks = 50;
constexpr uint32_t kRounds = 3;
constexpr uint32_t kTags = (kRounds * kBlocks - 1) * (kRounds * kBlocks) / 2;

std::vector<uint32_t> permutation(uint32_t n) {
  std::vector<uint32_t> order(n);
  for (uint32_t i = 0; i < n; ++i) order[i] = (i * 7 + 3) % n;
  return order;
}

template <class A>
void check_opaque(A allocator) {
  std::vector<uint64_t> slots(kBlocks);
  const auto order = permutation(kBlocks);
  for (uint32_t pattern = 0; pattern < 4; ++pattern) {
    const Outcome outcome = work(allocator, std::span(slots), order, pattern, kRounds);
    CHECK(outcome.error == nullptr);
    CHECK_EQ(outcome.checksum, kTags);
  }
  std::vector<uint32_t> times(2 * kBlocks, UINT32_MAX);
  const Outcome outcome = latency(allocator, std::span(slots), order, times);
  CHECK_EQ(outcome.checksum, kBlocks * (kBlocks - 1) / 2);
  CHECK(std::find(times.begin(), times.end(), UINT32_MAX) == times.end());
}

TEST(alloc_work_sums_the_tags_of_malloc) { check_opaque(MallocWork{{}, 64}); }
TEST(alloc_work_sums_the_tags_of_new) { check_opaque(NewWork{{}, 64}); }
TEST(alloc_work_sums_the_tags_of_aligned_alloc) { check_opaque(AlignedWork{{}, 64}); }

TEST(alloc_work_sums_the_tags_of_mimalloc) {
  const Peer* found = find_peer("mimalloc");
  if (found == nullptr) SKIP(kNoMimalloc);
  CHECK(!found->version.empty());
  check_opaque(MimallocWork{{}, 64, found->allocate, found->release});
}

TEST(alloc_work_sums_the_tags_of_pmr) {
#if defined(LINEFILL_PMR)
  std::pmr::unsynchronized_pool_resource pool;
  check_opaque(PmrWork{{}, 64, &pool});
#else
  SKIP(kNoPmr);
#endif
}

TEST(alloc_work_over_boost_pool_and_its_arena) {
#if defined(LINEFILL_BOOST_POOL)
  alignas(64) static uint8_t arena[kBlocks * 64 * 2];
  {
    const BoostArena upstream{std::span(arena)};
    boost::pool<BoostArena> pool(64, kBlocks);
    check_opaque(BoostWork{{}, &pool});
  }
  const BoostArena small{std::span(arena).first(kBlocks * 64 / 2)};
  boost::pool<BoostArena> pool(64, kBlocks);
  BoostWork allocator{{}, &pool};
  std::vector<uint64_t> slots(kBlocks);
  const Outcome outcome = work(allocator, std::span(slots), permutation(kBlocks), 1, 1);
  CHECK_EQ(std::string(outcome.error), text_of(AllocError::kExhausted));
#else
  SKIP(kNoBoostPool);
#endif
}

template <class P>
void check_pool() {
  std::vector<uint32_t> heap(pool_shape(P::kKind, 64, kBlocks).heap_words);
  std::vector<uint32_t> slots(kBlocks);
  const auto order = permutation(kBlocks);
  const uint32_t first = pool_shape(P::kKind, 64, kBlocks).first;
  const uint32_t offsets = kRounds * (kBlocks * first + 16 * (kBlocks * (kBlocks - 1) / 2));
  for (uint32_t pattern = 0; pattern < 4; ++pattern) {
    PoolWork<P> pool{P::create(64, kBlocks, heap.data())};
    const Outcome outcome = work(pool, std::span(slots), order, pattern, kRounds);
    CHECK(outcome.error == nullptr);
    CHECK_EQ(outcome.checksum, kTags + (pattern == 0 ? kRounds * kBlocks * first : offsets));
    // All blocks are free again.
    uint32_t free = 0;
    while (pool.alloc() > 0) ++free;
    CHECK_EQ(free, kBlocks);
  }
}

TEST(alloc_work_sums_tags_and_offsets_of_a_pool) { check_pool<Pool>(); }
TEST(alloc_work_sums_tags_and_offsets_of_a_checked_pool) { check_pool<CheckedPool>(); }
TEST(alloc_work_sums_tags_and_offsets_of_a_scanning_pool) { check_pool<ScanPool>(); }

// An allocator that gives up after some blocks, and counts what it gets back.
struct Failing : Opaque {
  int* left;
  int* freed;
  void* alloc() const { return (*left)-- > 0 ? std::malloc(64) : nullptr; }
  AllocError free(Slot slot) const {
    std::free(block_of(slot));
    ++*freed;
    return AllocError::kNone;
  }
};

TEST(alloc_work_frees_what_it_holds_when_refused) {
  std::vector<uint64_t> slots(kBlocks);
  const auto order = permutation(kBlocks);
  for (uint32_t pattern = 0; pattern < 4; ++pattern) {
    int left = 20;
    int freed = 0;
    Failing allocator{{}, &left, &freed};
    CHECK(work(allocator, std::span(slots), order, pattern, kRounds).error != nullptr);
    CHECK_EQ(freed, 20);
  }
  int left = 20;
  int freed = 0;
  Failing allocator{{}, &left, &freed};
  std::vector<uint32_t> times(2 * kBlocks);
  CHECK(latency(allocator, std::span(slots), order, times).error != nullptr);
  CHECK_EQ(freed, 20);
}

TEST(alloc_work_says_when_a_free_was_refused) {
  std::vector<uint32_t> heap(pool_shape(PoolKind::kChecked, 64, kBlocks).heap_words);
  std::vector<uint32_t> slots(kBlocks);
  PoolWork<CheckedPool> pool{CheckedPool::create(64, kBlocks, heap.data())};
  std::vector<uint32_t> twice(kBlocks, 0);  // a permutation would be checked for beforehand
  const Outcome outcome = work(pool, std::span(slots), twice, 3, 1);
  CHECK_EQ(std::string(outcome.error), text_of(AllocError::kDoubleFree));
}

TEST(alloc_work_checks_its_arguments) {
  const auto order = permutation(kBlocks);
  CHECK_EQ(check_work(kBlocks, order, 3, kRounds), "");
  CHECK(check_work(0, {}, 0, 1) != "");
  CHECK(check_work(kBlocks + 1, order, 0, 1) != "");
  CHECK(check_work(kBlocks, order, 4, 1) != "");
  CHECK(check_work(kBlocks, order, 0, 0) != "");
  CHECK(check_work(kBlocks, order, 0, UINT32_MAX) != "");
  CHECK(check_work(kBlocks, std::vector<uint32_t>(kBlocks, 1), 0, 1) != "");
  CHECK(check_work(kBlocks, std::vector<uint32_t>(kBlocks, kBlocks), 0, 1) != "");
  CHECK(check_latency(kBlocks, order, 2 * kBlocks - 1) != "");
}

}  // namespace
}  // namespace linefill
