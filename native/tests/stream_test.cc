// The passes without Node: every operation of every width of this CPU against plain arithmetic, at every
// remainder; nothing written beside the array. And the loaded chase: the chase's answer, and (under
// ThreadSanitizer) that its members meet only through atomics.
#include "kernels/stream.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "platform/cpu_features.h"
#include "tests/team.h"

namespace linefill::stream {
namespace {

using test::array;
using test::number;
using test::run_team;

constexpr size_t kGuard = 9;
constexpr double kUntouched = -7;

// What an operation leaves at an element of `a`; what it adds up, where it only reads.
double expected(Operation operation, double b, double c) {
  switch (operation) {
    case Operation::kRead:
    case Operation::kCopy:
    case Operation::kMemcpy:
    case Operation::kNtCopy:
      return b;
    case Operation::kScale:
      return 3 * b;
    case Operation::kAdd:
      return b + c;
    case Operation::kTriad:
    case Operation::kNtTriad:
      return b + 3 * c;
    case Operation::kFill: {
      double filled;
      std::memset(&filled, 0x40, sizeof filled);
      return filled;
    }
    default:
      return 3;
  }
}

// Whole lines, so that non-temporal stores are aligned.
struct alignas(64) Line {
  double elements[8];
};

void check_operation(Operation operation, Width width, size_t length) {
  std::vector<Line> lines((length + kGuard) / 8 + 1);
  double* const a = lines[0].elements;
  const size_t room = lines.size() * 8;
  for (size_t i = 0; i < room; ++i) a[i] = kUntouched;
  std::vector<double> b(length), c(length);
  double sum = 0;
  for (size_t i = 0; i < length; ++i) {
    b[i] = static_cast<double>(1 + i % 89);
    c[i] = static_cast<double>(2 + i % 71);
    sum += b[i];
  }
  const double read = run(operation, width, {a, b.data(), c.data(), length}, 2);
  CHECK_EQ(read, operation == Operation::kRead ? 2 * sum : 0);
  const size_t written = writes(operation) ? length : 0;
  for (size_t i = 0; i < written; ++i) {
    if (a[i] == expected(operation, b[i], c[i])) continue;
    test::fail(__FILE__, __LINE__,
               "operation " + std::to_string(static_cast<uint32_t>(operation)) + " is wrong at element " +
                   std::to_string(i) + " of " + std::to_string(length));
    return;
  }
  for (size_t i = written; i < room; ++i) CHECK_EQ(a[i], kUntouched);
}

// The longest vectors that SVE allows have 32 numbers: beside every remainder of a short array, lengths
// around one and two turns of those.
std::vector<size_t> lengths() {
  std::vector<size_t> all;
  for (size_t length = 0; length < 140; ++length) all.push_back(length);
  for (const size_t length : {255, 256, 257, 287, 288, 289, 511, 512, 513, 555}) all.push_back(length);
  return all;
}

TEST(stream_every_operation_of_every_width_at_every_remainder) {
  for (const Width width : widths()) {
    for (uint32_t operation = 0; operation < kOperations; ++operation) {
      const auto wanted = static_cast<Operation>(operation);
      if (!has(width, wanted)) continue;
      for (const size_t length : lengths()) check_operation(wanted, width, length);
    }
  }
}

TEST(stream_widths_are_the_units_of_this_cpu_narrowest_first) {
  const platform::CpuFeatures cpu = platform::cpu_features();
  const std::span<const Width> here = widths();
  CHECK_EQ(here.front(), Width::kScalar);
  for (size_t i = 1; i < here.size(); ++i) CHECK(here[i - 1] < here[i]);
  const auto is_here = [&](Width width) { return std::find(here.begin(), here.end(), width) != here.end(); };
  CHECK(cpu.avx512f || !is_here(Width::kAvx512));
  CHECK(cpu.sve || !is_here(Width::kSve));
  CHECK(!is_here(Width::kSve) || has(Width::kSve, Operation::kNtTriad));
  CHECK_EQ(std::string(width_name(Width::kSve)), "SVE");
  // What a build can hold, it dispatches to: GCC 10 and Clang 16 know SVE in a single function.
#if defined(__aarch64__) && defined(__ELF__) && \
    ((defined(__clang__) && __clang_major__ >= 16) || (!defined(__clang__) && __GNUC__ >= 10))
  CHECK_EQ(is_here(Width::kSve), cpu.sve);
#elif defined(__x86_64__) && defined(__GNUC__)
  CHECK_EQ(is_here(Width::kAvx2), cpu.avx2);
#endif
}

TEST(stream_touches_what_is_zero_at_its_end_and_nothing_else) {
  std::vector<double> fresh(5000), used(5000, 2.5);
  touch(fresh.data(), fresh.size());
  touch(used.data(), used.size());
  touch(nullptr, 0);
  CHECK_EQ(fresh[0], 1);
  CHECK_EQ(fresh[4092], 4093);
  CHECK_EQ(fresh[4093], 1);
  for (const double value : used) CHECK_EQ(value, 2.5);
}

// The arguments of one member; the arrays live as long as the team.
struct Member {
  std::vector<double> stream;
  std::vector<double> seen = std::vector<double>(16);
};

TEST(loaded_chase_ends_its_lap_for_all_and_comes_home) {
  constexpr uint32_t kMembers = 3, kSamples = 4, kSlots = 8;
  std::vector<uint32_t> links(16 * kSlots), none, cursor(1), laps(32 * kMembers);
  for (uint32_t slot = 0; slot < kSlots; ++slot) links[16 * slot] = 64 * ((slot + 3) % kSlots);
  std::vector<Member> members(kMembers);
  std::vector<std::vector<Value>> rows;
  for (uint32_t m = 0; m < kMembers; ++m) {
    if (m > 0) members[m].stream.resize(2048);
    const double pause_ns = m == 2 ? 2000 : 1;
    rows.push_back({array(m == 0 ? links : none), array(cursor), array(members[m].stream), array(laps),
                    array(members[m].seen), number(m), number(kMembers), number(8000), number(pause_ns)});
  }
  const std::vector<uint64_t> answers = run_team("loaded-chase", kSamples, rows);
  CHECK_EQ(answers[0], 0u);
  CHECK_EQ(answers[1], kSamples);
  CHECK_EQ(answers[2], kSamples);
  for (uint32_t m = 0; m < kMembers; ++m) {
    CHECK_EQ(laps[32 * m], kSamples);
    CHECK(members[m].seen[0] > 0);
  }
  CHECK_EQ(members[0].seen[1], 0);
}

}  // namespace
}  // namespace linefill::stream
