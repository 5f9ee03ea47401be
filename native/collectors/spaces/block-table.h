// Which blocks of a space are free, and what the others are. It lies in the heap:
//
//   head       blocks | first word with a free block, at least | free blocks
//   free       a bit a block
//   kinds, taken, next, previous    a word a block each; kinds of free blocks are 0
//
// Kinds and taken are the owner's; next and previous hold lists, whose first and last block + 1 stand in two
// words of the owner's, 0 for none.
// Single blocks are taken from the lowest address on, runs from the highest, so that blocks which are freed
// one by one don't leave gaps where runs are looked for. Cost: a single block O(blocks / 32) at worst, a run
// O(blocks).
// TypeScript twin: src/collectors/spaces/block-table.ts.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace linefill {

class BlockTable {
  static constexpr uint32_t kBlocks = 0;
  static constexpr uint32_t kFirstFree = 1;
  static constexpr uint32_t kFreeBlocks = 2;

 public:
  static constexpr uint32_t kHeadWords = 3;
  // Words of a block's, but for its bit.
  static constexpr uint32_t kBlockWords = 4;

  BlockTable() = default;
  // In words that are 0.
  BlockTable(uint32_t* words, uint32_t blocks) : head_(words), free_(words + kHeadWords) {
    kinds = free_ + (blocks + 31) / 32;
    taken = kinds + blocks;
    next = taken + blocks;
    previous = next + blocks;
    head_[kBlocks] = blocks;
    head_[kFreeBlocks] = blocks;
    for (uint32_t block = 0; block < blocks; ++block) free_[block / 32] |= bit(block);
  }

  // Where the table ends.
  uint32_t* end() const { return previous + head_[kBlocks]; }

  uint32_t blocks() const { return head_[kBlocks]; }
  uint32_t free_blocks() const { return head_[kFreeBlocks]; }

  // The last so many free blocks in a row; blocks(): there are none.
  uint32_t find(uint32_t wanted) const {
    uint32_t run = 0;
    for (uint32_t block = blocks(), lowest = head_[kFirstFree] * 32; block > lowest;) {
      --block;
      if (block % 32 == 31 && free_[block / 32] == 0) {
        run = 0;
        block -= 31;
        continue;
      }
      run = (free_[block / 32] & bit(block)) != 0 ? run + 1 : 0;
      if (run == wanted) return block;
    }
    return blocks();
  }

  // Free blocks in the longest row of them. O(blocks).
  uint32_t longest() const {
    uint32_t run = 0;
    uint32_t longest = 0;
    for (uint32_t block = 0; block < blocks(); ++block) {
      run = (free_[block / 32] & bit(block)) != 0 ? run + 1 : 0;
      longest = std::max(longest, run);
    }
    return longest;
  }

  // Takes the first free block; there is one.
  uint32_t take_one() {
    uint32_t& word = head_[kFirstFree];
    while (free_[word] == 0) ++word;
    const uint32_t block = word * 32 + static_cast<uint32_t>(std::countr_zero(free_[word]));
    take(block, 1);
    return block;
  }

  // Takes blocks that are free as a run, whose first is of one kind, the others, which name it as next, of
  // another.
  void take_run(uint32_t first, uint32_t wanted, uint32_t kind, uint32_t rest_kind) {
    take(first, wanted);
    std::fill_n(kinds + first, wanted, rest_kind);
    std::fill_n(next + first, wanted, first);
    kinds[first] = kind;
    taken[first] = wanted;
  }

  // A block is free again.
  void give(uint32_t block) {
    kinds[block] = 0;
    free_[block / 32] |= bit(block);
    ++head_[kFreeBlocks];
    if (block / 32 < head_[kFirstFree]) head_[kFirstFree] = block / 32;
  }

  // A block that is in no list becomes the last of one.
  void append(uint32_t* list, uint32_t block) {
    next[block] = 0;
    previous[block] = list[1];
    (list[1] == 0 ? list[0] : next[list[1] - 1]) = block + 1;
    list[1] = block + 1;
  }

  void remove(uint32_t* list, uint32_t block) {
    const uint32_t after = next[block];
    const uint32_t before = previous[block];
    (before == 0 ? list[0] : next[before - 1]) = after;
    (after == 0 ? list[1] : previous[after - 1]) = before;
  }

  uint32_t* kinds = nullptr;
  uint32_t* taken = nullptr;
  uint32_t* next = nullptr;
  uint32_t* previous = nullptr;

 private:
  static constexpr uint32_t bit(uint32_t index) { return uint32_t{1} << index % 32; }

  void take(uint32_t first, uint32_t wanted) {
    for (uint32_t block = first; block < first + wanted; ++block) free_[block / 32] &= ~bit(block);
    head_[kFreeBlocks] -= wanted;
  }

  uint32_t* head_ = nullptr;
  uint32_t* free_ = nullptr;
};

}  // namespace linefill
