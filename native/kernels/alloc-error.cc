// The text of an allocation error by its number, so that both languages can be shown to use the same.
#include <cstring>

#include "allocators/allocation.h"
#include "kernel.h"

namespace linefill {
namespace {

std::string check(uint32_t number, std::span<uint8_t> text) {
  if (number >= kAllocErrorCount) {
    return "\"number\" must be below " + std::to_string(kAllocErrorCount) + ", not " + std::to_string(number);
  }
  const size_t bytes = std::strlen(kAllocErrorTexts[number]);
  if (text.size() >= bytes) return "";
  return "\"text\" must have at least " + std::to_string(bytes) + " elements, not " +
         std::to_string(text.size());
}

// 1. Copy the text, 2. return its length.
uint64_t alloc_error(uint32_t number, std::span<uint8_t> text) {
  const size_t bytes = std::strlen(kAllocErrorTexts[number]);
  std::memcpy(text.data(), kAllocErrorTexts[number], bytes);
  return bytes;
}

LINEFILL_KERNEL(alloc_error, "alloc-error", "writes the text of an allocation error", check, "number",
                "text");

}  // namespace
}  // namespace linefill
