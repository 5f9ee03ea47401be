// Call stacks by number: each distinct stack is kept once. Linux only, as all of this folder.
#pragma once

#include <cstddef>
#include <cstdint>

namespace linefill::check {

inline constexpr int kFrames = 8;

struct Stack {
  uint32_t depth = 0;
  void* frames[kFrames] = {};
};

// Once the C library is ready; before, every stack is empty.
void allow_capture();
// The caller's stack, without this library's frames; empty where taking one would call the allocator within
// itself.
Stack capture();
// Its number; 0 for an empty one, and where there is no more room. Not safe for two threads at once.
uint32_t number_of(const Stack& stack);
Stack stack_of(uint32_t number);

}  // namespace linefill::check
