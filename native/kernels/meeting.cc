#include "kernels/meeting.h"

#include <algorithm>
#include <iterator>
#include <mutex>

namespace linefill {
namespace {

constexpr const char* kTaken = "another call waits in the same role already";
constexpr const char* kCrowded = "too many calls wait for a partner";

// A call that waits for its partner. Only those stand here: who has met needs no register.
struct Waiting {
  const void* key = nullptr;
  const Peer* peer = nullptr;
  Role role = Role::kProducer;
  MeetingRing* ring = nullptr;  // null: a free place
};

struct Register {
  std::mutex mutex;
  Waiting waiting[64];
};

// Never destroyed: threads may wait while the process ends.
Register& the_register() {
  static Register* const all = new Register;
  return *all;
}

}  // namespace

Meeting::Meeting(const void* key, const Peer& peer, Role role) : peer_(peer) {
  Register& all = the_register();
  {
    // 1. Join who waits, or wait.
    const std::lock_guard lock(all.mutex);
    Waiting* const end = std::end(all.waiting);
    Waiting* place = std::find_if(all.waiting, end, [&](const Waiting& each) {
      return each.ring != nullptr && each.key == key && each.peer == &peer;
    });
    if (place != end && place->role == role) {
      wrong_ = kTaken;
      return;
    }
    if (place != end) {
      ring_ = place->ring;
      *place = {};
      ring_->inside.store(2, std::memory_order_relaxed);
      ring_->met.store(true, std::memory_order_release);
      return;
    }
    place = std::find_if(all.waiting, end, [](const Waiting& each) { return each.ring == nullptr; });
    if (place == end) {
      wrong_ = kCrowded;
      return;
    }
    ring_ = new (std::nothrow) MeetingRing;
    if (ring_ == nullptr) {
      wrong_ = kNoMemory;
      return;
    }
    *place = {key, &peer, role, ring_};
  }
  Patience patience;
  while (!ring_->met.load(std::memory_order_acquire)) {
    spin_pause();
    if (patience.lasts()) continue;
    // 2. Nobody came: leave, unless somebody came just now.
    const std::lock_guard lock(all.mutex);
    Waiting* const place = std::find_if(std::begin(all.waiting), std::end(all.waiting),
                                        [&](const Waiting& each) { return each.ring == ring_; });
    if (place == std::end(all.waiting)) return;
    *place = {};
    wrong_ = Patience::kAlone;
    return;
  }
}

Meeting::~Meeting() {
  if (ring_ == nullptr || ring_->inside.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  const HandOver left = ring();
  const uint32_t end = left.tail().load(std::memory_order_relaxed);
  for (uint32_t at = left.head().load(std::memory_order_relaxed); at != end; ++at) {
    const uint64_t slot = left.item<uint64_t>(at).load(std::memory_order_relaxed);
    peer_.release(reinterpret_cast<void*>(static_cast<uintptr_t>(slot)));
  }
  delete ring_;
}

bool Meeting::wait_until_taken() const {
  const HandOver items = ring();
  const uint32_t all = items.tail().load(std::memory_order_relaxed);
  Patience patience;
  while (items.head().load(std::memory_order_acquire) != all) {
    spin_pause();
    if (!patience.lasts()) return false;
  }
  return true;
}

}  // namespace linefill
