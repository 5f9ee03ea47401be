// The pools of native/allocators: a layout worked by hand, every error, and heaps that lie.
#include <memory>
#include <vector>

#include "allocators/checked-pool.h"
#include "allocators/scan-pool.h"
#include "tests/test.h"

namespace linefill {
namespace {

std::vector<uint32_t> heap_for(PoolKind kind, uint32_t block_bytes, uint32_t capacity) {
  return std::vector<uint32_t>(pool_shape(kind, block_bytes, capacity).heap_words, 0xabcdabcd);
}

template <class P>
std::vector<int32_t> drain(P& pool) {
  std::vector<int32_t> answers;
  do {
    answers.push_back(pool.alloc());
  } while (answers.back() > 0);
  return answers;
}

TEST(pool_links_each_block_to_the_one_four_places_on) {
  auto heap = heap_for(PoolKind::kPool, 64, 6);
  CHECK_EQ(heap.size(), 16 + 6 * 16);
  Pool pool = Pool::create(64, 6, heap.data());
  const uint32_t heads[] = {16, 32, 48, 64};
  for (uint32_t i = 0; i < 4; ++i) CHECK_EQ(heap[kHeadsWord + i], heads[i]);
  const uint32_t links[] = {80, 96, 0, 0, 0, 0};
  for (uint32_t i = 0; i < 6; ++i) CHECK_EQ(heap[16 + 16 * i], links[i]);

  CHECK_EQ(pool.alloc(), 16);
  CHECK_EQ(pool.alloc(), 32);
  pool.free(16);
  pool.write_back();
  const uint32_t after[] = {16, 48, 64, 80};
  for (uint32_t i = 0; i < 4; ++i) CHECK_EQ(heap[kHeadsWord + i], after[i]);
  CHECK_EQ(heap[16], 96);
}

TEST(pool_is_exhausted_at_its_capacity_and_comes_back_from_its_heap) {
  for (const uint32_t capacity : {1u, 2u, 3u, 4u, 5u, 33u}) {
    auto heap = heap_for(PoolKind::kPool, 100, capacity);
    Pool pool = Pool::create(100, capacity, heap.data());
    const auto first = drain(pool);
    CHECK_EQ(first.size(), capacity + 1);
    CHECK_EQ(first.back(), refusal(AllocError::kExhausted));
    for (uint32_t i = capacity; i-- > 0;) pool.free(static_cast<uint32_t>(first[i]));
    pool.write_back();
    CHECK_EQ(check_free_list(heap), "");
    Pool again(heap.data());
    CHECK(drain(again) == first);
  }
}

TEST(pool_gives_back_the_block_that_was_freed_last) {
  auto heap = heap_for(PoolKind::kPool, 64, 20);
  Pool pool = Pool::create(64, 20, heap.data());
  const auto blocks = drain(pool);
  const int32_t freed[] = {blocks[3], blocks[17], blocks[0], blocks[8], blocks[9], blocks[1]};
  for (const int32_t block : freed) pool.free(static_cast<uint32_t>(block));
  for (size_t i = std::size(freed); i-- > 0;) CHECK_EQ(pool.alloc(), freed[i]);
}

template <class P>
void check_wrong_pointers() {
  auto heap = heap_for(P::kKind, 200, 5);
  P pool = P::create(200, 5, heap.data());
  const auto block = static_cast<uint32_t>(pool.alloc());
  const auto freed = static_cast<uint32_t>(pool.alloc());
  CHECK(pool.free(freed) == AllocError::kNone);
  pool.write_back();
  const auto image = heap;
  CHECK(pool.free(freed) == AllocError::kDoubleFree);
  CHECK(pool.free(0) == AllocError::kForeign);
  CHECK(pool.free(block - 1) == AllocError::kForeign);
  CHECK(pool.free(static_cast<uint32_t>(heap.size())) == AllocError::kForeign);
  CHECK(pool.free(UINT32_MAX) == AllocError::kForeign);
  for (uint32_t inside = 1; inside < 64; ++inside)
    CHECK(pool.free(block + inside) == AllocError::kMisaligned);
  pool.write_back();
  CHECK(heap == image);
  CHECK(pool.free(block) == AllocError::kNone);
}

TEST(checked_pool_names_wrong_pointers_and_changes_nothing) { check_wrong_pointers<CheckedPool>(); }
TEST(scan_pool_names_wrong_pointers_and_changes_nothing) { check_wrong_pointers<ScanPool>(); }

TEST(checked_pool_finds_an_overwritten_link) {
  for (const uint32_t garbage : {0u, 17u, 0xdeadbeefu, 0x80000000u}) {
    auto heap = heap_for(PoolKind::kChecked, 64, 9);
    CheckedPool pool = CheckedPool::create(64, 9, heap.data());
    const auto block = static_cast<uint32_t>(pool.alloc());
    pool.free(block);
    heap[block] = garbage;
    for (uint32_t i = 0; i < kLookahead; ++i) CHECK(pool.alloc() > 0);
    CHECK_EQ(pool.alloc(), refusal(AllocError::kCorrupt));
    CHECK_EQ(pool.alloc(), refusal(AllocError::kCorrupt));
  }
}

// Any words behind a sound header: what goes wrong is refused, and the address sanitizer sees no access
// outside.
TEST(checked_pool_never_leaves_its_heap) {
  uint32_t state = 1;
  const auto random = [&state] { return state = state * 1664525 + 1013904223; };
  for (int round = 0; round < 500; ++round) {
    const uint64_t words = pool_shape(PoolKind::kChecked, 64, 12).heap_words;
    // An allocation of exactly the heap's size, so that the first word behind it is poisoned.
    const std::unique_ptr<uint32_t[]> heap(new uint32_t[words]);
    CheckedPool::create(64, 12, heap.get());
    for (uint64_t i = kHeadsWord; i < words; ++i) {
      if (random() % 4 == 0) heap[i] = random() % 3 == 0 ? random() : (random() % 20) * kLineWords;
    }
    CheckedPool pool(heap.get());
    for (int i = 0; i < 40; ++i) {
      const bool allocates = random() % 2 == 0;
      const int32_t answer = allocates ? pool.alloc() : refusal(pool.free(random() % 400));
      CHECK(answer < static_cast<int32_t>(words));
    }
  }
}

TEST(pool_header_that_lies_is_refused) {
  const auto sound = [] {
    auto heap = heap_for(PoolKind::kPool, 64, 8);
    Pool::create(64, 8, heap.data());
    return heap;
  };
  CHECK_EQ(check_header(sound(), PoolKind::kPool), "");
  CHECK(check_header(sound(), PoolKind::kScan) != "");
  CHECK(check_header({}, PoolKind::kPool) != "");
  const struct {
    uint32_t word;
    uint32_t value;
  } lies[] = {
      {kKindWord, 0},        {kBlockWordsWord, 0}, {kBlockWordsWord, 24},   {kBlockWordsWord, UINT32_MAX},
      {kBlockWordsWord, 32}, {kCapacityWord, 0},   {kCapacityWord, 9},      {kCapacityWord, UINT32_MAX},
      {kFirstWord, 0},       {kFirstWord, 32},     {kFirstWord, UINT32_MAX}};
  for (const auto& lie : lies) {
    auto heap = sound();
    heap[lie.word] = lie.value;
    CHECK(check_header(heap, PoolKind::kPool) != "");
  }
}

TEST(pool_free_list_that_lies_is_refused) {
  auto heap = heap_for(PoolKind::kPool, 64, 8);
  Pool::create(64, 8, heap.data());
  CHECK_EQ(check_free_list(heap), "");
  for (const uint32_t lie : {1u, 17u, 16u + 8 * 16, 0x80000000u, 16u, 32u}) {
    auto copy = heap;
    copy[16] = lie;  // the first block's link: outside, inside, behind, far away, itself, in the list already
    CHECK(check_free_list(copy) != "");
  }
  auto shorter = heap;
  shorter[16] = 0;
  CHECK_EQ(check_free_list(shorter), "");
}

TEST(pool_shape_is_checked_before_it_overflows) {
  CHECK_EQ(check_shape(PoolKind::kPool, 64, 8, 144), "");
  CHECK_EQ(check_shape(PoolKind::kPool, 64, 8, 143), "\"heap\" must have at least 144 words, not 143");
  CHECK(check_shape(PoolKind::kPool, 0, 8, 1 << 20) != "");
  CHECK(check_shape(PoolKind::kPool, UINT32_MAX, 8, 1 << 20) != "");
  CHECK(check_shape(PoolKind::kScan, 64, 0, 1 << 20) != "");
  CHECK(check_shape(PoolKind::kScan, 64, UINT32_MAX, 1 << 20) != "");
  for (const PoolKind kind : {PoolKind::kPool, PoolKind::kChecked, PoolKind::kScan}) {
    CHECK(check_shape(kind, kMostBlockBytes, kMostBlocks, UINT64_MAX)
              .starts_with("\"capacity\" must be lower"));
  }
}

}  // namespace
}  // namespace linefill
