// A space where an object goes right behind the one before: an addition and a comparison an object. It knows
// no holes and gives back only all at once. TypeScript twin: src/collectors/spaces/bump-space.ts.
#pragma once

#include <cstring>

#include "collectors/object.h"

namespace linefill {

class BumpSpace {
 public:
  BumpSpace() = default;
  BumpSpace(uint32_t start, uint32_t end) : start_(start), end_(end), free_(start) {}

  // Free words for an object, or kNull.
  uint32_t take(uint64_t words) {
    if (words > end_ - free_) [[unlikely]]
      return kNull;
    const uint32_t at = free_;
    free_ += static_cast<uint32_t>(words);
    return at;
  }

  // All of it is free again.
  void clear() { free_ = start_; }

  bool contains(uint32_t at) const { return at - start_ < end_ - start_; }
  uint32_t start() const { return start_; }
  uint32_t free() const { return free_; }
  uint32_t end() const { return end_; }
  uint32_t used_words() const { return free_ - start_; }
  uint32_t capacity_words() const { return end_ - start_; }
  uint32_t largest_free_words() const { return end_ - free_; }

 private:
  uint32_t start_ = kNull;
  uint32_t end_ = kNull;
  uint32_t free_ = kNull;
};

// Copies an object behind the others of `to`, which has room for it, and leaves in its place where it went.
inline uint32_t evacuate(uint32_t* heap, uint32_t at, BumpSpace& to) {
  const uint32_t words = words_of(heap, at);
  const uint32_t moved = to.take(words);
  std::memcpy(heap + moved, heap + at, size_t{words} * sizeof(uint32_t));
  heap[at] |= kForwarded;
  heap[at + 1] = moved;
  return moved;
}

}  // namespace linefill
