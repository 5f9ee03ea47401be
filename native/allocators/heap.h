// What every general allocator of ours has in common. It manages a caller's array of words, keeps all of its
// state in there, and names a block by the word offset of its payload: then C++ and TypeScript can be
// compared offset by offset, and the heap be hashed and drawn. An allocator A has
//
//   static std::string A::check(heap_words, parameter)        what is wrong with these; empty: nothing
//   static A A::create(heap, heap_words, parameter)           makes the heap afresh
//   int32_t alloc(bytes, alignment_bytes)                     an offset, or the negative of an AllocError
//   AllocError free(offset)                                   of a block in use
//   bool resize(offset, bytes)                                in place; false: it can't, and nothing has
//   changed uint32_t used_words()                                     of all blocks in use Statistics
//   statistics()                                   counted anew, by a walk through the heap
//
// Payloads start at multiples of 8 bytes from the heap's start, or of what is asked for, to 4096. TypeScript
// twin: src/allocators/heap.ts.
#pragma once

#include <algorithm>
#include <string>

#include "allocators/allocation.h"

namespace linefill {

inline constexpr uint32_t kGrainWords = 2;
inline constexpr uint32_t kMostAlignmentBytes = 4096;
// A header, or a bit beside a size, takes two of the 32.
inline constexpr uint64_t kMostGeneralWords = uint64_t{1} << 29;
// The first line is the header of the whole.
inline constexpr uint32_t kHeaderWords = kLineWords;

// used + free + metadata words are the heap. A block in use counts with its header and with what rounding
// adds.
struct Statistics {
  uint32_t live_blocks = 0;
  uint32_t free_blocks = 0;
  uint32_t used_words = 0;
  uint32_t free_words = 0;
  uint32_t largest_free_words = 0;
  uint32_t metadata_words = 0;
};

constexpr uint32_t align_up(uint32_t words, uint32_t alignment) {
  return (words + alignment - 1) & ~(alignment - 1);
}

// Words of a payload: a grain at least.
constexpr uint32_t payload_words(uint32_t bytes) {
  return bytes == 0 ? kGrainWords : align_up((bytes - 1) / kWordBytes + 1, kGrainWords);
}

// At least a grain.
constexpr uint32_t alignment_words(uint32_t alignment_bytes) {
  return std::max(alignment_bytes / kWordBytes, kGrainWords);
}

// Whether a heap of `heap_words` could ever serve a request.
constexpr AllocError check_general(uint32_t bytes, uint32_t alignment_bytes, uint32_t heap_words) {
  const bool power_of_two = alignment_bytes != 0 && (alignment_bytes & (alignment_bytes - 1)) == 0;
  if (!power_of_two || alignment_bytes > kMostAlignmentBytes) return AllocError::kBadAlignment;
  return bytes / kWordBytes >= heap_words ? AllocError::kTooLarge : AllocError::kNone;
}

// What is wrong with the size of a heap for any of them, each needing `least` words; empty: nothing.
inline std::string check_heap_words(uint64_t heap_words, uint32_t least) {
  if (heap_words >= least && heap_words <= kMostGeneralWords && heap_words % kLineWords == 0) return "";
  return "\"heap\" must have a multiple of " + std::to_string(kLineWords) + " words, from " +
         std::to_string(least) + " to " + std::to_string(kMostGeneralWords) + ", not " +
         std::to_string(heap_words);
}

// For an allocator that has no parameter; empty: nothing is wrong.
inline std::string check_no_parameter(uint32_t parameter) {
  return parameter == 0 ? "" : "\"parameter\" must be 0, not " + std::to_string(parameter);
}

}  // namespace linefill
