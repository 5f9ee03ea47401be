// A pool for several threads in a heap of its own, for the native tests.
#pragma once

#include <span>
#include <vector>

#include "allocators/shared-pool.h"
#include "tests/test.h"

namespace linefill::test {

// A heap with a pool in it, at the start of a line.
struct Heap {
  Heap(SharedPoolKind kind, uint32_t capacity, uint32_t threads = 1, uint32_t block_bytes = 64) {
    const uint32_t caches = kind == SharedPoolKind::kCached ? threads : 0;
    const uint64_t size = shared_pool_shape(block_bytes, capacity, caches).heap_words;
    memory.assign(size + kLineWords, 0xabcdabcd);
    const size_t beyond = reinterpret_cast<uintptr_t>(memory.data()) % kLineBytes;
    words = {memory.data() + (kLineBytes - beyond) % kLineBytes / kWordBytes, size};
    CHECK_EQ(check_shared_shape(kind, block_bytes, capacity, caches, words), "");
    shape = make_shared_pool(kind, block_bytes, capacity, caches, words.data());
  }
  uint32_t* data() const { return words.data(); }

  std::vector<uint32_t> memory;
  std::span<uint32_t> words;
  SharedPoolShape shape;
};

}  // namespace linefill::test
