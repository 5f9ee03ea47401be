// An object in a collected heap: a caller's array of 32-bit words, in which a reference is the word offset of
// an object's header, and 0 names none. So C++ and TypeScript can be compared offset by offset. An object is
//
//   word 0            slots << 8 | state
//   word 1            words of the whole object; while it is forwarded, where it has moved to
//   extra words       of the collector's own, if it has any (a count, an address to move to)
//   slots             references
//   data              words that hold no references
//
// and fills whole grains of 8 bytes, 4 words at least. TypeScript twin: src/collectors/object.ts.
#pragma once

#include <algorithm>
#include <cstdint>

namespace linefill {

inline constexpr uint32_t kNull = 0;
inline constexpr uint32_t kObjectHeaderWords = 2;
inline constexpr uint32_t kLeastObjectWords = 4;
inline constexpr uint32_t kMostObjectSlots = (uint32_t{1} << 24) - 1;
inline constexpr uint32_t kMostObjectBytes = uint32_t{1} << 30;

// The state: two bits of colour, flags, an age.
inline constexpr uint32_t kColourMask = 0x03;
inline constexpr uint32_t kWhite = 0x00;
inline constexpr uint32_t kGrey = 0x01;
inline constexpr uint32_t kBlack = 0x02;
// A possible root of a cycle.
inline constexpr uint32_t kPurple = 0x03;
inline constexpr uint32_t kForwarded = 0x04;
// Minor collections survived, 7 at most.
inline constexpr uint32_t kAgeShift = 3;
inline constexpr uint32_t kMostAge = 7;
inline constexpr uint32_t kAgeMask = kMostAge << kAgeShift;
// It stands in a remembered set, or in a log.
inline constexpr uint32_t kLogged = 0x40;
// It stands in another of the collector's lists.
inline constexpr uint32_t kListed = 0x80;
inline constexpr uint32_t kStateBits = 8;

inline uint32_t slots_of(const uint32_t* heap, uint32_t at) { return heap[at] >> kStateBits; }
inline uint32_t words_of(const uint32_t* heap, uint32_t at) { return heap[at + 1]; }
inline uint32_t colour_of(const uint32_t* heap, uint32_t at) { return heap[at] & kColourMask; }
inline void paint(uint32_t* heap, uint32_t at, uint32_t colour) {
  heap[at] = (heap[at] & ~kColourMask) | colour;
}
inline uint32_t age_of(const uint32_t* heap, uint32_t at) { return (heap[at] & kAgeMask) >> kAgeShift; }
inline bool is_forwarded(const uint32_t* heap, uint32_t at) { return (heap[at] & kForwarded) != 0; }

// Words of an object with so many slots and bytes of data.
constexpr uint64_t object_words(uint32_t extra_words, uint32_t slots, uint32_t bytes) {
  const uint64_t words = uint64_t{kObjectHeaderWords} + extra_words + slots + (uint64_t{bytes} + 3) / 4;
  return std::max<uint64_t>((words + 1) & ~uint64_t{1}, kLeastObjectWords);
}

// Makes an object of words that are free: its slots name nothing, its data is what lay there before.
inline void make_object(uint32_t* heap, uint32_t at, uint32_t extra_words, uint32_t slots, uint32_t words,
                        uint32_t state) {
  heap[at] = slots << kStateBits | state;
  heap[at + 1] = words;
  uint32_t* first = heap + at + kObjectHeaderWords;
  for (uint32_t* word = first; word < first + extra_words + slots; ++word) *word = 0;
}

}  // namespace linefill
