// Reads blocks of a file, one after the other, each when the last has come: queue depth 1. The file is opened
// and closed by each call, which weighs little beside the blocks it reads. Cost: `reads` system calls.
// Reference: src/experiments/hardware/storage-kernel.ts.
#include <cstring>
#include <string_view>

#include "kernel.h"
#include "platform/file.h"

namespace linefill {
namespace {

using platform::Access;
using platform::InputFile;

enum How : uint32_t { kCached, kDirect, kForgotten, kHows };

constexpr size_t kMostPath = 4095;
constexpr size_t kMostBlock = size_t{1} << 30;
constexpr size_t kBlockUnit = 512;
constexpr uint64_t kMostOffset = uint64_t{1} << 53;

std::string_view text_of(std::span<const uint8_t> path) {
  return {reinterpret_cast<const char*>(path.data()), path.size()};
}

Access access_of(uint32_t how) { return how == kDirect ? Access::kDirect : Access::kCached; }

std::string check_read(std::span<const uint8_t> path, std::span<const uint32_t> order,
                       std::span<uint32_t> cursor, std::span<uint8_t> block, uint32_t /*reads*/, uint32_t how,
                       uint64_t forget_from) {
  const std::string_view name = text_of(path);
  if (name.empty() || name.size() > kMostPath || name.find('\0') != name.npos) {
    return "\"path\" must be a path of 1 to " + std::to_string(kMostPath) + " bytes, without a zero";
  }
  if (order.empty()) return "\"order\" must hold at least 1 element";
  if (cursor.size() != 1) return "\"cursor\" must hold 1 element, not " + std::to_string(cursor.size());
  if (cursor[0] >= order.size()) {
    return wrong_item("cursor", 0, "below the length of \"order\" (" + std::to_string(order.size()) + ")",
                      cursor[0]);
  }
  if (block.empty() || block.size() > kMostBlock || block.size() % kBlockUnit != 0) {
    return "\"block\" must have a multiple of 512 elements, up to 2^30, not " + std::to_string(block.size());
  }
  if (how >= kHows) {
    return "\"how\" must be 0 (cached), 1 (direct) or 2 (forgotten first), not " + std::to_string(how);
  }
  if (forget_from > kMostOffset) return "\"forgetFrom\" must be at most 2^53";
  InputFile file;
  return file.open(name, access_of(how)).text;
}

// 1. Open the file; 2. where asked, let the system's cache forget it from `forgetFrom` on. 3. Read the blocks
// that `order` names, from where the cursor stands, 4. and fold in each one's first word. 5. The cursor stays
// where the reads ended. Answer: the folded words.
Outcome storage_read(std::span<const uint8_t> path, std::span<const uint32_t> order,
                     std::span<uint32_t> cursor, std::span<uint8_t> block, uint32_t reads, uint32_t how,
                     uint64_t forget_from) {
  InputFile file;
  if (file.open(text_of(path), access_of(how))) return {0, "the file can no longer be opened"};
  if (how == kForgotten) {
    if (const char* failed = file.forget(forget_from)) return {0, failed};
  }
  uint32_t folded = 0;
  size_t at = cursor[0];
  for (uint32_t i = 0; i < reads; ++i) {
    if (const char* failed = file.read(uint64_t{order[at]} * block.size(), block.data(), block.size())) {
      return {0, failed};
    }
    uint32_t word;
    std::memcpy(&word, block.data(), sizeof word);
    folded = folded * 31 + word;
    if (++at == order.size()) at = 0;
  }
  cursor[0] = static_cast<uint32_t>(at);
  return {folded, nullptr};
}

LINEFILL_KERNEL(storage_read, "storage-read", "reads blocks of a file, one after the other", check_read,
                "path", "order", "cursor", "block", "reads", "how", "forgetFrom");

}  // namespace
}  // namespace linefill
