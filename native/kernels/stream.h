// Passes over arrays of float64: the operations whose bandwidth is measured, and how other kernels draw on
// them. stream.cc holds the kernel, stream-unit.h the loops of each vector unit, stream-sve.h those of SVE.
//
//   read      sum += b[i]               copy   a[i] = b[i]        add    a[i] = b[i] + c[i]
//   write     a[i] = q                  scale  a[i] = q * b[i]    triad  a[i] = b[i] + q * c[i]
//   fill      the C library's memset    memcpy the C library's
//   nt-write, nt-copy, nt-triad         the same by non-temporal stores
//
// Source: McCalpin's STREAM for the four in the middle; likwid-bench for a kernel an operation and width.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace linefill::stream {

// As the argument "operation" spells it.
enum class Operation : uint32_t {
  kRead,
  kWrite,
  kCopy,
  kScale,
  kAdd,
  kTriad,
  kFill,
  kMemcpy,
  kNtWrite,
  kNtCopy,
  kNtTriad,
};
inline constexpr uint32_t kOperations = 11;

constexpr bool is_non_temporal(Operation operation) { return operation >= Operation::kNtWrite; }
constexpr bool writes(Operation operation) { return operation != Operation::kRead; }
constexpr bool adds(Operation operation) {
  return operation == Operation::kAdd || operation == Operation::kTriad || operation == Operation::kNtTriad;
}
constexpr bool reads(Operation operation) {
  return operation != Operation::kWrite && operation != Operation::kFill && operation != Operation::kNtWrite;
}

// STREAM's factor, and what is written where nothing is read. Small whole numbers, as all contents are: then
// no sum is rounded, and it is the same in whichever order the lanes of a unit add.
inline constexpr double kFactor = 3;
// memset knows bytes only.
inline constexpr int kFillByte = 0x40;

// The arrays of one call; those that the operation does not touch are null.
struct Arrays {
  double* a = nullptr;
  const double* b = nullptr;
  const double* c = nullptr;
  size_t length = 0;
};

// Which loops to run: a number at a time, or those of a vector unit. As the argument "width" spells it, where
// 0 is the widest.
enum class Width : uint32_t { kScalar = 1, kSse2, kNeon, kAvx2, kAvx512, kSve };

// Those that this build holds and this CPU has, narrowest first; NEON before SVE, which is at least as wide.
std::span<const Width> widths();
const char* width_name(Width width);
// Whether a width that is here has the operation: some have no non-temporal stores.
bool has(Width width, Operation operation);
// `passes` of an operation that the width has; the sum of all that was read, where it reads only. For
// non-temporal stores `a` starts at a multiple of 64 bytes.
double run(Operation operation, Width width, const Arrays& arrays, uint32_t passes);

// Fills an array whose last element is 0 with whole numbers from 1 on: memory that has not been touched is
// touched by the thread that is to use it, and so lies near its CPU.
void touch(double* array, size_t length);

}  // namespace linefill::stream
