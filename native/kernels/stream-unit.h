// The loops of one width. stream.cc includes this file once for each, by its LINEFILL_UNIT_BYTES
// (vector-unit.h). A turn of a loop handles eight vectors: then counting weighs little, and a sum has as many
// chains as the adders need to be kept busy. No include guard, on purpose.
#include "kernels/vector-unit.h"

namespace linefill::stream {
namespace {
namespace LINEFILL_UNIT {

inline constexpr size_t kLanes = LINEFILL_UNIT_BYTES / sizeof(double);
using Vector = VectorOf<LINEFILL_UNIT_BYTES>::Type;
using Turn = std::make_index_sequence<8>;

// Copied, since an array is aligned as a number and no more.
LINEFILL_UNIT_TARGET inline Vector load(const double* from) {
  Vector v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

// From a multiple of the vector's size, where SSE adds straight from memory: an instruction less for each.
LINEFILL_UNIT_TARGET inline Vector load_aligned(const double* from) {
#if defined(__GNUC__)
  Vector v;
  std::memcpy(&v, __builtin_assume_aligned(from, sizeof v), sizeof v);
  return v;
#else
  return load(from);
#endif
}

// What is written beside the numbers of `b` and `c`.
template <Operation operation, class T>
LINEFILL_UNIT_TARGET inline T result(T b, T c, T q) {
  constexpr Operation o = operation;
  if constexpr (o == Operation::kCopy || o == Operation::kNtCopy) return b;
  if constexpr (o == Operation::kScale) return q * b;
  if constexpr (o == Operation::kAdd) return b + c;
  if constexpr (o == Operation::kTriad || o == Operation::kNtTriad) return b + q * c;
  return q;
}

template <Operation operation>
LINEFILL_UNIT_TARGET inline void step(double* a, const double* b, const double* c, Vector q) {
  const Vector from_b = reads(operation) ? load(b) : q;
  const Vector from_c = adds(operation) ? load(c) : q;
  const Vector to = result<operation>(from_b, from_c, q);
#if defined(LINEFILL_UNIT_NT)
  if constexpr (is_non_temporal(operation)) {
    LINEFILL_UNIT_NT(a, to);
    return;
  }
#endif
  std::memcpy(a, &to, sizeof to);
}

template <Operation operation, size_t... n>
LINEFILL_UNIT_TARGET inline void turn(double* a, const double* b, const double* c, Vector q,
                                      std::index_sequence<n...>) {
  (step<operation>(a + n * kLanes, b + n * kLanes, c + n * kLanes, q), ...);
}

template <Operation operation>
LINEFILL_UNIT_TARGET LINEFILL_UNIT_APART double write_pass(const Arrays& arrays, uint32_t passes) {
  constexpr size_t kTurn = Turn::size() * kLanes;
  const auto [a, b, c, length] = arrays;
  const size_t whole = length / kTurn * kTurn;
  const Vector q = Vector{} + kFactor;
  for (uint32_t pass = 0; pass < passes; ++pass) {
    size_t i = 0;
    for (; i < whole; i += kTurn) {
      turn<operation>(a + i, b + i, c + i, q, Turn{});
      // Or a compiler that knows what the loop is would call memcpy or memset instead.
      clobber();
    }
    for (; i < length; ++i) {
      a[i] = result<operation>(reads(operation) ? b[i] : 0, adds(operation) ? c[i] : 0, kFactor);
      clobber();
    }
  }
  return 0;
}

template <bool kIsAligned, size_t... n>
LINEFILL_UNIT_TARGET inline void add_turn(Vector (&sums)[sizeof...(n)], const double* from,
                                          std::index_sequence<n...>) {
  ((sums[n] += kIsAligned ? load_aligned(from + n * kLanes) : load(from + n * kLanes)), ...);
}

template <size_t... n>
LINEFILL_UNIT_TARGET inline Vector add_all(const Vector (&sums)[sizeof...(n)], std::index_sequence<n...>) {
  return (sums[n] + ...);
}

template <bool kIsAligned>
LINEFILL_UNIT_TARGET LINEFILL_UNIT_APART double read_lines(const Arrays& arrays, uint32_t passes) {
  constexpr size_t kTurn = Turn::size() * kLanes;
  const double* const b = arrays.b;
  const size_t length = arrays.length;
  const size_t whole = length / kTurn * kTurn;
  Vector sums[Turn::size()] = {};
  double rest = 0;
  for (uint32_t pass = 0; pass < passes; ++pass) {
    size_t i = 0;
    for (; i < whole; i += kTurn) {
      add_turn<kIsAligned>(sums, b + i, Turn{});
      // Or a second pass need not load what the first one has.
      clobber();
    }
    for (; i < length; ++i) rest += b[i];
  }
  const Vector all = add_all(sums, Turn{});
  double lanes[kLanes];
  std::memcpy(lanes, &all, sizeof lanes);
  for (const double lane : lanes) rest += lane;
  return rest;
}

inline double read_pass(const Arrays& arrays, uint32_t passes) {
  const bool is_aligned = reinterpret_cast<uintptr_t>(arrays.b) % sizeof(Vector) == 0;
  return is_aligned ? read_lines<true>(arrays, passes) : read_lines<false>(arrays, passes);
}

}  // namespace LINEFILL_UNIT
}  // namespace
}  // namespace linefill::stream

#undef LINEFILL_UNIT
#undef LINEFILL_UNIT_TARGET
#undef LINEFILL_UNIT_BYTES
#undef LINEFILL_UNIT_NT
#undef LINEFILL_UNIT_APART
