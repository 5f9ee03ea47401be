// A buffer handed to and fro between two CPUs: one writes a word in each of its lines, the other reads them
// all, in turns. Unlike the ping-pong's single line, many are under way at once, as many as the core has room
// for: so this is the rate at which lines travel, not how long one takes. The buffer is to fit the writer's
// second cache, or it comes from below. Cost: two passes over the buffer a round. Reference:
// src/experiments/hardware/core-to-core-kernels.ts.
#include "kernel.h"
#include "kernels/patience.h"

namespace linefill {
namespace {

constexpr size_t kLineWords = 16;

std::string check_transfer(Shared<uint32_t> lines, Shared<uint32_t> baton, uint32_t role,
                           uint32_t /*rounds*/) {
  if (lines.size() % kLineWords != 0) {
    return "\"lines\" must have a multiple of 16 elements, not " + std::to_string(lines.size());
  }
  if (baton.size() < 1) return "\"baton\" must hold at least 1 element";
  return role <= 1 ? "" : "\"role\" must be 0 (writes) or 1 (reads), not " + std::to_string(role);
}

inline bool await(std::atomic_ref<uint32_t> baton, uint32_t turn) {
  Patience patience;
  while (baton.load(std::memory_order_acquire) != turn) {
    if (!patience.lasts()) return false;
  }
  return true;
}

// 1. The baton counts turns: even ones write, odd ones read. 2. The writer puts the turn's number, plus the
// line's own, into each line; 3. the reader looks for just that. Answer: the lines that were right, all
// rounds together; a writer's always are.
Outcome line_transfer(Shared<uint32_t> lines, Shared<uint32_t> baton, uint32_t role, uint32_t rounds) {
  const std::atomic_ref<uint32_t> word(baton[0]);
  // Both go on from the even number of the last call, though the partner may be a turn behind or ahead of us.
  const uint32_t seen = word.load(std::memory_order_acquire);
  uint32_t turn = ((role == 0 ? seen + 1 : seen) & ~1u) + role;
  const uint32_t count = static_cast<uint32_t>(lines.size() / kLineWords);
  uint64_t right = 0;
  for (uint32_t round = 0; round < rounds; ++round, turn += 2) {
    if (!await(word, turn)) return {0, Patience::kAlone};
    if (role == 0) {
      for (uint32_t line = 0; line < count; ++line) {
        std::atomic_ref<uint32_t>(lines[line * kLineWords]).store(turn + line, std::memory_order_relaxed);
      }
      right += count;
    } else {
      const uint32_t written = turn - 1;
      for (uint32_t line = 0; line < count; ++line) {
        const std::atomic_ref<uint32_t> found(lines[line * kLineWords]);
        right += found.load(std::memory_order_relaxed) == written + line;
      }
    }
    word.store(turn + 1, std::memory_order_release);
  }
  return {right, nullptr};
}

LINEFILL_KERNEL(line_transfer, "line-transfer",
                "hands a buffer to and fro: one writes it, the other reads it", check_transfer, "lines",
                "baton", "role", "rounds");

}  // namespace
}  // namespace linefill
