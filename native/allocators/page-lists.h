// Lists of pages, linked through words of the pages' entries: `link` is the word of an entry that has the
// next page, and behind it the previous one. 0 ends a list and is no page of any. TypeScript twin:
// src/allocators/page-lists.ts.
#pragma once

#include <cstddef>
#include <cstdint>

namespace linefill {

struct PageLists {
  static constexpr uint32_t kEntryShift = 4;

  // Where page 0 has its entry.
  uint32_t* entries;

  uint32_t* entry(size_t page) const { return entries + (page << kEntryShift); }

  // Puts a page at the front of the list whose head is the word `list`.
  void push(uint32_t* list, uint32_t page, uint32_t link) const {
    const uint32_t head = *list;
    entry(page)[link] = head;
    entry(page)[link + 1] = 0;
    if (head != 0) entry(head)[link + 1] = page;
    *list = page;
  }

  // Takes a page off such a list.
  void unlink(uint32_t* list, uint32_t page, uint32_t link) const {
    const uint32_t next = entry(page)[link];
    const uint32_t previous = entry(page)[link + 1];
    if (next != 0) entry(next)[link + 1] = previous;
    (previous == 0 ? *list : entry(previous)[link]) = next;
  }
};

}  // namespace linefill
