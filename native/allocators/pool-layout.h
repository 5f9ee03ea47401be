// Where a pool of fixed-size blocks keeps what, in a caller's array of words:
//
//   line 0            the header: kind, words a block, blocks, first block's offset, four heads, blocks in
//   use lines 1 ..        a table of bytes: none (pool), one a line of block (checked), one a block (scan)
//   first block ..    the blocks, each a whole number of lines
//
// The header is a line of its own, so that no block shares a line with it. TypeScript twin:
// src/allocators/pool-layout.ts.
#pragma once

#include <span>
#include <string>

#include "allocators/allocation.h"

namespace linefill {

// The word 0 of a heap. "lf" and the kind.
enum class PoolKind : uint32_t { kPool = 0x6c660001, kChecked = 0x6c660002, kScan = 0x6c660003 };

// Words of the header.
inline constexpr uint32_t kKindWord = 0;
inline constexpr uint32_t kBlockWordsWord = 1;
inline constexpr uint32_t kCapacityWord = 2;
inline constexpr uint32_t kFirstWord = 3;
inline constexpr uint32_t kHeadsWord = 4;  // and the three after it
inline constexpr uint32_t kUsedWord = 8;   // checked pools only

// How many blocks ahead a free block's link points; also the number of heads. pool.h says why.
inline constexpr uint32_t kLookahead = 4;

inline constexpr uint32_t kMostBlockBytes = 1u << 24;
inline constexpr uint32_t kMostBlocks = 1u << 26;
// Offsets are positive 32-bit integers.
inline constexpr uint64_t kMostHeapWords = (uint64_t{1} << 31) - 1;

struct PoolShape {
  uint32_t block_words = 0;
  uint32_t capacity = 0;
  uint32_t first = 0;       // offset of the first block, after the table
  uint64_t heap_words = 0;  // what the whole takes
};

// The shape of a pool; in range where check_shape finds nothing.
PoolShape pool_shape(PoolKind kind, uint32_t block_bytes, uint32_t capacity);
// What is wrong with these arguments for a heap of that many words; empty: nothing.
std::string check_shape(PoolKind kind, uint32_t block_bytes, uint32_t capacity, uint64_t heap_words);
// Writes the header and clears the table. The blocks are left as they are.
PoolShape write_header(PoolKind kind, uint32_t block_bytes, uint32_t capacity, uint32_t* heap);
// Links all blocks in ascending order: each to the one kLookahead behind it, the last ones to 0.
void link_blocks(const PoolShape& shape, uint32_t* heap);

// What is wrong with a heap's header; empty: it may be opened, and no block of it lies outside. O(1).
std::string check_header(std::span<const uint32_t> heap, PoolKind kind);
// The shape that a checked header states.
PoolShape shape_of(const uint32_t* heap);
// Whether `offset` starts a block: kNone, kForeign or kMisaligned.
AllocError check_offset(const PoolShape& shape, uint32_t offset);
// What is wrong with the free list of a heap whose header is sound; empty: every link that alloc() may follow
// names a block, and none twice. O(blocks).
std::string check_free_list(std::span<const uint32_t> heap);

}  // namespace linefill
