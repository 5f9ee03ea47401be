// Follows a cycle of links: each load's address is the load before, so nothing overlaps and a hop costs the
// full latency of wherever the next slot lies; several chains at once show how many misses the core overlaps.
// After lmbench's lat_mem_rd and google/multichase. A link is a byte offset, so that a hop is one load with a
// plain base and index: a scaled index takes some cores a cycle longer. The bound is tested at every hop
// instead of once over the whole array: the branch is predicted and off the dependent path, so it costs no
// latency, and a probe of some hundred hops need not read megabytes first. Cost: `hops` loads a chain.
// Reference: src/kernel/pointer-chase.ts.
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "kernel.h"

namespace linefill {
namespace {

constexpr size_t kElementBytes = sizeof(uint32_t);
// What a byte offset of 32 bits reaches.
constexpr size_t kMostElements = size_t{1} << 30;
constexpr size_t kMostChains = 16;

// The element at a byte offset; kMostElements and more for an offset between two elements.
inline uint32_t element_at(uint32_t offset) { return std::rotr(offset, 2); }

std::string check_chase(std::span<const uint32_t> links, std::span<uint32_t> cursors, uint32_t /*hops*/) {
  if (links.size() > kMostElements) {
    return "\"links\" must have at most " + std::to_string(kMostElements) + " elements, not " +
           std::to_string(links.size());
  }
  if (cursors.empty() || cursors.size() > kMostChains) {
    return "\"cursors\" must have 1 to " + std::to_string(kMostChains) + " elements, one a chain, not " +
           std::to_string(cursors.size());
  }
  for (size_t i = 0; i < cursors.size(); ++i) {
    if (element_at(cursors[i]) >= links.size()) {
      return wrong_item("cursors", i,
                        "the byte offset of an element of \"links\" (a multiple of 4 below " +
                            std::to_string(links.size() * kElementBytes) + ")",
                        cursors[i]);
    }
  }
  return "";
}

template <size_t... Chain>
Outcome chase(std::span<const uint32_t> links, std::span<uint32_t> cursors, uint32_t hops) {
  const auto* base = reinterpret_cast<const unsigned char*>(links.data());
  const auto count = static_cast<uint32_t>(links.size());
  const auto hop = [base, count](uint32_t& offset) {
    std::memcpy(&offset, base + offset, kElementBytes);
    return element_at(offset) < count;
  };
  // 1. From where each chain's cursor stands,
  uint32_t at[] = {cursors[Chain]...};
  // 2. every chain in turn goes to where its slot points, `hops` times. Spelt out a chain at a time: a loop
  // over them would keep them in memory.
  LINEFILL_UNROLL
  for (uint32_t i = 0; i < hops; ++i) {
    if (!(hop(at[Chain]) && ...)) return {0, "\"links\" has an offset that is no element's"};
  }
  // 3. The cursors stay where the chains ended; the answer is their weighted sum.
  ((cursors[Chain] = at[Chain]), ...);
  return {(((Chain + 1) * uint64_t{at[Chain]}) + ...), nullptr};
}

using Chase = Outcome (*)(std::span<const uint32_t>, std::span<uint32_t>, uint32_t);

template <size_t... Chain>
constexpr Chase chase_of(std::index_sequence<Chain...>) {
  return &chase<Chain...>;
}

// chases()[n - 1] runs n chains.
template <size_t... Before>
constexpr std::array<Chase, sizeof...(Before)> chases(std::index_sequence<Before...>) {
  return {chase_of(std::make_index_sequence<Before + 1>())...};
}

Outcome pointer_chase(std::span<const uint32_t> links, std::span<uint32_t> cursors, uint32_t hops) {
  static constexpr auto kByChains = chases(std::make_index_sequence<kMostChains>());
  return kByChains[cursors.size() - 1](links, cursors, hops);
}

LINEFILL_KERNEL(pointer_chase, "pointer-chase",
                "follows a cycle of links, one dependent load a hop and chain", check_chase, "links",
                "cursors", "hops");

}  // namespace
}  // namespace linefill
