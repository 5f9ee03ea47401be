// Atomic additions at any address. A locked addition inside a line is done in the first cache. One that
// straddles two lines, a split lock, is done by x86 cores while every core of the machine waits, and by no
// other architecture: so it is done only when asked for, and never where the kernel is known to kill for it.
// C++ has no atomics at addresses that are no multiple of the width: there the instruction itself is written
// down, for x86-64; elsewhere such addresses are refused. Cost: four additions a pass.
// Source: Linux, Documentation/arch/x86/buslock.rst. Reference:
// src/experiments/hardware/alignment-kernels.ts.
#include <atomic>
#include <type_traits>

#include "kernel.h"
#include "kernels/unaligned.h"

#if defined(__linux__)
#include "platform/linux.h"
#endif

namespace linefill {
namespace {

using unaligned::kPlaces;

constexpr uintptr_t kLineBytes = 64;

#if defined(__x86_64__) && !defined(_MSC_VER)
constexpr bool kAddsAnywhere = true;
template <class Word>
inline Word fetch_add(unsigned char* at, Word number) {
  if constexpr (sizeof(Word) == 4) {
    asm volatile("lock xaddl %0, (%1)" : "+r"(number) : "r"(at) : "memory", "cc");
  } else {
    asm volatile("lock xaddq %0, (%1)" : "+r"(number) : "r"(at) : "memory", "cc");
  }
  return number;
}
#else
constexpr bool kAddsAnywhere = false;
template <class Word>
inline Word fetch_add(unsigned char* at, Word number) {
  return std::atomic_ref<Word>(*reinterpret_cast<Word*>(at)).fetch_add(number);
}
#endif

// Why no split lock may be taken here; empty: one may.
std::string split_lock_refusal() {
  if (!kAddsAnywhere) return "a split lock can be written down for x86-64 with GCC or Clang only";
#if defined(__linux__)
  if (platform::read_text("/proc/cmdline").find("split_lock_detect=fatal") != std::string::npos) {
    return "this kernel kills a program that takes a split lock (split_lock_detect=fatal)";
  }
  return "";
#else
  return "what this system does about split locks is not known";
#endif
}

std::string check_adds(std::span<uint8_t> memory, uint32_t first, uint32_t stride, uint32_t width,
                       uint32_t /*passes*/, uint32_t splits) {
  if (width != 4 && width != 8) {
    return "\"widthBytes\" must be 4 or 8, not " + std::to_string(width);
  }
  if (splits > 1) return "\"splits\" must be 0 or 1, not " + std::to_string(splits);
  if (splits == 1) {
    const std::string refusal = split_lock_refusal();
    if (!refusal.empty()) return "\"splits\" must be 0 here: " + refusal;
  }
  const std::string wrong = unaligned::check_places(memory.size(), first, stride, width);
  if (!wrong.empty()) return wrong;
  for (uint64_t place = 0; place < kPlaces; ++place) {
    const uintptr_t at = reinterpret_cast<uintptr_t>(memory.data()) + first + place * stride;
    const std::string name = "place " + std::to_string(place);
    if (!kAddsAnywhere && at % width != 0) {
      return name + " must be at a multiple of \"widthBytes\": this machine or compiler has no others";
    }
    if (splits == 0 && at % kLineBytes + width > kLineBytes) {
      return name + " straddles two lines: a split lock, which stops every core, is taken only where " +
             "\"splits\" is 1";
    }
  }
  return "";
}

// 1. In each pass, 2. add one at the four places, 3. and the answer is the sum of what lay there before.
template <class Word>
uint64_t add_places(unsigned char* at, size_t stride, uint32_t passes) {
  uint64_t sum = 0;
  LINEFILL_UNROLL
  for (uint32_t pass = 0; pass < passes; ++pass) {
    sum += fetch_add<Word>(at, 1);
    sum += fetch_add<Word>(at + stride, 1);
    sum += fetch_add<Word>(at + 2 * stride, 1);
    sum += fetch_add<Word>(at + 3 * stride, 1);
  }
  return sum;
}

uint64_t unaligned_add(std::span<uint8_t> memory, uint32_t first, uint32_t stride, uint32_t width,
                       uint32_t passes, uint32_t /*splits*/) {
  unsigned char* const at = memory.data() + first;
  return width == 4 ? add_places<uint32_t>(at, stride, passes) : add_places<uint64_t>(at, stride, passes);
}

LINEFILL_KERNEL(unaligned_add, "unaligned-add", "adds atomically at four places at any address", check_adds,
                "memory", "first", "strideBytes", "widthBytes", "passes", "splits");

}  // namespace
}  // namespace linefill
