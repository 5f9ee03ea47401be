// A token handed round a ring of threads or processes that share one CPU, so that each hand-over is a context
// switch: what the platform contract says of switching. After lmbench's lat_ctx (McVoy and Staelin, USENIX
// 1996, section 6.6), whose own overhead is measured alike: a ring of one member, which hands the token to
// itself and needs no switch. linux_ring.cc implements it; no_ring.cc says elsewhere that there is none.
#pragma once

#include <cstdint>
#include <string>

#include "platform/platform.h"

namespace linefill::platform {

enum class Member : uint8_t {
  kThread,
  kProcess,  // a forked child, which has a page table of its own
};

enum class Token : uint8_t {
  kPipe,   // a byte written to the pipe that the next one reads
  kFutex,  // a word that the next one sleeps on; among threads only
};

inline constexpr uint32_t kMostMembers = 64;

struct Ring {
  Member member = Member::kThread;
  Token token = Token::kPipe;
  uint32_t members = 2;  // 1 to kMostMembers
  int cpu = 0;           // all of them run there
  uint32_t warm_laps = 0;
  uint32_t laps = 1;  // at least 1
  // What a member does whenever the token comes to it. In a forked child no more may happen than a signal
  // handler may do: it computes, and reads memory.
  uint32_t (*turn)(const void* state, uint32_t member) = nullptr;
  const void* state = nullptr;
};

struct RingRecord {
  double elapsed_ns = 0;  // of `laps` laps, by the first member's clock
  double switches = 0;    // of all members in that time, asked for or not
  uint32_t sum = 0;       // of what all turns returned, modulo 2^32, those of the warm laps too
};

// Empty, or why this system can't do it.
std::string ring_refusal(const Ring& ring);
// Runs the ring. Its members end before it returns, whatever happens; children die with the calling thread.
// The caller itself takes no turn, and keeps its own CPUs. Null, or static text that says what failed.
[[nodiscard]] const char* run_ring(const Ring& ring, RingRecord* out);

}  // namespace linefill::platform
