// The loops of SVE, arm64's vectors whose length the CPU decides: as those of stream-unit.h, but a vector's
// lanes are counted at run time, and what remains of an array is handled by vectors of which only the first
// lanes take part. stream.cc includes this file; LINEFILL_SVE is defined where the compiler knows SVE in a
// single function, GCC from 10 and Clang from 16 on (their older arm_sve.h wants the whole file built for
// it). Source: Arm C Language Extensions, "SVE language extensions and intrinsics".
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "keep.h"
#include "kernels/stream.h"

#if defined(__aarch64__) && defined(__ELF__)
#if defined(__clang__)
#if __clang_major__ >= 16
#define LINEFILL_SVE __attribute__((target("arch=armv8-a+sve")))
#endif
#elif defined(__GNUC__)
#if __GNUC__ >= 10
#define LINEFILL_SVE __attribute__((target("arch=armv8-a+sve")))
#endif
#endif
#endif

#if defined(LINEFILL_SVE)
#include <arm_sve.h>

namespace linefill::stream {
namespace {
namespace sve {

// Vectors that a turn of a loop handles. An instruction reaches eight from one address.
constexpr size_t kTurn = 8;

// What is written beside the numbers of `b` and `c`. Rounded twice, as the other widths do.
template <Operation operation>
LINEFILL_SVE inline svfloat64_t result(svbool_t lanes, svfloat64_t b, svfloat64_t c, svfloat64_t q) {
  constexpr Operation o = operation;
  if constexpr (o == Operation::kCopy || o == Operation::kNtCopy) return b;
  if constexpr (o == Operation::kScale) return svmul_f64_x(lanes, q, b);
  if constexpr (o == Operation::kAdd) return svadd_f64_x(lanes, b, c);
  if constexpr (o == Operation::kTriad || o == Operation::kNtTriad)
    return svadd_f64_x(lanes, b, svmul_f64_x(lanes, q, c));
  return q;
}

// One vector: the one that lies `vector` vectors beyond the three addresses.
template <Operation operation>
LINEFILL_SVE inline void step(svbool_t lanes, double* a, const double* b, const double* c, int64_t vector,
                              svfloat64_t q) {
  svfloat64_t from_b = q, from_c = q;
  if constexpr (reads(operation)) from_b = svld1_vnum_f64(lanes, b, vector);
  if constexpr (adds(operation)) from_c = svld1_vnum_f64(lanes, c, vector);
  const svfloat64_t to = result<operation>(lanes, from_b, from_c, q);
  if constexpr (is_non_temporal(operation)) {
    svstnt1_vnum_f64(lanes, a, vector, to);
  } else {
    svst1_vnum_f64(lanes, a, vector, to);
  }
}

template <Operation operation, size_t... n>
LINEFILL_SVE inline void turn(svbool_t lanes, double* a, const double* b, const double* c, svfloat64_t q,
                              std::index_sequence<n...>) {
  (step<operation>(lanes, a, b, c, n, q), ...);
}

template <Operation operation>
LINEFILL_SVE __attribute__((noinline)) double write_pass(const Arrays& arrays, uint32_t passes) {
  const auto [a, b, c, length] = arrays;
  const size_t vector = svcntd();
  const size_t whole = length / (kTurn * vector) * (kTurn * vector);
  const svbool_t all = svptrue_b64();
  const svfloat64_t q = svdup_n_f64(kFactor);
  for (uint32_t pass = 0; pass < passes; ++pass) {
    size_t i = 0;
    for (; i < whole; i += kTurn * vector) {
      turn<operation>(all, a + i, b + i, c + i, q, std::make_index_sequence<kTurn>{});
      clobber();
    }
    for (; i < length; i += vector) {
      step<operation>(svwhilelt_b64_u64(i, length), a + i, b + i, c + i, 0, q);
      clobber();
    }
  }
  return 0;
}

LINEFILL_SVE inline svfloat64_t add(svbool_t lanes, svfloat64_t sum, const double* from, int64_t vector) {
  return svadd_f64_m(lanes, sum, svld1_vnum_f64(lanes, from, vector));
}

// Its eight sums have names, since vectors without a size make no array.
LINEFILL_SVE __attribute__((noinline)) double read_pass(const Arrays& arrays, uint32_t passes) {
  const double* const b = arrays.b;
  const size_t length = arrays.length, vector = svcntd();
  const size_t whole = length / (kTurn * vector) * (kTurn * vector);
  const svbool_t all = svptrue_b64();
  svfloat64_t s0 = svdup_n_f64(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  for (uint32_t pass = 0; pass < passes; ++pass) {
    size_t i = 0;
    for (; i < whole; i += kTurn * vector) {
      s0 = add(all, s0, b + i, 0);
      s1 = add(all, s1, b + i, 1);
      s2 = add(all, s2, b + i, 2);
      s3 = add(all, s3, b + i, 3);
      s4 = add(all, s4, b + i, 4);
      s5 = add(all, s5, b + i, 5);
      s6 = add(all, s6, b + i, 6);
      s7 = add(all, s7, b + i, 7);
      clobber();
    }
    for (; i < length; i += vector) s0 = add(svwhilelt_b64_u64(i, length), s0, b + i, 0);
  }
  const svfloat64_t low = svadd_f64_x(all, svadd_f64_x(all, s0, s1), svadd_f64_x(all, s2, s3));
  const svfloat64_t high = svadd_f64_x(all, svadd_f64_x(all, s4, s5), svadd_f64_x(all, s6, s7));
  return svaddv_f64(all, svadd_f64_x(all, low, high));
}

}  // namespace sve
}  // namespace
}  // namespace linefill::stream
#endif
