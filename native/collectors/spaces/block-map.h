// A map of a space: a bit for each even word, where alone objects begin; 16 words a block.
// TypeScript twin: src/collectors/spaces/block-map.ts.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>

#include "collectors/spaces/cell-sizes.h"

namespace linefill {

class BlockMap {
 public:
  BlockMap() = default;
  // Words that are 0, and the offset of the first block.
  BlockMap(uint32_t* words, uint32_t base) : words_(words), base_(base) {}

  bool has(uint32_t at) const { return (words_[word_of(at)] & bit_of(at)) != 0; }
  void remove(uint32_t at) { words_[word_of(at)] &= ~bit_of(at); }

  // False: it was there.
  bool add(uint32_t at) {
    uint32_t& word = words_[word_of(at)];
    const uint32_t wanted = bit_of(at);
    if ((word & wanted) != 0) return false;
    word |= wanted;
    return true;
  }

  // The same beside other threads that add so.
  bool add_atomically(uint32_t at) {
    const uint32_t wanted = bit_of(at);
    const std::atomic_ref<uint32_t> word(words_[word_of(at)]);
    if ((word.load(std::memory_order_relaxed) & wanted) != 0) return false;
    return (word.fetch_or(wanted, std::memory_order_relaxed) & wanted) == 0;
  }

  void clear(uint32_t blocks) { std::memset(words_, 0, size_t{blocks} * kMapWords * sizeof(uint32_t)); }

  uint32_t* of_block(uint32_t block) const { return words_ + size_t{block} * kMapWords; }

  // Bits of a block's that are set: sums of ever more neighbours side by side.
  uint32_t count(uint32_t block) const {
    uint64_t bytes = 0;
    for (uint32_t word = 0; word < kMapWords; word += 2) {
      uint64_t bits;
      std::memcpy(&bits, of_block(block) + word, sizeof bits);
      bits -= bits >> 1 & 0x5555555555555555;
      bits = (bits & 0x3333333333333333) + (bits >> 2 & 0x3333333333333333);
      bytes += (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0f;
    }
    const uint64_t pairs = (bytes & 0x00ff00ff00ff00ff) + (bytes >> 8 & 0x00ff00ff00ff00ff);
    return static_cast<uint32_t>(pairs * 0x0001000100010001 >> 48);
  }

 private:
  uint32_t word_of(uint32_t at) const { return (at - base_) / 64; }
  uint32_t bit_of(uint32_t at) const { return uint32_t{1} << (at - base_) / 2 % 32; }

  uint32_t* words_ = nullptr;
  uint32_t base_ = 0;
};

}  // namespace linefill
