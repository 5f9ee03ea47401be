// The particle kernels without Node: every vector unit of this CPU against the scalar code, bit for bit, at
// every remainder; nothing written beside the block; the layouts against one another; the check of the
// arguments.
#include "kernels/layout.h"

#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "tests/test.h"

namespace linefill::layout {
namespace {

constexpr Layout kLayouts[] = {Layout::kAos, Layout::kSoa, Layout::kAosoa};
constexpr Fields kFields[] = {Fields::kPosition, Fields::kXOnly, Fields::kAll};
constexpr size_t kGuard = 17;  // elements beside a block; odd, so that no vector is aligned

// Calls `body` with the layout as a constant.
template <class Body>
void with_layout(Layout layout, Body body) {
  if (layout == Layout::kAos) body(std::integral_constant<Layout, Layout::kAos>{});
  if (layout == Layout::kSoa) body(std::integral_constant<Layout, Layout::kSoa>{});
  if (layout == Layout::kAosoa) body(std::integral_constant<Layout, Layout::kAosoa>{});
}

// A block of full-mantissa numbers between guards; the same particles in every layout.
template <class T>
struct Particles {
  std::vector<T> memory;
  Layout layout;
  size_t count;

  Particles(Layout the_layout, size_t the_count)
      : memory(block_length(the_layout, the_count, sizeof(T)) + 2 * kGuard, T(-7)),
        layout(the_layout),
        count(the_count) {
    uint32_t word = 12345;
    for (size_t i = 0; i < count; ++i) {
      for (size_t field = 0; field < 4; ++field) {
        word = word * 1664525u + 1013904223u;
        at(i, field) = static_cast<T>(0.5) + static_cast<T>(word) / static_cast<T>(1ull << 33);
      }
    }
  }

  T* block() { return memory.data() + kGuard; }
  T& at(size_t i, size_t field) { return block()[field_at(layout, count, sizeof(T), i, field)]; }
  bool equals(const Particles& other) const {
    return memory.size() == other.memory.size() &&
           std::memcmp(memory.data(), other.memory.data(), memory.size() * sizeof(T)) == 0;
  }
  bool guards_stand() const {
    for (size_t i = 0; i < kGuard; ++i) {
      if (memory[i] != T(-7) || memory[memory.size() - 1 - i] != T(-7)) return false;
    }
    return true;
  }
};

template <class T>
void compare_units(size_t count) {
  const T dt = T(1) / T(60);
  for (const Layout layout : kLayouts) {
    for (const Fields fields : kFields) {
      with_layout(layout, [&](auto constant) {
        Particles<T> scalar(layout, count);
        for (int step = 0; step < 3; ++step) {
          update_scalar<constant.value>(scalar.block(), count, fields, dt);
        }
        CHECK(scalar.guards_stand());
        for (const Unit unit : units()) {
          Particles<T> vector(layout, count);
          for (int step = 0; step < 3; ++step) {
            update_vector<constant.value>(unit, vector.block(), count, fields, dt);
          }
          if (!vector.equals(scalar)) {
            test::fail(__FILE__, __LINE__,
                       std::string(unit_name(unit)) + " differs from scalar: layout " +
                           std::to_string(static_cast<int>(layout)) + ", fields " +
                           std::to_string(static_cast<int>(fields)) + ", " + std::to_string(count) +
                           " particles of " + std::to_string(sizeof(T)) + " bytes");
          }
        }
      });
    }
  }
}

TEST(layout_units_agree_with_scalar) {
  if (units().empty()) SKIP("this build or CPU has no vector unit that the kernels know");
  for (size_t count = 0; count <= 67; ++count) {
    compare_units<double>(count);
    compare_units<float>(count);
  }
  compare_units<double>(4099);
  compare_units<float>(4099);
}

template <class T>
void compare_layouts(size_t count) {
  const T dt = T(1) / T(60);
  for (const Fields fields : kFields) {
    std::vector<Particles<T>> stepped;
    for (const Layout layout : kLayouts) {
      Particles<T> particles(layout, count);
      with_layout(layout, [&](auto constant) {
        for (int step = 0; step < 5; ++step) {
          update_scalar<constant.value>(particles.block(), count, fields, dt);
        }
      });
      CHECK_EQ(checksum(layout, particles.block(), count),
               stepped.empty() ? checksum(layout, particles.block(), count)
                               : checksum(stepped[0].layout, stepped[0].block(), count));
      stepped.push_back(std::move(particles));
    }
    for (size_t i = 0; i < count; ++i) {
      for (size_t field = 0; field < 4; ++field) {
        CHECK_EQ(stepped[1].at(i, field), stepped[0].at(i, field));
        CHECK_EQ(stepped[2].at(i, field), stepped[0].at(i, field));
      }
    }
  }
}

TEST(layout_does_not_change_the_answer) {
  for (const size_t count : {1, 2, 7, 8, 9, 16, 100}) {
    compare_layouts<double>(count);
    compare_layouts<float>(count);
  }
}

// By hand: x = 1 + 2 * 0.5 = 2, y = 3 + -4 * 0.5 = 1, vx = 2 * 0.75 + 0.125 = 1.625, vy = -4 * 0.75 + 0.125.
TEST(layout_one_step_by_hand) {
  const double before[] = {1, 3, 2, -4};
  const double moved[] = {2, 1, 2, -4};
  const double x_moved[] = {2, 3, 2, -4};
  const double all[] = {2, 1, 1.625, -2.875};
  const std::pair<Fields, const double*> cases[] = {
      {Fields::kPosition, moved}, {Fields::kXOnly, x_moved}, {Fields::kAll, all}};
  for (const auto& [fields, expected] : cases) {
    double record[4];
    std::memcpy(record, before, sizeof record);
    update_scalar<Layout::kAos>(record, 1, fields, 0.5);
    for (size_t field = 0; field < 4; ++field) CHECK_EQ(record[field], expected[field]);
  }
}

TEST(layout_places) {
  CHECK_EQ(field_at(Layout::kAos, 10, 8, 3, 2), 14);
  CHECK_EQ(field_at(Layout::kAosoa, 20, 8, 11, 2), 32 + 16 + 3);
  CHECK_EQ(block_length(Layout::kAosoa, 9, 8), 64);
  CHECK_EQ(block_length(Layout::kAos, 0, 8), 0);
  for (const size_t bytes : {4, 8}) {
    for (const size_t count : {0, 1, 135, 136, 137, 512, 1000, 1'000'000}) {
      const size_t pitch = column_pitch(count, bytes);
      CHECK(pitch >= count);
      CHECK_EQ(pitch * bytes % 4096, 17 * 64);
    }
  }
}

TEST(layout_check_names_what_is_wrong) {
  std::vector<double> doubles(8);
  std::vector<float> floats(8);
  const auto check_aos = [&](size_t double_count, size_t float_count, uint64_t count, double dt,
                             uint32_t fields) {
    return check<Layout::kAos>({doubles.data(), double_count}, {floats.data(), float_count}, count, dt,
                               fields);
  };
  CHECK_EQ(check_aos(8, 0, 2, 0.5, 0), "");
  CHECK_EQ(check_aos(0, 8, 2, -1, 2), "");
  CHECK_EQ(check_aos(0, 0, 0, 0, 1), "");
  CHECK_EQ(
      check_aos(8, 8, 2, 0.5, 0),
      "\"float64s\" and \"float32s\" must have 8 and 0 elements, or 0 and 8, for 2 particles, not 8 and 8");
  CHECK(check_aos(8, 0, 3, 0.5, 0).find("12 and 0") != std::string::npos);
  CHECK(!check_aos(8, 0, 1ull << 53, 0.5, 0).empty());
  CHECK(check_aos(8, 0, 2, 1.5, 0).find("\"dt\" must be from -1 to 1") == 0);
  CHECK(check_aos(8, 0, 2, std::numeric_limits<double>::quiet_NaN(), 0).find("\"dt\"") == 0);
  CHECK(check_aos(8, 0, 2, 0.5, 3).find("\"fields\" must be 0 (position), 1 (x-only) or 2 (all)") == 0);
}

}  // namespace
}  // namespace linefill::layout
