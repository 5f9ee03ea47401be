// Sizes that allocators of classes round up to: each multiple of 8 bytes up to 64, then four a doubling up to
// 2 KiB, so that rounding adds a fifth at most beyond 64 bytes. A size that is a multiple of a power of two
// is rounded up to a size that is one too. TypeScript twin: src/allocators/size-classes.ts.
#pragma once

#include <bit>

#include "allocators/heap.h"

namespace linefill {

inline constexpr uint32_t kClasses = 28;
inline constexpr uint32_t kMostClassWords = 512;

// The least class that holds so many words, a multiple of kGrainWords up to kMostClassWords.
constexpr uint32_t class_of(uint32_t words) {
  const uint32_t before = words / kGrainWords - 1;
  if (before < 8) return before;
  const uint32_t log = static_cast<uint32_t>(std::bit_width(before)) - 1;
  return 8 + 4 * (log - 3) + (before >> (log - 2)) - 4;
}

constexpr uint32_t class_words(uint32_t size_class) {
  if (size_class < 8) return kGrainWords * (size_class + 1);
  const uint32_t step = size_class - 8;
  return (step % 4 + 5) << (step / 4 + 1) << 1;
}

static_assert(class_of(kMostClassWords) == kClasses - 1 && class_words(kClasses - 1) == kMostClassWords);

}  // namespace linefill
