// Four places in memory, for accesses of a few bytes at addresses that are multiples of nothing: what the
// kernels of unaligned.cc and unaligned-add.cc share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

namespace linefill::unaligned {

// Enough that accesses are independent of one another, few enough that pages apart they fit any first cache.
inline constexpr uint64_t kPlaces = 4;

// The access of a machine word at any address: one instruction, which copying is compiled to.
template <class Word>
inline Word load(const unsigned char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}
template <class Word>
inline void store(unsigned char* to, Word word) {
  std::memcpy(to, &word, sizeof word);
}

// What is wrong with the places, in words: they begin at byte `first` and lie `stride` bytes apart.
inline std::string check_places(size_t size, uint32_t first, uint32_t stride, uint32_t width) {
  const uint64_t end = first + (kPlaces - 1) * stride + width;
  if (end <= size) return "";
  return "\"memory\" must have at least " + std::to_string(end) + " bytes, which the last place needs, not " +
         std::to_string(size);
}

}  // namespace linefill::unaligned
