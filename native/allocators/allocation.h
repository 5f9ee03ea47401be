// What every allocator of ours agrees on: offsets, lines, and how a call fails.
//
// A heap is a caller's array of 32-bit words. A block is named by its word offset in that array, never by a
// pointer, so that C++ and TypeScript give the same answers and a heap can be hashed, saved and replayed.
// Offset 0 is the heap's header and therefore never a block. A call answers with a positive offset, or with
// the negative of an AllocError. TypeScript twin: src/allocators/allocation.ts, with the same numbers and
// texts.
#pragma once

#include <cstddef>
#include <cstdint>

namespace linefill {

inline constexpr uint32_t kWordBytes = 4;
// Blocks start at multiples of this, on every machine, so that a heap's layout is the same everywhere.
inline constexpr uint32_t kLineBytes = 64;
inline constexpr uint32_t kLineWords = kLineBytes / kWordBytes;

enum class AllocError : uint8_t {
  kNone,
  kExhausted,
  kTooLarge,
  kBadAlignment,
  kDoubleFree,
  kForeign,
  kMisaligned,
  kCorrupt,
  kOutOfOrder,
  kStuck,
  kWrongSize,
  kOverflow,
  kUnderflow,
  kUseAfterFree,
};

inline constexpr const char* kAllocErrorTexts[] = {
    "no error",
    "exhausted: no free block fits the request",
    "too large: the request exceeds the largest block",
    "bad alignment: it must be a power of two that the allocator can keep",
    "double free: the block is free already",
    "foreign pointer: it lies outside the allocator's blocks",
    "misaligned pointer: it is not the start of a block",
    "corrupt free list: a block was written after it was freed",
    "out of order: a stack takes back its last block first",
    "stuck: another thread held the pool up for 10 s",
    "wrong size: the block is not of the size that it was given back with",
    "overflow: the block was written behind its end",
    "underflow: the block was written before its start",
    "use after free: the block was written after it was freed",
};
inline constexpr uint32_t kAllocErrorCount = sizeof(kAllocErrorTexts) / sizeof(kAllocErrorTexts[0]);
static_assert(kAllocErrorCount == static_cast<uint32_t>(AllocError::kUseAfterFree) + 1);

inline constexpr const char* text_of(AllocError error) {
  return kAllocErrorTexts[static_cast<uint8_t>(error)];
}

// An error as alloc() answers with it.
inline constexpr int32_t refusal(AllocError error) { return -static_cast<int32_t>(error); }

// The error in a negative answer; kNone in an offset.
inline constexpr AllocError error_in(int32_t answer) {
  return answer > 0 ? AllocError::kNone : static_cast<AllocError>(-answer);
}

// Whether blocks of `block_bytes` on line boundaries can serve a request.
inline constexpr AllocError check_request(uint32_t bytes, uint32_t alignment_bytes, uint32_t block_bytes) {
  const bool power_of_two = alignment_bytes != 0 && (alignment_bytes & (alignment_bytes - 1)) == 0;
  if (!power_of_two || alignment_bytes > kLineBytes) return AllocError::kBadAlignment;
  return bytes > block_bytes ? AllocError::kTooLarge : AllocError::kNone;
}

}  // namespace linefill
