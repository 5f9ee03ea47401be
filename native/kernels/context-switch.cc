// A token goes round a ring of threads or processes on one CPU, and each of them reads its own working set
// whenever it has the token: so a pass is a context switch, and whatever the set lost of the caches
// meanwhile. A ring of one hands the token to itself and reads its set, warm: what a pass costs without the
// switch. After lmbench's lat_ctx, which reads in order, so that prefetching hides part of what was lost;
// read as a chain, nothing is hidden. Cost: `passes` switches, and a load a line of a set each; the members'
// birth and end come on top and are left out of `record`. Reference:
// src/experiments/hardware/context-switch-kernel.ts.
#include <cstring>

#include "kernel.h"
#include "platform/ring.h"

namespace linefill {
namespace {

using platform::Member;
using platform::Ring;
using platform::RingRecord;
using platform::Token;
using Record = Observed<double>;

constexpr size_t kLineBytes = 64;
constexpr size_t kLineElements = kLineBytes / sizeof(uint32_t);
// What a byte offset of 32 bits reaches.
constexpr size_t kMostElements = size_t{1} << 30;
constexpr uint32_t kWarmLaps = 4;
constexpr uint32_t kMostPasses = 100'000'000;

struct Sets {
  const uint32_t* data;
  size_t elements;  // of one member's
  const uint32_t* of(uint32_t member) const { return data + member * elements; }
  size_t lines() const { return elements / kLineElements; }
};

// 2. in order: sum the first word of each line of the set.
uint32_t read_in_order(const void* state, uint32_t member) {
  const Sets& sets = *static_cast<const Sets*>(state);
  const uint32_t* const set = sets.of(member);
  uint32_t sum = 0;
  LINEFILL_UNROLL
  for (size_t i = 0; i < sets.elements; i += kLineElements) sum += set[i];
  return sum;
}

// 2. chained: the word says at which byte the next line begins; as many lines, summed alike.
uint32_t read_chained(const void* state, uint32_t member) {
  const Sets& sets = *static_cast<const Sets*>(state);
  const auto* const set = reinterpret_cast<const unsigned char*>(sets.of(member));
  uint32_t sum = 0, at = 0;
  LINEFILL_UNROLL
  for (size_t i = 0; i < sets.lines(); ++i) {
    std::memcpy(&at, set + at, sizeof at);
    sum += at;
  }
  return sum;
}

Ring ring_of(uint32_t members, uint32_t processes, uint32_t futex, uint32_t passes, uint32_t cpu) {
  Ring ring;
  ring.member = processes ? Member::kProcess : Member::kThread;
  ring.token = futex ? Token::kFutex : Token::kPipe;
  ring.members = members;
  ring.cpu = static_cast<int>(cpu);
  ring.warm_laps = kWarmLaps;
  ring.laps = passes / members;
  return ring;
}

std::string must(const char* name, const std::string& be, uint64_t actual) {
  return std::string("\"") + name + "\" must be " + be + ", not " + std::to_string(actual);
}

// A forked child that left its set could only die: so all of them are read before.
std::string check_links(const Sets& sets, uint32_t members) {
  const size_t bytes = sets.elements * sizeof(uint32_t);
  for (uint32_t member = 0; member < members; ++member) {
    const uint32_t* const set = sets.of(member);
    for (size_t i = 0; i < sets.elements; i += kLineElements) {
      if (set[i] % kLineBytes == 0 && set[i] < bytes) continue;
      return wrong_item(
          "sets", member * sets.elements + i,
          "the byte offset of a line of the set (a multiple of 64 below " + std::to_string(bytes) + ")",
          set[i]);
    }
  }
  return "";
}

std::string check_ring(std::span<const uint32_t> sets, uint32_t members, uint32_t chained, uint32_t processes,
                       uint32_t futex, uint32_t passes, uint32_t cpu, Record record) {
  if (members < 1 || members > platform::kMostMembers) {
    return must("members", "from 1 to " + std::to_string(platform::kMostMembers), members);
  }
  if (sets.empty() || sets.size() > kMostElements || sets.size() % (members * kLineElements) != 0) {
    return must("sets", "of a multiple of 16 elements for each member, 2^30 at most", sets.size());
  }
  if (chained > 1) return must("chained", "0 (in order) or 1 (chained)", chained);
  if (processes > 1) return must("processes", "0 (threads) or 1 (processes)", processes);
  if (futex > 1) return must("futex", "0 (pipes) or 1 (futexes)", futex);
  if (passes < members || passes > kMostPasses || passes % members != 0) {
    return must("passes", "a multiple of \"members\" from 1 to " + std::to_string(kMostPasses), passes);
  }
  if (cpu > 1u << 20) return must("cpu", "a CPU's number", cpu);
  if (record.size() < 2) return must("record", "of at least 2 elements", record.size());
  const std::string refusal = ring_refusal(ring_of(members, processes, futex, passes, cpu));
  if (!refusal.empty()) return refusal;
  return check_links({sets.data(), sets.size() / members}, members);
}

// 1. Member after member gets the token, four laps to warm up and then `passes` times in all; 2. each reads
// its set and hands the token on. 3. `record` gets the time of the passes after the warm laps, in ns, and the
// members' context switches in that time. Answer: the sum of all that was read, modulo 2^32.
Outcome context_switch(std::span<const uint32_t> sets, uint32_t members, uint32_t chained, uint32_t processes,
                       uint32_t futex, uint32_t passes, uint32_t cpu, Record record) {
  const Sets state{sets.data(), sets.size() / members};
  Ring ring = ring_of(members, processes, futex, passes, cpu);
  ring.turn = chained ? read_chained : read_in_order;
  ring.state = &state;
  RingRecord seen;
  if (const char* failed = run_ring(ring, &seen)) return {0, failed};
  record[0] = seen.elapsed_ns;
  record[1] = seen.switches;
  return {seen.sum, nullptr};
}

LINEFILL_KERNEL(context_switch, "context-switch", "hands a token round a ring of threads or processes",
                check_ring, "sets", "members", "chained", "processes", "futex", "passes", "cpu", "record");

}  // namespace
}  // namespace linefill
