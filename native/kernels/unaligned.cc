// Loads and stores of 4, 8, 16 or 32 bytes at any address: inside a line, across the end of one, across the
// end of a page. Three kernels: loads that nothing waits for, stores likewise, and loads whose address is the
// load before. Each access is one instruction; C++ can ask for it only by copying bytes. Sixteen bytes need a
// vector unit, thirty-two AVX2. Cost: four accesses a pass. Reference:
// src/experiments/hardware/alignment-kernels.ts.
#include "kernels/unaligned.h"

#include "kernel.h"
#include "platform/cpu_features.h"

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace linefill {
namespace {

using unaligned::load;
using unaligned::store;

// --- One access, by its width --------------------------------------------------------------------------

// Adds what lies at a place, and stores a number there, repeated where there is room.
template <class Word>
struct Scalar {
  using Sum = uint64_t;
  static Sum none() { return 0; }
  static void add(Sum& sum, const unsigned char* at) { sum += load<Word>(at); }
  static uint64_t total(Sum sum) { return sum; }
  static void put(unsigned char* at, uint32_t number) { store<Word>(at, number); }
};

#if defined(__x86_64__) || defined(_M_X64)
#define LINEFILL_SIXTEEN_BYTES 1
struct Sixteen {
  using Sum = __m128i;
  static Sum none() { return _mm_setzero_si128(); }
  static void add(Sum& sum, const unsigned char* at) {
    sum = _mm_add_epi64(sum, _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
  }
  static uint64_t total(Sum sum) {
    uint64_t lanes[2];
    std::memcpy(lanes, &sum, sizeof lanes);
    return lanes[0] + lanes[1];
  }
  static void put(unsigned char* at, uint32_t number) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(at), _mm_set1_epi64x(number));
  }
};
#elif defined(__aarch64__)
#define LINEFILL_SIXTEEN_BYTES 1
struct Sixteen {
  using Sum = uint64x2_t;
  static Sum none() { return vdupq_n_u64(0); }
  static void add(Sum& sum, const unsigned char* at) {
    sum = vaddq_u64(sum, vreinterpretq_u64_u8(vld1q_u8(at)));
  }
  static uint64_t total(Sum sum) { return vgetq_lane_u64(sum, 0) + vgetq_lane_u64(sum, 1); }
  static void put(unsigned char* at, uint32_t number) {
    vst1q_u8(at, vreinterpretq_u8_u64(vdupq_n_u64(number)));
  }
};
#endif

// --- Loads and stores that nothing waits for -------------------------------------------------------------

struct Places {
  size_t stride;
  uint32_t passes;
};

// 1. In each pass, 2. add up the four places: in four sums, since one would wait for its own additions.
template <class Access>
uint64_t load_places(const unsigned char* at, Places places) {
  const auto [stride, passes] = places;
  auto a = Access::none(), b = Access::none(), c = Access::none(), d = Access::none();
  LINEFILL_UNROLL
  for (uint32_t pass = 0; pass < passes; ++pass) {
    Access::add(a, at);
    Access::add(b, at + stride);
    Access::add(c, at + 2 * stride);
    Access::add(d, at + 3 * stride);
    // Else a pass would be done once and multiplied.
    clobber();
  }
  // 3. The answer is the sum of all.
  return Access::total(a) + Access::total(b) + Access::total(c) + Access::total(d);
}

// 1. In each pass, 2. store its number at the four places.
template <class Access>
void store_places(unsigned char* at, Places places) {
  const auto [stride, passes] = places;
  LINEFILL_UNROLL
  for (uint32_t pass = 0; pass < passes; ++pass) {
    Access::put(at, pass);
    Access::put(at + stride, pass);
    Access::put(at + 2 * stride, pass);
    Access::put(at + 3 * stride, pass);
    // Else only the last pass would be stored.
    clobber();
  }
}

#if defined(__x86_64__) || defined(_M_X64)
// The same with AVX2, whose instructions only a function that says so may use: a template can't.
#define LINEFILL_THIRTY_TWO_BYTES 1
#if defined(_MSC_VER) && !defined(__clang__)
#define LINEFILL_AVX2
#else
#define LINEFILL_AVX2 __attribute__((target("avx2")))
#endif

LINEFILL_AVX2 uint64_t load_places_avx2(const unsigned char* at, Places places) {
  const auto [stride, passes] = places;
  const auto* const at_a = reinterpret_cast<const __m256i*>(at);
  const auto* const at_b = reinterpret_cast<const __m256i*>(at + stride);
  const auto* const at_c = reinterpret_cast<const __m256i*>(at + 2 * stride);
  const auto* const at_d = reinterpret_cast<const __m256i*>(at + 3 * stride);
  __m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;
  LINEFILL_UNROLL
  for (uint32_t pass = 0; pass < passes; ++pass) {
    a = _mm256_add_epi64(a, _mm256_loadu_si256(at_a));
    b = _mm256_add_epi64(b, _mm256_loadu_si256(at_b));
    c = _mm256_add_epi64(c, _mm256_loadu_si256(at_c));
    d = _mm256_add_epi64(d, _mm256_loadu_si256(at_d));
    clobber();
  }
  const __m256i sum = _mm256_add_epi64(_mm256_add_epi64(a, b), _mm256_add_epi64(c, d));
  uint64_t lanes[4];
  std::memcpy(lanes, &sum, sizeof lanes);
  return lanes[0] + lanes[1] + lanes[2] + lanes[3];
}

LINEFILL_AVX2 void store_places_avx2(unsigned char* at, Places places) {
  const auto [stride, passes] = places;
  LINEFILL_UNROLL
  for (uint32_t pass = 0; pass < passes; ++pass) {
    const __m256i number = _mm256_set1_epi64x(pass);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(at), number);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(at + stride), number);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(at + 2 * stride), number);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(at + 3 * stride), number);
    clobber();
  }
}
#endif

// --- The kernels -----------------------------------------------------------------------------------------

// What is wrong with a width, in words.
std::string check_width(uint32_t width) {
  if (width == 4 || width == 8) return "";
  if (width != 16 && width != 32) {
    return "\"widthBytes\" must be 4, 8, 16 or 32, not " + std::to_string(width);
  }
#if defined(LINEFILL_SIXTEEN_BYTES)
  if (width == 16) return "";
#endif
#if defined(LINEFILL_THIRTY_TWO_BYTES)
  if (platform::cpu_features().avx2) return "";
#endif
  return "\"widthBytes\" must be less than " + std::to_string(width) +
         " here: this CPU has no registers of that width, or the compiler does not know them";
}

std::string check_loads(std::span<const uint8_t> memory, uint32_t first, uint32_t stride, uint32_t width,
                        uint32_t /*passes*/) {
  std::string wrong = check_width(width);
  return wrong.empty() ? unaligned::check_places(memory.size(), first, stride, width) : wrong;
}

uint64_t unaligned_load(std::span<const uint8_t> memory, uint32_t first, uint32_t stride, uint32_t width,
                        uint32_t passes) {
  const unsigned char* const at = memory.data() + first;
  const Places places{stride, passes};
  switch (width) {
    case 4:
      return load_places<Scalar<uint32_t>>(at, places);
    case 8:
      return load_places<Scalar<uint64_t>>(at, places);
#if defined(LINEFILL_SIXTEEN_BYTES)
    case 16:
      return load_places<Sixteen>(at, places);
#endif
#if defined(LINEFILL_THIRTY_TWO_BYTES)
    case 32:
      return load_places_avx2(at, places);
#endif
    default:
      return 0;
  }
}

std::string check_stores(std::span<uint8_t> memory, uint32_t first, uint32_t stride, uint32_t width,
                         uint32_t passes) {
  return check_loads(memory, first, stride, width, passes);
}

// 3. The answer is the sum of what then lies in the places' first four bytes.
uint64_t unaligned_store(std::span<uint8_t> memory, uint32_t first, uint32_t stride, uint32_t width,
                         uint32_t passes) {
  unsigned char* const at = memory.data() + first;
  const Places places{stride, passes};
  switch (width) {
    case 4:
      store_places<Scalar<uint32_t>>(at, places);
      break;
    case 8:
      store_places<Scalar<uint64_t>>(at, places);
      break;
#if defined(LINEFILL_SIXTEEN_BYTES)
    case 16:
      store_places<Sixteen>(at, places);
      break;
#endif
#if defined(LINEFILL_THIRTY_TWO_BYTES)
    case 32:
      store_places_avx2(at, places);
      break;
#endif
    default:
      break;
  }
  return load_places<Scalar<uint32_t>>(at, {stride, 1});
}

std::string check_chase(std::span<const uint8_t> memory, uint32_t first, uint32_t width, uint32_t /*hops*/) {
  if (width != 4 && width != 8) return "\"widthBytes\" must be 4 or 8, not " + std::to_string(width);
  if (uint64_t{first} + width <= memory.size()) return "";
  return "\"first\" must leave room for " + std::to_string(width) + " bytes of \"memory\", which has " +
         std::to_string(memory.size());
}

// 1. From the first place, 2. go to the byte offset that lies there, `hops` times. Answer: where that ends.
template <class Word>
Outcome chase_places(std::span<const uint8_t> memory, uint32_t first, uint32_t hops) {
  const unsigned char* const base = memory.data();
  const Word last = static_cast<Word>(memory.size() - sizeof(Word));
  Word at = first;
  LINEFILL_UNROLL
  for (uint32_t i = 0; i < hops; ++i) {
    at = load<Word>(base + at);
    if (at > last) return {0, "\"memory\" has an offset that leaves no room for another"};
  }
  return {at, nullptr};
}

Outcome unaligned_chase(std::span<const uint8_t> memory, uint32_t first, uint32_t width, uint32_t hops) {
  return width == 4 ? chase_places<uint32_t>(memory, first, hops)
                    : chase_places<uint64_t>(memory, first, hops);
}

LINEFILL_KERNEL(unaligned_load, "unaligned-load", "loads from four places at any address", check_loads,
                "memory", "first", "strideBytes", "widthBytes", "passes");
LINEFILL_KERNEL(unaligned_store, "unaligned-store", "stores to four places at any address", check_stores,
                "memory", "first", "strideBytes", "widthBytes", "passes");
LINEFILL_KERNEL(unaligned_chase, "unaligned-chase", "follows offsets that lie at any address", check_chase,
                "memory", "first", "widthBytes", "hops");

}  // namespace
}  // namespace linefill
