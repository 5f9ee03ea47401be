// One step of particle motion with one vector unit. layout-vector.cc includes this file once for each unit,
// by its LINEFILL_UNIT_BYTES (vector-unit.h). Vectors are the compilers' own extension, and no product is
// fused with a sum. No include guard, on purpose. Source: GCC manual, "Using Vector Instructions through
// Built-in Functions".
#include "kernels/vector-unit.h"

namespace linefill::layout::LINEFILL_UNIT {

// Vectors of N elements T. They are loaded and stored by copying, since a block is aligned as T and no more.
template <class T, size_t N>
struct Lanes {
  typedef T Vector __attribute__((vector_size(N * sizeof(T))));
  using Integer = std::conditional_t<sizeof(T) == 8, int64_t, int32_t>;
  typedef Integer Indices __attribute__((vector_size(N * sizeof(T))));
};
template <class T, size_t N>
using Vector = typename Lanes<T, N>::Vector;

template <class T, size_t N>
LINEFILL_UNIT_TARGET inline Vector<T, N> load(const T* from) {
  Vector<T, N> v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

template <class T, size_t N>
LINEFILL_UNIT_TARGET inline void store(T* to, Vector<T, N> v) {
  __builtin_memcpy(to, &v, sizeof v);
}

// 1. Move N coordinates by N velocities.
template <size_t N, class T>
LINEFILL_UNIT_TARGET inline void move(T* at, const T* velocity, T dt) {
  store<T, N>(at, load<T, N>(at) + load<T, N>(velocity) * dt);
}

// 2. Slow N velocities down and push them.
template <size_t N, class T>
LINEFILL_UNIT_TARGET inline void drag(T* velocity) {
  store<T, N>(velocity, load<T, N>(velocity) * static_cast<T>(kDrag) + static_cast<T>(kPush));
}

// N elements of `a` and `b` laid end to end, by index.
template <class T, size_t N, size_t... index>
LINEFILL_UNIT_TARGET inline Vector<T, N> pick(Vector<T, N> a, Vector<T, N> b) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, static_cast<int>(index)...);
#else
  return __builtin_shuffle(a, b, typename Lanes<T, N>::Indices{index...});
#endif
}

// Whole records, N / 4 at a time: the velocities are brought to the coordinates' lanes, and each lane then
// takes the value that is its own. Half of the lanes compute what nobody takes.
template <Fields fields, size_t N, class T, size_t... lane>
LINEFILL_UNIT_TARGET inline void step_records(T* at, T dt, std::index_sequence<lane...>) {
  const Vector<T, N> old = load<T, N>(at);
  const Vector<T, N> moved = old + pick<T, N, (lane ^ 2)...>(old, old) * dt;
  if constexpr (fields == Fields::kXOnly) {
    store<T, N>(at, pick<T, N, (lane % 4 == 0 ? N + lane : lane)...>(old, moved));
  } else if constexpr (fields == Fields::kPosition) {
    store<T, N>(at, pick<T, N, (lane % 4 < 2 ? N + lane : lane)...>(old, moved));
  } else {
    const Vector<T, N> settled = old * static_cast<T>(kDrag) + static_cast<T>(kPush);
    store<T, N>(at, pick<T, N, (lane % 4 < 2 ? N + lane : lane)...>(settled, moved));
  }
}

// One record: its coordinates and its velocities are two vectors of two, and need no rearranging.
template <Fields fields, class T>
LINEFILL_UNIT_TARGET inline void step_halves(T* at, T dt) {
  if constexpr (fields == Fields::kXOnly) {
    move<1>(at, at + 2, dt);
  } else {
    move<2>(at, at + 2, dt);
    if constexpr (fields == Fields::kAll) drag<2>(at + 2);
  }
}

// Whole records pay where all of a record is new anyway, or where its half (two float32) fills no vector;
// elsewhere the rearranging costs more than the wider vector saves.
template <Fields fields, class T, size_t kLanes>
constexpr bool whole_records() {
  if (kLanes < 4 || fields == Fields::kAll) return kLanes >= 4;
  return sizeof(T) == 4 && (fields == Fields::kPosition || kLanes >= 8);
}

template <Fields fields, class T>
LINEFILL_UNIT_TARGET LINEFILL_UNIT_APART void step_aos_vector(T* block, size_t particles, T dt) {
  constexpr size_t kLanes = LINEFILL_UNIT_BYTES / sizeof(T);
  size_t i = 0;
  if constexpr (whole_records<fields, T, kLanes>()) {
    constexpr size_t kRecords = kLanes / 4;
    const size_t whole = particles / kRecords * kRecords;
    LINEFILL_EIGHTFOLD
    for (; i < whole; i += kRecords) {
      step_records<fields, kLanes>(block + 4 * i, dt, std::make_index_sequence<kLanes>{});
    }
  }
  LINEFILL_EIGHTFOLD
  for (; i < particles; ++i) step_halves<fields>(block + 4 * i, dt);
}

template <Fields fields, size_t N, class T>
LINEFILL_UNIT_TARGET inline void step_columns(T* x, T* y, T* vx, T* vy, size_t i, T dt) {
  move<N>(x + i, vx + i, dt);
  if constexpr (fields != Fields::kXOnly) move<N>(y + i, vy + i, dt);
  if constexpr (fields == Fields::kAll) {
    drag<N>(vx + i);
    drag<N>(vy + i);
  }
}

template <Fields fields, class T>
LINEFILL_UNIT_TARGET LINEFILL_UNIT_APART void step_soa_vector(T* block, size_t particles, T dt) {
  constexpr size_t kLanes = LINEFILL_UNIT_BYTES / sizeof(T);
  const size_t pitch = column_pitch(particles, sizeof(T));
  T* x = block;
  T* y = x + pitch;
  T* vx = y + pitch;
  T* vy = vx + pitch;
  const size_t whole = particles / kLanes * kLanes;
  size_t i = 0;
  LINEFILL_EIGHTFOLD
  for (; i < whole; i += kLanes) step_columns<fields, kLanes>(x, y, vx, vy, i, dt);
  for (; i < particles; ++i) step_columns<fields, 1>(x, y, vx, vy, i, dt);
}

// A block's eight x and eight y lie side by side, as do its velocities: sixteen coordinates and sixteen
// velocities, except where x alone is asked for.
template <Fields fields, class T>
LINEFILL_UNIT_TARGET LINEFILL_UNIT_APART void step_aosoa_vector(T* block, size_t particles, T dt) {
  constexpr size_t kWidth = fields == Fields::kXOnly ? kBlock : 2 * kBlock;
  constexpr size_t kLanes = std::min(LINEFILL_UNIT_BYTES / sizeof(T), kWidth);
  T* const end = block + block_length(Layout::kAosoa, particles, sizeof(T));
  for (; block != end; block += 4 * kBlock) {
    T* const velocities = block + 2 * kBlock;
    LINEFILL_EIGHTFOLD
    for (size_t i = 0; i < kWidth; i += kLanes) {
      move<kLanes>(block + i, velocities + i, dt);
      if constexpr (fields == Fields::kAll) drag<kLanes>(velocities + i);
    }
  }
}

template <Layout layout, class T>
void update(T* block, size_t particles, Fields fields, T dt) {
  with_fields(fields, [=](auto constant) {
    constexpr Fields kFields = constant.value;
    if constexpr (layout == Layout::kAos) step_aos_vector<kFields>(block, particles, dt);
    if constexpr (layout == Layout::kSoa) step_soa_vector<kFields>(block, particles, dt);
    if constexpr (layout == Layout::kAosoa) step_aosoa_vector<kFields>(block, particles, dt);
  });
}

}  // namespace linefill::layout::LINEFILL_UNIT

#undef LINEFILL_UNIT
#undef LINEFILL_UNIT_TARGET
#undef LINEFILL_UNIT_BYTES
#undef LINEFILL_UNIT_NT
#undef LINEFILL_UNIT_APART
