// Replays mischief: what a program with bugs does to its blocks, over an allocator in the debug wrapper
// (debug.h), so that both languages can be shown to find the same faults at the same rows. Rows of four
// words:
//
//   alloc id bytes alignment | free id | free-at offset | write id position | free-inside id words | check
//
// `id` names its last block, in use or freed; `position` is in bytes from the block's start and may be
// negative: the byte there is flipped. The row number is the site. A row is not done, and says so, where
// nobody could tell who did it or where it would break the allocator beneath: a write to what is neither the
// block, nor its margins, nor held; a free of what by now is another's. TypeScript twin:
// src/allocators/mischief.ts; rows are made in src/trace/mischief.ts.
#pragma once

#include <span>

#include "allocators/debug.h"
#include "allocators/heap-replay.h"

namespace linefill {

enum class MischiefOp : uint32_t { kAlloc = 1, kFree, kFreeAt, kWrite, kFreeInside, kCheck };
inline constexpr uint32_t kMischiefRowWords = 4;
// A fault as it is told: the row, then what Fault has.
inline constexpr uint32_t kToldWords = 1 + debug::kFaultWords;
// What a row answers that was not done.
inline constexpr int32_t kNotDone = 1;

// What is wrong with such a trace; empty: nothing. O(rows).
std::string check_mischief(std::span<const uint32_t> trace, size_t ids, size_t answers);

template <class A>
class MischiefClient {
 public:
  MischiefClient(std::span<uint32_t> heap, std::span<uint32_t> offsets)
      : heap_(heap),
        offsets_(offsets),
        debug_(Debug<A>::create(heap.data(), static_cast<uint32_t>(heap.size()), 0)) {
    std::fill(offsets_.begin(), offsets_.end(), 0);
  }

  int32_t row(const uint32_t* at, uint32_t site) {
    debug_.set_site(site);
    switch (static_cast<MischiefOp>(at[0])) {
      case MischiefOp::kAlloc: {
        const int32_t answer = debug_.alloc(at[2], at[3]);
        if (answer > 0) offsets_[at[1]] = static_cast<uint32_t>(answer);
        return answer;
      }
      case MischiefOp::kFree:
        return free(at[1]);
      case MischiefOp::kFreeAt:
        return debug_.is_in_use(at[1]) ? kNotDone : refusal(debug_.free(at[1]));
      case MischiefOp::kWrite:
        return write(at[1], static_cast<int32_t>(at[2]));
      case MischiefOp::kFreeInside: {
        const uint32_t offset = offset_of(at[1]) + at[2];
        return debug_.is_in_use(offset) ? kNotDone : refusal(debug_.free(offset));
      }
      case MischiefOp::kCheck:
        debug_.check_all();
        return 0;
    }
    return 0;
  }

  const Debug<A>& debug() const { return debug_; }

 private:
  static constexpr uint32_t kFreedBit = uint32_t{1} << 31;

  uint32_t offset_of(uint32_t id) const { return offsets_[id] & ~kFreedBit; }
  bool is_freed(uint32_t id) const { return (offsets_[id] & kFreedBit) != 0; }

  int32_t free(uint32_t id) {
    const uint32_t offset = offset_of(id);
    if (offset == 0 || (is_freed(id) && debug_.is_in_use(offset))) return kNotDone;
    const AllocError answer = debug_.free(offset);
    if (answer != AllocError::kOutOfOrder) offsets_[id] |= kFreedBit;
    return refusal(answer);
  }

  int32_t write(uint32_t id, int32_t position) {
    const uint32_t offset = offset_of(id);
    if (debug_.is_in_use(offset) == is_freed(id) || !debug_.reaches(offset, position)) return kNotDone;
    reinterpret_cast<uint8_t*>(&heap_[offset])[position] ^= 0x5a;
    return 0;
  }

  std::span<uint32_t> heap_;
  std::span<uint32_t> offsets_;
  Debug<A> debug_;
};

// Replays a checked trace over a heap that Debug<A>::check found nothing wrong with. Tells the first faults,
// as many as there is room for, and how many there were. Returns the hash of the heap's final image.
template <class A>
Outcome replay_mischief(std::span<uint32_t> heap, std::span<const uint32_t> trace,
                        std::span<uint32_t> offsets, std::span<int32_t> answers, std::span<uint32_t> told,
                        std::span<uint32_t> found) {
  MischiefClient<A> client(heap, offsets);
  Stamina stamina;
  const Debug<A>& debug = client.debug();
  size_t at = 0;
  for (size_t row = 0; row < answers.size(); ++row) {
    uint32_t number = debug.faults();
    answers[row] = client.row(&trace[row * kMischiefRowWords], static_cast<uint32_t>(row));
    for (; number != debug.faults(); ++number) {
      // The log has the last ones only.
      if (debug.faults() - number > debug::kLogged || at + kToldWords > told.size()) continue;
      const Fault fault = debug.fault(number);
      const uint32_t words[kToldWords] = {static_cast<uint32_t>(row),
                                          static_cast<uint32_t>(fault.error),
                                          fault.offset,
                                          fault.bytes,
                                          fault.allocated,
                                          fault.freed,
                                          fault.found};
      std::copy(words, words + kToldWords, told.begin() + static_cast<ptrdiff_t>(at));
      at += kToldWords;
    }
    if (!stamina.lasts(debug)) return {0, Stamina::kSpent};
  }
  std::fill(told.begin() + static_cast<ptrdiff_t>(at), told.end(), 0);
  found[0] = debug.faults();
  return {heap_hash(heap), nullptr};
}

}  // namespace linefill
