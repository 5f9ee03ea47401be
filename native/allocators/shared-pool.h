// Where the pools keep what that several threads use at once, in one array of words that native code and
// TypeScript share:
//
//   line 0      kind, words a block, blocks, offset of the first block, offset of the links, caches
//   line 2      what all threads write: the lock, the head of the list and its tag
//   line 4 ..   cached pools: a cache takes two pairs of lines, one that its thread alone writes (head and
//               number of its blocks; how often it began and ended to take what was given back), one that
//               the others write (what they gave back: its first block in the low 26 bits, the number up to
//               63 in the others)
//   links       a word for each block: the next block of the list that it is in (0: none), or, while it is in
//               use, kInUse and the number of the thread that took it
//   blocks      whole lines each
//
// In a list a block goes by its number, 1 to `capacity`; callers know it by its word offset, as with every
// allocator. The links stand apart from the blocks, so that a thread that looks at a list reads nothing of
// what another writes to its block, and a block that comes back twice is found out by its own link. Nothing
// in the heap is trusted: the shape is read once and checked, and each number before it is followed, so
// whatever another thread writes there, no access leaves the heap. TypeScript twin:
// src/allocators/shared-pool.ts.
#pragma once

#include <atomic>
#include <span>
#include <string>

#include "allocators/allocation.h"

namespace linefill {

// The word 0 of a heap. "lf" and the kind, after those of pool-layout.h.
enum class SharedPoolKind : uint32_t {
  kMutex = 0x6c660011,
  kLockFree = 0x6c660012,
  kCached = 0x6c660013,
};

// The header's words are kind, words a block, capacity and first block as in pool-layout.h; after them:
inline constexpr uint32_t kLinksWord = 4;
inline constexpr uint32_t kCachesWord = 5;
// Apart from the header and from the caches by a pair of lines: prefetchers may complete pairs.
inline constexpr uint32_t kLockWord = 32;
// The head's block; the word after it holds the tag, so both together are one 64-bit word.
inline constexpr uint32_t kListWord = 34;
inline constexpr uint32_t kFirstCacheWord = 64;
inline constexpr uint32_t kCacheWords = 64;
// Words of a cache. What others give back lies on a pair of lines of its own.
inline constexpr uint32_t kCacheHead = 0;
inline constexpr uint32_t kCacheCount = 1;
inline constexpr uint32_t kCacheTakings = 2;
inline constexpr uint32_t kCacheRemote = 32;

// Of a word that names a block; the rest may count.
inline constexpr uint32_t kBlockBitCount = 26;
inline constexpr uint32_t kBlockBits = (uint32_t{1} << kBlockBitCount) - 1;
inline constexpr uint32_t kInUse = uint32_t{1} << 31;

inline constexpr uint32_t kMostSharedBlockBytes = 1u << 16;
inline constexpr uint32_t kMostSharedBlocks = kBlockBits;
inline constexpr uint32_t kMostCaches = 1024;

struct SharedPoolShape {
  uint32_t block_words = 0;
  uint32_t capacity = 0;
  uint32_t caches = 0;
  uint32_t links = 0;       // offset of the first block's link
  uint32_t first = 0;       // offset of the first block
  uint64_t heap_words = 0;  // what the whole takes
};

// In range where check_shared_shape finds nothing. `caches`: 0 but for a cached pool.
SharedPoolShape shared_pool_shape(uint32_t block_bytes, uint32_t capacity, uint32_t caches);
// What is wrong with these arguments for such a heap; empty: nothing.
std::string check_shared_shape(SharedPoolKind kind, uint32_t block_bytes, uint32_t capacity, uint32_t caches,
                               std::span<const uint32_t> heap);
// Makes a pool: the header, and all blocks in the list in ascending order. The blocks are left as they are.
SharedPoolShape make_shared_pool(SharedPoolKind kind, uint32_t block_bytes, uint32_t capacity,
                                 uint32_t caches, uint32_t* heap);
// Reads a heap's header, once: what is wrong with it, or else the shape in *shape. O(1).
std::string read_shared_pool(std::span<uint32_t> heap, SharedPoolKind kind, SharedPoolShape* shape);

// Where the blocks of a pool are, of which no thread may be using the heap. Each is in exactly one place.
struct Census {
  uint32_t listed = 0;
  uint32_t cached = 0;
  uint32_t given_back = 0;  // to a cache that has not looked yet
  uint32_t in_use = 0;
};
// What is wrong: a block that is lost or in two places; empty: nothing. The heap must hold a sound header.
std::string take_census(uint32_t* heap, const SharedPoolShape& shape, Census* census);

// The blocks and their links: what every thread's view of a pool holds.
class SharedBlocks {
 public:
  SharedBlocks(uint32_t* heap, const SharedPoolShape& shape)
      : heap_(heap),
        links_(heap + shape.links - 1),
        first_(shape.first),
        block_words_(shape.block_words),
        area_words_(shape.capacity * shape.block_words),
        capacity_(shape.capacity),
        reciprocal_((uint64_t{1} << kReciprocalBits) / (shape.block_words / kLineWords) + 1) {}

  uint32_t* heap() const { return heap_; }
  uint32_t capacity() const { return capacity_; }
  std::atomic_ref<uint32_t> word(uint32_t at) const { return std::atomic_ref<uint32_t>(heap_[at]); }
  // Of a block, 1 to capacity.
  std::atomic_ref<uint32_t> link(uint32_t block) const { return std::atomic_ref<uint32_t>(links_[block]); }
  bool is_block(uint32_t block) const { return block - 1 < capacity_; }

  int32_t offset_of(uint32_t block) const {
    return static_cast<int32_t>(first_ + (block - 1) * block_words_);
  }
  // The block that starts at `offset`, or -kForeign, or -kMisaligned.
  int32_t block_at(uint32_t offset) const {
    const uint32_t distance = offset - first_;
    if (distance >= area_words_) return refusal(AllocError::kForeign);
    // A division by the lines of a block, as a product: exact, since lines and their number are small.
    const auto before =
        static_cast<uint32_t>((uint64_t{distance / kLineWords} * reciprocal_) >> kReciprocalBits);
    if (before * block_words_ != distance) return refusal(AllocError::kMisaligned);
    return static_cast<int32_t>(before + 1);
  }

 private:
  // 2^27 lines a heap times 2^10 lines a block.
  static constexpr uint32_t kReciprocalBits = 37;

  uint32_t* heap_;
  uint32_t* links_;
  uint32_t first_;
  uint32_t block_words_;
  uint32_t area_words_;
  uint32_t capacity_;
  uint64_t reciprocal_;
};

}  // namespace linefill
