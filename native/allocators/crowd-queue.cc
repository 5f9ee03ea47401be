// Producers and consumers: some threads allocate blocks in batches, others free them, and every block is
// freed by a thread that did not allocate it. A bounded queue under a lock passes the batches on, a lock for
// thousands of blocks, so that the queue itself costs little. One thread alone frees each batch itself: the
// same work with nothing handed over.
//
// After Lever and Boreham, "malloc() Performance in a Multithreaded Linux Environment" (USENIX 2000), as
// xmalloc-test in mimalloc-bench, whose batches have 4,096 blocks. There the queue is a stack of up to 100
// batches, each batch is a block of its own, and -w N makes N producers and N consumers; here it is first in,
// first out, the batches go round in a few arrays, so that a call's memory is bounded, and of the threads
// half produce. Cost: producers * rounds * width allocations and as many frees. Reference:
// src/experiments/allocation/crowd-reference.ts.
#include <condition_variable>
#include <mutex>
#include <numeric>

#include "allocators/crowd.h"

namespace linefill {
namespace {

constexpr uint32_t kMostBatch = 1u << 16;
// Batches on their way, at most, for each thread.
constexpr uint32_t kBatchesEach = 4;

// Half of the threads, rounded down; one thread produces and consumes.
constexpr uint32_t producers_of(uint32_t threads) { return threads == 1 ? 1 : threads / 2; }

// Batches by number: filled ones in the order of their making, and empty ones. All memory is had beforehand,
// so that no thread can fail.
class Queue {
 public:
  Queue(uint32_t batches, uint32_t batch_blocks, uint32_t producers) : producers_(producers) {
    blocks_.assign(batches, std::vector<uint32_t*>(batch_blocks));
    filled_.resize(batches);
    empty_.resize(batches);
    std::iota(empty_.begin(), empty_.end(), 0);
    empty_count_ = batches;
  }

  std::vector<uint32_t*>& blocks(uint32_t batch) { return blocks_[batch]; }

  // An empty batch, when there is one.
  uint32_t start() {
    std::unique_lock lock(mutex_);
    has_empty_.wait(lock, [&] { return empty_count_ > 0; });
    return empty_[--empty_count_];
  }

  void put(uint32_t batch) {
    const std::lock_guard lock(mutex_);
    filled_[(first_ + filled_count_++) % filled_.size()] = batch;
    has_filled_.notify_one();
  }

  // A filled batch, when there is one; false once all producers have left and none is.
  bool get(uint32_t* batch) {
    std::unique_lock lock(mutex_);
    has_filled_.wait(lock, [&] { return filled_count_ > 0 || producers_ == 0; });
    if (filled_count_ == 0) return false;
    *batch = filled_[first_];
    first_ = (first_ + 1) % filled_.size();
    --filled_count_;
    return true;
  }

  void finish(uint32_t batch) {
    const std::lock_guard lock(mutex_);
    empty_[empty_count_++] = batch;
    has_empty_.notify_one();
  }

  void leave() {
    const std::lock_guard lock(mutex_);
    if (--producers_ == 0) has_filled_.notify_all();
  }

 private:
  std::vector<std::vector<uint32_t*>> blocks_;
  std::vector<uint32_t> filled_;
  std::vector<uint32_t> empty_;
  size_t first_ = 0;
  size_t filled_count_ = 0;
  size_t empty_count_ = 0;
  uint32_t producers_;
  std::mutex mutex_;
  std::condition_variable has_empty_;
  std::condition_variable has_filled_;
};

}  // namespace

// rounds: batches of each producer; width: blocks of a batch; steps and moves: not used, 0.
std::string check_crowd_queue(const CrowdPlan& plan) {
  std::string wrong = check_count("width", plan.width, 1, kMostBatch);
  const uint32_t producers = producers_of(plan.threads);
  if (wrong.empty()) wrong = check_count("rounds", plan.rounds, 1, kMostTaken / plan.width / producers);
  if (wrong.empty()) wrong = check_count("steps", plan.steps, 0, 0);
  if (wrong.empty()) wrong = check_count("moves", plan.moves, 0, 0);
  if (!wrong.empty()) return wrong;
  return check_sizes(plan.sizes, uint64_t{plan.threads} * kBatchesEach * plan.width);
}

const char* run_crowd_queue(const CrowdPlan& plan, std::span<Tally> tallies) {
  const uint32_t producers = producers_of(plan.threads);
  Queue queue(plan.threads * kBatchesEach, plan.width, producers);
  return run_crowd(plan.cpus, plan.threads, [&](uint32_t thread) {
    const uint32_t first = thread * plan.rounds * plan.width;
    Hand hand(*plan.allocator, &tallies[thread], first);
    const auto free_all = [&](uint32_t batch) {
      for (uint32_t* block : queue.blocks(batch)) hand.give(block);
      queue.finish(batch);
    };
    // 1. A producer fills batches; the sizes go on from its last batch's.
    if (thread < producers) {
      Wheel size(plan.sizes, first);
      for (uint32_t i = 0; i < plan.rounds; ++i) {
        const uint32_t batch = queue.start();
        for (uint32_t*& block : queue.blocks(batch)) block = hand.take(size.next());
        if (plan.threads == 1) {
          free_all(batch);
        } else {
          queue.put(batch);
        }
      }
      queue.leave();
      return;
    }
    // 2. A consumer frees them, whosesoever they are.
    for (uint32_t batch; queue.get(&batch);) free_all(batch);
  });
}

}  // namespace linefill
