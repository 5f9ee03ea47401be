#include "preload/check/stacks.h"

#include <unwind.h>

#include <cstring>

#include "preload/pages.h"

// Where this library starts and ends: the linker's.
extern "C" __attribute__((visibility("hidden"))) char __ehdr_start[];
extern "C" __attribute__((visibility("hidden"))) char _end[];

namespace linefill::check {
namespace {

constexpr uint32_t kMostStacks = 1 << 18;
// Twice as many, so that probes are few.
constexpr uint32_t kSlots = 2 * kMostStacks;

// The unwinder may allocate when it is first used.
__attribute__((tls_model("initial-exec"))) thread_local bool is_capturing = false;
bool is_allowed = false;

struct Table {
  uint32_t used = 1;
  Stack* stacks = nullptr;
  uint32_t* slots = nullptr;
};
Table table;

bool is_ours(const void* frame) { return frame >= __ehdr_start && frame < _end; }

_Unwind_Reason_Code note_frame(_Unwind_Context* context, void* to) {
  auto& stack = *static_cast<Stack*>(to);
  auto* frame = reinterpret_cast<void*>(_Unwind_GetIP(context));
  if (frame == nullptr) return _URC_END_OF_STACK;
  if (stack.depth > 0 || !is_ours(frame)) stack.frames[stack.depth++] = frame;
  return stack.depth < kFrames ? _URC_NO_REASON : _URC_END_OF_STACK;
}

uint32_t hash_of(const Stack& stack) {
  uint64_t sum = stack.depth;
  for (uint32_t i = 0; i < stack.depth; ++i) {
    sum = (sum ^ reinterpret_cast<uintptr_t>(stack.frames[i])) * 0x9e3779b97f4a7c15;
    sum ^= sum >> 32;
  }
  return static_cast<uint32_t>(sum);
}

}  // namespace

void allow_capture() { is_allowed = true; }

Stack capture() {
  Stack stack;
  if (is_capturing || !is_allowed) return stack;
  is_capturing = true;
  _Unwind_Backtrace(note_frame, &stack);
  is_capturing = false;
  return stack;
}

uint32_t number_of(const Stack& stack) {
  if (stack.depth == 0) return 0;
  if (table.stacks == nullptr) {
    table.stacks = reserve_pages<Stack>(kMostStacks);
    table.slots = reserve_pages<uint32_t>(kSlots);
  }
  if (table.stacks == nullptr || table.slots == nullptr) return 0;
  for (uint32_t at = hash_of(stack) % kSlots;; at = (at + 1) % kSlots) {
    const uint32_t number = table.slots[at];
    if (number == 0) {
      if (table.used == kMostStacks) return 0;
      table.stacks[table.used] = stack;
      return table.slots[at] = table.used++;
    }
    if (std::memcmp(&table.stacks[number], &stack, sizeof stack) == 0) return number;
  }
}

Stack stack_of(uint32_t number) { return number == 0 ? Stack{} : table.stacks[number]; }

}  // namespace linefill::check
