// Threads that replace blocks in slots: each has a part of the slots, frees what a random one of them holds
// and allocates anew. With one round it is glibc's bench-malloc-thread. With several, each round has threads
// of its own, and `moves` parts further on: so blocks are freed by other threads than those that made them,
// and outlive them, as in Larson and Krishnan, "Memory Allocation for Long-Running Server Applications" (ISMM
// 1998).
//
// Sizes and slots come from tables, over and over, as in glibc's: a draw would cost as much as an allocation.
// Cost: threads * rounds * steps allocations and as many frees. Reference:
// src/experiments/allocation/crowd-reference.ts.
#include "allocators/crowd.h"
#include "kernel.h"

namespace linefill {
namespace {

constexpr uint32_t kMostSlots = 1u << 20;

}  // namespace

// rounds; steps of each thread in a round; width: slots of each part; moves: parts a round.
std::string check_crowd_slots(const CrowdPlan& plan) {
  std::string wrong = check_count("width", plan.width, 1, kMostSlots);
  if (wrong.empty()) wrong = check_count("rounds", plan.rounds, 1, kMostStarts / plan.threads);
  if (wrong.empty()) wrong = check_count("moves", plan.moves, 0, kMostCrowd);
  if (wrong.empty()) wrong = check_count("steps", plan.steps, 1, kMostTaken / plan.threads / plan.rounds);
  if (wrong.empty()) wrong = check_sizes(plan.sizes, uint64_t{plan.threads} * plan.width);
  return wrong.empty() ? check_choices(plan.choices, plan.width) : wrong;
}

const char* run_crowd_slots(const CrowdPlan& plan, std::span<Tally> tallies) {
  const uint32_t threads = plan.threads;
  std::vector<std::vector<uint32_t*>> parts(threads);
  for (auto& part : parts) part.resize(plan.width);
  const char* wrong = nullptr;
  for (uint32_t round = 0; round < plan.rounds && wrong == nullptr; ++round) {
    // 1. A thread for each part, `moves` on from round to round, 2. replaces blocks in it.
    wrong = run_crowd(plan.cpus, threads, [&](uint32_t thread) {
      uint32_t** const part = parts[(thread + uint64_t{round} * plan.moves) % threads].data();
      const uint32_t first = (round * threads + thread) * plan.steps;
      Hand hand(*plan.allocator, &tallies[thread], first);
      Wheel size(plan.sizes, first);
      Wheel choice(plan.choices, first);
      for (uint32_t i = 0; i < plan.steps; ++i) {
        uint32_t*& slot = part[choice.next()];
        hand.give(slot);
        slot = hand.take(size.next());
      }
    });
  }
  // 3. The caller frees what is left.
  Hand hand(*plan.allocator, &tallies[threads], 0);
  for (const auto& part : parts) {
    for (uint32_t* block : part) hand.give(block);
  }
  return wrong;
}

}  // namespace linefill
