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

namespace linefill {

class SmallObject {
 public:
  static std::string check(uint64_t heap_words, uint32_t parameter) {
    const std::string wrong = check_no_parameter(parameter);
    return wrong.empty() ? check_heap_words(heap_words, kLeastHeapWords) : wrong;
  }

  static SmallObject create(uint32_t* heap, uint32_t heap_words, uint32_t) {
    const SmallObject made(heap, heap_words);
    std::fill(heap + made.own_, heap + heap_words, 0);
    return made;
  }

  LINEFILL_INLINE int32_t alloc(uint32_t bytes, uint32_t alignment_bytes) {
    if (bytes > kMostWords * kWordBytes || alignment_bytes != kUsualAlignmentBytes) [[unlikely]]
      return alloc_unusual(bytes, alignment_bytes);
    // 1. The class, 2. a pool of it that has free blocks.
    const uint32_t words = class_words(bytes);
    const uint32_t pool = heap_[list_of(words)];
    if (pool == 0) [[unlikely]]
      return alloc_refilled(words, bytes, alignment_bytes);
    return take(pool, words);
  }

  LINEFILL_INLINE AllocError free(uint32_t offset) {
    const auto pool = static_cast<uint32_t>(offset >> shift_);
    const size_t at = entry(pool);
    const uint32_t words = heap_[at + kSize];
    if (words == 0) return beneath_.free(offset);
    // 1. A block goes to its pool, 2. which may have been full, or be empty now.
    const uint32_t free_block = heap_[at + kFree];
    const uint32_t used = heap_[at + kUsed] - 1;
    heap_[offset] = free_block;
    heap_[at + kFree] = offset;
    heap_[at + kUsed] = used;
    heap_[own_ + kUsedWord] -= words;
    if (free_block == 0 && heap_[at + kFresh] == 0) [[unlikely]] {
      push(list_of(words), pool, kNext);
    } else if (used == 0) {
      ++heap_[own_ + kEmptiesWord];
    }
    return AllocError::kNone;
  }

  AllocError free_sized(uint32_t offset, uint32_t bytes) {
    const size_t at = entry(offset >> shift_);
    if (heap_[at + kSize] == 0) return beneath_.free_sized(offset, bytes);
    const bool is_right = class_words(bytes) == heap_[at + kSize];
    return is_right ? free(offset) : AllocError::kWrongSize;
  }

  // Within a block's class, or as the free list can.
  bool resize(uint32_t offset, uint32_t bytes) {
    if (bytes / kWordBytes >= heap_words_) return false;
    const size_t at = entry(offset >> shift_);
    if (heap_[at + kSize] == 0) return beneath_.resize(offset, bytes);
    return class_words(bytes) == heap_[at + kSize];
  }

  // Of the free list, and pools looked at for empty ones.
  uint64_t steps() const { return beneath_.steps() + steps_; }

  // An arena is a block in use only to the free list.
  uint32_t used_words() const {
    return beneath_.used_words() - heap_[own_ + kArenasWord] + heap_[own_ + kUsedWord];
  }

  Statistics statistics() const {
    Statistics found = beneath_.statistics();
    found.metadata_words += heap_words_ - own_;
    for (uint32_t page = 1; page < pages(); ++page) {
      if (heap_[entry(page) + kBlock] != 0) count_arena(found, page);
      if (heap_[entry(page) + kSize] != 0) count_pool(found, page);
    }
    return found;
  }

 private:
  // Words of the class that a small request falls into: payload_words, to whole steps.
  static uint32_t class_words(uint32_t bytes) {
    constexpr uint32_t step_bytes = kStepWords * kWordBytes;
    return (bytes - (bytes != 0)) / step_bytes * kStepWords + kStepWords;
  }

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
  static constexpr uint32_t kEntryShift = 4;
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
        own_(heap_words - kOwnWords - (pages() << kEntryShift)),
        beneath_(FreeList::create(heap, static_cast<uint32_t>(own_), static_cast<uint32_t>(Fit::kFirst))) {}

  // The last one may be cut short; it is no pool, but the free list may have blocks in there.
  uint32_t pages() const { return (heap_words_ + (1u << shift_) - 1) >> shift_; }
  size_t entry(size_t page) const { return own_ + kOwnWords + (page << kEntryShift); }

  // Of a class, by its blocks' words.
  size_t list_of(uint32_t words) const { return own_ + kFirstClass + words / kStepWords; }

  // Larger, or of another alignment than the usual.
  LINEFILL_COLD int32_t alloc_unusual(uint32_t bytes, uint32_t alignment_bytes) {
    const AllocError wrong = check_general(bytes, alignment_bytes, heap_words_);
    if (wrong != AllocError::kNone) return refusal(wrong);
    // Sizes that are multiples of an alignment keep it.
    const uint32_t words =
        align_up(payload_words(bytes), std::max(alignment_words(alignment_bytes), kStepWords));
    if (words > kMostWords) return alloc_beneath(bytes, alignment_bytes);
    const uint32_t pool = heap_[list_of(words)];
    return pool != 0 ? take(pool, words) : alloc_refilled(words, bytes, alignment_bytes);
  }

  LINEFILL_COLD int32_t alloc_refilled(uint32_t words, uint32_t bytes, uint32_t alignment_bytes) {
    const uint32_t pool = refill(words);
    return pool != 0 ? take(pool, words) : alloc_beneath(bytes, alignment_bytes);
  }

  // A block of a pool that has one: what was freed last, or else the next.
  LINEFILL_INLINE int32_t take(uint32_t pool, uint32_t words) {
    const size_t at = entry(pool);
    uint32_t block = heap_[at + kFree];
    bool is_full;
    if (block != 0) {
      const uint32_t next = heap_[block];
      heap_[at + kFree] = next;
      is_full = next == 0 && heap_[at + kFresh] == 0;
    } else {
      block = heap_[at + kFresh];
      const uint32_t next = block + words;
      is_full = next + words > (pool + 1) << shift_;
      heap_[at + kFresh] = is_full ? 0 : next;
    }
    const uint32_t used = heap_[at + kUsed];
    heap_[at + kUsed] = used + 1;
    if (used == 0) --heap_[own_ + kEmptiesWord];
    heap_[own_ + kUsedWord] += words;
    if (is_full) [[unlikely]]
      unlink(list_of(words), pool, kNext);
    return static_cast<int32_t>(block);
  }

  // Where there is no such block, the classes give back what they keep.
  int32_t alloc_beneath(uint32_t bytes, uint32_t alignment_bytes) {
    int32_t answer = beneath_.alloc(bytes, alignment_bytes);
    if (answer <= 0 && reap()) answer = beneath_.alloc(bytes, alignment_bytes);
    return answer > 0 ? answer : refusal(AllocError::kExhausted);
  }

  // Lists are of pages; `link` is the word of an entry that has the next one, and behind it the previous one.
  void push(size_t list, uint32_t page, uint32_t link) {
    const uint32_t head = heap_[list];
    heap_[entry(page) + link] = head;
    heap_[entry(page) + link + 1] = 0;
    if (head != 0) heap_[entry(head) + link + 1] = page;
    heap_[list] = page;
  }

  void unlink(size_t list, uint32_t page, uint32_t link) {
    const uint32_t next = heap_[entry(page) + link];
    const uint32_t previous = heap_[entry(page) + link + 1];
    if (next != 0) heap_[entry(next) + link + 1] = previous;
    heap_[previous == 0 ? list : entry(previous) + link] = next;
  }

  // A pool for a class that has none with free blocks; 0: there is none.
  uint32_t refill(uint32_t words) {
    uint32_t arena = fullest_arena();
    if (arena == 0 && reap()) arena = fullest_arena();
    if (arena == 0) arena = new_arena();
    if (arena == 0) return 0;
    const uint32_t pool = take_pool(arena);
    const size_t at = entry(pool);
    heap_[at + kArena] = arena;
    heap_[at + kSize] = words;
    heap_[at + kFree] = 0;
    heap_[at + kFresh] = pool << shift_;
    heap_[at + kUsed] = 0;
    ++heap_[own_ + kEmptiesWord];
    push(list_of(words), pool, kNext);
    return pool;
  }

  // Of the arenas with a free pool the one with the fewest; 0: there is none.
  uint32_t fullest_arena() {
    for (uint32_t i = 0; i < 2; ++i) {
      const uint32_t bits = heap_[own_ + kBitsWord + i];
      if (bits != 0) {
        return heap_[own_ + kFirstArena + 32 * i + static_cast<uint32_t>(std::countr_zero(bits))];
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
    const size_t at = entry(arena);
    heap_[own_ + kArenasWord] += tags::size_of(heap_, block - 1);
    heap_[at + kBlock] = block;
    heap_[at + kPools] = pools;
    heap_[at + kFreePools] = pools;
    heap_[at + kFreePool] = 0;
    heap_[at + kFreshPool] = arena;
    return arena;
  }

  // Gives an arena another number of free pools, and the list for it. One that is full is in no list, nor is
  // one that is empty.
  void recount(uint32_t arena, uint32_t free_pools) {
    const size_t at = entry(arena);
    const uint32_t had = heap_[at + kFreePools];
    const uint32_t pools = heap_[at + kPools];
    if (had > 0 && had < pools) {
      const size_t list = own_ + kFirstArena + had;
      unlink(list, arena, kNextArena);
      if (heap_[list] == 0) heap_[own_ + kBitsWord + had / 32] &= ~(1u << had % 32);
    }
    heap_[at + kFreePools] = free_pools;
    if (free_pools > 0 && free_pools < pools) {
      push(own_ + kFirstArena + free_pools, arena, kNextArena);
      heap_[own_ + kBitsWord + free_pools / 32] |= 1u << free_pools % 32;
    }
  }

  // What was given back last, or else the next of the arena.
  uint32_t take_pool(uint32_t arena) {
    const size_t at = entry(arena);
    const uint32_t pool = heap_[at + kFreePool];
    recount(arena, heap_[at + kFreePools] - 1);
    if (pool == 0) return heap_[at + kFreshPool]++;
    heap_[at + kFreePool] = heap_[entry(pool) + kNext];
    return pool;
  }

  // Gives the pools without a block in use back that the classes keep; whether there was any.
  bool reap() {
    if (heap_[own_ + kEmptiesWord] == 0) return false;
    for (uint32_t words = kStepWords; words <= kMostWords; words += kStepWords) {
      uint32_t next;
      for (uint32_t pool = heap_[list_of(words)]; pool != 0; pool = next) {
        ++steps_;
        next = heap_[entry(pool) + kNext];
        if (heap_[entry(pool) + kUsed] == 0) give_pool(pool);
      }
    }
    heap_[own_ + kEmptiesWord] = 0;
    return true;
  }

  // Of a pool without a block in use.
  LINEFILL_COLD void give_pool(uint32_t pool) {
    const uint32_t arena = heap_[entry(pool) + kArena];
    const size_t at = entry(arena);
    unlink(list_of(heap_[entry(pool) + kSize]), pool, kNext);
    heap_[entry(pool) + kSize] = 0;
    heap_[entry(pool) + kNext] = heap_[at + kFreePool];
    heap_[at + kFreePool] = pool;
    recount(arena, heap_[at + kFreePools] + 1);
    if (heap_[at + kFreePools] < heap_[at + kPools]) return;
    const uint32_t block = heap_[at + kBlock];
    heap_[at + kBlock] = 0;
    heap_[own_ + kArenasWord] -= tags::size_of(heap_, block - 1);
    beneath_.free(block);
  }

  // An arena is no block in use; its free pools are free, and what lies around its pools is metadata.
  void count_arena(Statistics& found, uint32_t arena) const {
    const size_t at = entry(arena);
    const uint32_t words = tags::size_of(heap_, heap_[at + kBlock] - 1);
    const uint32_t pools = heap_[at + kPools];
    uint32_t free_pools = arena + pools - heap_[at + kFreshPool];
    for (uint32_t pool = heap_[at + kFreePool]; pool != 0; pool = heap_[entry(pool) + kNext]) ++free_pools;
    --found.live_blocks;
    --found.live_by_size[size_log(words)];
    found.used_words -= words;
    found.metadata_words += words - (pools << shift_);
    found.add_free(free_pools, 1u << shift_);
  }

  // The blocks of a pool in use are those that are neither in its list nor fresh; one without is free as a
  // whole.
  void count_pool(Statistics& found, uint32_t pool) const {
    const size_t at = entry(pool);
    if (heap_[at + kUsed] == 0) return found.add_free(1, 1u << shift_);
    const uint32_t words = heap_[at + kSize];
    const uint32_t blocks = (1u << shift_) / words;
    const uint32_t fresh = heap_[at + kFresh];
    uint32_t free_blocks = fresh == 0 ? 0 : blocks - (fresh - (pool << shift_)) / words;
    for (uint32_t block = heap_[at + kFree]; block != 0; block = heap_[block]) ++free_blocks;
    found.add_live(blocks - free_blocks, words);
    found.metadata_words += (1u << shift_) % words;
    found.add_free(free_blocks, words);
  }

  uint32_t* heap_;
  uint32_t heap_words_;
  // These two are of another type than the heap's words: then no store there can be one to them, and they
  // need not be read again behind it. log2 of a pool's words.
  size_t shift_;
  // Where the free list's words end and its own begin.
  size_t own_;
  FreeList beneath_;
  uint64_t steps_ = 0;
};

}  // namespace linefill
