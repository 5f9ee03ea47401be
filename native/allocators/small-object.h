// Small blocks in the manner of CPython's obmalloc: a class for each multiple of 16 bytes up to 512, blocks
// of a class in pools, pools in arenas. Larger requests, and small ones when no pool is to be had, go to a
// free list (first fit), from which the arenas come too.
//
//   | what the free list manages: blocks, arenas ...     | own header | classes | arenas | an entry a page |
//   arena        | pool | pool | ...     64 pools; 8, or a single one, where the free list has no more
//   pool         | block | block | ...   16 KiB, in small heaps about a 64th of the heap, 1 KiB at least
//   free block   | next | ...            0 ends the list
//
// A pool starts at a multiple of its size, so that a block's page says which pool it is in, or that it is in
// none. A pool without a block in use is its class's until another class needs a pool or the free list has no
// block for a request: then all such pools go back to their arenas, and arenas of nothing else to the free
// list. The arena that has the fewest free pools is the next one to give a pool, so that the others may
// empty: arenas are listed by their number of free pools, with a bit for each list.
// Cost: O(1) for small blocks; a new arena, and what is larger, as free-list.h says.
// Source: CPython's Objects/obmalloc.c, as its comments describe it. TypeScript twin:
// src/allocators/small-object.ts.
#pragma once

#include <bit>

#include "allocators/free-list.h"
#include "allocators/page-lists.h"

namespace linefill {

class SmallObject {
 public:
  static std::string check(uint64_t heap_words, uint32_t parameter) {
    const std::string wrong = check_no_parameter(parameter);
    return wrong.empty() ? check_heap_words(heap_words, kLeastHeapWords) : wrong;
  }

  static SmallObject create(uint32_t* heap, uint32_t heap_words, uint32_t) {
    const SmallObject made(heap, heap_words);
    std::fill(made.own_, heap + heap_words, 0);
    return made;
  }

  LINEFILL_INLINE int32_t alloc(uint32_t bytes, uint32_t alignment_bytes) {
    if (bytes > kMostWords * kWordBytes || alignment_bytes != kUsualAlignmentBytes) [[unlikely]]
      return alloc_unusual(bytes, alignment_bytes);
    // 1. The class, 2. a pool of it that has free blocks.
    const uint32_t steps = class_steps(bytes);
    const uint32_t words = steps * kStepWords;
    const uint32_t pool = own_[kFirstClass + size_t{steps}];
    if (pool == 0) [[unlikely]]
      return alloc_refilled(words, bytes, alignment_bytes);
    return take(pool, words);
  }

  LINEFILL_INLINE AllocError free(uint32_t offset) {
    const auto pool = static_cast<uint32_t>(offset >> shift_);
    uint32_t* const at = entry(pool);
    const uint32_t words = at[kSize];
    if (words == 0) return beneath_.free(offset);
    // 1. A block goes to its pool, 2. which may have been full, or be empty now.
    const uint32_t free_block = at[kFree];
    const uint32_t used = at[kUsed] - 1;
    heap_[offset] = free_block;
    at[kFree] = offset;
    at[kUsed] = used;
    own_[kUsedWord] -= words;
    if (free_block == 0 && at[kFresh] == 0) [[unlikely]] {
      lists().push(list_of(words), pool, kNext);
    } else if (used == 0) {
      ++own_[kEmptiesWord];
    }
    return AllocError::kNone;
  }

  AllocError free_sized(uint32_t offset, uint32_t bytes) {
    uint32_t* const at = entry(offset >> shift_);
    if (at[kSize] == 0) return beneath_.free_sized(offset, bytes);
    const bool is_right = class_words(bytes) == at[kSize];
    return is_right ? free(offset) : AllocError::kWrongSize;
  }

  // Within a block's class, or as the free list can.
  bool resize(uint32_t offset, uint32_t bytes, uint32_t alignment_bytes = kUsualAlignmentBytes) {
    if (bytes / kWordBytes >= heap_words_) return false;
    uint32_t* const at = entry(offset >> shift_);
    if (at[kSize] == 0) return beneath_.resize(offset, bytes, alignment_bytes);
    return class_words(bytes) == at[kSize];
  }

  // Of the free list, and pools looked at for empty ones.
  uint64_t steps() const { return beneath_.steps() + steps_; }

  // An arena is a block in use only to the free list.
  uint32_t used_words() const { return beneath_.used_words() - own_[kArenasWord] + own_[kUsedWord]; }

  // Free is what one request could have: an arena without a block in use is part of the stretch that it lies
  // in, since the classes would give it back; a free pool of another serves the classes only, as blocks of
  // the largest.
  Statistics statistics() const {
    Statistics found;
    const auto end = static_cast<uint32_t>(own_ - heap_);
    found.metadata_words = kHeaderWords + heap_words_ - end;
    uint32_t stretch = 0;
    for (uint32_t block = tags::first_block(kHeaderWords); block < end - 1;
         block += tags::size_of(heap_, block)) {
      const uint32_t words = tags::size_of(heap_, block);
      const uint32_t arena = arena_of(block + 1);
      if (!tags::is_used(heap_, block) || (arena != 0 && is_empty(arena))) {
        stretch += words;
        continue;
      }
      found.add_free(stretch > 0, stretch);
      stretch = 0;
      if (arena == 0) {
        found.add_live(1, words);
      } else {
        count_arena(found, arena, words);
      }
    }
    found.add_free(stretch > 0, stretch);
    return found;
  }

 private:
  // The class that a small request falls into, and its words: payload_words, to whole steps.
  static uint32_t class_steps(uint32_t bytes) {
    return (bytes - (bytes != 0)) / (kStepWords * kWordBytes) + 1;
  }
  static uint32_t class_words(uint32_t bytes) { return class_steps(bytes) * kStepWords; }

  static constexpr uint32_t kLeastHeapWords = 256;
  static constexpr uint32_t kStepWords = 4;
  static constexpr uint32_t kMostWords = 128;
  static constexpr uint32_t kLeastShift = 8;
  static constexpr uint32_t kMostShift = 12;
  static constexpr uint32_t kMostPools = 64;

  // Words of the own header: of small blocks in use, of arenas, the bits of the lists of arenas, and the
  // number of pools of classes without a block in use. A
  // class's list is at its size in steps; a list of arenas at their number of free pools.
  static constexpr uint32_t kUsedWord = 0;
  static constexpr uint32_t kArenasWord = 1;
  static constexpr uint32_t kBitsWord = 2;
  static constexpr uint32_t kEmptiesWord = 4;
  static constexpr uint32_t kFirstClass = kLineWords - 1;
  static constexpr uint32_t kFirstArena = kLineWords + kMostWords / kStepWords;
  static constexpr uint32_t kOwnWords = kFirstArena + kMostPools;

  // Words of a page's entry: of its pool; kSize, a block's words, is 0 where it is none of a class.
  static constexpr uint32_t kArena = 0;
  static constexpr uint32_t kSize = 1;
  static constexpr uint32_t kNext = 2;
  static constexpr uint32_t kPrevious = 3;
  static constexpr uint32_t kFree = 4;
  static constexpr uint32_t kFresh = 5;
  static constexpr uint32_t kUsed = 6;
  // Of the arena that starts with it; kBlock, its block of the free list, is 0 where none does.
  static constexpr uint32_t kBlock = 8;
  static constexpr uint32_t kPools = 9;
  static constexpr uint32_t kFreePools = 10;
  static constexpr uint32_t kFreePool = 11;
  static constexpr uint32_t kFreshPool = 12;
  static constexpr uint32_t kNextArena = 13;

  SmallObject(uint32_t* heap, uint32_t heap_words)
      : heap_(heap),
        heap_words_(heap_words),
        shift_(
            std::clamp(static_cast<uint32_t>(std::bit_width(heap_words / 64)) - 1, kLeastShift, kMostShift)),
        own_(heap + heap_words - kOwnWords - (pages() << PageLists::kEntryShift)),
        beneath_(
            FreeList::create(heap, static_cast<uint32_t>(own_ - heap), static_cast<uint32_t>(Fit::kFirst))) {}

  // The last one may be cut short; it is no pool, but the free list may have blocks in there.
  uint32_t pages() const { return (heap_words_ + (1u << shift_) - 1) >> shift_; }
  PageLists lists() const { return {own_ + kOwnWords}; }
  uint32_t* entry(size_t page) const { return lists().entry(page); }

  // Of a class, by its blocks' words.
  uint32_t* list_of(uint32_t words) const { return own_ + kFirstClass + words / kStepWords; }

  // Larger, or of another alignment than the usual.
  LINEFILL_COLD int32_t alloc_unusual(uint32_t bytes, uint32_t alignment_bytes) {
    const AllocError wrong = check_general(bytes, alignment_bytes, heap_words_);
    if (wrong != AllocError::kNone) return refusal(wrong);
    // Sizes that are multiples of an alignment keep it.
    const uint32_t words =
        align_up(payload_words(bytes), std::max(alignment_words(alignment_bytes), kStepWords));
    if (words > kMostWords) return alloc_beneath(bytes, alignment_bytes);
    const uint32_t pool = *list_of(words);
    return pool != 0 ? take(pool, words) : alloc_refilled(words, bytes, alignment_bytes);
  }

  LINEFILL_COLD int32_t alloc_refilled(uint32_t words, uint32_t bytes, uint32_t alignment_bytes) {
    const uint32_t pool = refill(words);
    return pool != 0 ? take(pool, words) : alloc_beneath(bytes, alignment_bytes);
  }

  // A block of a pool that has one: what was freed last, or else the next.
  LINEFILL_INLINE int32_t take(uint32_t pool, uint32_t words) {
    uint32_t* const at = entry(pool);
    uint32_t block = at[kFree];
    bool is_full;
    if (block != 0) {
      const uint32_t next = heap_[block];
      at[kFree] = next;
      is_full = next == 0 && at[kFresh] == 0;
    } else {
      block = at[kFresh];
      const uint32_t next = block + words;
      is_full = next + words > (pool + 1) << shift_;
      at[kFresh] = is_full ? 0 : next;
    }
    const uint32_t used = at[kUsed];
    at[kUsed] = used + 1;
    if (used == 0) --own_[kEmptiesWord];
    own_[kUsedWord] += words;
    if (is_full) [[unlikely]]
      lists().unlink(list_of(words), pool, kNext);
    return static_cast<int32_t>(block);
  }

  // Where there is no such block, the classes give back what they keep.
  int32_t alloc_beneath(uint32_t bytes, uint32_t alignment_bytes) {
    int32_t answer = beneath_.alloc(bytes, alignment_bytes);
    if (answer <= 0 && reap()) answer = beneath_.alloc(bytes, alignment_bytes);
    return answer > 0 ? answer : refusal(AllocError::kExhausted);
  }

  // A pool for a class that has none with free blocks; 0: there is none.
  uint32_t refill(uint32_t words) {
    uint32_t arena = fullest_arena();
    if (arena == 0 && reap()) arena = fullest_arena();
    if (arena == 0) arena = new_arena();
    if (arena == 0) return 0;
    const uint32_t pool = take_pool(arena);
    uint32_t* const at = entry(pool);
    at[kArena] = arena;
    at[kSize] = words;
    at[kFree] = 0;
    at[kFresh] = pool << shift_;
    at[kUsed] = 0;
    ++own_[kEmptiesWord];
    lists().push(list_of(words), pool, kNext);
    return pool;
  }

  // Of the arenas with a free pool the one with the fewest; 0: there is none.
  uint32_t fullest_arena() {
    for (uint32_t i = 0; i < 2; ++i) {
      const uint32_t bits = own_[kBitsWord + i];
      if (bits != 0) {
        return own_[kFirstArena + 32 * i + static_cast<uint32_t>(std::countr_zero(bits))];
      }
    }
    return 0;
  }

  // The largest that is to be had; 0: there is none.
  uint32_t new_arena() {
    for (uint32_t pools = kMostPools; pools > 0; pools /= 8) {
      const uint32_t arena = create_arena(pools);
      if (arena != 0) return arena;
    }
    return 0;
  }

  // An arena in no list, all of its pools free; 0: the free list has no such block.
  uint32_t create_arena(uint32_t pools) {
    const uint32_t pool_bytes = kWordBytes << shift_;
    const uint32_t alignment_bytes = std::min(pool_bytes, kMostAlignmentBytes);
    const int32_t answer = beneath_.alloc((pools + 1) * pool_bytes - alignment_bytes, alignment_bytes);
    if (answer <= 0) return 0;
    const uint32_t block = static_cast<uint32_t>(answer);
    const uint32_t arena = align_up(block, 1u << shift_) >> shift_;
    uint32_t* const at = entry(arena);
    own_[kArenasWord] += tags::size_of(heap_, block - 1);
    at[kBlock] = block;
    at[kPools] = pools;
    at[kFreePools] = pools;
    at[kFreePool] = 0;
    at[kFreshPool] = arena;
    return arena;
  }

  // Gives an arena another number of free pools, and the list for it; one that is full or empty is in none.
  void recount(uint32_t arena, uint32_t free_pools) {
    uint32_t* const at = entry(arena);
    const uint32_t had = at[kFreePools];
    const uint32_t pools = at[kPools];
    if (had > 0 && had < pools) {
      uint32_t* const list = own_ + kFirstArena + had;
      lists().unlink(list, arena, kNextArena);
      if (*list == 0) own_[kBitsWord + had / 32] &= ~(1u << had % 32);
    }
    at[kFreePools] = free_pools;
    if (free_pools > 0 && free_pools < pools) {
      lists().push(own_ + kFirstArena + free_pools, arena, kNextArena);
      own_[kBitsWord + free_pools / 32] |= 1u << free_pools % 32;
    }
  }

  // What was given back last, or else the next of the arena.
  uint32_t take_pool(uint32_t arena) {
    uint32_t* const at = entry(arena);
    const uint32_t pool = at[kFreePool];
    recount(arena, at[kFreePools] - 1);
    if (pool == 0) return at[kFreshPool]++;
    at[kFreePool] = entry(pool)[kNext];
    return pool;
  }

  // Gives the pools without a block in use back that the classes keep; whether there was any.
  bool reap() {
    if (own_[kEmptiesWord] == 0) return false;
    for (uint32_t words = kStepWords; words <= kMostWords; words += kStepWords) {
      uint32_t next;
      for (uint32_t pool = *list_of(words); pool != 0; pool = next) {
        ++steps_;
        next = entry(pool)[kNext];
        if (entry(pool)[kUsed] == 0) give_pool(pool);
      }
    }
    own_[kEmptiesWord] = 0;
    return true;
  }

  // Of a pool without a block in use.
  LINEFILL_COLD void give_pool(uint32_t pool) {
    const uint32_t arena = entry(pool)[kArena];
    uint32_t* const at = entry(arena);
    lists().unlink(list_of(entry(pool)[kSize]), pool, kNext);
    entry(pool)[kSize] = 0;
    entry(pool)[kNext] = at[kFreePool];
    at[kFreePool] = pool;
    recount(arena, at[kFreePools] + 1);
    if (at[kFreePools] < at[kPools]) return;
    const uint32_t block = at[kBlock];
    at[kBlock] = 0;
    own_[kArenasWord] -= tags::size_of(heap_, block - 1);
    beneath_.free(block);
  }

  // The arena that has this block of the free list; 0: none has.
  uint32_t arena_of(uint32_t block) const {
    const uint32_t page = align_up(block, 1u << shift_) >> shift_;
    return page < pages() && entry(page)[kBlock] == block ? page : 0;
  }

  // Whether none of its pools has a block in use.
  bool is_empty(uint32_t arena) const {
    const uint32_t end = arena + entry(arena)[kPools];
    for (uint32_t pool = arena; pool < end; ++pool) {
      if (entry(pool)[kUsed] != 0) return false;
    }
    return true;
  }

  // What lies around an arena's pools is metadata.
  void count_arena(Statistics& found, uint32_t arena, uint32_t words) const {
    const uint32_t pools = entry(arena)[kPools];
    found.metadata_words += words - (pools << shift_);
    for (uint32_t pool = arena; pool < arena + pools; ++pool) count_pool(found, pool);
  }

  // The blocks of a pool in use are those that are neither in its list nor fresh.
  void count_pool(Statistics& found, uint32_t pool) const {
    const uint32_t* const at = entry(pool);
    if (at[kUsed] == 0) return found.add_free((1u << shift_) / kMostWords, kMostWords);
    const uint32_t words = at[kSize];
    const uint32_t blocks = (1u << shift_) / words;
    const uint32_t fresh = at[kFresh];
    uint32_t free_blocks = fresh == 0 ? 0 : blocks - (fresh - (pool << shift_)) / words;
    for (uint32_t block = at[kFree]; block != 0; block = heap_[block]) ++free_blocks;
    found.add_live(blocks - free_blocks, words);
    found.metadata_words += (1u << shift_) % words;
    found.add_free(free_blocks, words);
  }

  uint32_t* heap_;
  uint32_t heap_words_;
  // These two are of another type than the heap's words: then no store there can be one to them, and they
  // need not be read again behind it. log2 of a pool's words.
  size_t shift_;
  // Where the free list's words end and its own begin: a place and no index, which each use of a word would
  // turn into one.
  uint32_t* own_;
  FreeList beneath_;
  uint64_t steps_ = 0;
};

}  // namespace linefill
