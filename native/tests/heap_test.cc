// General allocators: what a trace can't say, a free that is told a wrong size; frees of what has another
// size than at first; and the limit of a replay.
#include <span>
#include <vector>

#include "allocators/debug.h"
#include "allocators/heap-hash.h"
#include "allocators/heap-replay.h"
#include "allocators/heaps.h"
#include "tests/test.h"

namespace linefill {
namespace {

constexpr uint32_t kHeapWords = 4096;

template <class A>
void frees_by_size() {
  std::vector<uint32_t> heap(kHeapWords);
  A allocator = A::create(heap.data(), kHeapWords, 0);
  for (const uint32_t bytes : {1u, 40u, 300u, 3000u}) {
    const int32_t answer = allocator.alloc(bytes, 8);
    REQUIRE(answer > 0);
    const auto block = static_cast<uint32_t>(answer);
    const uint64_t before = heap_hash(heap);
    for (const uint32_t wrong : {3 * bytes + 100, 2'000'000'000u, UINT32_MAX}) {
      CHECK_EQ(allocator.free_sized(block, wrong), AllocError::kWrongSize);
    }
    CHECK_EQ(heap_hash(heap), before);
    CHECK_EQ(allocator.free_sized(block, bytes), AllocError::kNone);
  }
}

TEST(heaps_catch_a_wrong_size) {
#define LINEFILL_FREES(A, id) frees_by_size<A>()
  LINEFILL_HEAPS(LINEFILL_FREES);
#undef LINEFILL_FREES
}

// From a block's least to whole pages of any allocator.
constexpr uint32_t kAskedBytes[] = {1, 40, 64, 300, 1500, 2100, 5000};

template <class A>
void frees_by_the_last_size() {
  for (const uint32_t from : kAskedBytes) {
    std::vector<uint32_t> heap(kHeapWords);
    A allocator = A::create(heap.data(), kHeapWords, 0);
    for (const uint32_t to : kAskedBytes) {
      const int32_t answer = allocator.alloc(from, 8);
      // A linear allocator has no room in the end.
      if (answer <= 0) break;
      const auto block = static_cast<uint32_t>(answer);
      uint32_t asked = from;
      for (const uint32_t bytes : {to, 1u, from + 1, to}) {
        if (allocator.resize(block, bytes)) asked = bytes;
      }
      CHECK_EQ(allocator.free_sized(block, asked), AllocError::kNone);
    }
  }
}

TEST(heaps_take_a_block_back_by_its_last_size) {
#define LINEFILL_FREES(A, id) frees_by_the_last_size<A>()
  LINEFILL_HEAPS(LINEFILL_FREES);
#undef LINEFILL_FREES
}

// Its calls are as long as it is told.
struct Searching {
  uint64_t looked = 0;
  uint64_t steps() const { return looked; }
};
struct Constant {};
static_assert(Searches<Searching> && !Searches<Constant>);
static_assert(Searches<FreeList> && Searches<SmallObject> && Searches<Slab> && !Searches<Tlsf>);
static_assert(Searches<Debug<FreeList>> && Searches<Debug<Tlsf>>);

TEST(heap_replay_ends_when_its_time_is_spent) {
  Stamina none(0);
  Searching searching;
  // Less than a million steps are no reason to look at the clock.
  searching.looked = 1000;
  CHECK(none.lasts(searching));
  // The first look sets the deadline, a later one finds it past.
  searching.looked = uint64_t{1} << 21;
  none.lasts(searching);
  const uint64_t start_ns = platform::now_ns();
  while (platform::now_ns() <= start_ns + 1000) {
  }
  searching.looked = uint64_t{1} << 22;
  CHECK(!none.lasts(searching));
}

TEST(heap_replay_counts_what_is_spent_beside_searches) {
  Stamina none(0);
  none.spend(uint64_t{1} << 21);
  none.lasts(Constant{});
  const uint64_t start_ns = platform::now_ns();
  while (platform::now_ns() <= start_ns + 1000) {
  }
  CHECK(none.lasts(Constant{}));
  none.spend(uint64_t{1} << 21);
  CHECK(!none.lasts(Constant{}));
}

}  // namespace
}  // namespace linefill
