// Threads of a general allocator's workload: they are started, do their part and are joined within one call,
// and only they hold the addresses of blocks. A script that could name a block could make the process free
// what is none; here no address ever lies where a script could write, so there is nothing to check and
// nothing to forge. That is why these threads are native ones and not a team of workers. It costs their birth
// and end, which fall into the call's time, as in the originals that make threads anew for each round.
//
// A block bears its number and its size in its first two words, and the number's complement in its last word.
// Who frees it, be it another thread, reads them: the sum of what was read proves that every block was freed
// once, by whomever, with its contents intact. Reference: src/experiments/allocation/crowd-reference.ts.
#pragma once

#include <atomic>
#include <cstring>
#include <exception>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "allocators/allocation.h"
#include "allocators/peers.h"
#include "platform/platform.h"
#include "timing.h"

namespace linefill {

inline constexpr uint32_t kMostCrowd = 256;
// Threads that one call starts.
inline constexpr uint32_t kMostStarts = 1u << 14;
// Blocks that one call allocates: what bounds its duration.
inline constexpr uint64_t kMostTaken = uint64_t{1} << 24;
// Two words of a mark; and what is large to every allocator.
inline constexpr uint32_t kLeastMarkedBytes = 8;
inline constexpr uint32_t kMostMarkedBytes = 1u << 24;

inline constexpr const char* kNoThreads = "the system made fewer threads than were asked for";
inline constexpr const char* kTorn = "a block's contents changed while it was in use";

// What the block of a number is marked with. Odd factor: tags share no pattern, one to one.
inline constexpr uint32_t crowd_tag(uint32_t number) { return number * 2654435761; }

// What a thread has done so far. A pair of lines each: threads write theirs side by side.
struct alignas(128) Tally {
  uint32_t sum = 0;
  uint32_t freed = 0;
  bool is_torn = false;
  bool is_exhausted = false;
};

// The checksum: how many blocks were freed, and the 32-bit sum of their tags and sizes.
Outcome outcome_of(std::span<const Tally> tallies);

// A thread's way to an allocator.
class Hand {
 public:
  // `first`: the number of the first block that it takes; no two blocks of a call have one number.
  Hand(const Peer& peer, Tally* tally, uint32_t first)
      : allocate_(peer.allocate), release_(peer.release), tally_(tally), done_(*tally), next_(first) {}
  ~Hand() { *tally_ = done_; }
  Hand(const Hand&) = delete;
  Hand& operator=(const Hand&) = delete;

  // A marked block of at least kLeastMarkedBytes; null where there is none.
  uint32_t* take(uint32_t bytes) {
    auto* const block = static_cast<uint32_t*>(allocate_(bytes));
    if (block == nullptr) [[unlikely]] {
      done_.is_exhausted = true;
      return nullptr;
    }
    const uint32_t tag = crowd_tag(next_++);
    block[0] = tag;
    block[1] = bytes;
    if (bytes >= kTailedBytes) {
      const uint32_t tail = ~tag;
      std::memcpy(end_of(block, bytes), &tail, sizeof tail);
    }
    return block;
  }

  // Reads the marks and frees; null is no block.
  void give(uint32_t* block) {
    if (block == nullptr) return;
    const uint32_t tag = block[0];
    const uint32_t bytes = block[1];
    if (bytes > kMostMarkedBytes) [[unlikely]] {
      done_.is_torn = true;
    } else if (bytes >= kTailedBytes) {
      uint32_t tail;
      std::memcpy(&tail, end_of(block, bytes), sizeof tail);
      if (tail != ~tag) [[unlikely]]
        done_.is_torn = true;
    }
    done_.sum += tag + bytes;
    ++done_.freed;
    release_(block);
  }

 private:
  static constexpr uint32_t kTailedBytes = 12;
  static char* end_of(uint32_t* block, uint32_t bytes) {
    return reinterpret_cast<char*>(block) + bytes - sizeof(uint32_t);
  }

  void* (*allocate_)(size_t);
  void (*release_)(void*);
  Tally* tally_;
  // A copy whose address nobody has: it can live in registers.
  Tally done_;
  uint32_t next_;
};

// A table that is read round and round from some place on.
class Wheel {
 public:
  Wheel(std::span<const uint32_t> table, uint64_t from)
      : table_(table), at_(static_cast<size_t>(from % table.size())) {}
  uint32_t next() {
    const uint32_t value = table_[at_];
    if (++at_ == table_.size()) at_ = 0;
    return value;
  }

 private:
  std::span<const uint32_t> table_;
  size_t at_;
};

// Runs body(0) .. body(count - 1), each in a thread of its own on the CPU of its turn (empty: wherever the
// system likes), of which none begins before all are there. Null, or why nothing was run. `body` throws
// nothing.
template <class Body>
const char* run_crowd(std::span<const uint32_t> cpus, uint32_t count, const Body& body) {
  std::atomic<uint32_t> there{0};
  std::atomic<bool> is_cancelled{false};
  std::vector<std::thread> threads;
  const char* wrong = nullptr;
  const auto member = [&](uint32_t thread) {
    // A thread inherits where its maker is pinned.
    (void)platform::unpin();
    if (!cpus.empty()) (void)platform::pin(static_cast<int>(cpus[thread % cpus.size()]));
    there.fetch_add(1);
    while (there.load(std::memory_order_acquire) < count) {
      if (is_cancelled.load(std::memory_order_relaxed)) return;
      platform::yield_cpu();
    }
    body(thread);
  };
  try {
    threads.reserve(count);
    for (uint32_t thread = 0; thread < count; ++thread) threads.emplace_back(member, thread);
  } catch (const std::exception&) {
    is_cancelled.store(true, std::memory_order_relaxed);
    wrong = kNoThreads;
  }
  for (std::thread& thread : threads) thread.join();
  return wrong;
}

using Table = std::span<const uint32_t>;

// What a crowd does: each pattern says what it makes of rounds, steps, width and moves.
struct CrowdPlan {
  const Peer* allocator;
  Table cpus;
  uint32_t threads;
  uint32_t rounds;
  uint32_t steps;
  uint32_t width;
  uint32_t moves;
  Table sizes;
  Table choices;
};

// "name" must be from `least` to `most`.
std::string check_count(const char* name, uint64_t value, uint64_t least, uint64_t most);
// The sizes of blocks, of which `live` may be in use at once.
std::string check_sizes(Table sizes, uint64_t live);

// The choices of a slot, of `width`.
std::string check_choices(Table choices, uint32_t width);

// A pattern's check of a plan whose threads are in range, and its run. `tallies`: one for each thread, and
// one for the caller. Null, or why it was not done. All that the call keeps for itself is had before the
// first block, so that nothing throws once there are blocks.
std::string check_crowd_slots(const CrowdPlan& plan);
const char* run_crowd_slots(const CrowdPlan& plan, std::span<Tally> tallies);
std::string check_crowd_queue(const CrowdPlan& plan);
const char* run_crowd_queue(const CrowdPlan& plan, std::span<Tally> tallies);
std::string check_crowd_exchange(const CrowdPlan& plan);
const char* run_crowd_exchange(const CrowdPlan& plan, std::span<Tally> tallies);
std::string check_crowd_writes(const CrowdPlan& plan);
const char* run_crowd_writes(const CrowdPlan& plan, std::span<Tally> tallies);

}  // namespace linefill
