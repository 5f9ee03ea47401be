// Requests at malloc's own alignment, 16 B: no allocator of ours leaves gaps that its searches then go
// through, and one of others is asked for it where its malloc promises less.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "allocators/heaps.h"
#include "allocators/trace-work.h"
#include "tests/test.h"

namespace linefill {
namespace {

constexpr uint32_t kHeapWords = 1 << 17;
constexpr uint32_t kBlocks = 2000;

// Calls alloc(allocator), a block at 16 B, so many times. Each takes `most_words` at most with all beside it,
// and few steps.
template <class A, class Alloc>
void takes_at_most(uint32_t parameter, uint32_t blocks, uint32_t most_words, const Alloc& alloc) {
  std::vector<uint32_t> heap(kHeapWords);
  A allocator = A::create(heap.data(), kHeapWords, parameter);
  int32_t first = 0;
  int32_t last = 0;
  for (uint32_t i = 0; i < blocks; ++i) {
    const int32_t block = alloc(allocator);
    REQUIRE(block > 0 && block % 4 == 0);
    first = first == 0 ? block : std::min(first, block);
    last = std::max(last, block);
  }
  CHECK(static_cast<uint32_t>(last - first) <= blocks * most_words);
  if constexpr (Searches<A>) CHECK(allocator.steps() <= 4 * blocks);
}

template <class A>
void takes_32_bytes(uint32_t parameter) {
  takes_at_most<A>(parameter, kBlocks, 8, [](A& allocator) { return allocator.alloc(16, 16); });
}

TEST(small_blocks_at_16_bytes_leave_no_gaps) {
#define LINEFILL_SMALL(A, id) takes_32_bytes<A>(0)
  LINEFILL_HEAPS(LINEFILL_SMALL);
#undef LINEFILL_SMALL
  for (uint32_t fit = 1; fit < kFits; ++fit) takes_32_bytes<FreeList>(fit);
}

// Of 605 B, 154 words with the header, of which 156 are taken.
template <class A>
void keeps_alignment_behind(uint32_t parameter) {
  takes_at_most<A>(parameter, 200, 156, [](A& allocator) {
    const int32_t block = allocator.alloc(600, 16);
    return resize_aligned(allocator, static_cast<uint32_t>(block), 605, 16) ? block : 0;
  });
}

TEST(resized_blocks_at_16_bytes_leave_no_gaps) {
  for (uint32_t fit = 0; fit < kFits; ++fit) keeps_alignment_behind<FreeList>(fit);
  keeps_alignment_behind<Segregated>(0);
  keeps_alignment_behind<Tlsf>(0);
  keeps_alignment_behind<SmallObject>(0);
}

uint32_t plain_calls = 0;
uint32_t aligned_calls = 0;

void* plain(size_t bytes) {
  ++plain_calls;
  return std::malloc(bytes);
}
void* plain_again(void* block, size_t bytes) {
  ++plain_calls;
  return std::realloc(block, bytes);
}
void* aligned(size_t, size_t bytes) {
  ++aligned_calls;
  return std::malloc(bytes);
}

TEST(a_malloc_of_others_is_asked_for_more_than_it_promises) {
  PeerStore store({"counting", "", "", false, plain, std::free, plain_again, aligned});
  struct Request {
    uint32_t bytes;
    uint32_t alignment_bytes;
    bool is_promised;
  };
  plain_calls = aligned_calls = 0;
  uint32_t promised = 0;
  uint32_t others = 0;
  PeerStore::Handle resized = store.allocate(100, 8);
  for (const auto [bytes, alignment_bytes, is_promised] : {Request{1, 8, true},
                                                           {15, 8, true},
                                                           {16, 8, true},
                                                           {16, 16, true},
                                                           {1000, 16, true},
                                                           {15, 16, false},
                                                           {0, 16, false},
                                                           {16, 32, false},
                                                           {4096, 4096, false}}) {
    store.release(store.allocate(bytes, alignment_bytes), bytes);
    resized = store.reallocate(resized, 1, bytes, alignment_bytes);
    ++(is_promised ? promised : others);
  }
  store.release(resized, 1);
  CHECK_EQ(plain_calls, 1 + 2 * promised);
  CHECK_EQ(aligned_calls, 2 * others);
}

}  // namespace
}  // namespace linefill
