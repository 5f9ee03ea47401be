// What keeps a timed loop as it was meant: stops the optimiser from deleting work, thins out what is only
// counting. The idea is Chandler Carruth's (CppCon 2015): an empty assembly statement that claims to use a
// value, or to touch all memory, costs no instruction and can't be reasoned away.
#pragma once

#include <cstdint>

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#endif

namespace linefill {

#if defined(_MSC_VER) && !defined(__clang__)
template <class T>
inline void keep(const T& value) {
  const volatile char* sink = &reinterpret_cast<const volatile char&>(value);
  (void)*sink;
  _ReadWriteBarrier();
}
template <class T>
inline void keep_register(T& value) {
  keep(value);
}
inline void clobber() { _ReadWriteBarrier(); }
#else
// The value must exist, in a register or in memory, at this point.
template <class T>
inline __attribute__((always_inline)) void keep(const T& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}
// The value may have changed here, but stays in a register: stops a loop from being folded, costs no store.
template <class T>
inline __attribute__((always_inline)) void keep_register(T& value) {
  asm volatile("" : "+r"(value));
}
// All memory may have changed here: nothing is carried over in registers.
inline __attribute__((always_inline)) void clobber() { asm volatile("" : : : "memory"); }
#endif

// Before a loop whose body is what a kernel times: eight bodies to a turn, so that counting weighs little.
// MSVC decides for itself.
#if defined(_MSC_VER) && !defined(__clang__)
#define LINEFILL_UNROLL
#else
#define LINEFILL_UNROLL _Pragma("GCC unroll 8")
#endif

// A breath for a spinning CPU: frees its sibling's execution slots and saves power.
inline void spin_pause() {
#if defined(__x86_64__) && !defined(_MSC_VER)
  __builtin_ia32_pause();
#elif defined(_M_X64) && defined(_MSC_VER)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield" : : : "memory");
#endif
}

// Asks for the line of `address`, to be read soon.
inline void prefetch(const void* address) {
#if defined(_MSC_VER) && !defined(__clang__)
  _mm_prefetch(static_cast<const char*>(address), _MM_HINT_T0);
#else
  __builtin_prefetch(address, 0, 3);
#endif
}

}  // namespace linefill
