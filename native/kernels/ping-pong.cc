// One line handed to and fro between two CPUs: each waits for the other's number and answers with the next.
// Half a round trip is what it costs to get a line that another core has just written. Two protocols on one
// word: by plain store (one request for the line a hand-over) and by compare-and-swap (as multichase's
// pingpong does). A longer array is played line after line, since on some CPUs a line's address decides which
// part of the last level keeps watch over it. Reference: src/kernel/ping-pong.ts.
#include <atomic>
#include <system_error>
#include <thread>

#include "keep.h"
#include "kernel.h"
#include "kernels/patience.h"

namespace linefill {
namespace {

// From one word that is played on to the next: 256 B, so that no two share a line or a pair of lines.
constexpr size_t kApart = 64;

std::string check_line(Shared<uint32_t> line, uint32_t role, uint32_t /*roundTrips*/, uint32_t swap) {
  if (line.size() < 1) return "\"line\" must hold at least 1 element";
  if (role > 1) return "\"role\" must be 0 (serves) or 1 (returns), not " + std::to_string(role);
  if (swap > 1) return "\"swap\" must be 0 (store) or 1 (compare-and-swap), not " + std::to_string(swap);
  return "";
}

// Replaces `from` by `to` once `from` is there; false when the partner stays away.
template <bool Swap>
inline bool hand_over(std::atomic_ref<uint32_t> word, uint32_t from, uint32_t to) {
  Patience patience;
  for (;;) {
    if constexpr (Swap) {
      uint32_t expected = from;
      if (word.compare_exchange_strong(expected, to, std::memory_order_acq_rel, std::memory_order_relaxed))
        return true;
    } else {
      if (word.load(std::memory_order_acquire) == from) {
        word.store(to, std::memory_order_release);
        return true;
      }
    }
    if (!patience.lasts()) return false;
  }
}

// 1. The word counts hand-overs, from an even number on. 2. Role 0 makes even odd, 3. role 1 makes odd even,
// 4. `round_trips` times each. Answer: the number that this role wrote last.
template <bool Swap>
Outcome play(std::atomic_ref<uint32_t> word, uint32_t role, uint32_t first, uint32_t round_trips) {
  uint32_t turn = first + role;
  for (uint32_t i = 0; i < round_trips; ++i, turn += 2) {
    if (!hand_over<Swap>(word, turn, turn + 1)) return {0, Patience::kAlone};
  }
  return {turn - 1, nullptr};
}

// 5. Each line of the array has a word of its own, and an equal part of the round trips, the first ones the
// odd ones out. Answer: the sum of the numbers that this role wrote last.
Outcome ping_pong(Shared<uint32_t> line, uint32_t role, uint32_t round_trips, uint32_t swap) {
  const size_t lines = (line.size() + kApart - 1) / kApart;
  uint64_t sum = 0;
  for (size_t i = 0; i < lines; ++i) {
    const std::atomic_ref<uint32_t> word(line[i * kApart]);
    // Both go on from the even number of the last call, though the partner may be a move behind or ahead.
    const uint32_t seen = word.load(std::memory_order_acquire);
    const uint32_t first = (role == 0 ? seen + 1 : seen) & ~1u;
    const uint32_t trips = static_cast<uint32_t>(round_trips / lines + (i < round_trips % lines));
    const Outcome played =
        swap ? play<true>(word, role, first, trips) : play<false>(word, role, first, trips);
    if (played.error) return played;
    sum += played.checksum;
  }
  return {sum, nullptr};
}

std::string check_pair(Shared<uint32_t> line, uint32_t partner_cpu, uint32_t round_trips,
                       Observed<double> elapsed_ns) {
  if (partner_cpu > 1u << 20)
    return "\"partnerCpu\" must be a CPU's number, not " + std::to_string(partner_cpu);
  if (elapsed_ns.size() < 1) return "\"elapsedNs\" must hold at least 1 element";
  return check_line(line, 0, round_trips, 0);
}

// The same game with a thread of our own on `partner_cpu`, joined before the call returns: for the quick
// probe. The partner is born on the CPU of whoever made it, and may wait there for milliseconds while that
// one spins: so we sleep until it stands at the line, and time the game alone.
Outcome ping_pong_pair(Shared<uint32_t> line, uint32_t partner_cpu, uint32_t round_trips,
                       Observed<double> elapsed_ns) {
  enum class Partner { kStarting, kReady, kElsewhere };
  const std::atomic_ref<uint32_t> word(line[0]);
  const uint32_t first = word.load(std::memory_order_acquire) & ~1u;
  Outcome theirs;
  std::atomic<Partner> state = Partner::kStarting;
  std::thread partner;
  try {
    partner = std::thread([&] {
      if (platform::pin(static_cast<int>(partner_cpu))) {
        state = Partner::kElsewhere;
        return;
      }
      state = Partner::kReady;
      theirs = play<false>(word, 1, first, round_trips);
    });
  } catch (const std::system_error&) {
    return {0, "the system gave no thread for the partner"};
  }
  while (state == Partner::kStarting) platform::sleep_ns(10'000);
  Outcome ours;
  if (state == Partner::kReady) {
    const uint64_t start_ns = platform::now_ns();
    ours = play<false>(word, 0, first, round_trips);
    elapsed_ns[0] = static_cast<double>(platform::now_ns() - start_ns);
  } else {
    ours.error = "\"partnerCpu\" is not a CPU of this process";
  }
  partner.join();
  return ours.error ? ours : theirs;
}

LINEFILL_KERNEL(ping_pong, "ping-pong", "hands one line to and fro with another member", check_line, "line",
                "role", "roundTrips", "swap");
LINEFILL_KERNEL(ping_pong_pair, "ping-pong-pair", "the same with a thread of its own on a named CPU",
                check_pair, "line", "partnerCpu", "roundTrips", "elapsedNs");

}  // namespace
}  // namespace linefill
