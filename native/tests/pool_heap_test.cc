// A pool as a general allocator, in the debug wrapper and without: what both languages can't show together.
#include <vector>

#include "allocators/debug.h"
#include "allocators/heap-hash.h"
#include "allocators/mischief.h"
#include "allocators/pool-heap.h"
#include "allocators/stack.h"
#include "tests/test.h"

namespace linefill {
namespace {

constexpr uint32_t kHeapWords = 4096;

// One whose parameter is settled, for whoever gives none.
template <uint32_t kBlockBytes>
struct PoolOf : PoolHeap {
  static std::string check(uint64_t heap_words, uint32_t) { return PoolHeap::check(heap_words, kBlockBytes); }
  static PoolOf create(uint32_t* heap, uint32_t heap_words, uint32_t) {
    return PoolOf{PoolHeap::create(heap, heap_words, kBlockBytes)};
  }
};

TEST(pool_heap_keeps_the_alignment_of_its_blocks) {
  std::vector<uint32_t> heap(kHeapWords);
  for (const uint32_t block_bytes : {8u, 24u, 64u, 320u, 4096u}) {
    CHECK_EQ(PoolHeap::check(kHeapWords, block_bytes), "");
    PoolHeap pool = PoolHeap::create(heap.data(), kHeapWords, block_bytes);
    const uint32_t kept = block_bytes & (~block_bytes + 1);
    CHECK_EQ(pool.alloc(1, 2 * kept), refusal(AllocError::kBadAlignment));
    uint32_t count = 0;
    for (int32_t block = pool.alloc(1, kept); block > 0; block = pool.alloc(1, kept)) {
      CHECK_EQ(static_cast<uint32_t>(block) * kWordBytes % kept, 0u);
      ++count;
    }
    CHECK_EQ(pool.alloc(1, 8), refusal(AllocError::kExhausted));
    CHECK_EQ(pool.statistics().live_blocks, count);
    CHECK_EQ(pool.statistics().free_blocks, 0u);
  }
}

TEST(pool_heap_catches_a_wrong_size) {
  std::vector<uint32_t> heap(kHeapWords);
  PoolHeap pool = PoolHeap::create(heap.data(), kHeapWords, 104);
  const auto block = static_cast<uint32_t>(pool.alloc(100, 8));
  const uint64_t before = heap_hash(heap);
  CHECK_EQ(pool.free_sized(block, 105), AllocError::kWrongSize);
  CHECK(!pool.resize(block, 105) && pool.resize(block, 104));
  CHECK_EQ(heap_hash(heap), before);
  CHECK_EQ(pool.free_sized(block, 104), AllocError::kNone);
}

TEST(pool_heap_wants_whole_blocks_that_fit) {
  for (const uint32_t wrong : {0u, 4u, 99u, kHeapWords * kWordBytes, UINT32_MAX - 7}) {
    CHECK(PoolHeap::check(kHeapWords, wrong).starts_with("\"parameter\" must be the bytes of a block"));
  }
  CHECK_EQ(PoolHeap::check(kHeapWords, (kHeapWords - kHeaderWords) * kWordBytes), "");
}

// The debug wrapper's mischief gives no parameter.
TEST(pool_heap_shows_the_debug_wrapper_its_faults) {
  using Pool = PoolOf<256>;
  std::vector<uint32_t> heap(kHeapWords);
  const std::vector<uint32_t> trace = {1, 0, 100, 8, 1, 1, 100, 64, 4, 0, 100, 0,
                                       2, 0, 0,   0, 2, 0, 0,   0,  3, 9, 0,   0};
  std::vector<uint32_t> offsets(2);
  std::vector<int32_t> answers(6);
  std::vector<uint32_t> told(3 * kToldWords);
  std::vector<uint32_t> found(1);
  CHECK_EQ(Debug<Pool>::check(kHeapWords, 0), "");
  CHECK_EQ(check_mischief(trace, offsets.size(), answers.size()), "");
  CHECK(replay_mischief<Pool>(heap, trace, offsets, answers, told, found).error == nullptr);
  CHECK_EQ(found[0], 3u);
  CHECK_EQ(answers[3], refusal(AllocError::kOverflow));
  CHECK_EQ(answers[4], refusal(AllocError::kDoubleFree));
  CHECK_EQ(answers[5], refusal(AllocError::kForeign));
}

TEST(stack_counts_the_blocks_that_a_release_goes_through) {
  std::vector<uint32_t> heap(kHeapWords);
  Stack stack = Stack::create(heap.data(), kHeapWords, 0);
  const uint32_t empty = stack.mark();
  stack.alloc(8, 8);
  const uint32_t marker = stack.mark();
  for (int i = 0; i < 5; ++i) stack.alloc(8, 8);
  // Between two blocks: no marker, and only the first one below it tells.
  CHECK_EQ(stack.release(marker + 2), AllocError::kForeign);
  CHECK_EQ(stack.steps(), 6u);
  CHECK_EQ(stack.release(marker), AllocError::kNone);
  CHECK_EQ(stack.steps(), 11u);
  CHECK_EQ(stack.mark(), marker);
  CHECK_EQ(stack.release(empty), AllocError::kNone);
  CHECK_EQ(stack.used_words(), 0u);
}

}  // namespace
}  // namespace linefill
