// One step of particle motion, a number at a time, in three memory layouts: x += vx * dt and y += vy * dt, or
// x alone, or all four fields. The arithmetic is the same instruction for instruction; only addresses differ.
// Cost a particle: position 4 loads, 2 stores; x-only 2 and 1; all 4 and 4. Built without vectorisation.
// Reference: src/experiments/hardware/data-layout-reference.ts.
#include "kernel.h"
#include "kernels/layout.h"

// MSVC vectorises by itself; elsewhere the build's flags forbid it.
#if defined(_MSC_VER) && !defined(__clang__)
#define LINEFILL_SCALAR_LOOP __pragma(loop(no_vector))
#define LINEFILL_APART __declspec(noinline)
#else
#define LINEFILL_SCALAR_LOOP LINEFILL_EIGHTFOLD
#define LINEFILL_APART __attribute__((noinline))  // to be found in a disassembly
#endif

namespace linefill::layout {
namespace {

// 1. Move a particle by its velocity, 2. where all fields are asked for, slow it down and push it.
template <Fields fields, class T>
inline void step(T& x, T& y, T& vx, T& vy, T dt) {
  x = x + vx * dt;
  if constexpr (fields != Fields::kXOnly) y = y + vy * dt;
  if constexpr (fields == Fields::kAll) {
    vx = vx * static_cast<T>(kDrag) + static_cast<T>(kPush);
    vy = vy * static_cast<T>(kDrag) + static_cast<T>(kPush);
  }
}

template <Fields fields, class T>
LINEFILL_APART void step_aos_scalar(T* block, size_t particles, T dt) {
  LINEFILL_SCALAR_LOOP
  for (size_t i = 0; i < particles; ++i) {
    T* particle = block + 4 * i;
    step<fields>(particle[0], particle[1], particle[2], particle[3], dt);
  }
}

template <Fields fields, class T>
LINEFILL_APART void step_soa_scalar(T* block, size_t particles, T dt) {
  const size_t pitch = column_pitch(particles, sizeof(T));
  T* x = block;
  T* y = x + pitch;
  T* vx = y + pitch;
  T* vy = vx + pitch;
  LINEFILL_SCALAR_LOOP
  for (size_t i = 0; i < particles; ++i) step<fields>(x[i], y[i], vx[i], vy[i], dt);
}

template <Fields fields, class T>
LINEFILL_APART void step_aosoa_scalar(T* block, size_t particles, T dt) {
  T* const end = block + block_length(Layout::kAosoa, particles, sizeof(T));
  for (; block != end; block += 4 * kBlock) {
    LINEFILL_SCALAR_LOOP
    for (size_t i = 0; i < kBlock; ++i) {
      step<fields>(block[i], block[kBlock + i], block[2 * kBlock + i], block[3 * kBlock + i], dt);
    }
  }
}

}  // namespace

template <Layout layout, class T>
void update_scalar(T* block, size_t particles, Fields fields, T dt) {
  with_fields(fields, [=](auto constant) {
    constexpr Fields kFields = constant.value;
    if constexpr (layout == Layout::kAos) step_aos_scalar<kFields>(block, particles, dt);
    if constexpr (layout == Layout::kSoa) step_soa_scalar<kFields>(block, particles, dt);
    if constexpr (layout == Layout::kAosoa) step_aosoa_scalar<kFields>(block, particles, dt);
  });
}

template void update_scalar<Layout::kAos>(double*, size_t, Fields, double);
template void update_scalar<Layout::kSoa>(double*, size_t, Fields, double);
template void update_scalar<Layout::kAosoa>(double*, size_t, Fields, double);
template void update_scalar<Layout::kAos>(float*, size_t, Fields, float);
template void update_scalar<Layout::kSoa>(float*, size_t, Fields, float);
template void update_scalar<Layout::kAosoa>(float*, size_t, Fields, float);

namespace {

// 1. Step every particle, 2. fold the last one.
template <Layout layout>
uint64_t layout_scalar(std::span<double> float64s, std::span<float> float32s, uint64_t particles, double dt,
                       uint32_t fields) {
  const Fields chosen{fields};
  if (!float32s.empty()) {
    update_scalar<layout>(float32s.data(), particles, chosen, static_cast<float>(dt));
    return checksum(layout, float32s.data(), particles);
  }
  update_scalar<layout>(float64s.data(), particles, chosen, dt);
  return checksum(layout, float64s.data(), particles);
}

LINEFILL_KERNEL(layout_scalar<Layout::kAos>, "layout-aos-scalar",
                "steps particles stored one after another (AoS), a number at a time", check<Layout::kAos>,
                "float64s", "float32s", "particles", "dt", "fields");
LINEFILL_KERNEL(layout_scalar<Layout::kSoa>, "layout-soa-scalar",
                "steps particles stored as a column for each field (SoA), a number at a time",
                check<Layout::kSoa>, "float64s", "float32s", "particles", "dt", "fields");
LINEFILL_KERNEL(layout_scalar<Layout::kAosoa>, "layout-aosoa-scalar",
                "steps particles stored in blocks of eight (AoSoA), a number at a time",
                check<Layout::kAosoa>, "float64s", "float32s", "particles", "dt", "fields");

}  // namespace
}  // namespace linefill::layout
