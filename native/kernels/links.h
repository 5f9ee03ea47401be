// Links that lead from one to the next, as a chase follows them: each is the byte offset of another, so that
// a hop is one load with a plain base and index (a scaled index takes some cores a cycle longer). The bound
// is tested at every hop instead of once over the whole array: the branch is predicted and off the dependent
// path, so it costs no latency, and a probe of some hundred hops need not read megabytes first.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

namespace linefill {

class Links {
 public:
  static constexpr size_t kBytes = sizeof(uint32_t);
  // What a byte offset of 32 bits reaches.
  static constexpr size_t kMost = size_t{1} << 30;

  explicit Links(std::span<const uint32_t> links)
      : base_(reinterpret_cast<const unsigned char*>(links.data())),
        count_(static_cast<uint32_t>(links.size())) {}

  // Whether an offset is that of a link. Rotated, one between two links is beyond kMost.
  bool hold(uint32_t offset) const { return std::rotr(offset, 2) < count_; }

  // From the link at `offset`, which must hold, to where it leads; false where that is no link.
  bool hop(uint32_t& offset) const {
    std::memcpy(&offset, base_ + offset, kBytes);
    return hold(offset);
  }

 private:
  const unsigned char* base_;
  uint32_t count_;
};

// What is wrong with an argument "links" of so many; empty: nothing.
inline std::string check_links(size_t count) {
  if (count <= Links::kMost) return "";
  return "\"links\" must have at most " + std::to_string(Links::kMost) + " elements, not " +
         std::to_string(count);
}

}  // namespace linefill
