// The timed work of several threads over one allocator: batches of each thread's own, and blocks that one
// thread allocates and another frees. Templates over the allocator, as allocators/work.h is: no virtual call
// in the loops.
//
//   batches     each thread allocates a batch, tags it, and frees it from its first block to its last
//   hand-over   one thread allocates and tags blocks, a burst at a time, and lays them into a ring; its
//               partner reads the tags and frees the blocks
//
// No two blocks have one tag, so that the sum of the tags that are read back proves that no thread was given
// what another had. An allocator A has, beside what work() asks for: why(Block), the error in words where a
// block was not given; holds(Slot), whether a slot that came through a ring may be followed.
#pragma once

#include <atomic>
#include <memory>
#include <new>

#include "allocators/work.h"
#include "kernels/patience.h"
#include "platform/platform.h"

namespace linefill {

inline constexpr uint32_t kMostBatch = 1u << 16;
inline constexpr const char* kNoMemory = "not enough memory for what the call keeps for itself";

// Writes what the calling thread took of its CPU, from its making to its end; -1 where the system can't say.
class CpuTime {
 public:
  explicit CpuTime(double* into) : into_(into) { platform::thread_usage(&before_); }
  ~CpuTime() {
    platform::Usage after;
    platform::thread_usage(&after);
    const bool known = before_.cpu_ns >= 0 && after.cpu_ns >= 0;
    *into_ = known ? static_cast<double>(after.cpu_ns - before_.cpu_ns) : -1;
  }
  CpuTime(const CpuTime&) = delete;
  CpuTime& operator=(const CpuTime&) = delete;

 private:
  double* into_;
  platform::Usage before_;
};

// What a thread does; in the order of src/experiments/allocation/thread-work.ts.
enum class Role : uint32_t { kOwn, kProducer, kConsumer };

// What is wrong with a thread's part; empty: nothing.
inline std::string check_part(uint32_t role, uint32_t blocks, uint32_t count) {
  if (role > static_cast<uint32_t>(Role::kConsumer)) {
    return "\"role\" must be 0 (batches of its own), 1 (allocates) or 2 (frees), not " + std::to_string(role);
  }
  if (blocks < 1 || blocks > kMostBatch) {
    return "\"blocks\" must be from 1 to " + std::to_string(kMostBatch) + ", not " + std::to_string(blocks);
  }
  if (count <= kMostOperations) return "";
  return "\"count\" must be at most " + std::to_string(kMostOperations) + ", not " + std::to_string(count);
}

// Tags of so many threads, of kMostOperations each, are apart.
inline constexpr uint32_t kMostThreads = 256;
// The first of a thread's tags; the others follow.
inline constexpr uint32_t first_tag(uint32_t thread) { return thread << 24; }

// Does whole batches of `blocks`, `count` blocks in all. Slots are the call's own: what a script could write
// to is not freed.
template <class A>
Outcome own_batches(A& allocator, uint32_t thread, uint32_t blocks, uint32_t count) {
  const std::unique_ptr<typename A::Slot[]> slots(new (std::nothrow) typename A::Slot[blocks]);
  if (!slots) return {0, kNoMemory};
  // A copy whose address nobody has: its fields can live in registers.
  A a = allocator;
  uint64_t sum = 0;
  uint32_t tag = first_tag(thread);
  const char* wrong = nullptr;
  for (uint32_t left = count; left >= blocks && wrong == nullptr; left -= blocks) {
    // 1. Allocate and tag the batch.
    uint32_t held = 0;
    for (; held < blocks; ++held) {
      const auto block = a.alloc();
      if (!a.taken(block)) [[unlikely]] {
        wrong = a.why(block);
        break;
      }
      slots[held] = a.slot_of(block);
      a.tag(slots[held]) = tag++;
    }
    clobber();
    // 2. Read each tag back and free its block.
    for (uint32_t i = 0; i < held; ++i) {
      sum += a.tag(slots[i]);
      const AllocError error = a.free(slots[i]);
      if (error != AllocError::kNone) [[unlikely]]
        wrong = text_of(error);
    }
  }
  allocator = a;
  return wrong == nullptr ? Outcome{sum, nullptr} : Outcome{0, wrong};
}

// --- Hand-over
// ---------------------------------------------------------------------------------------------

// A ring between one producer and one consumer. An item takes eight bytes, whatever a slot has.
struct HandOver {
  static constexpr uint32_t kItems = 1024;
  static constexpr uint32_t kItemWords = 2;
  static constexpr uint32_t kTailWord = 64;
  static constexpr uint32_t kFirstItemWord = 128;
  static constexpr uint32_t kWords = kFirstItemWord + kItems * kItemWords;
  // Blocks that are laid down before the tail is told.
  static constexpr uint32_t kBurst = 32;

  uint32_t* words;

  std::atomic_ref<uint32_t> head() const { return std::atomic_ref<uint32_t>(words[0]); }
  std::atomic_ref<uint32_t> tail() const { return std::atomic_ref<uint32_t>(words[kTailWord]); }
  template <class Slot>
  std::atomic_ref<Slot> item(uint32_t position) const {
    uint32_t* at = words + kFirstItemWord + (position & (kItems - 1)) * kItemWords;
    return std::atomic_ref<Slot>(*reinterpret_cast<Slot*>(at));
  }
};

// Waits until `index` is no longer `blocked`; what it then is, in *theirs.
inline bool wait_while(std::atomic_ref<uint32_t> index, uint32_t blocked, uint32_t* theirs) {
  Patience patience;
  while ((*theirs = index.load(std::memory_order_acquire)) == blocked) {
    spin_pause();
    if (!patience.lasts()) return false;
  }
  return true;
}

template <class A>
Outcome produce(A& allocator, HandOver ring, uint32_t thread, uint32_t count) {
  A a = allocator;
  uint32_t position = ring.tail().load(std::memory_order_relaxed);
  uint32_t freed = ring.head().load(std::memory_order_acquire);
  uint32_t tag = first_tag(thread);
  uint64_t sum = 0;
  const char* wrong = nullptr;
  for (uint32_t left = count; left > 0 && wrong == nullptr;) {
    // 1. Wait for room.
    if (position - freed >= HandOver::kItems &&
        !wait_while(ring.head(), position - HandOver::kItems, &freed)) {
      wrong = Patience::kAlone;
      break;
    }
    const uint32_t room = HandOver::kItems - (position - freed);
    uint32_t burst = left < HandOver::kBurst ? left : HandOver::kBurst;
    burst = burst < room ? burst : room;
    // 2. Allocate, tag and lay down a burst, 3. and tell how far the items go.
    uint32_t laid = 0;
    for (; laid < burst; ++laid, ++position) {
      const auto block = a.alloc();
      if (!a.taken(block)) [[unlikely]] {
        wrong = a.why(block);
        break;
      }
      const auto slot = a.slot_of(block);
      a.tag(slot) = tag;
      sum += tag++;
      ring.item<typename A::Slot>(position).store(slot, std::memory_order_relaxed);
    }
    ring.tail().store(position, std::memory_order_release);
    left -= laid;
  }
  allocator = a;
  return wrong == nullptr ? Outcome{sum, nullptr} : Outcome{0, wrong};
}

template <class A>
Outcome consume(A& allocator, HandOver ring, uint32_t count) {
  A a = allocator;
  uint32_t position = ring.head().load(std::memory_order_relaxed);
  uint64_t sum = 0;
  const char* wrong = nullptr;
  for (uint32_t left = count; left > 0 && wrong == nullptr;) {
    // 1. Wait for an item; 2. of all that are there, read the tags and free the blocks, 3. and tell how far.
    uint32_t laid = 0;
    if (!wait_while(ring.tail(), position, &laid)) {
      wrong = Patience::kAlone;
      break;
    }
    uint32_t burst = laid - position < left ? laid - position : left;
    burst = burst < HandOver::kBurst ? burst : HandOver::kBurst;
    left -= burst;
    for (; burst > 0; --burst, ++position) {
      const auto slot = ring.item<typename A::Slot>(position).load(std::memory_order_relaxed);
      if (!a.holds(slot)) [[unlikely]] {
        wrong = text_of(AllocError::kForeign);
        break;
      }
      sum += a.tag(slot);
      const AllocError error = a.free(slot);
      if (error != AllocError::kNone) [[unlikely]]
        wrong = text_of(error);
    }
    ring.head().store(position, std::memory_order_release);
  }
  allocator = a;
  return wrong == nullptr ? Outcome{sum, nullptr} : Outcome{0, wrong};
}

template <class A>
Outcome do_part(A& allocator, HandOver ring, uint32_t thread, Role role, uint32_t blocks, uint32_t count) {
  switch (role) {
    case Role::kOwn:
      return own_batches(allocator, thread, blocks, count);
    case Role::kProducer:
      return produce(allocator, ring, thread, count);
    case Role::kConsumer:
      return consume(allocator, ring, count);
  }
  return {};
}

}  // namespace linefill
