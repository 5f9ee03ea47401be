// What every general allocator of ours has in common. It manages a caller's array of words, keeps all of its
// state in there, and names a block by the word offset of its payload: then C++ and TypeScript can be
// compared offset by offset, and the heap be hashed and drawn. An allocator A has
//
//   static std::string A::check(heap_words, parameter)        what is wrong with these; empty: nothing
//   static A A::create(heap, heap_words, parameter)           makes the heap afresh
//   int32_t alloc(bytes, alignment_bytes)                     an offset, or the negative of an AllocError
//   AllocError free(offset)                                   of a block in use
//   AllocError free_sized(offset, bytes)                      the same, told the size that was asked for last
//   bool resize(offset, bytes)                                in place; false: it can't, nothing has changed
//   uint32_t used_words()                                     of all blocks in use
//   Statistics statistics()                                   counted anew, by a walk through the heap
//
// Where a block's words depend on its alignment, resize() takes it as a third argument: resize_aligned().
// free_sized() is for blocks of the usual alignment, 8 at most, as C23's is; a size that the block can't have
// is kWrongSize, and nothing changes. An allocator whose calls may search long counts their steps, beside the
// heap: uint64_t steps().
// Payloads start at multiples of 8 bytes from the heap's start, or of what is asked for, to 4096. TypeScript
// twin: src/allocators/heap.ts.
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <string>

#include "allocators/allocation.h"
#include "inline.h"

namespace linefill {

inline constexpr uint32_t kGrainWords = 2;
inline constexpr uint32_t kMostAlignmentBytes = 4096;
// What most ask for.
inline constexpr uint32_t kUsualAlignmentBytes = kGrainWords * kWordBytes;
// The most that malloc promises without being asked, on 64-bit systems.
inline constexpr uint32_t kMallocAlignmentBytes = 2 * kUsualAlignmentBytes;
// A header, or a bit beside a size, takes two of the 32.
inline constexpr uint64_t kMostGeneralWords = uint64_t{1} << 29;
// The first line is the header of the whole.
inline constexpr uint32_t kHeaderWords = kLineWords;

// Every block has fewer words than 2 to this.
inline constexpr uint32_t kSizeLogs = 29;

// The place of a block of so many words, one at least, among counts by size.
constexpr uint32_t size_log(uint32_t words) { return static_cast<uint32_t>(std::bit_width(words)) - 1; }

// used + free + metadata words are the heap. A block in use counts with its header and with what rounding
// adds.
struct Statistics {
  uint32_t live_blocks = 0;
  uint32_t free_blocks = 0;
  uint32_t used_words = 0;
  uint32_t free_words = 0;
  uint32_t largest_free_words = 0;
  uint32_t metadata_words = 0;
  // The sum over free blocks of their words squared.
  double free_square_words = 0;
  // Blocks of 2^i words and more, but fewer than 2^(i + 1), at i: the same classes for all allocators.
  uint32_t live_by_size[kSizeLogs] = {};
  uint32_t free_by_size[kSizeLogs] = {};

  // Counts blocks of so many words each.
  void add_live(uint32_t blocks, uint32_t words) {
    if (blocks == 0) return;
    live_blocks += blocks;
    used_words += blocks * words;
    live_by_size[size_log(words)] += blocks;
  }

  void add_free(uint32_t blocks, uint32_t words) {
    if (blocks == 0) return;
    free_blocks += blocks;
    free_words += blocks * words;
    largest_free_words = std::max(largest_free_words, words);
    free_square_words += static_cast<double>(blocks) * words * words;
    free_by_size[size_log(words)] += blocks;
  }
};

constexpr uint32_t align_up(uint32_t words, uint32_t alignment) {
  return (words + alignment - 1) & ~(alignment - 1);
}

// Words of a payload: a grain at least.
constexpr uint32_t payload_words(uint32_t bytes) {
  return bytes == 0 ? kGrainWords : align_up((bytes - 1) / kWordBytes + 1, kGrainWords);
}

// Whether malloc promises that alignment for so many bytes: 8 always, or what any object needs that fits into
// them (ISO C 2023, section 7.24.3). Some mallocs give no more.
constexpr bool malloc_promises(uint32_t bytes, uint32_t alignment_bytes) {
  return alignment_bytes <= kUsualAlignmentBytes ||
         (alignment_bytes <= kMallocAlignmentBytes && bytes >= kMallocAlignmentBytes);
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

// Whether a request is one that needs no more checks: of the usual alignment or of malloc's, and not as large
// as the heap.
constexpr bool is_usual_or_mallocs(uint32_t bytes, uint32_t alignment_bytes, uint32_t heap_words) {
  // Twice the one is the other.
  const bool is_either = ((alignment_bytes - kUsualAlignmentBytes) & ~kUsualAlignmentBytes) == 0;
  return is_either && bytes / kWordBytes < heap_words;
}

// Changes a block's size in place where it is aligned as asked; false: it can't, nothing has changed.
template <class A>
bool resize_aligned(A& allocator, uint32_t offset, uint32_t bytes, uint32_t alignment_bytes) {
  if (offset % alignment_words(alignment_bytes) != 0) return false;
  if constexpr (requires { allocator.resize(offset, bytes, alignment_bytes); }) {
    return allocator.resize(offset, bytes, alignment_bytes);
  } else {
    return allocator.resize(offset, bytes);
  }
}

// An allocator whose calls may search long.
template <class A>
concept Searches = requires(const A& allocator) {
  { allocator.steps() } -> std::same_as<uint64_t>;
};

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
