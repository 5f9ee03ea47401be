// Where the debug wrapper (debug.h) keeps what it knows, and how it marks a block.
//
//   heap    | what the allocator beneath manages ... | record | log | held | starts | gone | inners |
//   record  words of the allocator beneath, the site, blocks and words held, the oldest held, faults so far
//   log     the last faults: error, block, bytes, sites where it was allocated, freed, and where it was found
//   held    a ring of freed blocks: offset, words
//   starts  a bit for each 8 bytes: a block that is in use or held starts here
//   gone    a bit for each 8 bytes: what starts here, or did, was freed; no other lies over it
//   inners  a bit for each 8 bytes: what the allocator beneath gave for a block starts here
//
//   block   | ... | bytes words state allocated freed seal | canary canary | payload ... | canary ... |
//                 8 words                                                    2 words and what rounding adds
//
// The seal is a checksum of the five words before it and of the block's place, so that a header that was
// written over is known to be one. What fills up the payload's last word is canary as well: one byte too far
// is seen. Sources: Zig's general purpose allocator (sites of allocation and first free), Scudo (a
// checksummed header with a state). TypeScript twin: src/allocators/debug-layout.ts.
#pragma once

#include <bit>

#include "allocators/heap.h"

namespace linefill {

struct Fault {
  AllocError error;
  // The block's, or what was freed where no block is known.
  uint32_t offset;
  uint32_t bytes;
  uint32_t allocated;
  uint32_t freed;
  uint32_t found;
};

}  // namespace linefill

namespace linefill::debug {

// What a site is where none is known.
inline constexpr uint32_t kNoSite = 0xffffffff;

inline constexpr uint32_t kRecordWords = 16;
inline constexpr uint32_t kLogged = 8;
inline constexpr uint32_t kFaultWords = 6;
inline constexpr uint32_t kLogWords = kLogged * kFaultWords;
inline constexpr uint32_t kHeldEntryWords = 2;
inline constexpr uint32_t kLeastHeapWords = 256;
// At most this share of what the allocator beneath manages is held back.
inline constexpr uint32_t kHeldShare = 4;

struct Shape {
  uint32_t inner_words;
  uint32_t log;
  uint32_t held;
  uint32_t held_most;
  uint32_t starts;
  uint32_t gone;
  uint32_t inners;
};

constexpr Shape shape_of(uint32_t heap_words) {
  const uint32_t map_words = align_up(heap_words / (32 * kGrainWords), kLineWords);
  const uint32_t held_most = align_up(std::max(heap_words / 128, kLineWords), kLineWords);
  const uint32_t tail = kRecordWords + kLogWords + kHeldEntryWords * held_most + 3 * map_words;
  const uint32_t record = heap_words - tail;
  const uint32_t log = record + kRecordWords;
  const uint32_t held = log + kLogWords;
  const uint32_t starts = held + kHeldEntryWords * held_most;
  return {record, log, held, held_most, starts, starts + map_words, starts + 2 * map_words};
}

// Words of the record, which starts where the allocator beneath ends.
enum Record : uint32_t { kInnerWords, kSite, kHeldBlocks, kHeldWords, kOldest, kFaults };

// Words of a block's header, counted from its first.
enum Header : uint32_t { kBytes, kWords, kState, kAllocated, kFreed, kSeal, kCanaries };
inline constexpr uint32_t kFrontWords = 8;
inline constexpr uint32_t kBackWords = 2;
// Told: in use, its header was found written and made anew, as far as it is known.
enum State : uint32_t { kLive = 1, kHeld, kTold };

inline constexpr uint32_t kFreshFill = 0xa5a5a5a5;
inline constexpr uint32_t kFreedFill = 0xdededede;
inline constexpr uint32_t kCanary = 0xc3965a3c;
inline constexpr uint32_t kSealSeed = 0x9e3779b9;
inline constexpr uint32_t kSealFactor = 0x85ebca6b;

// Words that so many bytes touch.
constexpr uint32_t touched_words(uint32_t bytes) { return bytes / kWordBytes + (bytes % kWordBytes != 0); }

// Words from a payload's start to the end of the canaries behind it.
constexpr uint32_t words_with_back(uint32_t bytes) {
  return align_up(touched_words(bytes) + kBackWords, kGrainWords);
}

// The last faults, in the heap.
struct FaultLog {
  uint32_t* heap;
  Shape shape;

  uint32_t count() const { return heap[shape.inner_words + kFaults]; }
  Fault read(uint32_t number) const {
    const uint32_t* words = at(number);
    return {static_cast<AllocError>(words[0]), words[1], words[2], words[3], words[4], words[5]};
  }
  AllocError note(const Fault& fault) const {
    const uint32_t words[] = {static_cast<uint32_t>(fault.error),
                              fault.offset,
                              fault.bytes,
                              fault.allocated,
                              fault.freed,
                              fault.found};
    std::copy(words, words + kFaultWords, at(count()));
    ++heap[shape.inner_words + kFaults];
    return fault.error;
  }

 private:
  uint32_t* at(uint32_t number) const { return heap + shape.log + number % kLogged * kFaultWords; }
};

// A bit for each grain of the heap beneath.
struct GrainMap {
  uint32_t* bits;

  bool has(uint32_t offset) const { return (bits[offset / 64] >> (offset / kGrainWords % 32) & 1) != 0; }
  void set(uint32_t offset) { bits[offset / 64] |= uint32_t{1} << (offset / kGrainWords % 32); }
  void clear(uint32_t offset) { bits[offset / 64] &= ~(uint32_t{1} << (offset / kGrainWords % 32)); }

  // From `from` up to, but without, `to`.
  void clear_range(uint32_t from, uint32_t to) {
    const uint32_t first = from / 64;
    const uint32_t last = (to - 1) / 64;
    const uint32_t low = ~uint32_t{0} << (from / kGrainWords % 32);
    const uint32_t high = ~uint32_t{0} >> (31 - (to - 1) / kGrainWords % 32);
    if (first == last) {
      bits[first] &= ~(low & high);
      return;
    }
    bits[first] &= ~low;
    for (uint32_t i = first + 1; i < last; ++i) bits[i] = 0;
    bits[last] &= ~high;
  }

  // The last one at or before an offset; 0: none. Offset 0 has none.
  uint32_t last_to(uint32_t offset) const {
    uint32_t i = offset / 64;
    uint32_t word = bits[i] & ~uint32_t{0} >> (31 - offset / kGrainWords % 32);
    while (word == 0 && i > 0) word = bits[--i];
    return word == 0 ? 0 : i * 64 + (31 - static_cast<uint32_t>(std::countl_zero(word))) * kGrainWords;
  }
};

// A block's header and canaries; `offset` is its payload's.
struct Marks {
  uint32_t* heap;

  uint32_t& at(uint32_t offset, Header word) const { return heap[offset - kFrontWords + word]; }
  uint32_t bytes(uint32_t offset) const { return at(offset, kBytes); }
  bool is_held(uint32_t offset) const { return at(offset, kState) == kHeld; }
  bool is_live(uint32_t offset) const { return at(offset, kState) == kLive; }

  uint32_t seal_of(uint32_t offset) const {
    uint32_t sum = kSealSeed ^ offset;
    for (uint32_t i = 0; i < kSeal; ++i) {
      sum = (sum ^ heap[offset - kFrontWords + i]) * kSealFactor;
      sum ^= sum >> 15;
    }
    return sum;
  }
  void write_header(uint32_t offset, uint32_t bytes, uint32_t words, State state, uint32_t site) const {
    at(offset, kBytes) = bytes;
    at(offset, kWords) = words;
    at(offset, kState) = state;
    at(offset, kAllocated) = site;
    at(offset, kFreed) = kNoSite;
    seal(offset);
  }
  void seal(uint32_t offset) const { at(offset, kSeal) = seal_of(offset); }
  bool is_sealed(uint32_t offset) const { return at(offset, kSeal) == seal_of(offset); }

  void write_front(uint32_t offset) const {
    heap[offset - 2] = kCanary ^ offset;
    heap[offset - 1] = kCanary ^ offset;
  }
  bool is_front_whole(uint32_t offset) const {
    return heap[offset - 2] == (kCanary ^ offset) && heap[offset - 1] == (kCanary ^ offset);
  }

  // The bytes of a payload's last word that are not its own.
  static uint32_t spare_bits(uint32_t bytes) { return ~uint32_t{0} << (8 * (bytes % kWordBytes)); }

  // Fills the spare bytes of a payload's last word.
  void fill_spare(uint32_t offset, uint32_t bytes, uint32_t with) const {
    if (bytes % kWordBytes == 0) return;
    uint32_t& last = heap[offset + bytes / kWordBytes];
    last = (last & ~spare_bits(bytes)) | (with & spare_bits(bytes));
  }
  void write_back(uint32_t offset, uint32_t bytes) const {
    fill_spare(offset, bytes, kCanary ^ offset);
    write_far_back(offset, bytes);
  }
  // The canaries in words of their own.
  void write_far_back(uint32_t offset, uint32_t bytes) const {
    std::fill(heap + offset + touched_words(bytes), heap + offset + words_with_back(bytes), kCanary ^ offset);
  }
  bool is_far_back_whole(uint32_t offset, uint32_t bytes) const {
    return is_filled(offset + touched_words(bytes), offset + words_with_back(bytes), kCanary ^ offset);
  }
  bool is_back_whole(uint32_t offset, uint32_t bytes) const {
    const bool has_spare = bytes % kWordBytes != 0;
    if (has_spare && ((heap[offset + bytes / kWordBytes] ^ kCanary ^ offset) & spare_bits(bytes)) != 0) {
      return false;
    }
    return is_far_back_whole(offset, bytes);
  }

  bool is_filled(uint32_t from, uint32_t to, uint32_t with) const {
    for (uint32_t i = from; i < to; ++i) {
      if (heap[i] != with) return false;
    }
    return true;
  }

  // Of a block that is held: nothing of it was written since.
  bool is_untouched(uint32_t offset) const {
    const uint32_t bytes = this->bytes(offset);
    return is_filled(offset, offset + touched_words(bytes), kFreedFill) && is_front_whole(offset) &&
           is_far_back_whole(offset, bytes);
  }
  // Makes it so.
  void fill_held(uint32_t offset) const {
    const uint32_t bytes = this->bytes(offset);
    std::fill(heap + offset, heap + offset + touched_words(bytes), kFreedFill);
    write_front(offset);
    write_far_back(offset, bytes);
  }
};

}  // namespace linefill::debug
