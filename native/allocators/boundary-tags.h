// Blocks that know their neighbours (Knuth's boundary tags): a header word before each payload and, while the
// block is free, its size once more in its last word. So a block that is freed finds both neighbours in O(1)
// and merges with those that are free.
//
//   header   size in words << 2 | the block before is in use << 1 | in use
//   in use   | header | payload ...                    |
//   free     | header | next | previous | ...   | size |
//
// Blocks start at odd words, so that payloads start at multiples of 8 bytes; the last header of a heap has
// the size 0 and is in use. Links are words' offsets of headers; 0 ends a list. The word that heads a list is
// used as the link to the next one of a block that would start a word before it, so that taking the first
// block off needs no case of its own. Source: Knuth, The Art of
// Computer Programming 1, section 2.5, algorithm C; the bit that spares a block in use its last word: Doug
// Lea's malloc. TypeScript twin: src/allocators/boundary-tags.ts.
#pragma once

#include "allocators/heap.h"

namespace linefill::tags {

inline constexpr uint32_t kUsed = 1;
inline constexpr uint32_t kPreviousUsed = 2;
// Header, two links, and the size at the end.
inline constexpr uint32_t kLeastWords = 4;

inline uint32_t size_of(const uint32_t* heap, uint32_t block) { return heap[block] >> 2; }
inline bool is_used(const uint32_t* heap, uint32_t block) { return (heap[block] & kUsed) != 0; }
inline bool is_previous_used(const uint32_t* heap, uint32_t block) {
  return (heap[block] & kPreviousUsed) != 0;
}
inline uint32_t& next_of(uint32_t* heap, uint32_t block) { return heap[block + 1]; }
inline uint32_t& previous_of(uint32_t* heap, uint32_t block) { return heap[block + 2]; }

// Puts a free block at the front of the list whose head is the word `head`.
inline void link(uint32_t* heap, uint32_t head, uint32_t block) {
  const uint32_t next = heap[head];
  next_of(heap, block) = next;
  previous_of(heap, block) = head - 1;
  heap[head] = block;
  if (next != 0) previous_of(heap, next) = block;
}

// Takes a free block off whatever list it is in.
inline void unlink(uint32_t* heap, uint32_t block) {
  const uint32_t next = next_of(heap, block);
  const uint32_t previous = previous_of(heap, block);
  next_of(heap, previous) = next;
  if (next != 0) previous_of(heap, next) = previous;
}

// Puts a free block, `rest`, where another is in its list.
inline void replace(uint32_t* heap, uint32_t block, uint32_t rest) {
  const uint32_t next = next_of(heap, block);
  const uint32_t previous = previous_of(heap, block);
  next_of(heap, rest) = next;
  previous_of(heap, rest) = previous;
  next_of(heap, previous) = rest;
  if (next != 0) previous_of(heap, next) = rest;
}

// Words of a block that holds so many bytes, rounded up to a multiple of a power of two.
constexpr uint32_t block_words(uint32_t bytes, uint32_t multiple) {
  return std::max(align_up(bytes / kWordBytes + (bytes % kWordBytes != 0) + 1, multiple), kLeastWords);
}

// Marks a block free: its size at both ends, and the block after it told. The block before it is in use,
// since two free neighbours are always one.
inline void mark_free(uint32_t* heap, uint32_t block, uint32_t words) {
  heap[block] = words << 2 | kPreviousUsed;
  heap[block + words - 1] = words;
  heap[block + words] &= ~kPreviousUsed;
}

// Marks a block used; its header keeps what it says of the block before.
inline void mark_used(uint32_t* heap, uint32_t block, uint32_t words) {
  heap[block] = words << 2 | (heap[block] & kPreviousUsed) | kUsed;
  heap[block + words] |= kPreviousUsed;
}

// Cuts a free block of `size` words in two, the first of so many words in use. What lies before it is in use,
// and what lies behind knows already that there is a free block.
inline void cut(uint32_t* heap, uint32_t block, uint32_t words, uint32_t size) {
  const uint32_t rest = size - words;
  heap[block] = words << 2 | kPreviousUsed | kUsed;
  heap[block + words] = rest << 2 | kPreviousUsed;
  heap[block + size - 1] = rest;
}

// Whether a block's payload starts at a multiple of so many words.
constexpr bool is_aligned(uint32_t block, uint32_t alignment) { return ((block + 1) & (alignment - 1)) == 0; }

// Words to leave free before a payload that is aligned: none, or a block's least.
inline uint32_t lead_words(uint32_t block, uint32_t alignment) {
  const uint32_t payload = block + 1;
  const uint32_t aligned = align_up(payload, alignment);
  if (aligned == payload) return 0;
  if (aligned - payload >= kLeastWords) return aligned - payload;
  return align_up(payload + kLeastWords, alignment) - payload;
}

// The first block of a heap whose own header has so many words.
constexpr uint32_t first_block(uint32_t header_words) { return header_words - 1; }

// One free block over all of the heap behind its header.
inline void create(uint32_t* heap, uint32_t heap_words, uint32_t header_words) {
  heap[heap_words - 1] = kUsed;
  mark_free(heap, first_block(header_words), heap_words - header_words);
}

// Counts all blocks from the first to the last.
inline Statistics count(const uint32_t* heap, uint32_t heap_words, uint32_t header_words) {
  Statistics found;
  found.metadata_words = header_words;
  for (uint32_t block = first_block(header_words); block < heap_words - 1; block += size_of(heap, block)) {
    const uint32_t words = size_of(heap, block);
    if (is_used(heap, block)) {
      found.add_live(1, words);
    } else {
      found.add_free(1, words);
    }
  }
  return found;
}

}  // namespace linefill::tags
