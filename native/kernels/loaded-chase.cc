// How long a load from memory takes while other CPUs draw on the memory. One member of a team follows a chain
// of dependent loads; the others stream through arrays of their own until it has done its hops, a page at a
// time with a pause after each, and count what they have read. So the load is what was measured, not what the
// pause was meant to give. After Intel's Memory Latency Checker and google/multichase's multiload.
// Cost: `hops` loads, and as many pages as the others read meanwhile.
// Reference: src/experiments/hardware/loaded-latency-kernels.ts.
#include <atomic>

#include "kernel.h"
#include "kernels/links.h"
#include "kernels/patience.h"
#include "kernels/stream.h"

namespace linefill {
namespace {

constexpr uint32_t kMostMembers = 1024;
// Members write words and figures of their own: none shares a pair of lines with another.
constexpr size_t kWordStride = 32;
constexpr size_t kSeenStride = 16;
constexpr size_t kPageElements = 512;
constexpr uint64_t kPatienceNs = 10'000'000'000;
// Between two looks at the clock; with the longest pause after each, still less than a second.
constexpr uint32_t kPagesBetweenLooks = 256;
constexpr uint32_t kLongestPauseNs = 1'000'000;

// What a member notes: how long its call took, and where its stream goes on.
struct Seen {
  double ns;
  double bytes;
  double page;
};

std::string check_loaded(Shared<uint32_t> links, Shared<uint32_t> cursor, Observed<double> stream,
                         Shared<uint32_t> laps, Observed<double> seen, uint32_t member, uint32_t members,
                         uint32_t /*hops*/, uint32_t pause_ns) {
  if (members < 1 || members > kMostMembers)
    return "\"members\" must be from 1 to 1024, not " + std::to_string(members);
  if (member >= members)
    return "\"member\" must be below " + std::to_string(members) + ", not " + std::to_string(member);
  const size_t words = (members - 1) * kWordStride + 1;
  if (laps.size() < words) {
    return "\"laps\" must have at least " + std::to_string(words) + " elements, not " +
           std::to_string(laps.size());
  }
  if (seen.size() < kSeenStride) return "\"seen\" must have at least 16 elements";
  if (pause_ns > kLongestPauseNs)
    return "\"pauseNs\" must be at most 1000000, not " + std::to_string(pause_ns);
  if (member > 0) {
    if (stream.size() >= kPageElements) return "";
    return "\"stream\" must have at least 512 elements, not " + std::to_string(stream.size());
  }
  if (std::string wrong = check_links(links.size()); !wrong.empty()) return wrong;
  if (cursor.size() >= 1) return "";
  return "\"cursor\" must have at least 1 element";
}

using Word = std::atomic_ref<uint32_t>;

Word lap_of(Shared<uint32_t> laps, uint32_t member) { return Word(laps[member * kWordStride]); }

// Laps wrap at 2^32.
bool has_reached(Word word, uint32_t lap) {
  return static_cast<int32_t>(word.load(std::memory_order_acquire) - lap) >= 0;
}

// Goes where the links lead, `hops` times; false where one leads out of them.
bool follow(const Links links, uint32_t& at, uint32_t hops) {
  if (!links.hold(at)) return false;
  LINEFILL_UNROLL
  for (uint32_t i = 0; i < hops; ++i) {
    if (!links.hop(at)) return false;
  }
  return true;
}

// 1. Wait until every other member has begun this lap. 2. Each load's address is the load before: `hops` of
// them, from where the cursor stands. 3. The lap is over for all. Answer: where the cursor stands now.
Outcome chase(std::span<const uint32_t> links, uint32_t& cursor, Shared<uint32_t> laps, Seen* seen,
              uint32_t members, uint32_t hops) {
  const uint32_t lap = lap_of(laps, 0).load(std::memory_order_relaxed) + 1;
  for (uint32_t other = 1; other < members; ++other) {
    Patience patience;
    while (!has_reached(lap_of(laps, other), lap)) {
      if (!patience.lasts()) return {0, Patience::kAlone};
    }
  }
  uint32_t at = cursor;
  const uint64_t start_ns = platform::now_ns();
  const bool stayed = follow(Links(links), at, hops);
  seen->ns = static_cast<double>(platform::now_ns() - start_ns);
  lap_of(laps, 0).store(lap, std::memory_order_release);
  if (!stayed) return {0, "\"links\" or \"cursor\" has an offset that is no element's"};
  cursor = at;
  return {at, nullptr};
}

// 1. Say that this lap has begun. 2. Page after page, until the chase's lap is over: read one, and pause. 3.
// Note how long that took and how much it was. Answer: the lap.
Outcome load(Observed<double> stream, Shared<uint32_t> laps, Seen* seen, uint32_t member, uint32_t pause_ns) {
  stream::touch(stream.data(), stream.size());
  const size_t pages = stream.size() / kPageElements;
  // A number at a time: memory is far slower than that, and wide loads do not draw more from it.
  constexpr stream::Width kWidth = stream::Width::kScalar;
  const Word chaser = lap_of(laps, 0);
  Word own = lap_of(laps, member);
  const uint32_t lap = own.load(std::memory_order_relaxed) + 1;
  // What a script wrote there may be any number.
  size_t page =
      seen->page >= 0 && seen->page < static_cast<double>(pages) ? static_cast<size_t>(seen->page) : 0;
  const uint64_t start_ns = platform::now_ns();
  own.store(lap, std::memory_order_release);
  uint64_t read = 0;
  bool is_over = has_reached(chaser, lap);
  for (; !is_over; is_over = has_reached(chaser, lap)) {
    const double* from = stream.data() + page * kPageElements;
    keep(stream::run(stream::Operation::kRead, kWidth, {nullptr, from, nullptr, kPageElements}, 1));
    page = page + 1 == pages ? 0 : page + 1;
    ++read;
    if (pause_ns > 1) {
      const uint64_t until_ns = platform::now_ns() + pause_ns;
      while (platform::now_ns() < until_ns && !has_reached(chaser, lap)) spin_pause();
    }
    if (read % kPagesBetweenLooks == 0 && platform::now_ns() - start_ns > kPatienceNs) break;
  }
  seen->ns = static_cast<double>(platform::now_ns() - start_ns);
  seen->bytes = static_cast<double>(read * kPageElements * sizeof(double));
  seen->page = static_cast<double>(page);
  if (!is_over) return {0, Patience::kAlone};
  return {lap, nullptr};
}

Outcome loaded_chase(Shared<uint32_t> links, Shared<uint32_t> cursor, Observed<double> stream,
                     Shared<uint32_t> laps, Observed<double> seen, uint32_t member, uint32_t members,
                     uint32_t hops, uint32_t pause_ns) {
  Seen own{seen[0], seen[1], seen[2]};
  const Outcome outcome = member == 0 ? chase(links.span, cursor[0], laps, &own, members, hops)
                                      : load(stream, laps, &own, member, pause_ns);
  seen[0] = own.ns;
  seen[1] = own.bytes;
  seen[2] = own.page;
  return outcome;
}

LINEFILL_KERNEL(loaded_chase, "loaded-chase", "follows a cycle of links while others draw on the memory",
                check_loaded, "links", "cursor", "stream", "laps", "seen", "member", "members", "hops",
                "pauseNs");

}  // namespace
}  // namespace linefill
