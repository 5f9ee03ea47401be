// Particles of four fields (x, y, vx, vy) in three memory layouts, and one step of their motion. What the
// kernels of layout-scalar.cc and layout-vector.cc share: where a field lies, the arithmetic's constants, the
// check, the checksum.
//
//   AoS    x y vx vy | x y vx vy | ...                      a particle's fields side by side
//   SoA    x x x ... | y y y ... | vx vx vx ... | vy ...    a column for each field
//   AoSoA  x*8 y*8 vx*8 vy*8 | x*8 y*8 ...                  blocks of eight particles, each a small SoA
//
// A kernel takes its particles as one block of numbers in `float64s` or in `float32s`; the other one is
// empty. Every product and every sum is rounded by itself: a fused multiply-add would round once, and differ
// from JavaScript.
// Source: Intel 64 and IA-32 Architectures Optimization Reference Manual, coding for SIMD, Data Arrangement.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

// Eight rounds of a loop in one, in every layout: then neither the loop's own instructions nor the place of a
// short loop in the code (one that crosses a line can take twice as long) is mistaken for the layout's cost.
#if defined(__clang__)
#define LINEFILL_EIGHTFOLD _Pragma("clang loop unroll_count(8)")
#elif defined(__GNUC__)
#define LINEFILL_EIGHTFOLD _Pragma("GCC unroll 8")
#else
#define LINEFILL_EIGHTFOLD
#endif

namespace linefill::layout {

enum class Layout : uint8_t { kAos, kSoa, kAosoa };
// What a step updates, as the argument "fields" spells it.
enum class Fields : uint32_t { kPosition, kXOnly, kAll };
inline constexpr uint32_t kFieldsCount = 3;

inline constexpr size_t kBlock = 8;  // particles in a block of AoSoA

// A velocity under drag and a steady push: it tends to push / (1 - drag) = 1/2, and so stays an ordinary
// number however often it is updated.
inline constexpr double kDrag = 0.75;
inline constexpr double kPush = 0.125;

// Elements from one SoA column to the next. The columns start 17 lines apart modulo 4 KiB: at the same offset
// within a page they would compete for the same cache sets, and a load would wait for the store of another
// column whose address ends in the same 12 bits.
constexpr size_t column_pitch(size_t particles, size_t element_bytes) {
  constexpr size_t kPage = 4096, kStagger = 17 * 64;
  const size_t bytes = particles * element_bytes;
  return (bytes + (kStagger + kPage - bytes % kPage) % kPage) / element_bytes;
}

// Elements that `particles` take. AoSoA rounds up to whole blocks, whose unused lanes are updated like the
// others.
constexpr size_t block_length(Layout layout, size_t particles, size_t element_bytes) {
  if (layout == Layout::kAos) return 4 * particles;
  if (layout == Layout::kSoa) return 4 * column_pitch(particles, element_bytes);
  return (particles + kBlock - 1) / kBlock * (4 * kBlock);
}

// Where field `field` (0 x, 1 y, 2 vx, 3 vy) of particle `i` lies.
constexpr size_t field_at(Layout layout, size_t particles, size_t element_bytes, size_t i, size_t field) {
  if (layout == Layout::kAos) return 4 * i + field;
  if (layout == Layout::kSoa) return field * column_pitch(particles, element_bytes) + i;
  return i / kBlock * (4 * kBlock) + field * kBlock + i % kBlock;
}

// The last particle's fields as 32-bit words (low before high), folded by h = 31 h + word: the same in every
// layout, and too little work to be seen in a time.
template <class T>
uint64_t checksum(Layout layout, const T* block, size_t particles) {
  uint32_t hash = 0;
  if (particles == 0) return hash;
  for (size_t field = 0; field < 4; ++field) {
    const T value = block[field_at(layout, particles, sizeof(T), particles - 1, field)];
    if constexpr (sizeof(T) == 8) {
      const uint64_t bits = std::bit_cast<uint64_t>(value);
      hash = 31 * hash + static_cast<uint32_t>(bits);
      hash = 31 * hash + static_cast<uint32_t>(bits >> 32);
    } else {
      hash = 31 * hash + std::bit_cast<uint32_t>(value);
    }
  }
  return hash;
}

// Calls `step` with the Fields as a compile-time constant: the choice is made once a call, not once a
// particle.
template <class Step>
void with_fields(Fields fields, Step step) {
  switch (fields) {
    case Fields::kPosition:
      return step(std::integral_constant<Fields, Fields::kPosition>{});
    case Fields::kXOnly:
      return step(std::integral_constant<Fields, Fields::kXOnly>{});
    case Fields::kAll:
      return step(std::integral_constant<Fields, Fields::kAll>{});
  }
}

// One step of all particles, a number at a time.
template <Layout layout, class T>
void update_scalar(T* block, size_t particles, Fields fields, T dt);

// The vector units that a build may hold. kNeon is the 128-bit unit of arm64, kSse2 that of x86-64.
enum class Unit : uint8_t { kSse2, kNeon, kAvx2, kAvx512 };
// Those that this build holds and this CPU has, narrowest first; empty where the compiler has no vector
// extensions (MSVC).
std::span<const Unit> units();
const char* unit_name(Unit unit);

// The same step by one of units(), bit for bit equal to update_scalar.
template <Layout layout, class T>
void update_vector(Unit unit, T* block, size_t particles, Fields fields, T dt);

template <Layout layout>
std::string check(std::span<double> float64s, std::span<float> float32s, uint64_t particles, double dt,
                  uint32_t fields) {
  const size_t doubles = block_length(layout, particles, sizeof(double));
  const size_t floats = block_length(layout, particles, sizeof(float));
  const bool fits =
      (float64s.size() == doubles && float32s.empty()) || (float64s.empty() && float32s.size() == floats);
  if (!fits) {
    const auto both = [](size_t a, size_t b) { return std::to_string(a) + " and " + std::to_string(b); };
    return "\"float64s\" and \"float32s\" must have " + both(doubles, 0) + " elements, or " +
           both(0, floats) + ", for " + std::to_string(particles) + " particles, not " +
           both(float64s.size(), float32s.size());
  }
  if (!(std::fabs(dt) <= 1)) return "\"dt\" must be from -1 to 1, not " + std::to_string(dt);
  if (fields < kFieldsCount) return "";
  return "\"fields\" must be 0 (position), 1 (x-only) or 2 (all), not " + std::to_string(fields);
}

}  // namespace linefill::layout
