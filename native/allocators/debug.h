// Any general allocator (heap.h), wrapped so that what a program does wrong with its blocks is found and told
// with the sites where the block was allocated and first freed. It finds
//
//   double free      of a block that was freed, also after it was given back, until another lies over it
//   use after free   a write: found when the block leaves the quarantine, or by check_all()
//   overflow         a write behind the block, by one byte or more: found when it is freed, or by check_all()
//   underflow        a write before the block
//   foreign          a free of what is no block and lies in none
//   misaligned       a free of what lies inside a block
//
// A block is requested larger than asked for, with a sealed header and canaries around it (debug-layout.h).
// Fresh memory and freed memory are filled. A freed block is held back until so many others were freed after
// it, a quarter of the heap is held, or memory runs out. free() answers with what it finds and takes the
// block back all the same; at once where its header was written, since its size is lost then. A free that is
// wrong in itself, or of another size, changes nothing. A site is a number of the caller's, set before a
// call. An allocator that moves nothing (heap-replay.h) takes blocks back at once; what they hold is looked
// at before the next one is handed out. Reads are not seen: guard pages need pages of a block's own, which
// alloc check --guard gives it (native/preload/check). Cost: O(bytes) a call; ten words and more a block, a
// 16th of the heap. TypeScript twin: src/allocators/debug.ts.
#pragma once

#include "allocators/debug-layout.h"

namespace linefill {

template <class A>
class Debug {
 public:
  static constexpr bool kMoves = !requires { requires !A::kMoves; };

  static std::string check(uint64_t heap_words, uint32_t parameter) {
    std::string wrong = check_heap_words(heap_words, debug::kLeastHeapWords);
    if (!wrong.empty()) return wrong;
    wrong = A::check(debug::shape_of(static_cast<uint32_t>(heap_words)).inner_words, parameter);
    return wrong.starts_with("\"heap\"") ? "without the debug wrapper's own words " + wrong : wrong;
  }

  static Debug create(uint32_t* heap, uint32_t heap_words, uint32_t parameter) {
    const debug::Shape shape = debug::shape_of(heap_words);
    std::fill(heap + shape.inner_words, heap + heap_words, 0);
    Debug made(heap, heap_words, A::create(heap, shape.inner_words, parameter));
    made.record(debug::kInnerWords) = shape.inner_words;
    made.set_site(debug::kNoSite);
    return made;
  }

  // Where the calls that follow stand in the caller's program.
  void set_site(uint32_t site) { record(debug::kSite) = site; }

  int32_t alloc(uint32_t bytes, uint32_t alignment_bytes) {
    const AllocError wrong = check_general(bytes, alignment_bytes, heap_words_);
    if (wrong != AllocError::kNone) return refusal(wrong);
    if constexpr (!kMoves) drain();
    // 1. A larger block, with room to move the payload to where it is aligned.
    const uint32_t alignment = alignment_words(alignment_bytes);
    const uint32_t words = debug::kFrontWords + alignment - kGrainWords + debug::words_with_back(bytes);
    uint32_t used = inner_.used_words();
    int32_t answer = take(words);
    // 2. What is held gives way where memory runs out.
    while (answer == refusal(AllocError::kExhausted) && record(debug::kHeldBlocks) > 0) {
      release();
      used = inner_.used_words();
      answer = take(words);
    }
    if (answer <= 0) return refusal(AllocError::kExhausted);
    // 3. Note it, fill it, mark it.
    const uint32_t inner = static_cast<uint32_t>(answer);
    const uint32_t offset = align_up(inner + debug::kFrontWords, alignment);
    touched_words_ += words;
    gone_.clear_range(inner, inner + words);
    inners_.set(inner);
    starts_.set(offset);
    std::fill(heap() + offset, heap() + offset + debug::touched_words(bytes), debug::kFreshFill);
    marks_.write_header(offset, bytes, inner_.used_words() - used, debug::kLive, site());
    marks_.write_front(offset);
    marks_.write_back(offset, bytes);
    return static_cast<int32_t>(offset);
  }

  // Any offset may be given.
  AllocError free(uint32_t offset) {
    // 1. Is it a block, and one in use?
    if (!is_watched(offset)) return report_stranger(offset);
    const bool is_sealed = marks_.is_sealed(offset);
    if (!is_in_use(offset)) {
      return is_sealed ? note(AllocError::kDoubleFree, offset)
                       : note_unknown(AllocError::kDoubleFree, offset);
    }
    // 2. Of one whose header is lost, or was, it isn't known what to fill: it is given back at once.
    const bool is_known = is_sealed && marks_.is_live(offset);
    if (!kMoves || !is_known) {
      const AllocError wrong = inner_.free(inner_of(offset));
      if (wrong != AllocError::kNone) return wrong;
    }
    if (!is_known) {
      give_up(offset);
      return is_sealed ? AllocError::kNone : note_unknown(AllocError::kUnderflow, offset);
    }
    // 3. Was it written around? It is held back.
    const AllocError damage = damage_of(offset);
    if (damage != AllocError::kNone) note(damage, offset);
    hold(offset);
    return damage;
  }

  // A size that is not the block's is a fault, and the block stays.
  AllocError free_sized(uint32_t offset, uint32_t bytes) {
    if (is_known(offset) && marks_.bytes(offset) != bytes) return note(AllocError::kWrongSize, offset);
    return free(offset);
  }

  bool resize(uint32_t offset, uint32_t bytes) {
    if (!is_known(offset) || bytes / kWordBytes >= heap_words_) return false;
    const uint32_t inner = inner_of(offset);
    const uint32_t words = offset - inner + debug::words_with_back(bytes);
    const uint32_t had = marks_.bytes(offset);
    const bool is_whole = marks_.is_back_whole(offset, had);
    // 1. The larger block, in place.
    const uint32_t used = inner_.used_words();
    if (!inner_.resize(inner, words * kWordBytes)) return false;
    if constexpr (!kMoves) drain();
    if (!is_whole) note(AllocError::kOverflow, offset);
    // 2. What it has gained is fresh, and its end is elsewhere.
    gone_.clear_range(inner, inner + words);
    if (bytes > had) {
      marks_.fill_spare(offset, had, debug::kFreshFill);
      std::fill(heap() + offset + debug::touched_words(had), heap() + offset + debug::touched_words(bytes),
                debug::kFreshFill);
    }
    marks_.at(offset, debug::kBytes) = bytes;
    marks_.at(offset, debug::kWords) += inner_.used_words() - used;
    marks_.seal(offset);
    marks_.write_back(offset, bytes);
    return true;
  }

  // Looks at every block, in use or held; faults found are told once. O(heap / 64 + bytes held).
  void check_all() {
    touched_words_ += shape_.inner_words;
    for (uint32_t i = 0; i < shape_.gone - shape_.starts; ++i) {
      for (uint32_t bits = starts_.bits[i]; bits != 0; bits &= bits - 1) {
        check_block(i * 64 + static_cast<uint32_t>(std::countr_zero(bits)) * kGrainWords);
      }
    }
  }

  // Whether a block in use starts there. One whose header was written counts, unless it is held.
  bool is_in_use(uint32_t offset) const {
    return is_watched(offset) && (marks_.is_sealed(offset) ? !marks_.is_held(offset) : !was_freed(offset));
  }

  // Whether the byte at that distance from a block's start is the block's, or in the margins that are
  // watched.
  bool reaches(uint32_t offset, int32_t position) const {
    if (!is_watched(offset) || !marks_.is_sealed(offset) ||
        marks_.at(offset, debug::kState) == debug::kTold) {
      return false;
    }
    const int64_t front = int64_t{debug::kFrontWords} * kWordBytes;
    const int64_t end = int64_t{debug::words_with_back(marks_.bytes(offset))} * kWordBytes;
    return position >= -front && position < end;
  }

  // Whether a block in use, or one that is held, starts there.
  bool is_watched(uint32_t offset) const {
    return offset < shape_.inner_words && offset % kGrainWords == 0 && starts_.has(offset);
  }

  // Faults so far; the last kLogged of them can be read.
  uint32_t faults() const { return log_.count(); }
  Fault fault(uint32_t number) const { return log_.read(number); }

  // What is filled and looked at takes steps too.
  uint64_t steps() const {
    const uint64_t own = touched_words_ / kWordsAStep;
    if constexpr (Searches<A>) return own + inner_.steps();
    return own;
  }

  uint32_t used_words() const { return inner_.used_words() - record(debug::kHeldWords); }

  // What is held counts as metadata: neither in use nor to be had.
  Statistics statistics() const {
    Statistics found = inner_.statistics();
    found.metadata_words += heap_words_ - shape_.inner_words;
    for (uint32_t i = 0; i < record(debug::kHeldBlocks); ++i) {
      const uint32_t words = held_at(record(debug::kOldest) + i)[1];
      if (words == 0) continue;
      --found.live_blocks;
      --found.live_by_size[size_log(words)];
      found.used_words -= words;
      found.metadata_words += words;
    }
    return found;
  }

 private:
  static constexpr uint32_t kWordsAStep = 16;

  Debug(uint32_t* heap, uint32_t heap_words, A inner)
      : inner_(inner),
        heap_words_(heap_words),
        shape_(debug::shape_of(heap_words)),
        marks_{heap},
        log_{heap, shape_},
        starts_{heap + shape_.starts},
        gone_{heap + shape_.gone},
        inners_{heap + shape_.inners} {}

  uint32_t* heap() const { return marks_.heap; }
  uint32_t& record(debug::Record word) const { return heap()[shape_.inner_words + word]; }
  uint32_t site() const { return record(debug::kSite); }
  uint32_t* held_at(uint32_t number) const {
    return heap() + shape_.held + number % shape_.held_most * debug::kHeldEntryWords;
  }

  int32_t take(uint32_t words) { return inner_.alloc(words * kWordBytes, kGrainWords * kWordBytes); }

  // What the allocator beneath gave for a block.
  uint32_t inner_of(uint32_t offset) const { return inners_.last_to(offset - debug::kFrontWords); }

  // A block in use whose header is to be believed.
  bool is_known(uint32_t offset) const {
    return is_watched(offset) && marks_.is_sealed(offset) && marks_.is_live(offset);
  }

  AllocError damage_of(uint32_t offset) const {
    if (!marks_.is_front_whole(offset)) return AllocError::kUnderflow;
    return marks_.is_back_whole(offset, marks_.bytes(offset)) ? AllocError::kNone : AllocError::kOverflow;
  }

  void hold(uint32_t offset) {
    // Of an allocator that moves nothing the words are free already.
    const uint32_t words = kMoves ? marks_.at(offset, debug::kWords) : 0;
    marks_.at(offset, debug::kState) = debug::kHeld;
    marks_.at(offset, debug::kFreed) = site();
    marks_.seal(offset);
    marks_.fill_held(offset);
    gone_.set(offset);
    touched_words_ += debug::touched_words(marks_.bytes(offset));
    if (record(debug::kHeldBlocks) == shape_.held_most) release();
    uint32_t* entry = held_at(record(debug::kOldest) + record(debug::kHeldBlocks));
    entry[0] = offset;
    entry[1] = words;
    ++record(debug::kHeldBlocks);
    record(debug::kHeldWords) += words;
    while (record(debug::kHeldWords) > shape_.inner_words / debug::kHeldShare) release();
  }

  // Lets the oldest one go.
  void release() {
    const uint32_t* entry = held_at(record(debug::kOldest));
    const uint32_t offset = entry[0];
    check_block(offset);
    const uint32_t inner = inner_of(offset);
    give_up(offset);
    record(debug::kHeldWords) -= entry[1];
    record(debug::kOldest) = (record(debug::kOldest) + 1) % shape_.held_most;
    --record(debug::kHeldBlocks);
    if (kMoves) inner_.free(inner);
  }

  void drain() {
    while (record(debug::kHeldBlocks) > 0) release();
  }

  void give_up(uint32_t offset) {
    inners_.clear(inner_of(offset));
    starts_.clear(offset);
    gone_.set(offset);
  }

  void check_block(uint32_t offset) {
    if (!marks_.is_sealed(offset)) {
      // The header is lost: what is known of it is made anew, so that it is told once.
      const bool is_held = was_freed(offset);
      note_unknown(is_held ? AllocError::kUseAfterFree : AllocError::kUnderflow, offset);
      marks_.write_header(offset, 0, 0, is_held ? debug::kHeld : debug::kTold, debug::kNoSite);
      if (is_held) marks_.fill_held(offset);
    } else if (marks_.is_live(offset)) {
      const AllocError damage = damage_of(offset);
      if (damage == AllocError::kNone) return;
      note(damage, offset);
      marks_.write_front(offset);
      marks_.write_back(offset, marks_.bytes(offset));
    } else if (marks_.is_held(offset) && !marks_.is_untouched(offset)) {
      note(AllocError::kUseAfterFree, offset);
      marks_.fill_held(offset);
    }
  }

  // Of a watched block whose header can't say: it was freed, so it is held.
  bool was_freed(uint32_t offset) const { return gone_.has(offset); }

  // Of a free of what is no block's start.
  AllocError report_stranger(uint32_t offset) {
    if (offset < shape_.inner_words) {
      const uint32_t start = starts_.last_to(offset);
      touched_words_ += (offset - start) / (32 * kGrainWords);
      if (start != 0 && marks_.is_sealed(start) &&
          offset - start < debug::touched_words(marks_.bytes(start))) {
        return note(AllocError::kMisaligned, start);
      }
      if (offset % kGrainWords == 0 && gone_.has(offset)) {
        return note_unknown(AllocError::kDoubleFree, offset);
      }
    }
    return note_unknown(AllocError::kForeign, offset);
  }

  AllocError note(AllocError error, uint32_t offset) {
    return log_.note({error, offset, marks_.bytes(offset), marks_.at(offset, debug::kAllocated),
                      marks_.at(offset, debug::kFreed), site()});
  }
  // Where there is no header to be believed.
  AllocError note_unknown(AllocError error, uint32_t offset) {
    return log_.note({error, offset, 0, debug::kNoSite, debug::kNoSite, site()});
  }

  A inner_;
  uint32_t heap_words_;
  debug::Shape shape_;
  debug::Marks marks_;
  debug::FaultLog log_;
  debug::GrainMap starts_;
  debug::GrainMap gone_;
  debug::GrainMap inners_;
  uint64_t touched_words_ = 0;
};

}  // namespace linefill
