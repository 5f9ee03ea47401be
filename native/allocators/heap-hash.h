// A 64-bit fingerprint of a heap's image: two 32-bit lanes that take the words in turn, so that JavaScript,
// which multiplies 32 bits, computes the same. Not for secrets. Source: the first lane is FNV-1a (Fowler,
// Noll, Vo) over words. TypeScript twin: src/allocators/heap-hash.ts.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

namespace linefill {

inline uint64_t heap_hash(std::span<const uint32_t> heap) {
  uint32_t high = 0x811c9dc5;
  uint32_t low = 0x9e3779b9;
  for (const uint32_t word : heap) {
    high = (high ^ word) * 0x01000193;
    low = (std::rotl(low, 13) ^ word) * 0x85ebca6b;
  }
  return uint64_t{high} << 32 | low;
}

}  // namespace linefill
