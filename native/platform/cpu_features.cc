#include "platform/cpu_features.h"

#if defined(_M_X64) && defined(_MSC_VER)
#include <intrin.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#elif defined(_M_ARM64)
#include <windows.h>
#endif

namespace linefill::platform {

#if defined(_M_X64) && defined(_MSC_VER)

namespace {

#if defined(__clang__)
__attribute__((target("xsave")))
#endif
unsigned long long
saved_state() {
  return _xgetbv(0);
}

bool bit(int word, int number) { return (static_cast<unsigned>(word) >> number & 1) != 0; }

}  // namespace

// By CPUID leaves 1 and 7, and by XGETBV for what the system saves (Intel SDM vol. 1, 14.3 and 15.2).
CpuFeatures cpu_features() {
  CpuFeatures found;
  int basic[4], extended[4];
  __cpuid(basic, 0);
  const int last_leaf = basic[0];
  __cpuid(basic, 1);
  found.sse2 = bit(basic[3], 26);
  constexpr unsigned long long kAvxState = 0x6, kAvx512State = 0xe6;
  const unsigned long long saved = bit(basic[2], 27) ? saved_state() : 0;
  if ((saved & kAvxState) != kAvxState || !bit(basic[2], 28)) return found;
  found.fma = bit(basic[2], 12);
  if (last_leaf < 7) return found;
  __cpuidex(extended, 7, 0);
  found.avx2 = bit(extended[1], 5);
  found.avx512f = bit(extended[1], 16) && (saved & kAvx512State) == kAvx512State;
  return found;
}

#elif defined(__x86_64__)

CpuFeatures cpu_features() {
  __builtin_cpu_init();
  CpuFeatures found;
  found.sse2 = __builtin_cpu_supports("sse2") != 0;
  found.avx2 = __builtin_cpu_supports("avx2") != 0;
  found.fma = __builtin_cpu_supports("fma") != 0;
  found.avx512f = __builtin_cpu_supports("avx512f") != 0;
  return found;
}

#elif defined(__aarch64__) && defined(__linux__)

CpuFeatures cpu_features() {
  constexpr unsigned long kAdvancedSimd = 1ul << 1,
                          kSve = 1ul << 22;  // HWCAP_ASIMD, HWCAP_SVE (elf_hwcaps.rst)
  const unsigned long has = getauxval(AT_HWCAP);
  CpuFeatures found;
  found.neon = (has & kAdvancedSimd) != 0;
  found.sve = (has & kSve) != 0;
  return found;
}

#elif defined(__aarch64__) || defined(_M_ARM64)

CpuFeatures cpu_features() {
  CpuFeatures found;
  found.neon = true;  // both Apple's and Microsoft's ABI take it for granted
#if defined(PF_ARM_SVE_INSTRUCTIONS_AVAILABLE)
  found.sve = IsProcessorFeaturePresent(PF_ARM_SVE_INSTRUCTIONS_AVAILABLE) != 0;
#endif
  return found;
}

#else

CpuFeatures cpu_features() { return {}; }

#endif

}  // namespace linefill::platform
