// Memory from the stack: a block in a function's frame, in use from the call to the return. Allocating it is
// a subtraction from the stack pointer, which the frame's other contents need anyway. Each block gets a tag
// that is read back, as in alloc-work.cc. Reference: src/experiments/allocation/stack-frame-kernel.ts.
#include "allocators/work.h"
#include "kernel.h"

#if defined(_MSC_VER) && !defined(__clang__)
#define LINEFILL_NOINLINE __declspec(noinline)
#else
#define LINEFILL_NOINLINE __attribute__((noinline))
#endif

namespace linefill {
namespace {

template <size_t kBytes>
LINEFILL_INLINE inline uint32_t use_block(uint32_t tag) {
  uint32_t block[kBytes / kWordBytes];
  block[0] = tag;
  // Somebody uses the block: the tag has been to memory and back.
  keep(block);
  clobber();
  return block[0];
}

template <size_t kBytes>
LINEFILL_NOINLINE uint32_t call_block(uint32_t tag) {
  return use_block<kBytes>(tag);
}

std::string check_frames(uint32_t frames, uint32_t block_bytes, uint32_t is_called) {
  if (frames > kMostOperations) {
    return "\"frames\" must be at most " + std::to_string(kMostOperations) + ", not " +
           std::to_string(frames);
  }
  if (block_bytes != 64 && block_bytes != 1024) {
    return "\"blockBytes\" must be 64 or 1024, not " + std::to_string(block_bytes);
  }
  return is_called <= 1 ? "" : "\"isCalled\" must be 0 or 1, not " + std::to_string(is_called);
}

template <uint32_t (*Use)(uint32_t)>
uint64_t all_frames(uint32_t frames) {
  uint32_t sum = 0;
  for (uint32_t i = 0; i < frames; ++i) sum += Use(i);
  return sum;
}

// 1. For each frame take a block, 2. tag it, 3. read the tag. Answer: the 32-bit sum of the tags.
uint64_t stack_frame(uint32_t frames, uint32_t block_bytes, uint32_t is_called) {
  if (block_bytes == 64) {
    return is_called == 1 ? all_frames<call_block<64>>(frames) : all_frames<use_block<64>>(frames);
  }
  return is_called == 1 ? all_frames<call_block<1024>>(frames) : all_frames<use_block<1024>>(frames);
}

LINEFILL_KERNEL(stack_frame, "stack-frame", "takes blocks from the stack, one after another", check_frames,
                "frames", "blockBytes", "isCalled");

}  // namespace
}  // namespace linefill
