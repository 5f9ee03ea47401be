// One step of particle motion as in layout-scalar.cc, several numbers at a time, by the widest vector unit
// that the CPU has: AVX-512, AVX2 or SSE2 on x86-64, NEON on arm64. Bit for bit the scalar answer. Where the
// compiler has no vector extensions (MSVC) these kernels run the scalar code, and their summaries say so.
// Cost: the same bytes as scalar, fewer instructions.
// Reference: src/experiments/hardware/data-layout-reference.ts.
#include <algorithm>
#include <array>
#include <utility>

#include "kernel.h"
#include "kernels/layout.h"
#include "platform/cpu_features.h"

#if defined(__GNUC__) && (defined(__x86_64__) || defined(__aarch64__))
#define LINEFILL_UNIT_BYTES 16
#include "kernels/layout-vector.h"
#endif
#if defined(__GNUC__) && defined(__x86_64__)
#define LINEFILL_UNIT_BYTES 32
#include "kernels/layout-vector.h"
#define LINEFILL_UNIT_BYTES 64
#include "kernels/layout-vector.h"
#endif

namespace linefill::layout {

std::span<const Unit> units() {
  struct Found {
    std::array<Unit, 3> units{};
    size_t count = 0;
    Found() {
      const platform::CpuFeatures cpu = platform::cpu_features();
#if defined(__GNUC__) && defined(__x86_64__)
      if (cpu.sse2) units[count++] = Unit::kSse2;
      if (cpu.avx2) units[count++] = Unit::kAvx2;
      if (cpu.avx512f) units[count++] = Unit::kAvx512;
#elif defined(__GNUC__) && defined(__aarch64__)
      if (cpu.neon) units[count++] = Unit::kNeon;
#else
      static_cast<void>(cpu);
#endif
    }
  };
  static const Found found;
  return {found.units.data(), found.count};
}

const char* unit_name(Unit unit) {
  constexpr const char* kNames[] = {"SSE2", "NEON", "AVX2", "AVX-512"};
  return kNames[static_cast<size_t>(unit)];
}

template <Layout layout, class T>
void update_vector(Unit unit, T* block, size_t particles, Fields fields, T dt) {
#if defined(__GNUC__) && defined(__x86_64__)
  if (unit == Unit::kAvx512) return avx512::update<layout>(block, particles, fields, dt);
  if (unit == Unit::kAvx2) return avx2::update<layout>(block, particles, fields, dt);
  if (unit == Unit::kSse2) return sse2::update<layout>(block, particles, fields, dt);
#elif defined(__GNUC__) && defined(__aarch64__)
  if (unit == Unit::kNeon) return neon::update<layout>(block, particles, fields, dt);
#endif
  static_cast<void>(unit);
  update_scalar<layout>(block, particles, fields, dt);
}

template void update_vector<Layout::kAos>(Unit, double*, size_t, Fields, double);
template void update_vector<Layout::kSoa>(Unit, double*, size_t, Fields, double);
template void update_vector<Layout::kAosoa>(Unit, double*, size_t, Fields, double);
template void update_vector<Layout::kAos>(Unit, float*, size_t, Fields, float);
template void update_vector<Layout::kSoa>(Unit, float*, size_t, Fields, float);
template void update_vector<Layout::kAosoa>(Unit, float*, size_t, Fields, float);

namespace {

template <Layout layout, class T>
uint64_t step(std::span<T> block, uint64_t particles, T dt, Fields fields) {
  const std::span<const Unit> has = units();
  if (has.empty()) {
    update_scalar<layout>(block.data(), particles, fields, dt);
  } else {
    update_vector<layout>(has.back(), block.data(), particles, fields, dt);
  }
  return checksum(layout, block.data(), particles);
}

// 1. Step every particle by the widest unit, 2. fold the last one.
template <Layout layout>
uint64_t layout_vector(std::span<double> float64s, std::span<float> float32s, uint64_t particles, double dt,
                       uint32_t fields) {
  if (!float32s.empty()) return step<layout>(float32s, particles, static_cast<float>(dt), Fields{fields});
  return step<layout>(float64s, particles, dt, Fields{fields});
}

#if defined(__GNUC__)
#define LINEFILL_HOW "several numbers at a time"
#else
#define LINEFILL_HOW "a number at a time, since this compiler has no vector extensions"
#endif

LINEFILL_KERNEL(layout_vector<Layout::kAos>, "layout-aos-vector",
                "steps particles stored one after another (AoS), " LINEFILL_HOW, check<Layout::kAos>,
                "float64s", "float32s", "particles", "dt", "fields");
LINEFILL_KERNEL(layout_vector<Layout::kSoa>, "layout-soa-vector",
                "steps particles stored as a column for each field (SoA), " LINEFILL_HOW, check<Layout::kSoa>,
                "float64s", "float32s", "particles", "dt", "fields");
LINEFILL_KERNEL(layout_vector<Layout::kAosoa>, "layout-aosoa-vector",
                "steps particles stored in blocks of eight (AoSoA), " LINEFILL_HOW, check<Layout::kAosoa>,
                "float64s", "float32s", "particles", "dt", "fields");

}  // namespace
}  // namespace linefill::layout
