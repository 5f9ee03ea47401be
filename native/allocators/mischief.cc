#include "allocators/mischief.h"

namespace linefill {
namespace {

std::string at_row(size_t row, const std::string& text) {
  return "\"trace\" row " + std::to_string(row) + " " + text;
}

}  // namespace

std::string check_mischief(std::span<const uint32_t> trace, size_t ids, size_t answers) {
  if (trace.size() != answers * kMischiefRowWords) {
    return "\"trace\" must have " + std::to_string(kMischiefRowWords) + " words for each of the " +
           std::to_string(answers) + " answers, not " + std::to_string(trace.size());
  }
  for (size_t row = 0; row < answers; ++row) {
    const uint32_t* at = &trace[row * kMischiefRowWords];
    const auto op = static_cast<MischiefOp>(at[0]);
    if (op < MischiefOp::kAlloc || op > MischiefOp::kCheck) {
      return at_row(row, "must start with 1 to 6, not " + std::to_string(at[0]));
    }
    const bool names_an_id = op != MischiefOp::kFreeAt && op != MischiefOp::kCheck;
    if (names_an_id && at[1] >= ids) {
      return at_row(row, "must name an id below " + std::to_string(ids) + ", not " + std::to_string(at[1]));
    }
  }
  return "";
}

}  // namespace linefill
