#include "boundary.h"

#include <cmath>
#include <cstdio>

namespace linefill {
namespace {

struct ElementName {
  const char* spelt;
  const char* array;
  size_t bytes;
};

constexpr ElementName kElements[] = {
    {"int8", "Int8Array", 1},        {"uint8", "Uint8Array", 1},     {"int16", "Int16Array", 2},
    {"uint16", "Uint16Array", 2},    {"int32", "Int32Array", 4},     {"uint32", "Uint32Array", 4},
    {"float32", "Float32Array", 4},  {"float64", "Float64Array", 8}, {"int64", "BigInt64Array", 8},
    {"uint64", "BigUint64Array", 8},
};

const ElementName& name_of(Element element) { return kElements[static_cast<size_t>(element)]; }

// Digits that read back as the same number; integers without a point.
std::string digits(double number) {
  char text[40];
  if (std::isfinite(number) && number == std::trunc(number) && std::fabs(number) < 1e16) {
    std::snprintf(text, sizeof text, "%.0f", number);
  } else {
    std::snprintf(text, sizeof text, "%.17g", number);
  }
  return text;
}

struct Range {
  double low;
  double high;
};

// The integers that a scalar type takes; low > high marks a float.
Range range_of(Element element) {
  switch (element) {
    case Element::kInt32:
      return {-2147483648.0, 2147483647.0};
    case Element::kUint32:
      return {0, 4294967295.0};
    case Element::kBigUint64:
      return {0, 9007199254740991.0};
    default:
      return {1, 0};
  }
}

std::string describe(const Candidate& candidate) {
  return candidate.what == Candidate::What::kNumber ? digits(candidate.number) : candidate.named;
}

// Both return what the argument must be, or empty text when it is.
std::string check_scalar(Element element, const Candidate& candidate) {
  const Range range = range_of(element);
  const bool number = candidate.what == Candidate::What::kNumber;
  if (range.low > range.high) {
    return number && std::isfinite(candidate.number) ? "" : "a finite number";
  }
  const double n = candidate.number;
  if (number && std::isfinite(n) && n == std::trunc(n) && n >= range.low && n <= range.high) return "";
  return "an integer from " + digits(range.low) + " to " + digits(range.high);
}

std::string check_span(ArgumentType type, const Candidate& candidate, std::string* actual) {
  const ElementName& wanted = name_of(type.element);
  const bool shared = type.form == Form::kShared;
  const bool either = type.form == Form::kObserved;
  const char* over = either ? "" : shared ? " over a SharedArrayBuffer" : " over an ArrayBuffer";
  const std::string must = std::string(wanted.array) + over;
  if (candidate.what != Candidate::What::kTypedArray || !candidate.known_element ||
      candidate.element != type.element) {
    return must;
  }
  if (!either && candidate.shared != shared) {
    *actual = shared ? "one over an ArrayBuffer" : "one over a SharedArrayBuffer";
    return must;
  }
  if (candidate.detached) {
    *actual = "one whose buffer is detached";
    return must;
  }
  if (reinterpret_cast<uintptr_t>(candidate.data) % wanted.bytes != 0) {
    *actual = "one that starts at an unaligned address";
    return "aligned to " + digits(static_cast<double>(wanted.bytes)) + " bytes";
  }
  return "";
}

bool writes(Form form) { return form != Form::kScalar && form != Form::kInput; }

bool overlap(const Candidate& a, size_t a_bytes, const Candidate& b, size_t b_bytes) {
  const auto a0 = reinterpret_cast<uintptr_t>(a.data);
  const auto b0 = reinterpret_cast<uintptr_t>(b.data);
  return a_bytes != 0 && b_bytes != 0 && a0 < b0 + b_bytes && b0 < a0 + a_bytes;
}

std::string label(const char* kernel, size_t index, const char* name) {
  return std::string(kernel) + ": argument " + std::to_string(index + 1) + " \"" + name + "\"";
}

}  // namespace

size_t element_bytes(Element element) { return name_of(element).bytes; }

std::string spell(ArgumentType type) {
  const std::string element = name_of(type.element).spelt;
  switch (type.form) {
    case Form::kScalar:
      return type.element == Element::kBigUint64 ? "size" : element;
    case Form::kInput:
      return "const " + element + "[]";
    case Form::kOutput:
      return element + "[]";
    case Form::kShared:
      return "shared " + element + "[]";
    case Form::kObserved:
      return "observed " + element + "[]";
    case Form::kScratch:
      return "scratch " + element + "[]";
  }
  return element;
}

std::string check_arguments(const char* kernel, std::span<const Argument> table,
                            std::span<const Candidate> candidates, Value* values) {
  if (candidates.size() != table.size()) {
    std::string text = std::string(kernel) + ": takes " + std::to_string(table.size()) + " arguments (";
    for (size_t i = 0; i < table.size(); ++i) text += (i ? ", " : "") + std::string(table[i].name);
    return text + "), not " + std::to_string(candidates.size());
  }
  for (size_t i = 0; i < table.size(); ++i) {
    const ArgumentType type = table[i].type;
    const Candidate& candidate = candidates[i];
    std::string actual = describe(candidate);
    const std::string must = type.form == Form::kScalar ? check_scalar(type.element, candidate)
                                                        : check_span(type, candidate, &actual);
    if (!must.empty()) return label(kernel, i, table[i].name) + " must be " + must + ", not " + actual;
    values[i] = {candidate.number, candidate.data, candidate.length};
  }
  for (size_t i = 0; i < table.size(); ++i) {
    if (!writes(table[i].type.form)) continue;
    for (size_t j = 0; j < table.size(); ++j) {
      if (i == j || table[j].type.form == Form::kScalar) continue;
      if (overlap(candidates[i], candidates[i].length * element_bytes(table[i].type.element), candidates[j],
                  candidates[j].length * element_bytes(table[j].type.element))) {
        return label(kernel, i, table[i].name) + " must not overlap argument " + std::to_string(j + 1) +
               " \"" + table[j].name + "\": it is written";
      }
    }
  }
  return "";
}

}  // namespace linefill
