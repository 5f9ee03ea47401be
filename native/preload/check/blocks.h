// The checker's allocator: blocks with canaries around them, filled when fresh and when freed, held back
// before their memory is used again, and looked at when they are freed, when they leave, at the end, and in
// the calls that follow. What it finds is named as native/allocators/debug.h names it. All of it is safe for
// threads.
#pragma once

#include <cstddef>

#include "preload/check/arena.h"

namespace linefill::check {

// Null, and errno set, where there is no more memory.
void* allocate(size_t bytes, size_t alignment, Maker maker, bool is_zeroed);
inline constexpr size_t kAnySize = ~size_t{0};
// `maker`: whose blocks the function that frees takes; `bytes`: what it was told of the size.
void release(void* block, Maker maker, size_t bytes = kAnySize);
// Always a new block. Null for a wrong one.
void* reallocate(void* block, size_t bytes);
// Of a block in use; 0 of anything else.
size_t size_of(const void* block);

}  // namespace linefill::check
