// Replays a trace over a general allocator (heap.h), as a program would that has its blocks by number: every
// block is written at its first and last word and looked at before it is given back, and books are kept. Both
// languages do the same, so that they can be compared answer by answer. The rows are those of replay.h, and
//
//   realloc id bytes alignment | reset | free-sized id | mark id | release id
//
// A realloc whose block can't be resized in place allocates, copies and frees; reset makes the heap afresh.
// An id that has no block, since its alloc was refused, is freed by doing nothing and reallocated by
// allocating. An allocator may say `static constexpr bool kMoves = false`: what it can't resize it refuses to
// move, with kOutOfOrder. The last two rows are a stack's: mark notes how far it reaches, release gives back
// every block that came after; a trace that has them is refused for all others. TypeScript twin:
// src/allocators/heap-replay.ts.
#pragma once

#include <cstring>
#include <span>

#include "allocators/heap-hash.h"
#include "allocators/heap.h"
#include "allocators/replay.h"
#include "platform/platform.h"
#include "timing.h"

namespace linefill {

enum class HeapOp : uint32_t {
  kAlloc = 1,
  kFree = 2,
  kCheckpoint = 4,
  kRealloc = 5,
  kReset = 6,
  kFreeSized = 7,
  kMark = 8,
  kRelease = 9
};

// What the books say in the end, by position in the array "summary"; reach: the end of the highest payload so
// far.
enum Book : uint32_t {
  kLiveBlocks,
  kRequestedBytes,
  kUsedWords,
  kFreeBlocks,
  kFreeWords,
  kLargestFreeWords,
  kFreeSquareWords,
  kMetadataWords,
  kPeakRequestedBytes,
  kPeakUsedWords,
  kReachWords,
  kReachAtPeakRequestedWords,
  kRequestedAtPeakReachBytes,
  // For the mean over time: reach over requested, summed over the rows where enough is live, and their
  // number.
  kReachOverRequested,
  kRowsLive,
  kBooks,
};
// Below so many live bytes a ratio to them says mostly what an allocator takes from the heap at once: a page
// of 4 KiB for each of some tens of size classes, its tables, its header.
inline constexpr uint64_t kLeastLiveBytes = uint64_t{1} << 17;
// Behind the books: blocks in use by size, then free ones (Statistics).
inline constexpr uint32_t kSummaryNumbers = kBooks + 2 * kSizeLogs;

// An allocator with markers: mark() says how far it reaches, release(marker) gives back what came after.
template <class A>
concept Marks = requires(A allocator, uint32_t marker) {
  { allocator.mark() } -> std::same_as<uint32_t>;
  { allocator.release(marker) } -> std::same_as<AllocError>;
};

// What is wrong with a trace for an allocator that trusts its caller; empty: nothing. `has_markers`: it is
// one that Marks. The trace is followed as if nothing were refused, by the time: a marker that was itself
// made after one that was released gives nothing back. O(rows + ids), and O(log rows) a row where ids are
// released.
std::string check_heap_trace(std::span<const uint32_t> trace, size_t ids, size_t answers, size_t heap_words,
                             bool has_markers = false);

// The same with all that a replay is given; empty: nothing is wrong.
std::string check_heap_replay(size_t heap_words, std::span<const uint32_t> trace,
                              std::span<const uint32_t> offsets, std::span<const uint32_t> sizes,
                              std::span<const int32_t> answers, std::span<const double> summary,
                              bool has_markers = false);

template <class A>
concept StaysPut = requires {
  requires !A::kMoves;
};

// How long a replay may take: long searches, moves and clearing are no single row's fault. Their steps are
// counted, and the clock is looked at once in a million of them, so that a replay without any is as fast as
// it would be.
class Stamina {
 public:
  static constexpr const char* kSpent =
      "the trace takes this allocator more than 30 s: give it a shorter one";
  static constexpr uint64_t kPatienceNs = 30'000'000'000;
  // Words that are copied or cleared in the time of a step.
  static constexpr uint32_t kWordsAStep = 16;

  explicit Stamina(uint64_t patience_ns = kPatienceNs) : patience_ns_(patience_ns) {}

  void spend(uint64_t steps) { steps_ += steps; }

  // After a row: whether to go on. An allocator that was made afresh counts from 0.
  template <class A>
  bool lasts(const A& allocator) {
    if constexpr (Searches<A>) {
      const uint64_t steps = allocator.steps();
      if (steps > seen_) steps_ += steps - seen_;
      seen_ = steps;
    }
    if (steps_ < kStepsBetweenClocks) [[likely]]
      return true;
    steps_ = 0;
    const uint64_t now_ns = platform::now_ns();
    if (deadline_ns_ == 0) deadline_ns_ = now_ns + patience_ns_;
    return now_ns <= deadline_ns_;
  }

 private:
  static constexpr uint64_t kStepsBetweenClocks = uint64_t{1} << 20;
  uint64_t patience_ns_;
  uint64_t steps_ = 0;
  uint64_t seen_ = 0;
  uint64_t deadline_ns_ = 0;
};

template <class A>
class HeapClient {
 public:
  HeapClient(std::span<uint32_t> heap, uint32_t parameter, std::span<uint32_t> offsets,
             std::span<uint32_t> sizes)
      : heap_(heap), parameter_(parameter), offsets_(offsets), sizes_(sizes), allocator_(made()) {
    std::fill(offsets_.begin(), offsets_.end(), 0);
  }

  int32_t row(const uint32_t* at) {
    const int32_t answer = answer_to(at);
    // Books are kept row by row.
    const uint32_t used = allocator_.used_words();
    peak_used_ = std::max(peak_used_, used);
    if (requested_ > peak_requested_) {
      peak_requested_ = requested_;
      reach_at_peak_requested_ = reach_;
    }
    if (requested_ >= kLeastLiveBytes) {
      reach_over_requested_ += static_cast<double>(reach_) * kWordBytes / static_cast<double>(requested_);
      ++rows_live_;
    }
    return answer;
  }

  // After a row: whether to go on.
  bool lasts() { return stamina_.lasts(allocator_); }

  void books(std::span<double> summary) const {
    const Statistics found = allocator_.statistics();
    const double values[kBooks] = {double(found.live_blocks),
                                   double(requested_),
                                   double(found.used_words),
                                   double(found.free_blocks),
                                   double(found.free_words),
                                   double(found.largest_free_words),
                                   found.free_square_words,
                                   double(found.metadata_words),
                                   double(peak_requested_),
                                   double(peak_used_),
                                   double(reach_),
                                   double(reach_at_peak_requested_),
                                   double(requested_at_peak_reach_),
                                   reach_over_requested_,
                                   double(rows_live_)};
    auto at = std::copy(values, values + kBooks, summary.begin());
    at = std::copy(found.live_by_size, found.live_by_size + kSizeLogs, at);
    std::copy(found.free_by_size, found.free_by_size + kSizeLogs, at);
  }

 private:
  A made() const { return A::create(heap_.data(), static_cast<uint32_t>(heap_.size()), parameter_); }

  int32_t answer_to(const uint32_t* at) {
    switch (static_cast<HeapOp>(at[0])) {
      case HeapOp::kAlloc:
        return alloc(at[1], at[2], at[3]);
      case HeapOp::kFree:
        return free(at[1], [this](uint32_t offset, uint32_t) { return allocator_.free(offset); });
      case HeapOp::kFreeSized:
        return free(at[1],
                    [this](uint32_t offset, uint32_t bytes) { return allocator_.free_sized(offset, bytes); });
      case HeapOp::kCheckpoint:
        return static_cast<int32_t>(heap_hash(heap_));
      case HeapOp::kRealloc:
        return realloc(at[1], at[2], at[3]);
      case HeapOp::kReset:
        allocator_ = made();
        stamina_.spend((heap_.size() + offsets_.size()) / Stamina::kWordsAStep);
        std::fill(offsets_.begin(), offsets_.end(), 0);
        requested_ = 0;
        return 0;
      case HeapOp::kMark:
        if constexpr (Marks<A>) return mark(at[1]);
        break;
      case HeapOp::kRelease:
        if constexpr (Marks<A>) return release(at[1]);
        break;
    }
    return 0;
  }

  int32_t alloc(uint32_t id, uint32_t bytes, uint32_t alignment_bytes) {
    const int32_t answer = allocator_.alloc(bytes, alignment_bytes);
    if (answer > 0) keep(id, static_cast<uint32_t>(answer), bytes);
    return answer;
  }

  template <class GiveBack>
  int32_t free(uint32_t id, GiveBack give_back) {
    const uint32_t offset = offsets_[id];
    if (offset == 0) return 0;
    if (!is_intact(id)) return refusal(AllocError::kCorrupt);
    const AllocError wrong = give_back(offset, sizes_[id]);
    if (wrong != AllocError::kNone) return refusal(wrong);
    requested_ -= sizes_[id];
    offsets_[id] = 0;
    return 0;
  }

  int32_t realloc(uint32_t id, uint32_t bytes, uint32_t alignment_bytes) {
    const uint32_t offset = offsets_[id];
    if (offset == 0) return alloc(id, bytes, alignment_bytes);
    if (!is_intact(id)) return refusal(AllocError::kCorrupt);
    // 1. In place, where the block is aligned as asked.
    const AllocError wrong = check_general(bytes, alignment_bytes, static_cast<uint32_t>(heap_.size()));
    if (wrong != AllocError::kNone) return refusal(wrong);
    const uint32_t had = sizes_[id];
    if (resize_aligned(allocator_, offset, bytes, alignment_bytes)) {
      requested_ -= had;
      keep(id, offset, bytes);
      return static_cast<int32_t>(offset);
    }
    if constexpr (StaysPut<A>) return refusal(AllocError::kOutOfOrder);
    // 2. Elsewhere; where there is no room the block stays as it was.
    const int32_t answer = allocator_.alloc(bytes, alignment_bytes);
    if (answer <= 0) return answer;
    const size_t words = std::min(had, bytes) / kWordBytes;
    stamina_.spend(words / Stamina::kWordsAStep);
    std::memcpy(&heap_[static_cast<size_t>(answer)], &heap_[offset], words * kWordBytes);
    const AllocError left = allocator_.free(offset);
    if (left != AllocError::kNone) return refusal(left);
    requested_ -= had;
    keep(id, static_cast<uint32_t>(answer), bytes);
    return answer;
  }

  int32_t mark(uint32_t id) {
    const uint32_t marker = allocator_.mark();
    offsets_[id] = marker | kMarkerBit;
    sizes_[id] = 0;
    return static_cast<int32_t>(marker);
  }

  int32_t release(uint32_t id) {
    if ((offsets_[id] & kMarkerBit) == 0) return refusal(AllocError::kForeign);
    const uint32_t marker = offsets_[id] & ~kMarkerBit;
    offsets_[id] = 0;
    // 1. The blocks, where the marker is good, 2. and whoever has them.
    const AllocError wrong = allocator_.release(marker);
    if (wrong != AllocError::kNone) return refusal(wrong);
    stamina_.spend(offsets_.size() / Stamina::kWordsAStep);
    bool is_whole = true;
    for (uint32_t holder = 0; holder < offsets_.size(); ++holder) {
      if (offsets_[holder] <= marker || (offsets_[holder] & kMarkerBit) != 0) continue;
      is_whole = is_whole && is_intact(holder);
      requested_ -= sizes_[holder];
      offsets_[holder] = 0;
    }
    return is_whole ? 0 : refusal(AllocError::kCorrupt);
  }

  // Notes a block and writes its ends.
  void keep(uint32_t id, uint32_t offset, uint32_t bytes) {
    offsets_[id] = offset;
    sizes_[id] = bytes;
    requested_ += bytes;
    const uint32_t words = bytes / kWordBytes;
    // A wrapper may fill what is asked for, and what is given back.
    stamina_.spend(words / Stamina::kWordsAStep);
    if (words > 0) {
      heap_[offset] = id;
      heap_[offset + words - 1] = ~id;
    }
    if (offset + words > reach_) {
      reach_ = offset + words;
      requested_at_peak_reach_ = requested_;
    }
  }

  bool is_intact(uint32_t id) const {
    const uint32_t offset = offsets_[id];
    const uint32_t words = sizes_[id] / kWordBytes;
    if (words == 0) return true;
    return heap_[offset + words - 1] == ~id && (words == 1 || heap_[offset] == id);
  }

  // Beside an offset, which has fewer bits: a marker, and no block.
  static constexpr uint32_t kMarkerBit = uint32_t{1} << 31;

  std::span<uint32_t> heap_;
  uint32_t parameter_;
  std::span<uint32_t> offsets_;
  std::span<uint32_t> sizes_;
  A allocator_;
  Stamina stamina_;
  uint64_t requested_ = 0;
  uint64_t peak_requested_ = 0;
  uint64_t requested_at_peak_reach_ = 0;
  uint32_t peak_used_ = 0;
  uint32_t reach_ = 0;
  uint32_t reach_at_peak_requested_ = 0;
  double reach_over_requested_ = 0;
  uint64_t rows_live_ = 0;
};

// Replays a checked trace over a heap that A::check found nothing wrong with. Answers with the hash of its
// final image.
template <class A>
Outcome replay_heap(std::span<uint32_t> heap, uint32_t parameter, std::span<const uint32_t> trace,
                    std::span<uint32_t> offsets, std::span<uint32_t> sizes, std::span<int32_t> answers,
                    std::span<double> summary) {
  HeapClient<A> client(heap, parameter, offsets, sizes);
  for (size_t row = 0; row < answers.size(); ++row) {
    answers[row] = client.row(&trace[row * kRowWords]);
    if (!client.lasts()) return {0, Stamina::kSpent};
  }
  client.books(summary);
  return {heap_hash(heap), nullptr};
}

}  // namespace linefill
