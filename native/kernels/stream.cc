// How many bytes a second a core, or all of them, move between registers and wherever the arrays lie: passes
// over arrays of float64 by every operation of stream.h and every width that the CPU has, chosen at run time.
// A call makes many passes where the arrays are small, so that a call of the kernel weighs nothing; it times
// its passes itself, so that the rate is that of the passes alone. Bytes are counted as STREAM counts them:
// those that the program names, not the line that a cache reads before it is written.
// Cost: the operation's bytes a pass. Reference: src/experiments/hardware/bandwidth-kernels.ts.
#include "kernels/stream.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "kernel.h"
#include "kernels/layout.h"
#include "kernels/stream-sve.h"
#include "platform/cpu_features.h"

namespace linefill::stream {
namespace {

template <size_t kBytes>
struct VectorOf {
#if defined(__GNUC__)
  typedef double Type __attribute__((vector_size(kBytes)));
#endif
};
template <>
struct VectorOf<sizeof(double)> {
  using Type = double;
};

}  // namespace
}  // namespace linefill::stream

#define LINEFILL_UNIT_BYTES 8
#include "kernels/stream-unit.h"

#if defined(__GNUC__) && (defined(__x86_64__) || defined(__aarch64__))
#define LINEFILL_UNIT_BYTES 16
#include "kernels/stream-unit.h"
#endif
#if defined(__GNUC__) && defined(__x86_64__)
#define LINEFILL_UNIT_BYTES 32
#include "kernels/stream-unit.h"
#define LINEFILL_UNIT_BYTES 64
#include "kernels/stream-unit.h"
#endif

namespace linefill::stream {
namespace {

using Pass = double (*)(const Arrays&, uint32_t);

// The loops of one width, in the order of Operation; null where it has none.
using Passes = std::array<Pass, kOperations>;

double fill_pass(const Arrays& arrays, uint32_t passes) {
  for (uint32_t pass = 0; pass < passes; ++pass) {
    std::memset(arrays.a, kFillByte, arrays.length * sizeof(double));
    clobber();
  }
  return 0;
}

double memcpy_pass(const Arrays& arrays, uint32_t passes) {
  for (uint32_t pass = 0; pass < passes; ++pass) {
    std::memcpy(arrays.a, arrays.b, arrays.length * sizeof(double));
    clobber();
  }
  return 0;
}

#define LINEFILL_PASSES(width)                                                                 \
  width::read_pass, width::write_pass<Operation::kWrite>, width::write_pass<Operation::kCopy>, \
      width::write_pass<Operation::kScale>, width::write_pass<Operation::kAdd>,                \
      width::write_pass<Operation::kTriad>, fill_pass, memcpy_pass
#define LINEFILL_NT_PASSES(width)                                                \
  width::write_pass<Operation::kNtWrite>, width::write_pass<Operation::kNtCopy>, \
      width::write_pass<Operation::kNtTriad>

constexpr Passes kScalar = {LINEFILL_PASSES(scalar)};
#if defined(__GNUC__) && defined(__x86_64__)
constexpr Passes kSse2 = {LINEFILL_PASSES(sse2), LINEFILL_NT_PASSES(sse2)};
constexpr Passes kAvx2 = {LINEFILL_PASSES(avx2), LINEFILL_NT_PASSES(avx2)};
constexpr Passes kAvx512 = {LINEFILL_PASSES(avx512), LINEFILL_NT_PASSES(avx512)};
#elif defined(__GNUC__) && defined(__aarch64__)
constexpr Passes kNeon = {LINEFILL_PASSES(neon)};
#endif
#if defined(LINEFILL_SVE)
constexpr Passes kSve = {LINEFILL_PASSES(sve), LINEFILL_NT_PASSES(sve)};
#endif

const Passes& passes_of(Width width) {
  switch (width) {
#if defined(__GNUC__) && defined(__x86_64__)
    case Width::kSse2:
      return kSse2;
    case Width::kAvx2:
      return kAvx2;
    case Width::kAvx512:
      return kAvx512;
#elif defined(__GNUC__) && defined(__aarch64__)
    case Width::kNeon:
      return kNeon;
#endif
#if defined(LINEFILL_SVE)
    case Width::kSve:
      return kSve;
#endif
    default:
      return kScalar;
  }
}

constexpr Width width_of(layout::Unit unit) {
  return static_cast<Width>(static_cast<uint32_t>(Width::kSse2) + static_cast<uint32_t>(unit));
}
static_assert(width_of(layout::Unit::kAvx512) == Width::kAvx512);

}  // namespace

std::span<const Width> widths() {
  struct Found {
    std::array<Width, 5> widths{Width::kScalar};
    size_t count = 1;
    Found() {
      for (const layout::Unit unit : layout::units()) widths[count++] = width_of(unit);
#if defined(LINEFILL_SVE)
      if (platform::cpu_features().sve) widths[count++] = Width::kSve;
#endif
    }
  };
  static const Found found;
  return {found.widths.data(), found.count};
}

const char* width_name(Width width) {
  constexpr const char* kNames[] = {"the widest", "scalar", "SSE2", "NEON", "AVX2", "AVX-512", "SVE"};
  return kNames[static_cast<size_t>(width)];
}

bool has(Width width, Operation operation) {
  return passes_of(width)[static_cast<size_t>(operation)] != nullptr;
}

double run(Operation operation, Width width, const Arrays& arrays, uint32_t passes) {
  if (arrays.length == 0) return 0;
  const double sum = passes_of(width)[static_cast<size_t>(operation)](arrays, passes);
#if defined(__GNUC__) && defined(__x86_64__)
  // Non-temporal stores wait in buffers of their own: none is left behind.
  if (is_non_temporal(operation)) _mm_sfence();
#endif
  return sum;
}

void touch(double* array, size_t length) {
  constexpr size_t kPeriod = 4093;
  if (length == 0 || array[length - 1] != 0) return;
  for (size_t i = 0, value = 1; i < length; ++i) {
    array[i] = static_cast<double>(value);
    value = value == kPeriod ? 1 : value + 1;
  }
}

namespace {

using Numbers = Observed<double>;

// The width that the argument asks for; 0 asks for the widest.
bool find_width(uint32_t asked, Width* found) {
  const std::span<const Width> here = widths();
  *found = asked == 0 ? here.back() : static_cast<Width>(asked);
  return std::find(here.begin(), here.end(), *found) != here.end();
}

std::string widths_here() {
  std::string text = "0 (the widest)";
  for (const Width width : widths()) {
    text += ", " + std::to_string(static_cast<uint32_t>(width)) + " (" + width_name(width) + ")";
  }
  return text;
}

std::string check_lengths(Operation operation, Numbers a, Numbers b, Numbers c) {
  const struct {
    const char* name;
    size_t length;
    bool used;
  } arrays[] = {{"a", a.size(), writes(operation)},
                {"b", b.size(), reads(operation)},
                {"c", c.size(), adds(operation)}};
  const size_t length = writes(operation) ? a.size() : b.size();
  for (const auto& array : arrays) {
    const size_t wanted = array.used ? length : 0;
    if (array.length == wanted) continue;
    return std::string("\"") + array.name + "\" must have " + std::to_string(wanted) +
           " elements for this operation, not " + std::to_string(array.length);
  }
  return "";
}

std::string check_stream(Numbers a, Numbers b, Numbers c, uint32_t operation, uint32_t width,
                         uint32_t /*passes*/, Observed<double> took_ns) {
  constexpr uintptr_t kLine = 64;
  if (operation >= kOperations) {
    return "\"operation\" must be from 0 (read) to " + std::to_string(kOperations - 1) +
           " (non-temporal triad), not " + std::to_string(operation);
  }
  Width found{};
  if (!find_width(width, &found))
    return "\"width\" must be one of " + widths_here() + ", not " + std::to_string(width);
  if (took_ns.size() < 1) return "\"tookNs\" must hold at least 1 element";
  const auto wanted = static_cast<Operation>(operation);
  if (is_non_temporal(wanted)) {
    if (!has(found, wanted)) return "\"width\" has no non-temporal stores here";
    if (reinterpret_cast<uintptr_t>(a.data()) % kLine != 0)
      return "\"a\" must start at a multiple of 64 bytes for non-temporal stores";
  }
  return check_lengths(wanted, a, b, c);
}

// Weighted elements of what was written, from the first to the last, spread evenly: a check of all would be
// one more pass.
double sample(const double* a, size_t length) {
  constexpr size_t kPlaces = 61;
  double sum = 0;
  if (length == 0) return sum;
  for (size_t place = 0; place < kPlaces; ++place) {
    sum += static_cast<double>(place + 1) * a[place * (length - 1) / (kPlaces - 1)];
  }
  return sum;
}

// 1. What has not been touched is touched by the thread that will use it. 2. Pass over the arrays as often as
// asked, and note how long it took. Answer, as the bits of a double: the sum of what was read, or a sample of
// what was written.
uint64_t stream(Numbers a, Numbers b, Numbers c, uint32_t operation, uint32_t width, uint32_t passes,
                Observed<double> took_ns) {
  for (const Numbers& array : {a, b, c}) touch(array.data(), array.size());
  const auto wanted = static_cast<Operation>(operation);
  const size_t length = writes(wanted) ? a.size() : b.size();
  Width found{};
  find_width(width, &found);
  const uint64_t start_ns = platform::now_ns();
  const double sum = run(wanted, found, {a.data(), b.data(), c.data(), length}, passes);
  took_ns[0] = static_cast<double>(platform::now_ns() - start_ns);
  return std::bit_cast<uint64_t>(writes(wanted) ? sample(a.data(), length) : sum);
}

LINEFILL_KERNEL(stream, "stream", "passes over arrays: reads, writes, copies, scales, adds", check_stream,
                "a", "b", "c", "operation", "width", "passes", "tookNs");

}  // namespace
}  // namespace linefill::stream
