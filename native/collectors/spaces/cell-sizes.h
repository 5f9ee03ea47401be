// Sizes of the cells that a block of 1,024 words is divided into: up to 128 words eight a doubling, so that
// rounding up adds an eighth at most; beyond it a block in 7, 6, ... 2 equal parts. TypeScript twin:
// src/collectors/spaces/cell-sizes.ts.
#pragma once

#include <array>
#include <cstdint>

#include "collectors/object.h"

namespace linefill {

inline constexpr uint32_t kBlockWords = 1024;
inline constexpr uint32_t kMostCellWords = kBlockWords / 2;
// Objects begin at even words: a bit for each in a block's map.
inline constexpr uint32_t kMapWords = kBlockWords / 2 / 32;

struct CellSizes {
  static constexpr uint32_t kSizes = 37;

  // Words of a cell, and cells that a block has.
  std::array<uint32_t, kSizes> words{};
  std::array<uint32_t, kSizes> cells{};
  // Of a request of so many pairs of words.
  std::array<uint8_t, kMostCellWords / 2 + 1> of_pairs{};
  // A block's map where all of its cells are in use.
  std::array<std::array<uint32_t, kMapWords>, kSizes> full{};

  constexpr CellSizes() {
    uint32_t size = 0;
    for (uint32_t step = 2, cell = kLeastObjectWords; cell <= 128; cell += step) {
      words[size++] = cell;
      if (cell >= 32 && (cell & (cell - 1)) == 0) step = cell / 8;
    }
    for (uint32_t parts = 7; parts >= 2; --parts) words[size++] = kBlockWords / parts & ~uint32_t{1};
    for (uint32_t each = 0, pairs = 0; each < kSizes; ++each) {
      cells[each] = kBlockWords / words[each];
      for (; pairs <= words[each] / 2; ++pairs) of_pairs[pairs] = static_cast<uint8_t>(each);
      for (uint32_t cell = 0; cell < cells[each]; ++cell) {
        const uint32_t pair = cell * words[each] / 2;
        full[each][pair / 32] |= uint32_t{1} << pair % 32;
      }
    }
  }
};

inline constexpr CellSizes kCellSizes;

static_assert(kCellSizes.words[CellSizes::kSizes - 1] == kMostCellWords);

}  // namespace linefill
