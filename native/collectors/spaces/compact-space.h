// A space that slides: objects are allocated one behind the other, and a collection moves what lives down
// over what died, in the order in which it lay, so that no gap is left. The three steps of LISP-2: addresses,
// references, moves. Where an object goes stands in no object but in a table before them: a pair of words for
// each 64 words of the space,
//
//   live bits, one a grain of 8 bytes | where the first live grain goes
//
// so that an object's new place is the second word and the live grains before it: one line to touch, no word
// of its own in each object, and addresses are computed without a look at the heap. Costs 1/32 of the space,
// and time by what lives and a 64th of what lay there. Sources: P. M. Saunders' LISP 2 compactor, in D. E.
// Knuth, The Art of Computer Programming 1, exercise 2.5-33; the table: H. Kermany and E. Petrank, The
// Compressor (2006). TypeScript twin: src/collectors/spaces/compact-space.ts.
#pragma once

#include <bit>
#include <cstring>

#include "collectors/counts.h"
#include "collectors/object.h"

namespace linefill {

class CompactSpace {
 public:
  // With its table.
  static constexpr uint32_t kLeastWords = 64;

  CompactSpace() = default;
  CompactSpace(uint32_t* heap, uint32_t start, uint32_t end) : heap_(heap), start_(start), end_(end) {
    const uint32_t blocks = block_of(end - 1) + 1;
    table_ = heap + start;
    first_ = start + blocks * kPairWords;
    free_ = first_;
    std::memset(table_, 0, size_t{blocks} * kPairWords * sizeof(uint32_t));
  }

  // Free words for an object, or kNull.
  uint32_t take(uint64_t words) {
    if (words > end_ - free_) return kNull;
    const uint32_t at = free_;
    free_ += static_cast<uint32_t>(words);
    return at;
  }

  bool contains(uint32_t at) const { return at - start_ < end_ - start_; }
  uint32_t start() const { return start_; }
  uint32_t end() const { return end_; }
  uint32_t used_words() const { return free_ - first_; }
  uint32_t capacity_words() const { return end_ - first_; }
  uint32_t largest_free_words() const { return end_ - free_; }

  bool is_marked(uint32_t at) const { return (table_[pair_of(at)] & bit_of(at)) != 0; }

  // Marks an object by its first grain; false: it was marked.
  bool mark(uint32_t at) {
    uint32_t& bits = table_[pair_of(at)];
    const uint32_t wanted = bit_of(at);
    if ((bits & wanted) != 0) return false;
    bits |= wanted;
    return true;
  }

  // Marks the other grains of a marked object. Every one is owed this before addresses are computed; it is
  // apart because it looks at the object.
  void cover(uint32_t at) {
    uint32_t pair = pair_of(at);
    uint32_t grains = words_of(heap_, at) / kGrainWords;
    const uint32_t before = (at - start_) / kGrainWords % kBlockGrains;
    // Most objects lie in one block.
    if (before + grains <= kBlockGrains) [[likely]] {
      table_[pair] |= low_bits(grains) << before;
      return;
    }
    table_[pair] |= ~uint32_t{0} << before;
    grains -= kBlockGrains - before;
    for (pair += kPairWords; grains >= kBlockGrains; pair += kPairWords, grains -= kBlockGrains) {
      table_[pair] = ~uint32_t{0};
    }
    if (grains > 0) table_[pair] |= low_bits(grains);
  }

  void clear_marks() {
    for (uint32_t pair = 0; pair < used_pairs(); pair += kPairWords) table_[pair] = 0;
  }

  // LISP-2's first step, over the marks alone: where every live object goes.
  void compute_addresses() {
    uint32_t to = first_;
    for (uint32_t pair = 0; pair < used_pairs(); pair += kPairWords) {
      table_[pair + 1] = to;
      to += kGrainWords * grains_in(table_[pair]);
    }
  }

  // Where a marked object goes.
  uint32_t forward(uint32_t at) const {
    const uint32_t pair = pair_of(at);
    return table_[pair + 1] + kGrainWords * grains_in(table_[pair] & (bit_of(at) - 1));
  }

  // The second step for references of this space that lie in it: every slot of a live object.
  void update_references() {
    live_objects([&](uint32_t at) {
      uint32_t* slot = heap_ + at + kObjectHeaderWords;
      for (uint32_t* const end = slot + slots_of(heap_, at); slot < end; ++slot) {
        if (contains(*slot)) *slot = forward(*slot);
      }
    });
  }

  // The third step: slides the live objects down, lowest first. What is behind them is free.
  void slide(Counts& counts) {
    uint32_t to = first_;
    live_objects([&](uint32_t at) {
      const uint32_t words = words_of(heap_, at);
      if (to != at) {
        std::memmove(heap_ + to, heap_ + at, size_t{words} * sizeof(uint32_t));
        counts.copied_words += words;
      }
      to += words;
    });
    free_ = to;
  }

  // Every object in it, in the order of addresses.
  template <class See>
  void objects(See see) const {
    for (uint32_t at = first_; at < free_; at += words_of(heap_, at)) see(at);
  }

 private:
  static constexpr uint32_t kGrainWords = 2;
  static constexpr uint32_t kBlockGrains = 32;
  static constexpr uint32_t kBlockWords = kGrainWords * kBlockGrains;
  static constexpr uint32_t kPairWords = 2;

  uint32_t block_of(uint32_t at) const { return (at - start_) / kBlockWords; }
  uint32_t pair_of(uint32_t at) const { return block_of(at) * kPairWords; }
  uint32_t bit_of(uint32_t at) const { return uint32_t{1} << ((at - start_) / kGrainWords % kBlockGrains); }
  // Where the pairs end that tell of words in use.
  uint32_t used_pairs() const { return free_ == first_ ? 0 : pair_of(free_ - 1) + kPairWords; }

  // The lowest `grains` bits, 32 at most.
  static uint32_t low_bits(uint32_t grains) {
    return grains == kBlockGrains ? ~uint32_t{0} : (uint32_t{1} << grains) - 1;
  }

  // Bits that are set. The processor's own instruction is not in every baseline, and a call costs more.
  static uint32_t grains_in(uint32_t bits) {
    bits -= bits >> 1 & 0x55555555;
    bits = (bits & 0x33333333) + (bits >> 2 & 0x33333333);
    bits = (bits + (bits >> 4)) & 0x0f0f0f0f;
    return bits * 0x01010101 >> 24;
  }

  // Every marked object, in the order of addresses. It may be moved down once it has been seen.
  template <class See>
  void live_objects(See see) {
    const uint32_t end = used_pairs();
    uint32_t next = first_;
    for (uint32_t pair = pair_of(first_); pair < end; pair += kPairWords) {
      const uint32_t block = start_ + pair / kPairWords * kBlockWords;
      uint32_t bits = table_[pair];
      // What the last object of the block before covers.
      if (next > block) {
        if (next - block >= kBlockWords) continue;
        bits &= ~uint32_t{0} << (next - block) / kGrainWords;
      }
      while (bits != 0) {
        const uint32_t grain = std::countr_zero(bits);
        const uint32_t at = block + kGrainWords * grain;
        next = at + words_of(heap_, at);
        see(at);
        if (next - block >= kBlockWords) break;
        bits &= ~uint32_t{0} << (next - block) / kGrainWords;
      }
    }
  }

  uint32_t* heap_ = nullptr;
  uint32_t* table_ = nullptr;
  uint32_t start_ = kNull;
  uint32_t end_ = kNull;
  uint32_t first_ = kNull;
  uint32_t free_ = kNull;
};

}  // namespace linefill
