// Replay: rows and answers worked by hand, and traces that must be refused before they are replayed.
#include <vector>

#include "allocators/checked-pool.h"
#include "allocators/replay.h"
#include "allocators/scan-pool.h"
#include "tests/test.h"

namespace linefill {
namespace {

constexpr uint32_t kAlloc = 1, kFree = 2, kFreeAt = 3, kCheckpoint = 4;

TEST(alloc_replay_answers_each_row) {
  std::vector<uint32_t> heap(pool_shape(PoolKind::kChecked, 64, 2).heap_words);
  CheckedPool pool = CheckedPool::create(64, 2, heap.data());
  // Two states take one line: the blocks are at 32 and 48.
  const std::vector<uint32_t> trace = {kAlloc, 0, 64, 64, kAlloc,  1,   8,  8,  kAlloc,      2,  8, 8,
                                       kAlloc, 2, 65, 8,  kAlloc,  2,   8,  24, kFree,       0,  0, 0,
                                       kFree,  0, 0,  0,  kFreeAt, 500, 0,  0,  kFreeAt,     49, 0, 0,
                                       kFree,  2, 0,  0,  kAlloc,  2,   64, 8,  kCheckpoint, 0,  0, 0};
  std::vector<uint32_t> offsets(3);
  std::vector<int32_t> answers(trace.size() / kRowWords);
  CHECK_EQ(check_trace(trace, offsets.size(), answers.size()), "");
  const uint64_t hash = replay(pool, heap, 64, trace, offsets, answers);
  const std::vector<int32_t> wanted = {32,
                                       48,
                                       refusal(AllocError::kExhausted),
                                       refusal(AllocError::kTooLarge),
                                       refusal(AllocError::kBadAlignment),
                                       0,
                                       refusal(AllocError::kDoubleFree),
                                       refusal(AllocError::kForeign),
                                       refusal(AllocError::kMisaligned),
                                       refusal(AllocError::kForeign),
                                       32,
                                       static_cast<int32_t>(hash)};
  CHECK(answers == wanted);
  CHECK_EQ(heap[32], 2);
  CHECK_EQ(heap[47], ~2u);
  CHECK_EQ(hash, heap_hash(heap));
}

TEST(alloc_replay_refuses_rows_that_are_none) {
  CHECK_EQ(check_trace(std::vector<uint32_t>{kAlloc, 0, 8, 8}, 1, 1), "");
  CHECK(check_trace(std::vector<uint32_t>{kAlloc, 0, 8}, 1, 1) != "");
  CHECK(check_trace(std::vector<uint32_t>{kAlloc, 0, 8, 8}, 1, 2) != "");
  CHECK(check_trace(std::vector<uint32_t>{0, 0, 8, 8}, 1, 1) != "");
  CHECK(check_trace(std::vector<uint32_t>{5, 0, 8, 8}, 1, 1) != "");
  CHECK(check_trace(std::vector<uint32_t>{kAlloc, 1, 8, 8}, 1, 1) != "");
  CHECK(check_trace(std::vector<uint32_t>{kFree, UINT32_MAX, 8, 8}, 1, 1) != "");
  CHECK_EQ(check_trace(std::vector<uint32_t>{kFreeAt, UINT32_MAX, 8, 8}, 1, 1), "");
}

TEST(alloc_replay_guards_an_allocator_that_trusts_its_caller) {
  const auto wrong = [](std::vector<uint32_t> trace) { return check_trusting_trace(trace, 4, 64, 1); };
  CHECK_EQ(wrong({kAlloc, 0, 8, 8, kFree, 0, 0, 0, kAlloc, 1, 8, 8, kFree, 1, 0, 0}), "");
  CHECK(wrong({kFree, 0, 0, 0}) != "");
  CHECK(wrong({kAlloc, 0, 8, 8, kFree, 0, 0, 0, kFree, 0, 0, 0}) != "");
  CHECK(wrong({kAlloc, 0, 8, 8, kAlloc, 0, 8, 8}) != "");
  CHECK(wrong({kFreeAt, 16, 0, 0}) != "");
  // Refused allocations leave nothing to free: the pool is full, the request does not fit.
  CHECK(wrong({kAlloc, 0, 8, 8, kAlloc, 1, 8, 8, kFree, 1, 0, 0}) != "");
  CHECK(wrong({kAlloc, 0, 65, 8, kFree, 0, 0, 0}) != "");
}

TEST(alloc_heap_hash_tells_order_and_place) {
  const uint64_t one = heap_hash(std::vector<uint32_t>{1, 2, 3});
  CHECK(one != heap_hash(std::vector<uint32_t>{1, 3, 2}));
  CHECK(one != heap_hash(std::vector<uint32_t>{1, 2, 3, 0}));
  CHECK(one != heap_hash(std::vector<uint32_t>{0, 1, 2, 3}));
  CHECK_EQ(heap_hash({}), 0x811c9dc59e3779b9u);
}

}  // namespace
}  // namespace linefill
