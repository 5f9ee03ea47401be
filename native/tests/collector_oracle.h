// The oracle of collectors: the same rows over objects of the test's own, beside any collector. After every
// row both are walked from the roots, side by side: what can be reached must be there, whole, in one place.
// After every full collection that a row asks for nothing else may be there, and what is in use is what that
// takes. Shares no line with a plan but the lay-out of an object. Costs what lives, each row.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "collectors/mutate.h"
#include "tests/collector_places.h"
#include "tests/test.h"

namespace linefill::test {

// What a collector has done wrong: what can be reached is gone, what can't is there, the books are wrong.
enum class Fault : uint8_t { kNone, kLost, kKept, kMiscounted };

inline std::string show(Fault fault) {
  constexpr const char* kNames[] = {"nothing is wrong", "lost", "kept", "miscounted"};
  return kNames[static_cast<size_t>(fault)];
}

// Objects that the rows made and named, by number; 0 is none.
class ObjectGraph {
 public:
  struct Object {
    uint32_t slots_begin = 0;
    uint32_t slots = 0;
    uint32_t bytes = 0;
    // Where the collector has it, as of a walk.
    uint32_t at = kNull;
    uint32_t walk = 0;
  };

  explicit ObjectGraph(uint32_t roots) : roots(roots), objects(1) {}

  void row(const uint32_t* at) {
    const auto slot_of = [this](uint32_t root, uint32_t slot) {
      const Object& object = objects[roots[root]];
      return slot < object.slots ? &slots_[object.slots_begin + slot] : nullptr;
    };
    uint32_t* slot = nullptr;
    switch (static_cast<MutatorOp>(at[0])) {
      case MutatorOp::kNew:
        roots[at[1]] = static_cast<uint32_t>(objects.size());
        objects.push_back({static_cast<uint32_t>(slots_.size()), at[2], at[3]});
        slots_.resize(slots_.size() + at[2]);
        break;
      case MutatorOp::kLoad:
        slot = slot_of(at[2], at[3]);
        roots[at[1]] = slot == nullptr ? 0 : *slot;
        break;
      case MutatorOp::kStore:
      case MutatorOp::kErase:
        slot = slot_of(at[1], at[2]);
        if (slot != nullptr) *slot = at[0] == static_cast<uint32_t>(MutatorOp::kStore) ? roots[at[3]] : 0;
        break;
      case MutatorOp::kCopy:
        roots[at[1]] = roots[at[2]];
        break;
      case MutatorOp::kClear:
        roots[at[1]] = 0;
        break;
      default:
        break;
    }
  }

  std::span<const uint32_t> slots_of(uint32_t number) const {
    return {slots_.data() + objects[number].slots_begin, objects[number].slots};
  }

  // What counts alone can't free: what can be reached, cycles, and what hangs on either.
  std::vector<uint32_t> counted() const {
    std::vector<uint32_t> named(objects.size());
    for (uint32_t number = 1; number < objects.size(); ++number) {
      for (const uint32_t target : slots_of(number)) ++named[target];
    }
    for (const uint32_t root : roots) ++named[root];
    std::vector<uint32_t> dead;
    std::vector<uint32_t> left;
    for (uint32_t number = 1; number < objects.size(); ++number) {
      if (named[number] == 0) dead.push_back(number);
    }
    while (!dead.empty()) {
      const uint32_t number = dead.back();
      dead.pop_back();
      for (const uint32_t target : slots_of(number)) {
        if (target != 0 && --named[target] == 0) dead.push_back(target);
      }
    }
    for (uint32_t number = 1; number < objects.size(); ++number) {
      if (named[number] != 0) left.push_back(number);
    }
    return left;
  }

  std::vector<uint32_t> roots;
  std::vector<Object> objects;

 private:
  std::vector<uint32_t> slots_;
};

// A collector with its mutator, of whatever plan: one type for all, or each test would take long to compile.
struct Subject {
  virtual ~Subject() = default;
  virtual bool row(const uint32_t* at) = 0;
  virtual const Counts& counts() const = 0;
  virtual uint32_t used_words() const = 0;
};

template <class C>
class SubjectOf final : public Subject {
 public:
  SubjectOf(const CollectorRoom& room, std::span<const uint32_t> settings)
      : collector_(room, settings), mutator_(collector_, room.heap, room.roots) {}
  bool row(const uint32_t* at) override {
    uint32_t answer;
    return mutator_.row(at, answer);
  }
  const Counts& counts() const override { return collector_.counts; }
  uint32_t used_words() const override { return collector_.used_words(); }

 private:
  C collector_;
  Mutator<C> mutator_;
};

// What the oracle must know of a plan.
struct Plan {
  using Settings = std::span<const uint32_t>;
  uint32_t extra_words;
  bool keeps_cycles;
  bool (*sweeps_later)(Settings settings);
  Places (*places)(size_t heap_words, Settings settings);
  std::unique_ptr<Subject> (*make)(const CollectorRoom& room, Settings settings);
};

template <class C>
Plan plan_of() {
  static constexpr const C* kNone = nullptr;
  return {C::kExtraWords, kKeepsCycles<C>,
          [](Plan::Settings settings) { return sweeps_later(kNone, settings); },
          [](size_t heap_words, Plan::Settings settings) { return places_of(kNone, heap_words, settings); },
          [](const CollectorRoom& room, Plan::Settings settings) -> std::unique_ptr<Subject> {
            return std::make_unique<SubjectOf<C>>(room, settings);
          }};
}

// A collector at work, and the oracle beside it.
class Watched {
 public:
  Watched(const Plan& plan, size_t heap_words, std::span<const uint32_t> settings, uint32_t root_count)
      : heap_(heap_words, 0xdeadbeef),
        roots_(root_count),
        graph_(root_count),
        scratch_(heap_words + root_count),
        settings_(settings.begin(), settings.end()),
        plan_(plan),
        places_(plan.places(heap_words, settings)),
        blocks_(places_, heap_words),
        walk_of_start_(heap_words / 2),
        subject_(plan.make({heap_, scratch_, roots_, &pauses_}, settings)) {}

  // Does a row on both sides; false: the collector has no memory left.
  bool row(const uint32_t* at) {
    if (!subject_->row(at)) return false;
    graph_.row(at);
    return true;
  }

  // What is wrong after a row; what() tells more.
  Fault fault_after(const uint32_t* row) {
    // What was held still is, where nothing was freed.
    has_looked_ = blocks_.exist() && freed_ != counts().freed_objects;
    freed_ = counts().freed_objects;
    if (has_looked_) blocks_.look(heap_, scratch_);
    if (!walk()) return Fault::kLost;
    const uint64_t held = counts().allocated_objects - counts().freed_objects;
    if (held < reached_.size()) {
      what_ = std::to_string(held) + " objects are held, and more are reached";
      return Fault::kLost;
    }
    return row[0] == static_cast<uint32_t>(MutatorOp::kCollect) ? fault_of_books(held) : Fault::kNone;
  }

  const std::string& what() const { return what_; }

  // The objects that can be reached, as of the last row that was looked at.
  std::span<const uint32_t> reached() const { return reached_; }

  // Words that a reached object takes of the heap.
  uint32_t taken_by(uint32_t number) const {
    const uint32_t words = words_of_object(number);
    // What hangs on a cycle is in no place that a walk knows, but all of it is in blocks.
    return plan_.keeps_cycles || blocks_.have(graph_.objects[number].at) ? cell_words(words) : words;
  }

  const Places& places() const { return places_; }
  const BlocksSeen& blocks() const { return blocks_; }
  uint32_t place_of(uint32_t number) const { return graph_.objects[number].at; }
  const Counts& counts() const { return subject_->counts(); }
  uint32_t used_words() const { return subject_->used_words(); }

 private:
  // Both sides from the roots; false: what can be reached isn't there.
  bool walk() {
    ++walk_;
    reached_.clear();
    for (size_t i = 0; i < roots_.size(); ++i) {
      if (!matches(roots_[i], graph_.roots[i])) return false;
    }
    for (size_t next = 0; next < reached_.size(); ++next) {
      const uint32_t number = reached_[next];
      const uint32_t* slot = &heap_[graph_.objects[number].at + kObjectHeaderWords + plan_.extra_words];
      for (const uint32_t target : graph_.slots_of(number)) {
        if (!matches(*slot++, target)) return false;
      }
    }
    return true;
  }

  // Whether an offset names that object, whole. One that is met for the first time waits in `reached_`.
  bool matches(uint32_t at, uint32_t number) {
    ObjectGraph::Object& object = graph_.objects[number];
    const bool is_met = number == 0 || object.walk == walk_;
    if (is_met ? at != object.at : !is_whole(at, number)) {
      what_ = "offset " + std::to_string(at) + " is not object " + std::to_string(number);
      return false;
    }
    if (is_met) return true;
    object.walk = walk_;
    object.at = at;
    reached_.push_back(number);
    return true;
  }

  bool is_whole(uint32_t at, uint32_t number) {
    const ObjectGraph::Object& object = graph_.objects[number];
    const uint32_t words = words_of_object(number);
    if (at < kHeapStart || at % 2 != 0 || uint64_t{at} + words > heap_.size()) return false;
    if (linefill::slots_of(heap_.data(), at) != object.slots || words_of(heap_.data(), at) != words) {
      return false;
    }
    // Its words are free, whether or not they were taken since.
    if (has_looked_ && blocks_.have(at) && !blocks_.hold(at)) return false;
    // Two objects in one place.
    if (walk_of_start_[at / 2] == walk_) return false;
    walk_of_start_[at / 2] = walk_;
    const uint32_t data_words = (object.bytes + 3) / 4;
    if (data_words == 0) return true;
    const uint32_t* data = &heap_[at + kObjectHeaderWords + plan_.extra_words + object.slots];
    return data[0] == number && data[data_words - 1] == (data_words == 1 ? number : ~number);
  }

  // After a full collection: what is there, and what it takes.
  Fault fault_of_books(uint64_t held) {
    const bool is_late = plan_.sweeps_later(settings_);
    const std::vector<uint32_t> expected = plan_.keeps_cycles ? graph_.counted() : reached_;
    uint64_t words = 0;
    uint64_t own_words = 0;
    uint64_t in_blocks = 0;
    for (const uint32_t number : expected) {
      words += taken_by(number);
      own_words += words_of_object(number);
      // What hangs on a cycle is in no place that a walk knows.
      if (plan_.keeps_cycles || blocks_.have(graph_.objects[number].at)) ++in_blocks;
    }
    what_ = std::to_string(held) + " objects are held, of " + std::to_string(expected.size()) + "; " +
            std::to_string(subject_->used_words()) + " words are in use, of " + std::to_string(words);
    if (held < expected.size()) return Fault::kLost;
    if (held > expected.size()) return Fault::kKept;
    const uint64_t held_words = counts().allocated_words - counts().freed_words;
    if (held_words != own_words) {
      what_ += "; they are of " + std::to_string(held_words) + " words, not " + std::to_string(own_words);
      return Fault::kMiscounted;
    }
    if (blocks_.exist()) {
      blocks_.look(heap_, scratch_);
      what_ += "; " + std::to_string(blocks_.objects()) + " objects are in blocks, of " +
               std::to_string(in_blocks);
      if (blocks_.objects() != in_blocks) return blocks_.objects() < in_blocks ? Fault::kLost : Fault::kKept;
    }
    const uint64_t used = subject_->used_words();
    if (is_late ? used < words : used != words) return Fault::kMiscounted;
    return overlap() ? Fault::kMiscounted : Fault::kNone;
  }

  // Whether the words of two objects that can be reached are the same.
  bool overlap() {
    std::vector<uint32_t> order = reached_;
    const auto at = [this](uint32_t number) { return graph_.objects[number].at; };
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return at(a) < at(b); });
    for (size_t i = 1; i < order.size(); ++i) {
      if (at(order[i - 1]) + taken_by(order[i - 1]) <= at(order[i])) continue;
      what_ = "the objects at " + std::to_string(at(order[i - 1])) + " and behind overlap";
      return true;
    }
    return false;
  }

  uint32_t words_of_object(uint32_t number) const {
    const ObjectGraph::Object& object = graph_.objects[number];
    return static_cast<uint32_t>(object_words(plan_.extra_words, object.slots, object.bytes));
  }

  std::vector<uint32_t> heap_;
  std::vector<uint32_t> roots_;
  ObjectGraph graph_;
  std::vector<uint32_t> scratch_;
  std::vector<uint32_t> settings_;
  PauseLog pauses_{{}};
  Plan plan_;
  Places places_;
  BlocksSeen blocks_;
  uint64_t freed_ = 0;
  // Whether the blocks are as they were seen.
  bool has_looked_ = false;
  uint32_t walk_ = 0;
  std::vector<uint32_t> walk_of_start_;
  std::vector<uint32_t> reached_;
  std::string what_;

  std::unique_ptr<Subject> subject_;
};

struct Verdict {
  Fault fault = Fault::kNone;
  size_t row = 0;
  std::string what;
  Counts counts;
};

// Runs rows over a collector until one of them does wrong, or all are done, or there is no memory left.
inline Verdict judge(const Plan& plan, size_t heap_words, std::span<const uint32_t> settings,
                     std::span<const uint32_t> rows, uint32_t roots) {
  Watched watched(plan, heap_words, settings, roots);
  size_t row = 0;
  for (; row < rows.size() / kMutatorRowWords; ++row) {
    const uint32_t* at = &rows[row * kMutatorRowWords];
    if (!watched.row(at)) break;
    const Fault fault = watched.fault_after(at);
    if (fault != Fault::kNone) return {fault, row, watched.what(), watched.counts()};
  }
  return {Fault::kNone, row, "", watched.counts()};
}

}  // namespace linefill::test
