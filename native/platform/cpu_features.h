// The vector units that the CPU has and the operating system saves: what a kernel's run-time dispatch asks.
#pragma once

namespace linefill::platform {

struct CpuFeatures {
  bool sse2 = false;
  bool avx2 = false;
  bool fma = false;
  bool avx512f = false;
  bool neon = false;
  bool sve = false;
};

// Asked anew each time; some tens of nanoseconds to microseconds, so once a call of a kernel, not in its
// loop.
CpuFeatures cpu_features();

}  // namespace linefill::platform
