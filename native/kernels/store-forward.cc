// A value handed from a store to the load that follows it. The core keeps stores in a queue until their lines
// are its own, and a load that finds its bytes there takes them from the queue; where it finds only a part,
// it waits until the store has reached the cache. Each hop stores a value, loads it back in one of several
// forms, and adds one for the next: a chain whose time a hop is the time from store to load. Store and load
// address the same bytes through registers of their own: through one and the same, some cores see already in
// the instructions that the load wants what was stored, which is a form of its own. Cost: a hop is one or two
// stores, a load, an addition; `high` and `halves` also shift.
// Sources: Intel optimization manual, "Store Forwarding"; Fog, "The microarchitecture of Intel, AMD and VIA
// CPUs", on store forwarding stalls and on mirrored memory operands. Reference:
// src/experiments/hardware/store-forwarding-kernels.ts.
#include <array>

#include "kernel.h"
#include "kernels/unaligned.h"

namespace linefill {
namespace {

using unaligned::load;
using unaligned::store;

// As the argument "form" spells it: what is stored | what is loaded of it.
enum class Form : uint32_t {
  kSame,         // [lo hi] | [lo hi]
  kMirrored,     // the same, through one register
  kLow,          // [lo hi] | [lo]
  kHigh,         // [lo hi] |    [hi]
  kHalves,       // [lo][hi] | [lo hi]
  kNarrow,       // [lo]    | [lo hi]: the other half is older
  kOverlapping,  // [lo hi] |    [hi next]
};
constexpr uint32_t kForms = 7;

template <class Word>
struct Half;
template <>
struct Half<uint64_t> {
  using Type = uint32_t;
};
template <>
struct Half<uint32_t> {
  using Type = uint16_t;
};

// The bytes as they lie there, in a register: else the compiler might add in memory, or load less.
template <class Word>
inline Word load_all(const unsigned char* from) {
  auto word = load<Word>(from);
  keep_register(word);
  return word;
}

template <Form form, class Word>
inline Word hop(unsigned char* to, const unsigned char* from, Word value) {
  using Narrow = typename Half<Word>::Type;
  constexpr size_t kHalfBytes = sizeof(Narrow), kHalfBits = 8 * kHalfBytes;
  // 1. Store the value, or its halves one after the other, or the low one alone.
  if constexpr (form == Form::kHalves || form == Form::kNarrow) {
    store<Narrow>(to, static_cast<Narrow>(value));
    // Else both stores would be one.
    clobber();
    if constexpr (form == Form::kHalves)
      store<Narrow>(to + kHalfBytes, static_cast<Narrow>(value >> kHalfBits));
  } else {
    store<Word>(to, value);
  }
  // Else the compiler would hand the value on by itself.
  clobber();
  // 2. Load it, or a half, or the high half and what lies beyond; 3. add one to what was loaded.
  if constexpr (form == Form::kLow) {
    return Word{load_all<Narrow>(from)} + 1;
  } else if constexpr (form == Form::kHigh) {
    return (Word{load_all<Narrow>(from + kHalfBytes)} + 1) << kHalfBits;
  } else if constexpr (form == Form::kOverlapping) {
    return load_all<Word>(from + kHalfBytes) + 1;
  } else {
    return load_all<Word>(from) + 1;
  }
}

template <Form form, class Word>
uint64_t hand_on(unsigned char* at, uint32_t hops) {
  unsigned char* to = at;
  const unsigned char* from = at;
  if constexpr (form != Form::kMirrored) {
    keep_register(to);
    keep_register(from);
  }
  auto value = load<Word>(at);
  LINEFILL_UNROLL
  for (uint32_t i = 0; i < hops; ++i) value = hop<form>(to, from, value);
  // 4. The answer is the last value.
  return value;
}

using HandOn = uint64_t (*)(unsigned char*, uint32_t);

template <class Word>
constexpr std::array<HandOn, kForms> kHandOn{
    &hand_on<Form::kSame, Word>,       &hand_on<Form::kMirrored, Word>, &hand_on<Form::kLow, Word>,
    &hand_on<Form::kHigh, Word>,       &hand_on<Form::kHalves, Word>,   &hand_on<Form::kNarrow, Word>,
    &hand_on<Form::kOverlapping, Word>};

std::string check_forward(std::span<uint8_t> memory, uint32_t first, uint32_t width, uint32_t form,
                          uint32_t /*hops*/) {
  if (width != 4 && width != 8) {
    return "\"widthBytes\" must be 4 or 8, not " + std::to_string(width);
  }
  if (form >= kForms) {
    return "\"form\" must be below " + std::to_string(kForms) + ", not " + std::to_string(form);
  }
  // The last form loads half a word beyond the value.
  const uint64_t end = uint64_t{first} + width + width / 2;
  if (end <= memory.size()) return "";
  return "\"memory\" must have at least " + std::to_string(end) + " bytes, not " +
         std::to_string(memory.size());
}

uint64_t store_forward(std::span<uint8_t> memory, uint32_t first, uint32_t width, uint32_t form,
                       uint32_t hops) {
  unsigned char* const at = memory.data() + first;
  return width == 4 ? kHandOn<uint32_t>[form](at, hops) : kHandOn<uint64_t>[form](at, hops);
}

// --- A load that only seems to follow a store
// ---------------------------------------------------------------

std::string check_beside(std::span<uint8_t> memory, uint32_t first, uint32_t distance, uint32_t /*hops*/) {
  const uint64_t end = uint64_t{first} + distance + sizeof(uint32_t);
  if (end <= memory.size()) return "";
  return "\"memory\" must have at least " + std::to_string(end) + " bytes, not " +
         std::to_string(memory.size());
}

// A chain of loads, before each of which a number is stored some distance away. Where that is a multiple of
// 4 KiB, both addresses end in the same twelve bits.
Outcome load_beside_store(std::span<uint8_t> memory, uint32_t first, uint32_t distance, uint32_t hops) {
  unsigned char* const base = memory.data();
  unsigned char* const to = base + first + distance;
  const size_t last = memory.size() - sizeof(uint32_t);
  // 1. From the first offset,
  uint32_t at = first;
  LINEFILL_UNROLL
  for (uint32_t i = 0; i < hops; ++i) {
    // 2. store the hop's number, and 3. go to the byte offset that lies at this one.
    store<uint32_t>(to, i);
    at = load_all<uint32_t>(base + at);
    if (at > last) return {0, "\"memory\" has an offset that leaves no room for another"};
  }
  // 4. Answer: where that ends.
  return {at, nullptr};
}

LINEFILL_KERNEL(store_forward, "store-forward", "hands a value from a store to the load after it",
                check_forward, "memory", "first", "widthBytes", "form", "hops");
LINEFILL_KERNEL(load_beside_store, "load-beside-store", "follows offsets, storing beside each load",
                check_beside, "memory", "first", "distance", "hops");

}  // namespace
}  // namespace linefill
