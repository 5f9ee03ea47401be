// Source: Intel SDM vol. 2A, CPUID (leaves 4 and 18H); AMD APM vol. 3, appendix E (leaves 8000_0005, 0006,
// 0019 and 001D).
#include "platform/cpuid.h"

#if defined(_M_X64) && defined(_MSC_VER)
#include <intrin.h>
#define LINEFILL_HAS_CPUID 1
#elif defined(__x86_64__) && defined(__has_include)
#if __has_include(<cpuid.h>)
#include <cpuid.h>
#define LINEFILL_HAS_CPUID 1
#endif
#endif

namespace linefill::platform {

#if defined(LINEFILL_HAS_CPUID)

namespace {

CpuidAnswer ask(uint32_t leaf, uint32_t subleaf = 0) {
  CpuidAnswer answer{leaf, subleaf, 0, 0, 0, 0};
#if defined(_MSC_VER)
  int words[4];
  __cpuidex(words, static_cast<int>(leaf), static_cast<int>(subleaf));
  answer.eax = static_cast<uint32_t>(words[0]);
  answer.ebx = static_cast<uint32_t>(words[1]);
  answer.ecx = static_cast<uint32_t>(words[2]);
  answer.edx = static_cast<uint32_t>(words[3]);
#else
  __cpuid_count(leaf, subleaf, answer.eax, answer.ebx, answer.ecx, answer.edx);
#endif
  return answer;
}

// A host may answer anything: no list of caches or TLBs is longer than this.
constexpr uint32_t kMostSubleaves = 32;

// One cache a subleaf, until the one whose type is 0.
void ask_caches(uint32_t leaf, std::vector<CpuidAnswer>* answers) {
  constexpr uint32_t kType = 0x1f;
  for (uint32_t subleaf = 0; subleaf < kMostSubleaves; ++subleaf) {
    const CpuidAnswer answer = ask(leaf, subleaf);
    if ((answer.eax & kType) == 0) return;
    answers->push_back(answer);
  }
}

// One TLB a subleaf; the first says which is the last. A type of 0 in between is a gap, not the end.
void ask_tlbs(uint32_t leaf, std::vector<CpuidAnswer>* answers) {
  uint32_t last = 0;
  for (uint32_t subleaf = 0; subleaf <= last && subleaf < kMostSubleaves; ++subleaf) {
    answers->push_back(ask(leaf, subleaf));
    if (subleaf == 0) last = answers->back().eax;
  }
}

}  // namespace

std::vector<CpuidAnswer> cpuid_answers() {
  constexpr uint32_t kCaches = 0x4, kTlbs = 0x18, kExtended = 0x80000000, kAmdCaches = 0x8000001d;
  std::vector<CpuidAnswer> answers{ask(0), ask(kExtended)};
  // Beyond the last leaf of a range, Intel's CPUs repeat another one.
  const uint32_t last = answers[0].eax, last_extended = answers[1].eax;
  if (last >= kCaches) ask_caches(kCaches, &answers);
  if (last >= kTlbs) ask_tlbs(kTlbs, &answers);
  if (last_extended < kExtended) return answers;
  for (const uint32_t leaf : {0x80000005u, 0x80000006u, 0x80000019u}) {
    if (last_extended >= leaf) answers.push_back(ask(leaf));
  }
  if (last_extended >= kAmdCaches) ask_caches(kAmdCaches, &answers);
  return answers;
}

#else

std::vector<CpuidAnswer> cpuid_answers() { return {}; }

#endif

}  // namespace linefill::platform
