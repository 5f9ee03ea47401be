#include "allocators/pool-layout.h"

#include <cstring>
#include <vector>

namespace linefill {
namespace {

const char* name_of(PoolKind kind) {
  switch (kind) {
    case PoolKind::kPool:
      return "pool";
    case PoolKind::kChecked:
      return "checked pool";
    case PoolKind::kScan:
      return "scanning pool";
  }
  return "pool";
}

uint64_t table_bytes(PoolKind kind, uint32_t block_words, uint32_t capacity) {
  switch (kind) {
    case PoolKind::kPool:
      return 0;
    case PoolKind::kChecked:
      return uint64_t{capacity} * (block_words / kLineWords);
    case PoolKind::kScan:
      return capacity;
  }
  return 0;
}

std::string between(const char* name, uint64_t most, uint64_t actual) {
  return std::string("\"") + name + "\" must be from 1 to " + std::to_string(most) + ", not " +
         std::to_string(actual);
}

}  // namespace

PoolShape pool_shape(PoolKind kind, uint32_t block_bytes, uint32_t capacity) {
  PoolShape shape;
  shape.capacity = capacity;
  shape.block_words = (block_bytes + kLineBytes - 1) / kLineBytes * kLineWords;
  const uint64_t table_lines = (table_bytes(kind, shape.block_words, capacity) + kLineBytes - 1) / kLineBytes;
  const uint64_t first = (1 + table_lines) * kLineWords;
  shape.first = static_cast<uint32_t>(first);
  shape.heap_words = first + uint64_t{capacity} * shape.block_words;
  return shape;
}

std::string check_shape(PoolKind kind, uint32_t block_bytes, uint32_t capacity, uint64_t heap_words) {
  if (block_bytes < 1 || block_bytes > kMostBlockBytes) {
    return between("blockBytes", kMostBlockBytes, block_bytes);
  }
  if (capacity < 1 || capacity > kMostBlocks) return between("capacity", kMostBlocks, capacity);
  const uint64_t needed = pool_shape(kind, block_bytes, capacity).heap_words;
  if (needed > kMostHeapWords) {
    return "\"capacity\" must be lower: the heap would need " + std::to_string(needed) + " words, at most " +
           std::to_string(kMostHeapWords) + " can be addressed";
  }
  if (heap_words < needed) {
    return "\"heap\" must have at least " + std::to_string(needed) + " words, not " +
           std::to_string(heap_words);
  }
  return "";
}

PoolShape write_header(PoolKind kind, uint32_t block_bytes, uint32_t capacity, uint32_t* heap) {
  const PoolShape shape = pool_shape(kind, block_bytes, capacity);
  std::memset(heap, 0, uint64_t{shape.first} * kWordBytes);
  heap[kKindWord] = static_cast<uint32_t>(kind);
  heap[kBlockWordsWord] = shape.block_words;
  heap[kCapacityWord] = capacity;
  heap[kFirstWord] = shape.first;
  return shape;
}

void link_blocks(const PoolShape& shape, uint32_t* heap) {
  const auto block = [&shape](uint32_t index) {
    return index < shape.capacity ? shape.first + index * shape.block_words : 0;
  };
  for (uint32_t i = 0; i < kLookahead; ++i) heap[kHeadsWord + i] = block(i);
  for (uint32_t i = 0; i < shape.capacity; ++i) heap[block(i)] = block(i + kLookahead);
}

std::string check_header(std::span<const uint32_t> heap, PoolKind kind) {
  if (heap.size() < kLineWords) {
    return "\"heap\" must have at least " + std::to_string(kLineWords) + " words, not " +
           std::to_string(heap.size());
  }
  const std::string must = std::string("\"heap\" must hold a ") + name_of(kind) + ": ";
  if (heap[kKindWord] != static_cast<uint32_t>(kind)) {
    return must + "its word " + std::to_string(kKindWord) + " is " + std::to_string(heap[kKindWord]) +
           ", not " + std::to_string(static_cast<uint32_t>(kind));
  }
  const uint32_t block_words = heap[kBlockWordsWord];
  const uint32_t capacity = heap[kCapacityWord];
  if (block_words == 0 || block_words % kLineWords != 0 || block_words > kMostBlockBytes / kWordBytes) {
    return must + "its blocks of " + std::to_string(block_words) + " words are not whole lines";
  }
  const std::string wrong = check_shape(kind, block_words * kWordBytes, capacity, heap.size());
  if (!wrong.empty()) return must + wrong;
  const uint32_t first = pool_shape(kind, block_words * kWordBytes, capacity).first;
  if (heap[kFirstWord] != first) {
    return must + "its first block is at " + std::to_string(heap[kFirstWord]) + ", not at " +
           std::to_string(first);
  }
  return "";
}

PoolShape shape_of(const uint32_t* heap) {
  PoolShape shape;
  shape.block_words = heap[kBlockWordsWord];
  shape.capacity = heap[kCapacityWord];
  shape.first = heap[kFirstWord];
  shape.heap_words = shape.first + uint64_t{shape.capacity} * shape.block_words;
  return shape;
}

AllocError check_offset(const PoolShape& shape, uint32_t offset) {
  if (offset < shape.first || offset >= shape.heap_words) return AllocError::kForeign;
  return (offset - shape.first) % shape.block_words == 0 ? AllocError::kNone : AllocError::kMisaligned;
}

std::string check_free_list(std::span<const uint32_t> heap) {
  const PoolShape shape = shape_of(heap.data());
  std::vector<bool> seen(shape.capacity);
  uint32_t heads[kLookahead];
  for (uint32_t i = 0; i < kLookahead; ++i) heads[i] = heap[kHeadsWord + i];
  while (heads[0] != 0) {
    const uint32_t block = heads[0];
    const std::string where = "\"heap\" must hold a sound free list: " + std::to_string(block);
    if (check_offset(shape, block) != AllocError::kNone) return where + " is no block";
    const uint32_t index = (block - shape.first) / shape.block_words;
    if (seen[index]) return where + " is in it twice";
    seen[index] = true;
    for (uint32_t i = 0; i + 1 < kLookahead; ++i) heads[i] = heads[i + 1];
    heads[kLookahead - 1] = heap[block];
  }
  return "";
}

}  // namespace linefill
