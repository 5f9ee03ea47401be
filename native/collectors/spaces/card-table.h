// Which parts of an old generation may name young objects, by cards: a byte for each 512 bytes of the heap,
// which every store sets, whatever it stores and where. So the barrier is one store without a comparison; the
// price is paid by the collection, which looks at every slot of every dirty card. To find the slots it keeps
// two more tables: a bit for each grain where an object begins, and for each card the object that reaches
// into it. Costs 1/40 of the heap. Sources: P. G. Sobalvarro, A Lifetime-based Garbage Collector for LISP
// Systems (1988); U. Hölzle, A Fast Write Barrier for Generational Garbage Collectors (1993). TypeScript
// twin: src/collectors/spaces/card-table.ts.
#pragma once

#include <algorithm>
#include <bit>
#include <cstring>

#include "collectors/counts.h"
#include "collectors/object.h"

namespace linefill {

class CardTable {
 public:
  // Words of the tables for a heap of so many.
  static uint32_t table_words(uint32_t heap_words) {
    const uint32_t cards = cards_in(heap_words);
    return (cards + 7) / 8 * 2 + cards * kStartWordsPerCard + (cards + 1) / 2 * 2;
  }

  // Tables at `start` for the old objects from there up to `young`; from there on everything is young.
  CardTable(uint32_t* heap, uint32_t heap_words, uint32_t start, uint32_t young)
      : heap_(heap), young_(young), old_cards_(cards_in(young)) {
    const uint32_t cards = cards_in(heap_words);
    cards_ = reinterpret_cast<uint8_t*>(heap + start);
    starts_ = heap + start + (cards + 7) / 8 * 2;
    reaching_ = starts_ + cards * kStartWordsPerCard;
    std::memset(heap + start, 0, size_t{table_words(heap_words)} * sizeof(uint32_t));
  }

  // The write barrier: the slot is about to name something else.
  void record(uint32_t slot, uint32_t /*before*/, uint32_t /*target*/) { cards_[slot / kCardWords] = kDirty; }
  // Every store is one.
  uint64_t hits(uint64_t stores) const { return stores; }

  // An object's place in the old generation.
  void placed(uint32_t at, uint32_t words) {
    starts_[at / kStartBlockWords] |= uint32_t{1} << at / kGrainWords % kStartBlockGrains;
    const uint32_t last = (at + words - 1) / kCardWords;
    for (uint32_t card = at / kCardWords + 1; card <= last; ++card) reaching_[card] = at;
  }

  // A slot of an old object names a young one.
  void remember(uint32_t slot) { cards_[slot / kCardWords] = kDirty; }

  // Forgets slots and places. Whoever calls it tells of all of them anew.
  void forget() {
    std::memset(cards_, 0, old_cards_);
    std::memset(starts_, 0, size_t{old_cards_} * kStartWordsPerCard * sizeof(uint32_t));
  }

  // Whether slots may be missing, so that every old object has to be looked at.
  bool is_incomplete() const { return false; }

  // Shows slots that are remembered and name young objects to `visit`, and goes on remembering those for
  // which it is true.
  template <class Visit>
  void scan(Counts& counts, Visit visit) {
    for (uint32_t card = 0; card < old_cards_; ++card) {
      if (card % 4 == 0 && four_clean(card)) {
        card += 3;
        continue;
      }
      if (cards_[card] != kDirty) continue;
      ++counts.cards_scanned;
      cards_[card] = scan_card(card, counts, visit) ? kDirty : 0;
    }
  }

 private:
  static constexpr uint32_t kCardWords = 128;
  static constexpr uint8_t kDirty = 1;
  static constexpr uint32_t kGrainWords = 2;
  static constexpr uint32_t kStartBlockGrains = 32;
  static constexpr uint32_t kStartBlockWords = kGrainWords * kStartBlockGrains;
  static constexpr uint32_t kStartWordsPerCard = kCardWords / kStartBlockWords;

  static uint32_t cards_in(uint32_t words) { return (words + kCardWords - 1) / kCardWords; }

  bool four_clean(uint32_t card) const {
    uint32_t four;
    std::memcpy(&four, cards_ + card, sizeof four);
    return four == 0;
  }

  bool begins(uint32_t at) const {
    return (starts_[at / kStartBlockWords] >> at / kGrainWords % kStartBlockGrains & 1) != 0;
  }

  template <class Visit>
  bool scan_card(uint32_t card, Counts& counts, Visit visit) {
    const uint32_t begin = card * kCardWords;
    bool is_kept = false;
    // The entry may be older than what is there now.
    const uint32_t before = reaching_[card];
    if (before < begin && begins(before) && before + words_of(heap_, before) > begin) {
      is_kept = scan_object(before, begin, counts, visit);
    }
    for (uint32_t block = begin; block < begin + kCardWords; block += kStartBlockWords) {
      for (uint32_t bits = starts_[block / kStartBlockWords]; bits != 0; bits &= bits - 1) {
        const uint32_t at = block + kGrainWords * std::countr_zero(bits);
        if (scan_object(at, begin, counts, visit)) is_kept = true;
      }
    }
    return is_kept;
  }

  // An object's slots that lie in the card that begins at `begin`.
  template <class Visit>
  bool scan_object(uint32_t at, uint32_t begin, Counts& counts, Visit visit) {
    const uint32_t first = at + kObjectHeaderWords;
    const uint32_t from = std::max(first, begin);
    const uint32_t to = std::min(first + slots_of(heap_, at), begin + kCardWords);
    bool is_kept = false;
    if (from >= to) return false;
    counts.remembered_slots += to - from;
    for (uint32_t slot = from; slot < to; ++slot) {
      if (heap_[slot] >= young_ && visit(slot)) is_kept = true;
    }
    return is_kept;
  }

  uint32_t* heap_;
  uint32_t young_;
  uint32_t old_cards_;
  uint8_t* cards_;
  uint32_t* starts_;
  uint32_t* reaching_;
};

}  // namespace linefill
