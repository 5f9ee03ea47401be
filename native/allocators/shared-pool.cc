#include "allocators/shared-pool.h"

#include <cstring>
#include <vector>

#include "allocators/pool-layout.h"

namespace linefill {
namespace {

const char* name_of(SharedPoolKind kind) {
  switch (kind) {
    case SharedPoolKind::kMutex:
      return "mutex pool";
    case SharedPoolKind::kLockFree:
      return "lock-free pool";
    case SharedPoolKind::kCached:
      return "cached pool";
  }
  return "pool";
}

std::string between(const char* name, uint64_t least, uint64_t most, uint64_t actual) {
  return std::string("\"") + name + "\" must be from " + std::to_string(least) + " to " +
         std::to_string(most) + ", not " + std::to_string(actual);
}

std::atomic_ref<uint32_t> word_of(uint32_t* heap, uint32_t at) { return std::atomic_ref<uint32_t>(heap[at]); }

// Counts a list's blocks; false where it names what is no block, or one that was seen before.
bool count_list(uint32_t* heap, const SharedPoolShape& shape, uint32_t head, std::vector<bool>* seen,
                uint32_t* count) {
  for (uint32_t block = head; block != 0; block = word_of(heap, shape.links + block - 1).load()) {
    if (block > shape.capacity || (*seen)[block - 1]) return false;
    (*seen)[block - 1] = true;
    ++*count;
  }
  return true;
}

}  // namespace

SharedPoolShape shared_pool_shape(uint32_t block_bytes, uint32_t capacity, uint32_t caches) {
  SharedPoolShape shape;
  shape.block_words = (block_bytes + kLineBytes - 1) / kLineBytes * kLineWords;
  shape.capacity = capacity;
  shape.caches = caches;
  shape.links = kFirstCacheWord + caches * kCacheWords;
  const uint64_t link_lines = (uint64_t{capacity} + kLineWords - 1) / kLineWords;
  shape.first = static_cast<uint32_t>(shape.links + link_lines * kLineWords);
  shape.heap_words = shape.first + uint64_t{capacity} * shape.block_words;
  return shape;
}

std::string check_shared_shape(SharedPoolKind kind, uint32_t block_bytes, uint32_t capacity, uint32_t caches,
                               std::span<const uint32_t> heap) {
  if (block_bytes < 1 || block_bytes > kMostSharedBlockBytes) {
    return between("blockBytes", 1, kMostSharedBlockBytes, block_bytes);
  }
  if (capacity < 1 || capacity > kMostSharedBlocks) {
    return between("capacity", 1, kMostSharedBlocks, capacity);
  }
  const uint32_t least = kind == SharedPoolKind::kCached ? 1 : 0;
  const uint32_t most = kind == SharedPoolKind::kCached ? kMostCaches : 0;
  if (caches < least || caches > most) return between("caches", least, most, caches);
  const uint64_t needed = shared_pool_shape(block_bytes, capacity, caches).heap_words;
  if (needed > kMostHeapWords) {
    return "\"capacity\" must be lower: the heap would need " + std::to_string(needed) + " words, at most " +
           std::to_string(kMostHeapWords) + " can be addressed";
  }
  if (heap.size() < needed) {
    return "\"heap\" must have at least " + std::to_string(needed) + " words, not " +
           std::to_string(heap.size());
  }
  const size_t beyond = reinterpret_cast<uintptr_t>(heap.data()) % sizeof(uint64_t);
  if (beyond == 0) return "";
  return "\"heap\" must start at a multiple of " + std::to_string(sizeof(uint64_t)) + " bytes, not " +
         std::to_string(beyond) + " beyond one";
}

SharedPoolShape make_shared_pool(SharedPoolKind kind, uint32_t block_bytes, uint32_t capacity,
                                 uint32_t caches, uint32_t* heap) {
  const SharedPoolShape shape = shared_pool_shape(block_bytes, capacity, caches);
  std::memset(heap, 0, uint64_t{shape.first} * kWordBytes);
  heap[kKindWord] = static_cast<uint32_t>(kind);
  heap[kBlockWordsWord] = shape.block_words;
  heap[kCapacityWord] = capacity;
  heap[kFirstWord] = shape.first;
  heap[kLinksWord] = shape.links;
  heap[kCachesWord] = caches;
  for (uint32_t block = 1; block < capacity; ++block) heap[shape.links + block - 1] = block + 1;
  heap[kListWord] = 1;
  return shape;
}

std::string read_shared_pool(std::span<uint32_t> heap, SharedPoolKind kind, SharedPoolShape* shape) {
  if (heap.size() < kLineWords) {
    return "\"heap\" must have at least " + std::to_string(kLineWords) + " words, not " +
           std::to_string(heap.size());
  }
  const std::string must = std::string("\"heap\" must hold a ") + name_of(kind) + ": ";
  const auto read = [&](uint32_t at) { return word_of(heap.data(), at).load(std::memory_order_relaxed); };
  const uint32_t kind_word = read(kKindWord);
  if (kind_word != static_cast<uint32_t>(kind)) {
    return must + "its word " + std::to_string(kKindWord) + " is " + std::to_string(kind_word) + ", not " +
           std::to_string(static_cast<uint32_t>(kind));
  }
  const uint32_t block_words = read(kBlockWordsWord);
  if (block_words == 0 || block_words % kLineWords != 0 || block_words > kMostSharedBlockBytes / kWordBytes) {
    return must + "its blocks of " + std::to_string(block_words) + " words are not whole lines";
  }
  const uint32_t capacity = read(kCapacityWord);
  const uint32_t caches = read(kCachesWord);
  const std::string wrong = check_shared_shape(kind, block_words * kWordBytes, capacity, caches, heap);
  if (!wrong.empty()) return must + wrong;
  *shape = shared_pool_shape(block_words * kWordBytes, capacity, caches);
  if (read(kFirstWord) != shape->first || read(kLinksWord) != shape->links) {
    return must + "its first block or its first link is not where it belongs";
  }
  return "";
}

std::string take_census(uint32_t* heap, const SharedPoolShape& shape, Census* census) {
  *census = {};
  std::vector<bool> seen(shape.capacity);
  const auto count = [&](uint32_t at, uint32_t* into) {
    return count_list(heap, shape, word_of(heap, at).load() & kBlockBits, &seen, into);
  };
  const std::string twice = "a list of the heap names a block that is none, or that is in two places";
  if (!count(kListWord, &census->listed)) return twice;
  for (uint32_t cache = 0; cache < shape.caches; ++cache) {
    const uint32_t at = kFirstCacheWord + cache * kCacheWords;
    if (!count(at + kCacheHead, &census->cached)) return twice;
    if (!count(at + kCacheRemote, &census->given_back)) return twice;
  }
  for (uint32_t block = 1; block <= shape.capacity; ++block) {
    const bool in_use = word_of(heap, shape.links + block - 1).load() >= kInUse;
    if (in_use == seen[block - 1]) {
      return "block " + std::to_string(block) + (in_use ? " is in use and in a list" : " is lost");
    }
    census->in_use += in_use ? 1 : 0;
  }
  return "";
}

}  // namespace linefill
