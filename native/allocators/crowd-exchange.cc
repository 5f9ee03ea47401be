// Threads that come and go in rounds and pass blocks on through a table that they share: each allocates,
// frees a random one of its blocks two times in three, and one time in four exchanges one with a random place
// of the table, whatever lies there. What is left it frees at its end. After each round half of the table is
// freed; the rest outlives the threads that made it. Half as many blocks as those are kept to a thread's end.
//
// After mstress of mimalloc-bench (by Daan Leijen). There every word of a block is written and checked, one
// block in 10,000 is ten thousand times as large, blocks that may be freed or exchanged are smaller than
// those that are kept (8 to 128 B, 8 to 512 B), thread t does t mod 8 + 1 times as much, and the choices come
// from each thread's generator; here the marks are at a block's ends, all blocks and all threads are alike,
// sizes and choices come from tables, and what is allocated does not depend on who is faster, so that the
// checksum is one. Cost: threads * rounds * steps * 3 / 2 allocations and as many frees. Reference:
// src/experiments/allocation/crowd-reference.ts.
#include "allocators/crowd.h"

namespace linefill {
namespace {

constexpr uint32_t kMostTransfers = 1u << 16;
// A word of a choice: its low ten bits against these, of 1,024, the others say which.
constexpr uint32_t kChanceBits = 10;
constexpr uint32_t kFreed = 676;
constexpr uint32_t kExchanged = 256;

constexpr uint32_t taken_of(uint32_t steps) { return steps + steps / 2; }

using Transfers = std::vector<std::atomic<uint32_t*>>;

// A thread's own blocks: those that it may free or exchange, and those that it keeps to its end.
struct Own {
  std::vector<uint32_t*> data;
  std::vector<uint32_t*> kept;
};

void stress(Hand& hand, Own& own, Transfers& transfers, Wheel size, Wheel choice, uint32_t steps) {
  const auto which = [](uint32_t word, size_t count) { return (word >> kChanceBits) % count; };
  const auto chance = [](uint32_t word) { return word & ((1u << kChanceBits) - 1); };
  for (uint32_t step = 0; step < steps; ++step) {
    // 1. Allocate, and every other time one more, to keep;
    own.data[step] = hand.take(size.next());
    if (step % 2 == 1) own.kept[step / 2] = hand.take(size.next());
    // 2. free one,
    const uint32_t held = step + 1;
    const uint32_t first = choice.next();
    if (chance(first) < kFreed) {
      uint32_t*& block = own.data[which(first, held)];
      hand.give(block);
      block = nullptr;
    }
    // 3. exchange one.
    const uint32_t second = choice.next();
    if (chance(second) < kExchanged) {
      uint32_t*& block = own.data[which(second, held)];
      block = transfers[which(choice.next(), transfers.size())].exchange(block, std::memory_order_acq_rel);
    }
  }
  // 4. Free the rest.
  for (uint32_t* block : own.kept) hand.give(block);
  for (uint32_t* block : own.data) hand.give(block);
}

}  // namespace

// rounds; steps of each thread in a round; width: places of the table; moves: not used, 0.
std::string check_crowd_exchange(const CrowdPlan& plan) {
  std::string wrong = check_count("rounds", plan.rounds, 1, kMostStarts / plan.threads);
  if (wrong.empty()) wrong = check_count("width", plan.width, 1, kMostTransfers);
  if (wrong.empty()) wrong = check_count("moves", plan.moves, 0, 0);
  if (wrong.empty()) wrong = check_count("steps", plan.steps, 1, kMostTaken / plan.threads / plan.rounds / 2);
  if (wrong.empty() && plan.choices.empty()) return "\"choices\" must have at least 1 element, not 0";
  if (!wrong.empty()) return wrong;
  return check_sizes(plan.sizes, uint64_t{plan.threads} * taken_of(plan.steps) + plan.width);
}

const char* run_crowd_exchange(const CrowdPlan& plan, std::span<Tally> tallies) {
  const uint32_t threads = plan.threads;
  std::vector<Own> owns(threads);
  for (Own& own : owns) {
    own.data.resize(plan.steps);
    own.kept.resize(plan.steps / 2);
  }
  Transfers table(plan.width);
  const char* wrong = nullptr;
  for (uint32_t round = 0; round < plan.rounds && wrong == nullptr; ++round) {
    wrong = run_crowd(plan.cpus, threads, [&](uint32_t thread) {
      const uint32_t first = (round * threads + thread) * taken_of(plan.steps);
      Hand hand(*plan.allocator, &tallies[thread], first);
      stress(hand, owns[thread], table, Wheel(plan.sizes, first), Wheel(plan.choices, first), plan.steps);
    });
    // 5. After a round the caller frees every other place of the table; after the last one all.
    const bool is_last = round + 1 == plan.rounds || wrong != nullptr;
    Hand hand(*plan.allocator, &tallies[threads], 0);
    for (uint32_t i = 0; i < plan.width; ++i) {
      if (is_last || (i + round) % 2 == 0) hand.give(table[i].exchange(nullptr));
    }
  }
  return wrong;
}

}  // namespace linefill
