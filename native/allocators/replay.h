// Replays a trace of allocations over a heap, so that two languages can be compared offset by offset.
//
// A trace is rows of four words:  alloc id bytes alignment | free id | free-at offset | checkpoint
// `id` names a block across its life: free gives back what the id's last alloc got, whether or not it is
// still in use (that is how a trace says "double free"); free-at gives back a raw offset (foreign,
// misaligned). A block that was got is written at its first and last word, as a program would. Each row has
// one answer: an offset or the negative of an AllocError for alloc, 0 or the negative for a free, the heap's
// hash for a checkpoint. TypeScript twin: src/allocators/replay.ts; the rows are made in src/trace/.
#pragma once

#include <span>
#include <string>

#include "allocators/allocation.h"
#include "allocators/heap-hash.h"
#include "allocators/pool-layout.h"

namespace linefill {

inline constexpr uint32_t kRowWords = 4;
enum class TraceOp : uint32_t { kAlloc = 1, kFree = 2, kFreeAt = 3, kCheckpoint = 4 };

// What is wrong with a trace, whatever it is replayed on; empty: nothing.
std::string check_trace(std::span<const uint32_t> trace, size_t ids, size_t answers);
// What an allocator that trusts its caller could not survive: a free of an id that is not in use, a free-at,
// an alloc of an id that still is. `capacity` tells which allocs will be refused.
std::string check_trusting_trace(std::span<const uint32_t> trace, size_t ids, uint32_t block_bytes,
                                 uint32_t capacity);

// Replays a checked trace. Returns the hash of the final image of `heap`.
template <class A>
uint64_t replay(A& allocator, std::span<uint32_t> heap, uint32_t block_bytes, std::span<const uint32_t> trace,
                std::span<uint32_t> offsets, std::span<int32_t> answers) {
  const uint32_t last_word = heap[kBlockWordsWord] - 1;
  for (size_t row = 0; row < answers.size(); ++row) {
    const uint32_t* at = &trace[row * kRowWords];
    int32_t answer = 0;
    switch (static_cast<TraceOp>(at[0])) {
      case TraceOp::kAlloc: {
        // 1. Refuse what no block fits, 2. allocate, 3. write the block's ends.
        const AllocError wrong = check_request(at[2], at[3], block_bytes);
        answer = wrong == AllocError::kNone ? allocator.alloc() : refusal(wrong);
        if (answer > 0) {
          offsets[at[1]] = static_cast<uint32_t>(answer);
          heap[answer] = at[1];
          heap[answer + last_word] = ~at[1];
        }
        break;
      }
      case TraceOp::kFree:
        answer = refusal(allocator.free(offsets[at[1]]));
        break;
      case TraceOp::kFreeAt:
        answer = refusal(allocator.free(at[1]));
        break;
      case TraceOp::kCheckpoint:
        allocator.write_back();
        answer = static_cast<int32_t>(heap_hash(heap));
        break;
    }
    answers[row] = answer;
  }
  allocator.write_back();
  return heap_hash(heap);
}

}  // namespace linefill
