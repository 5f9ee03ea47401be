// Small blocks that threads write to, over and over, between an allocation and a free: if an allocator gives
// two threads blocks of one cache line, the line travels at every write (active false sharing). Where blocks
// are handed over the caller allocates some and gives each thread one of those that lie in the fewest lines;
// each thread frees the one that it is given before it allocates its own, and an allocator that serves it the
// same block again has made two threads share a line for good (passive false sharing).
//
// cache-thrash and cache-scratch of Hoard's benchmarks (Berger, McKinley, Blumofe and Wilson, "Hoard: A
// Scalable Memory Allocator for Multithreaded Applications", ASPLOS 2000). There the caller allocates only
// what it gives, and that lies together in a fresh heap alone; a block has one byte, and the writes of an
// iteration are shared out among the threads. Here a block has room for its mark, and each thread makes all
// of the writes, so that a write's time is to be read at once. Cost: threads * rounds * steps writes of a
// word, each after a load of what the last one left. Reference:
// src/experiments/allocation/crowd-reference.ts.
#include <algorithm>
#include <functional>

#include "allocators/crowd.h"

namespace linefill {
namespace {

// Blocks that the caller chooses from, for each thread.
constexpr uint32_t kCandidatesEach = 16;
constexpr uint64_t kMostWrites = uint64_t{1} << 28;

// Adds one `writes` times, and takes it all back: what is left is what was there.
void write(uint32_t* block, uint32_t writes) {
  volatile uint32_t* const word = block;
  for (uint32_t n = 0; n < writes; ++n) *word = *word + 1;
  *word = *word - writes;
}

// Of all runs of `count` neighbours the one that lies in the fewest lines comes first. Missing blocks lie
// lowest.
void bring_closest_to_front(std::vector<uint32_t*>& blocks, size_t count) {
  std::sort(blocks.begin(), blocks.end(), std::less<>());
  const auto line = [&](size_t at) { return reinterpret_cast<uintptr_t>(blocks[at]) / kLineBytes; };
  const auto span = [&](size_t first) { return line(first + count - 1) - line(first); };
  size_t best = 0;
  for (size_t first = 1; first + count <= blocks.size(); ++first) {
    if (span(first) < span(best)) best = first;
  }
  std::rotate(blocks.begin(), blocks.begin() + static_cast<ptrdiff_t>(best), blocks.end());
}

}  // namespace

// rounds: blocks of each thread, one after another; steps: writes to each; moves: 1 where blocks are handed
// over; width: not used, 0. One size.
std::string check_crowd_writes(const CrowdPlan& plan) {
  std::string wrong = check_count("rounds", plan.rounds, 1, kMostTaken / plan.threads - kCandidatesEach);
  if (wrong.empty()) wrong = check_count("steps", plan.steps, 0, kMostWrites / plan.threads / plan.rounds);
  if (wrong.empty()) wrong = check_count("width", plan.width, 0, 0);
  if (wrong.empty()) wrong = check_count("moves", plan.moves, 0, 1);
  return wrong.empty() ? check_sizes(plan.sizes, (uint64_t{kCandidatesEach} + 1) * plan.threads) : wrong;
}

const char* run_crowd_writes(const CrowdPlan& plan, std::span<Tally> tallies) {
  const uint32_t threads = plan.threads;
  const uint32_t bytes = plan.sizes[0];
  const uint32_t candidates = kCandidatesEach * threads;
  std::vector<uint32_t*> gifts(candidates);
  // 1. The caller allocates candidates, chooses a block for each thread, and frees the others.
  if (plan.moves == 1) {
    Hand hand(*plan.allocator, &tallies[threads], 0);
    for (uint32_t*& gift : gifts) gift = hand.take(bytes);
    bring_closest_to_front(gifts, threads);
    for (uint32_t i = threads; i < candidates; ++i) hand.give(gifts[i]);
  }
  gifts.resize(threads);
  const char* const wrong = run_crowd(plan.cpus, threads, [&](uint32_t thread) {
    Hand hand(*plan.allocator, &tallies[thread], candidates + thread * plan.rounds);
    // 2. A thread frees what it was given; 3. it allocates, writes and frees.
    hand.give(gifts[thread]);
    gifts[thread] = nullptr;
    for (uint32_t i = 0; i < plan.rounds; ++i) {
      uint32_t* const block = hand.take(bytes);
      if (block == nullptr) return;
      write(block, plan.steps);
      hand.give(block);
    }
  });
  // Nobody was there to take them.
  Hand hand(*plan.allocator, &tallies[threads], 0);
  for (uint32_t* gift : gifts) hand.give(gift);
  return wrong;
}

}  // namespace linefill
