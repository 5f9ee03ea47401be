// What an x86-64 CPU says of its own caches and TLBs, as raw registers: src/machine/cpuid.ts decodes them.
#pragma once

#include <cstdint>
#include <vector>

namespace linefill::platform {

// The answer to one leaf and subleaf of the CPUID instruction.
struct CpuidAnswer {
  uint32_t leaf;
  uint32_t subleaf;
  uint32_t eax;
  uint32_t ebx;
  uint32_t ecx;
  uint32_t edx;
};

// The maker, then each leaf that it may describe caches and TLBs in, as far as the CPU has the leaf. Of the
// CPU that the caller runs on: on a machine that mixes cores, another one may answer otherwise. Empty on
// other architectures. Some tens of instructions; in a guest each one is answered by its host, in a
// microsecond or more.
std::vector<CpuidAnswer> cpuid_answers();

}  // namespace linefill::platform
