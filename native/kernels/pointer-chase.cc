// Follows a cycle of links: each load's address is the load before, so nothing overlaps and a hop costs the
// full latency of wherever the next slot lies; several chains at once show how many misses the core overlaps.
// After lmbench's lat_mem_rd and google/multichase; links.h says what a hop is. Cost: `hops` loads a chain.
// Reference: src/kernel/pointer-chase.ts.
#include <array>
#include <utility>

#include "kernel.h"
#include "kernels/links.h"

namespace linefill {
namespace {

constexpr size_t kMostChains = 16;

std::string check_chase(std::span<const uint32_t> links, std::span<uint32_t> cursors, uint32_t /*hops*/) {
  if (std::string wrong = check_links(links.size()); !wrong.empty()) return wrong;
  if (cursors.empty() || cursors.size() > kMostChains) {
    return "\"cursors\" must have 1 to " + std::to_string(kMostChains) + " elements, one a chain, not " +
           std::to_string(cursors.size());
  }
  for (size_t i = 0; i < cursors.size(); ++i) {
    if (!Links(links).hold(cursors[i])) {
      return wrong_item("cursors", i,
                        "the byte offset of an element of \"links\" (a multiple of 4 below " +
                            std::to_string(links.size() * Links::kBytes) + ")",
                        cursors[i]);
    }
  }
  return "";
}

template <size_t... Chain>
Outcome chase(const Links links, std::span<uint32_t> cursors, uint32_t hops) {
  // 1. From where each chain's cursor stands,
  uint32_t at[] = {cursors[Chain]...};
  // 2. every chain in turn goes to where its slot points, `hops` times. Spelt out a chain at a time: a loop
  // over them would keep them in memory.
  LINEFILL_UNROLL
  for (uint32_t i = 0; i < hops; ++i) {
    if (!(links.hop(at[Chain]) && ...)) return {0, "\"links\" has an offset that is no element's"};
  }
  // 3. The cursors stay where the chains ended; the answer is their weighted sum.
  ((cursors[Chain] = at[Chain]), ...);
  return {(((Chain + 1) * uint64_t{at[Chain]}) + ...), nullptr};
}

using Chase = Outcome (*)(Links, std::span<uint32_t>, uint32_t);

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
  return kByChains[cursors.size() - 1](Links(links), cursors, hops);
}

LINEFILL_KERNEL(pointer_chase, "pointer-chase",
                "follows a cycle of links, one dependent load a hop and chain", check_chase, "links",
                "cursors", "hops");

}  // namespace
}  // namespace linefill
