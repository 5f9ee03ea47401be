// Marking on a second thread while the mutator goes on. A cycle keeps a snapshot: all that was reachable when
// it began. A store that overwrites a reference marks the object that it named, in case the marker has not
// come there yet, and lays it into a log that the marker takes from; new objects are marked from the
// beginning, and the marker never looks into them. At a fixed number of words allocated after the beginning
// the mutator stands still until the marker is done. So what a cycle keeps is the snapshot and all that was
// made since, whoever was faster: survivors, addresses and counts of both languages are equal, though no two
// runs are alike.
//
//   scratch   marks, a bit for each even word | log | stack
//
// Only the marks, the slots and the log's length are touched by both at once: whatever one of them changes is
// changed atomically, and the marker reads atomically, too. The mutator reads its slots plainly, for nobody
// else changes them. Who reads a new object's name in a slot must see its mark: a store while marking
// releases, the marker's load acquires. The marks lie outside the heap, so that its image is the mutator's
// work alone. Cost: a pause to note the roots and one to wait for what is left; an atomic operation for each
// reference that is overwritten while it marks; another processor. How deep the stack gets depends on who is
// faster, and is not counted. Sources: T. Yuasa, Real-Time Garbage Collection on General-Purpose Machines
// (1990), the barrier; D. Doligez and X. Leroy, A Concurrent, Generational Garbage Collector (1993), the
// thread. TypeScript twin: src/collectors/concurrent-marking.ts.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "collectors/collector.h"
#include "collectors/grey-objects.h"
#include "collectors/spaces/block-space.h"

namespace linefill {

// kThreaded: whether there is a second thread. Without one the same is done in the final pause.
template <bool kThreaded>
class ConcurrentMarking {
 public:
  // The final pause comes when so many percent of the heap have been allocated since the beginning.
  static constexpr uint32_t kSettings = 1;

  static std::string check(std::span<const uint32_t> settings) {
    if (settings[0] >= 1 && settings[0] <= 100) return "";
    return "the distance in \"settings\" must be from 1 to 100 percent of the heap, not " +
           std::to_string(settings[0]);
  }

  static BlockSpace lay_out(const CollectorRoom& room) {
    return BlockSpace(room.heap.data(), kHeapStart, static_cast<uint32_t>(room.heap.size()),
                      room.scratch.data());
  }

  ConcurrentMarking(const CollectorRoom& room, BlockSpace& space, Counts& counts,
                    std::span<const uint32_t> settings)
      : roots_(room.roots),
        marks_(room.scratch.data(), space.start()),
        log_(room.scratch.data() + room.heap.size() / 64 + 1),
        grey_(room.heap.data(), log_ + room.heap.size() / kLeastObjectWords),
        counts_(counts),
        final_words_(uint64_t{space.capacity_words()} * settings[0] / 100) {
    if (!kThreaded) return;
    try {
      thread_ = std::thread([this, cpu = platform::current_cpu()] { run(cpu); });
    } catch (const std::system_error&) {
      // The system gives no thread: what it would have done is done in the final pause.
      return;
    }
    // It is born on the CPU of its maker, and may wait there for as long as that one works.
    rest();
  }
  ConcurrentMarking(const ConcurrentMarking&) = delete;
  ConcurrentMarking& operator=(const ConcurrentMarking&) = delete;

  ~ConcurrentMarking() {
    if (!thread_.joinable()) return;
    tell(State::kQuit);
    thread_.join();
  }

  void begin() {
    note_roots();
    if (thread_.joinable()) tell(State::kMarking);
  }

  bool is_due(uint64_t allocated_words) const { return allocated_words >= final_words_; }

  bool step(uint64_t /*allocated_words*/) {
    finish();
    return true;
  }

  void finish() {
    // A marker that sleeps is not waited for: what it would find when it wakes is done here.
    if (thread_.joinable()) rest();
    work();
    grey_.count(counts_, kept_);
  }

  // With the mutator standing still a second thread is of no use.
  void mark_all() {
    note_roots();
    work();
    grey_.count(counts_, kept_);
  }

  void add(uint32_t object, uint64_t words) {
    marks_.add_atomically(object);
    ++kept_.objects;
    kept_.words += words;
  }

  const Kept& kept() const { return kept_; }

  bool store(uint32_t* slot, uint32_t target) {
    const uint32_t old = *slot;
    // The old target is safe before the way to it is cut.
    shade(old);
    std::atomic_ref<uint32_t>(*slot).store(target, std::memory_order_release);
    return old != kNull;
  }

 private:
  enum class State : uint8_t { kParked, kMarking, kQuit };

  // How long the marker sleeps when it has run out of work before the cycle's end.
  static constexpr auto kNap = std::chrono::microseconds(100);

  struct Access {
    BlockMap& marks;
    bool mark(uint32_t at) { return marks.add_atomically(at); }
    static uint32_t load(uint32_t* slot) {
      return std::atomic_ref<uint32_t>(*slot).load(std::memory_order_acquire);
    }
  };

  // The mutator's: the log is empty but for what the roots name.
  void note_roots() {
    kept_ = {};
    taken_ = 0;
    logged_.store(0, std::memory_order_relaxed);
    for (const uint32_t root : roots_) shade(root);
  }

  // The mutator's: an object that was not marked is for the marker to scan.
  void shade(uint32_t at) {
    if (at == kNull || !marks_.add_atomically(at)) return;
    const uint32_t logged = logged_.load(std::memory_order_relaxed);
    log_[logged] = at;
    logged_.store(logged + 1, std::memory_order_release);
  }

  // The marker's, or the mutator's while that one rests: scans until nothing is grey and the log is empty.
  void work() {
    Access access{marks_};
    for (;;) {
      grey_.scan(access, UINT64_MAX);
      const uint32_t logged = logged_.load(std::memory_order_acquire);
      if (taken_ == logged) return;
      while (taken_ < logged) grey_.push(log_[taken_++]);
    }
  }

  void tell(State state) {
    {
      const std::lock_guard lock(mutex_);
      state_ = state;
    }
    changed_.notify_all();
  }

  // The cycle is the mutator's: as soon as the marker has left what it is at.
  void rest() {
    std::unique_lock lock(mutex_);
    state_ = State::kParked;
    changed_.wait(lock, [this] { return !is_busy_; });
  }

  // On the mutator's CPU it would run in its place: it goes to the next one, where there is one, and stays
  // there, or where that one is busy the call that wakes it would be the longest pause.
  static void leave(int cpu) {
    const std::vector<int> allowed = platform::allowed_cpus();
    const auto here = std::find(allowed.begin(), allowed.end(), cpu);
    if (here == allowed.end() || allowed.size() < 2) return;
    (void)platform::pin(here + 1 == allowed.end() ? allowed.front() : here[1]);
  }

  void run(int mutators_cpu) {
    leave(mutators_cpu);
    std::unique_lock lock(mutex_);
    is_busy_ = false;
    changed_.notify_all();
    while (state_ != State::kQuit) {
      if (state_ == State::kParked) {
        changed_.wait(lock);
        continue;
      }
      is_busy_ = true;
      lock.unlock();
      work();
      lock.lock();
      is_busy_ = false;
      if (state_ == State::kMarking) {
        changed_.wait_for(lock, kNap);
      } else {
        changed_.notify_all();
      }
    }
  }

  std::span<uint32_t> roots_;
  BlockMap marks_;
  uint32_t* log_;
  std::atomic<uint32_t> logged_{0};
  uint32_t taken_ = 0;
  GreyObjects grey_;
  Counts& counts_;
  Kept kept_;
  uint64_t final_words_;
  std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::kParked;
  // From its birth, and while it marks.
  bool is_busy_ = true;
  std::thread thread_;
};

}  // namespace linefill
