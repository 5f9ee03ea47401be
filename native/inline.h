// What the optimiser's own judgement of a call costs where the call itself is what is timed: a call that must
// be inlined, and one that must not, so that the way that is seldom taken leaves the other its registers.
#pragma once

#if defined(_MSC_VER) && !defined(__clang__)
#define LINEFILL_INLINE
#define LINEFILL_COLD __declspec(noinline)
#else
#define LINEFILL_INLINE __attribute__((always_inline))
#define LINEFILL_COLD __attribute__((noinline, cold))
#endif
