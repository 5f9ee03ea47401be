// Where two calls of one process meet, each in a thread of its own, to hand over addresses. The ring between
// them is memory that no script sees, so that nothing is freed but what the partner has allocated: a number
// out of a shared array could be anything. It lives as long as the two calls, and holds nothing between
// calls. Cost: a lock and an allocation a call.
#pragma once

#include <atomic>
#include <cstdint>

#include "allocators/peers.h"
#include "kernels/thread-work.h"

namespace linefill {

// The ring and what else two calls share. Lines of its own for what each of them writes.
struct alignas(256) MeetingRing {
  uint32_t words[HandOver::kWords] = {};
  std::atomic<uint32_t> inside{1};
  std::atomic<bool> met{false};
};

// One call's place at a meeting. The last to leave frees what was laid down and not taken.
class Meeting {
 public:
  // Waits for a call in the other role, with the same key and the same allocator, for 10 s.
  Meeting(const void* key, const Peer& peer, Role role);
  ~Meeting();
  Meeting(const Meeting&) = delete;
  Meeting& operator=(const Meeting&) = delete;

  // Why there is no partner; null: there is one.
  const char* wrong() const { return wrong_; }
  HandOver ring() const { return HandOver{ring_->words}; }
  // Waits until the partner has taken all; false where it did not within 10 s.
  bool wait_until_taken() const;

 private:
  const Peer& peer_;
  MeetingRing* ring_ = nullptr;
  const char* wrong_ = nullptr;
};

}  // namespace linefill
