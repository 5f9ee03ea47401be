// Marking in small steps between allocations. White objects are not yet found, grey ones are found and wait
// on a stack, black ones have been scanned. The mutator goes on between two steps and could hide a white
// object: it makes a black one name it and cuts the way by which it would have been found. A barrier at each
// store prevents that:
//
//   insertion    the new target becomes grey (Dijkstra). Roots have no barrier, so they are looked at again
//                when nothing is grey; what they name then is marked in steps like the rest, until nothing
//                is left. New objects are white: what dies young is freed by this cycle.
//   snapshot     the target that is overwritten becomes grey (Yuasa), and new objects are black: all that was
//                reachable when the cycle began is kept, and no root needs a second look.
//
// An object with many slots is scanned in several steps. Cost: a step is as long as it is told to be; a cycle
// a little more than one mark. Sources: E. Dijkstra and others, On-the-Fly Garbage Collection (1978); T.
// Yuasa, Real-Time Garbage Collection on General-Purpose Machines (1990). TypeScript twin:
// src/collectors/incremental-marking.ts.
#pragma once

#include <algorithm>

#include "collectors/collector.h"
#include "collectors/grey-objects.h"
#include "collectors/spaces/block-space.h"

namespace linefill {

class IncrementalMarking {
 public:
  // The barrier, 0 or 1 as above; words marked for each word allocated.
  static constexpr uint32_t kSettings = 2;
  static constexpr uint32_t kMostRate = 1u << 16;

  static std::string check(std::span<const uint32_t> settings) {
    if (settings[0] > 1)
      return "the barrier in \"settings\" must be 0 (insertion) or 1 (snapshot), not " +
             std::to_string(settings[0]);
    if (settings[1] >= 1 && settings[1] <= kMostRate) return "";
    return "the rate in \"settings\" must be from 1 to " + std::to_string(kMostRate) +
           " words marked a word allocated, not " + std::to_string(settings[1]);
  }

  static BlockSpace lay_out(const CollectorRoom& room) {
    return BlockSpace(room.heap.data(), kHeapStart, static_cast<uint32_t>(room.heap.size()));
  }

  IncrementalMarking(const CollectorRoom& room, BlockSpace& space, Counts& counts,
                     std::span<const uint32_t> settings)
      : roots_(room.roots),
        grey_(room.heap.data(), room.scratch.data()),
        space_(space),
        counts_(counts),
        is_snapshot_(settings[0] == 1),
        rate_(settings[1]) {}

  void begin() {
    kept_ = {};
    shade_roots();
  }

  bool is_due(uint64_t /*allocated_words*/) const { return true; }

  bool step(uint64_t allocated_words) {
    scan(allocated_words * rate_);
    if (is_snapshot_ || !grey_.is_empty()) return grey_.is_empty();
    shade_roots();
    scan(allocated_words * rate_);
    return grey_.is_empty();
  }

  void finish() {
    scan(UINT64_MAX);
    if (is_snapshot_) return;
    shade_roots();
    scan(UINT64_MAX);
  }

  void mark_all() {
    begin();
    scan(UINT64_MAX);
  }

  void add(uint32_t object, uint64_t words) {
    if (!is_snapshot_) return;
    space_.mark(object);
    ++kept_.objects;
    kept_.words += words;
  }

  const Kept& kept() const { return kept_; }

  // Makes a slot name the target. True: the barrier found a white object.
  bool store(uint32_t* slot, uint32_t target) {
    const uint32_t threatened = is_snapshot_ ? *slot : target;
    *slot = target;
    return shade(threatened);
  }

 private:
  struct Access {
    BlockSpace& space;
    bool mark(uint32_t at) { return space.mark(at); }
    static uint32_t load(const uint32_t* slot) { return *slot; }
  };

  void scan(uint64_t words) {
    Access access{space_};
    grey_.scan(access, words);
    grey_.count(counts_, kept_);
    counts_.peak_scratch_words = std::max<uint64_t>(counts_.peak_scratch_words, grey_.peak_words());
  }

  void shade_roots() {
    for (const uint32_t root : roots_) shade(root);
  }

  // A white object becomes grey.
  bool shade(uint32_t at) {
    if (at == kNull || !space_.mark(at)) return false;
    grey_.push(at);
    return true;
  }

  std::span<uint32_t> roots_;
  GreyObjects grey_;
  BlockSpace& space_;
  Counts& counts_;
  bool is_snapshot_;
  uint32_t rate_;
  Kept kept_;
};

}  // namespace linefill
