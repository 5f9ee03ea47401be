// A space of blocks, each divided into cells of one size, with larger objects in runs of whole blocks. Beside
// the blocks lie two maps with a bit for each even word: `used` says which cells are taken, `marks` which of
// them a collection has found. A sweep makes the one the other, block by block, and never looks at a cell: a
// block without a mark is free as a whole. Free cells next to each other are a hole: an allocation takes the
// next cell of its size's hole, and looks for another when that is spent. All of it lies in the heap:
//
//   head           words used | next to sweep | epoch
//   sizes          for each: cursor, limit of its hole | block + 1 of the hole | first, last of its list
//   table          block-table.h: a block's kind, its cells in use, its neighbours in a list
//   used, marks    16 words a block each
//   blocks
//
// A size's list has its blocks with room, in the order in which they were swept or got room. In a lazy sweep
// a block waits where its kind's epoch is the old one; it stands in no list. Cost: an allocation a few
// instructions; a sweep 32 words a block; memory beside the blocks 3.5%. Sources: maps as in Go's runtime
// (mheap.go, allocBits and gcmarkBits); holes as in S. Blackburn and K. McKinley, Immix (2008).
// TypeScript twin: src/collectors/spaces/block-space.ts.
#pragma once

#include <bit>
#include <cstring>

#include "collectors/object.h"
#include "collectors/spaces/block-map.h"
#include "collectors/spaces/block-table.h"
#include "collectors/spaces/cell-sizes.h"
#include "inline.h"

namespace linefill {

class BlockSpace {
  static constexpr uint32_t kUsedWords = 0;
  static constexpr uint32_t kSweepAt = 1;
  static constexpr uint32_t kEpoch = 2;
  static constexpr uint32_t kHeadWords = 3;

  static constexpr uint32_t kCursor = 0;
  static constexpr uint32_t kLimit = 1;
  static constexpr uint32_t kCurrent = 2;
  static constexpr uint32_t kList = 3;
  static constexpr uint32_t kSizeWords = 5;

  // Kinds: 0 free, size + 1, or of a run its first block or another.
  static constexpr uint32_t kRun = 0x40;
  static constexpr uint32_t kRest = 0x41;
  static constexpr uint32_t kKindMask = 0xff;
  static constexpr uint32_t kListedFlag = 0x100;
  static constexpr uint32_t kEpochFlag = 0x200;

  static constexpr uint32_t kFixedWords =
      kHeadWords + kSizeWords * CellSizes::kSizes + BlockTable::kHeadWords;
  // Of each block's, but for its bit.
  static constexpr uint32_t kTableWords = BlockTable::kBlockWords + 2 * kMapWords;
  // Blocks begin at lines.
  static constexpr uint32_t kLine = 16;

 public:
  // Of a stretch with one block.
  static constexpr uint32_t kLeastWords = kFixedWords + 1 + kTableWords + kLine - 1 + kBlockWords;

  BlockSpace() = default;
  // The words from `start` on up to `end`: kLeastWords at least. `marks`: where they lie instead, a word for
  // each 64 of the heap's.
  BlockSpace(uint32_t* heap, uint32_t start, uint32_t end, uint32_t* marks = nullptr) : head_(heap + start) {
    const uint64_t room = end - start - kFixedWords - (kLine - 1) - 1;
    const auto blocks = static_cast<uint32_t>(room * 32 / (32 * uint64_t{kTableWords + kBlockWords} + 1));
    const uint32_t tables = kFixedWords + (blocks + 31) / 32 + blocks * kTableWords;
    base_ = (start + tables + kLine - 1) / kLine * kLine;
    span_ = blocks * kBlockWords;
    std::memset(head_, 0, (base_ - start) * sizeof(uint32_t));
    sizes_ = head_ + kHeadWords;
    table_ = BlockTable(sizes_ + kSizeWords * CellSizes::kSizes, blocks);
    used_ = BlockMap(table_.end(), base_);
    marks_ = BlockMap(marks != nullptr ? marks : used_.of_block(blocks), base_);
    if (marks != nullptr) clear_marks();
    head_[kSweepAt] = blocks;
  }

  // What an object of so many words takes of the space: a cell, or whole blocks.
  static constexpr uint64_t room_words(uint64_t words) {
    if (words <= kMostCellWords) return kCellSizes.words[kCellSizes.of_pairs[words / 2]];
    return (words + kBlockWords - 1) / kBlockWords * kBlockWords;
  }

  // Free words for an object from its size's hole; kNull: that is spent, or there is none of such a size.
  LINEFILL_INLINE inline uint32_t take_at_hand(uint64_t words) {
    if (words > kMostCellWords) return kNull;
    const uint32_t size = kCellSizes.of_pairs[words / 2];
    uint32_t* const own = sizes_ + kSizeWords * size;
    const uint32_t at = own[kCursor];
    if (at == own[kLimit]) [[unlikely]]
      return kNull;
    own[kCursor] = at + kCellSizes.words[size];
    return at;
  }

  // Free words for an object, or kNull. In a lazy sweep this sweeps blocks until one has room.
  uint32_t take(uint64_t words) {
    if (words > kMostCellWords) return take_run(words);
    const uint32_t at = take_at_hand(words);
    return at == kNull ? take_from_next_hole(kCellSizes.of_pairs[words / 2]) : at;
  }

  // An object's words are free at once, marked or not.
  void free(uint32_t at) {
    const uint32_t block = block_of(at);
    const uint32_t kind = table_.kinds[block];
    marks_.remove(at);
    if ((kind & kKindMask) == kRun) return free_run(block);
    const uint32_t size = (kind & kKindMask) - 1;
    used_.remove(at);
    --table_.taken[block];
    head_[kUsedWords] -= kCellSizes.words[size];
    // The sweep will find it, or the search for the next hole.
    if (is_waiting(block) || sizes_[kSizeWords * size + kCurrent] == block + 1) return;
    if ((kind & kListedFlag) == 0) return list(block, size);
    if (table_.taken[block] > 0) return;
    unlist(block, size);
    table_.give(block);
  }

  // Marks an object; false: it was marked.
  bool mark(uint32_t at) { return marks_.add(at); }
  bool is_marked(uint32_t at) const { return marks_.has(at); }
  void clear_marks() { marks_.clear(table_.blocks()); }

  // What is not marked is free, and no mark is left.
  void sweep() {
    begin_lazy_sweep();
    finish_sweep();
  }

  // The same, but each block only when room is looked for, or by finish_sweep; until then nothing may be
  // marked.
  void begin_lazy_sweep() {
    finish_sweep();
    leave_holes();
    for (uint32_t size = 0; size < CellSizes::kSizes; ++size) {
      sizes_[kSizeWords * size + kList] = 0;
      sizes_[kSizeWords * size + kList + 1] = 0;
    }
    head_[kEpoch] ^= kEpochFlag;
    head_[kSweepAt] = 0;
  }

  void finish_sweep() {
    while (head_[kSweepAt] < table_.blocks()) sweep_next();
  }

  // So many blocks of a lazy sweep.
  void sweep_blocks(uint32_t blocks) {
    for (; blocks > 0 && !is_swept(); --blocks) sweep_next();
  }

  bool is_swept() const { return head_[kSweepAt] == table_.blocks(); }

  bool contains(uint32_t at) const { return at - base_ < span_; }
  uint32_t start() const { return base_; }
  uint32_t end() const { return base_ + span_; }
  uint32_t capacity_words() const { return span_; }

  // Words of cells and runs in use, with what waits to be swept.
  uint32_t used_words() const {
    uint32_t reserved = 0;
    for (uint32_t size = 0; size < CellSizes::kSizes; ++size) {
      reserved += sizes_[kSizeWords * size + kLimit] - sizes_[kSizeWords * size + kCursor];
    }
    return head_[kUsedWords] - reserved;
  }

  // In one piece: blocks in a row, or the largest cell where no block is free. Ends what is lazy.
  LINEFILL_COLD uint32_t largest_free_words() {
    finish_sweep();
    leave_holes();
    if (table_.free_blocks() > 0) return table_.longest() * kBlockWords;
    for (uint32_t size = CellSizes::kSizes; size-- > 0;) {
      if (sizes_[kSizeWords * size + kList] != 0) return kCellSizes.words[size];
    }
    return 0;
  }

  // Every object that is not free, in the order of addresses; where a block waits, only those marked.
  template <class See>
  void objects(See&& see) const {
    for (uint32_t block = 0; block < table_.blocks(); ++block) {
      const uint32_t kind = table_.kinds[block] & kKindMask;
      if (kind == 0 || kind == kRest) continue;
      const uint32_t* map = (is_waiting(block) ? marks_ : used_).of_block(block);
      uint32_t first = base_ + block * kBlockWords;
      if (kind == kRun) {
        if ((map[0] & 1) != 0) see(first);
        continue;
      }
      // What is left of the size's hole is in use, but nobody's yet.
      const uint32_t* own = sizes_ + kSizeWords * (kind - 1);
      const uint32_t hole = own[kCursor];
      const uint32_t hole_words = own[kLimit] - hole;
      for (uint32_t word = 0; word < kMapWords; ++word, first += 64) {
        for (uint32_t bits = map[word]; bits != 0; bits &= bits - 1) {
          const uint32_t at = first + 2 * static_cast<uint32_t>(std::countr_zero(bits));
          if (at - hole >= hole_words) see(at);
        }
      }
    }
  }

 private:
  uint32_t block_of(uint32_t at) const { return (at - base_) / kBlockWords; }
  bool is_waiting(uint32_t block) const { return ((table_.kinds[block] ^ head_[kEpoch]) & kEpochFlag) != 0; }

  // 1. The next hole of the block at hand. 2. A block of this size with room. 3. In a lazy sweep, blocks
  // until one has room. 4. A free block. 5. What other sizes hold and don't use.
  LINEFILL_COLD uint32_t take_from_next_hole(uint32_t size) {
    uint32_t* const own = sizes_ + kSizeWords * size;
    if (own[kCurrent] != 0) {
      const uint32_t block = own[kCurrent] - 1;
      if (open_hole(block, size, own[kLimit])) return take_at_hand(kCellSizes.words[size]);
      leave_hole(size);
    }
    while (own[kList] == 0 && table_.free_blocks() == 0 && !is_swept()) sweep_next();
    if (own[kList] != 0) {
      const uint32_t block = own[kList] - 1;
      unlist(block, size);
      own[kCurrent] = block + 1;
      open_hole(block, size, base_ + block * kBlockWords);
      return take_at_hand(kCellSizes.words[size]);
    }
    if (table_.free_blocks() == 0) leave_holes();
    if (table_.free_blocks() == 0) return kNull;
    open_block(table_.take_one(), size);
    return take_at_hand(kCellSizes.words[size]);
  }

  // All cells of a free block are a hole.
  void open_block(uint32_t block, uint32_t size) {
    uint32_t* const own = sizes_ + kSizeWords * size;
    const uint32_t words = kCellSizes.cells[size] * kCellSizes.words[size];
    table_.kinds[block] = (size + 1) | head_[kEpoch];
    table_.taken[block] = kCellSizes.cells[size];
    std::memcpy(used_.of_block(block), kCellSizes.full[size].data(), kMapWords * sizeof(uint32_t));
    head_[kUsedWords] += words;
    own[kCurrent] = block + 1;
    own[kCursor] = base_ + block * kBlockWords;
    own[kLimit] = own[kCursor] + words;
  }

  // The next hole of a block from a cell of its on; what is in there counts as in use. False: there is none.
  bool open_hole(uint32_t block, uint32_t size, uint32_t from) {
    uint32_t* const own = sizes_ + kSizeWords * size;
    const uint32_t cell = kCellSizes.words[size];
    const uint32_t end = base_ + block * kBlockWords + kCellSizes.cells[size] * cell;
    uint32_t at = from;
    while (at < end && used_.has(at)) at += cell;
    if (at >= end) return false;
    own[kCursor] = at;
    while (at < end && used_.add(at)) at += cell;
    own[kLimit] = at;
    const uint32_t words = at - own[kCursor];
    table_.taken[block] += words / cell;
    head_[kUsedWords] += words;
    return true;
  }

  // The rest of a size's hole is free, and its block is one like the others.
  void leave_hole(uint32_t size) {
    uint32_t* const own = sizes_ + kSizeWords * size;
    if (own[kCurrent] == 0) return;
    const uint32_t block = own[kCurrent] - 1;
    for (uint32_t at = own[kCursor]; at != own[kLimit]; at += kCellSizes.words[size]) {
      used_.remove(at);
      --table_.taken[block];
    }
    head_[kUsedWords] -= own[kLimit] - own[kCursor];
    own[kCursor] = own[kLimit] = own[kCurrent] = 0;
    if (table_.taken[block] == 0) return table_.give(block);
    if (table_.taken[block] < kCellSizes.cells[size]) list(block, size);
  }

  void leave_holes() {
    for (uint32_t size = 0; size < CellSizes::kSizes; ++size) leave_hole(size);
  }

  void sweep_next() {
    const uint32_t block = head_[kSweepAt]++;
    const uint32_t kind = table_.kinds[block] & kKindMask;
    if (kind == 0 || kind == kRest || !is_waiting(block)) return;
    uint32_t* const marks = marks_.of_block(block);
    if (kind == kRun) {
      if ((marks[0] & 1) != 0) {
        marks[0] = 0;
        table_.kinds[block] ^= kEpochFlag;
        return;
      }
      return free_run(block);
    }
    const uint32_t size = kind - 1;
    const uint32_t marked = marks_.count(block);
    const uint32_t dead = table_.taken[block] - marked;
    head_[kUsedWords] -= dead * kCellSizes.words[size];
    table_.taken[block] = marked;
    if (marked == 0) return table_.give(block);
    if (dead > 0) std::memcpy(used_.of_block(block), marks, kMapWords * sizeof(uint32_t));
    std::memset(marks, 0, kMapWords * sizeof(uint32_t));
    table_.kinds[block] = kind | head_[kEpoch];
    if (marked < kCellSizes.cells[size]) list(block, size);
  }

  void list(uint32_t block, uint32_t size) {
    table_.kinds[block] |= kListedFlag;
    table_.append(sizes_ + kSizeWords * size + kList, block);
  }

  void unlist(uint32_t block, uint32_t size) {
    table_.kinds[block] &= ~kListedFlag;
    table_.remove(sizes_ + kSizeWords * size + kList, block);
  }

  void free_run(uint32_t block) {
    const uint32_t blocks = table_.taken[block];
    used_.remove(base_ + block * kBlockWords);
    head_[kUsedWords] -= blocks * kBlockWords;
    for (uint32_t each = block; each < block + blocks; ++each) table_.give(each);
  }

  LINEFILL_COLD uint32_t take_run(uint64_t words) {
    if (words > span_) return kNull;
    const auto blocks = static_cast<uint32_t>((words + kBlockWords - 1) / kBlockWords);
    if (table_.find(blocks) == table_.blocks()) finish_sweep();
    if (table_.find(blocks) == table_.blocks()) leave_holes();
    const uint32_t first = table_.find(blocks);
    if (first == table_.blocks()) return kNull;
    table_.take_run(first, blocks, kRun | head_[kEpoch], kRest);
    used_.add(base_ + first * kBlockWords);
    head_[kUsedWords] += blocks * kBlockWords;
    return base_ + first * kBlockWords;
  }

  uint32_t* head_ = nullptr;
  uint32_t* sizes_ = nullptr;
  BlockTable table_;
  BlockMap used_;
  BlockMap marks_;
  uint32_t base_ = 0;
  uint32_t span_ = 0;
};

}  // namespace linefill
