// Every rule of boundary.cc, met by hostile Candidates: what JavaScript can hand over, without JavaScript.
#include "boundary.h"

#include <cmath>
#include <limits>
#include <vector>

#include "kernel.h"
#include "tests/test.h"

namespace linefill {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

constexpr ArgumentType scalar(Element element) { return {Form::kScalar, element}; }

Candidate number(double value) {
  Candidate candidate;
  candidate.what = Candidate::What::kNumber;
  candidate.named = "a number";
  candidate.number = value;
  return candidate;
}

Candidate other(const char* named) {
  Candidate candidate;
  candidate.named = named;
  return candidate;
}

Candidate array(Element element, const char* named, void* data, size_t length) {
  Candidate candidate;
  candidate.what = Candidate::What::kTypedArray;
  candidate.named = named;
  candidate.element = element;
  candidate.known_element = true;
  candidate.data = data;
  candidate.length = length;
  return candidate;
}

// The complaint about one argument called "x"; empty: accepted.
std::string complaint(ArgumentType type, const Candidate& candidate) {
  const Argument table[] = {{"x", type}};
  Value value;
  return check_arguments("k", table, {&candidate, 1}, &value);
}

void check_integers(Element element, double low, double high, const std::string& must) {
  const ArgumentType type = scalar(element);
  CHECK_EQ(complaint(type, number(low)), "");
  CHECK_EQ(complaint(type, number(high)), "");
  CHECK_EQ(complaint(type, number(-0.0)), "");
  const std::string head = "k: argument 1 \"x\" must be an integer from " + must + ", not ";
  for (const double wrong : {low - 1, high + 1, 1.5, kNaN, kInfinity, -kInfinity, 1e300, -1e300, 5e-324}) {
    CHECK_EQ(complaint(type, number(wrong)).substr(0, head.size()), head);
  }
  for (const char* named : {"undefined", "null", "a string", "a bigint", "an object", "Float64Array"}) {
    CHECK_EQ(complaint(type, other(named)), head + named);
  }
}

TEST(boundary_integer_ranges) {
  check_integers(Element::kUint32, 0, 4294967295.0, "0 to 4294967295");
  check_integers(Element::kInt32, -2147483648.0, 2147483647.0, "-2147483648 to 2147483647");
  check_integers(Element::kBigUint64, 0, 9007199254740991.0, "0 to 9007199254740991");
}

TEST(boundary_numbers_are_shown_so_that_they_read_back) {
  const auto shown = [](double value) { return complaint(scalar(Element::kUint32), number(value)); };
  const std::string head = "k: argument 1 \"x\" must be an integer from 0 to 4294967295, not ";
  CHECK_EQ(shown(4294967296.0), head + "4294967296");
  CHECK_EQ(shown(-1), head + "-1");
  CHECK_EQ(shown(0.5), head + "0.5");
  CHECK_EQ(shown(kNaN), head + "nan");
  CHECK_EQ(shown(-kInfinity), head + "-inf");
}

TEST(boundary_float_takes_any_finite_number) {
  const ArgumentType type = scalar(Element::kFloat64);
  for (const double right : {0.0, -0.0, 1.5, -1e308, 5e-324}) CHECK_EQ(complaint(type, number(right)), "");
  for (const double wrong : {kNaN, kInfinity, -kInfinity}) CHECK(!complaint(type, number(wrong)).empty());
  CHECK_EQ(complaint(type, other("a string")), "k: argument 1 \"x\" must be a finite number, not a string");
}

TEST(boundary_span_takes_exactly_its_typed_array) {
  constexpr Element kAll[] = {Element::kInt8,     Element::kUint8,    Element::kInt16,   Element::kUint16,
                              Element::kInt32,    Element::kUint32,   Element::kFloat32, Element::kFloat64,
                              Element::kBigInt64, Element::kBigUint64};
  alignas(8) unsigned char bytes[64] = {};
  for (const Form form : {Form::kInput, Form::kOutput, Form::kObserved, Form::kScratch}) {
    for (const Element wanted : kAll) {
      for (const Element given : kAll) {
        const std::string text = complaint({form, wanted}, array(given, "another array", bytes, 2));
        CHECK_EQ(text.empty(), wanted == given);
        if (wanted != given) CHECK(text.find(", not another array") != std::string::npos);
      }
    }
  }
  const ArgumentType type{Form::kInput, Element::kInt32};
  const std::string must = "k: argument 1 \"x\" must be Int32Array over an ArrayBuffer, not ";
  CHECK_EQ(complaint(type, number(3)), must + "3");
  CHECK_EQ(complaint(type, other("null")), must + "null");
  Candidate unknown = array(Element::kInt32, "a typed array of another kind", bytes, 2);
  unknown.known_element = false;
  CHECK_EQ(complaint(type, unknown), must + "a typed array of another kind");
}

TEST(boundary_span_shared_or_not) {
  alignas(8) int32_t words[4] = {};
  Candidate plain = array(Element::kInt32, "Int32Array", words, 4);
  Candidate shared = plain;
  shared.shared = true;
  CHECK_EQ(complaint({Form::kShared, Element::kInt32}, shared), "");
  CHECK_EQ(complaint({Form::kShared, Element::kInt32}, plain),
           "k: argument 1 \"x\" must be Int32Array over a SharedArrayBuffer, not one over an ArrayBuffer");
  // What a team observes lies in shared memory, what a thread observes need not.
  for (const Candidate& either : {plain, shared}) {
    CHECK_EQ(complaint({Form::kObserved, Element::kInt32}, either), "");
  }
  CHECK_EQ(complaint({Form::kObserved, Element::kInt32}, other("null")),
           "k: argument 1 \"x\" must be Int32Array, not null");
  for (const Form form : {Form::kInput, Form::kOutput, Form::kScratch}) {
    CHECK_EQ(complaint({form, Element::kInt32}, plain), "");
    CHECK_EQ(complaint({form, Element::kInt32}, shared),
             "k: argument 1 \"x\" must be Int32Array over an ArrayBuffer, not one over a SharedArrayBuffer");
  }
}

TEST(boundary_span_detached_or_unaligned) {
  alignas(8) unsigned char bytes[32] = {};
  Candidate detached = array(Element::kInt32, "Int32Array", nullptr, 0);
  detached.detached = true;
  CHECK_EQ(complaint({Form::kInput, Element::kInt32}, detached),
           "k: argument 1 \"x\" must be Int32Array over an ArrayBuffer, not one whose buffer is detached");
  for (size_t offset = 1; offset < 8; ++offset) {
    const bool fits = offset % 4 == 0;
    CHECK_EQ(
        complaint({Form::kInput, Element::kInt32}, array(Element::kInt32, "Int32Array", bytes + offset, 1)),
        fits ? ""
             : "k: argument 1 \"x\" must be aligned to 4 bytes, not one that starts at an unaligned address");
    CHECK(!complaint({Form::kInput, Element::kFloat64},
                     array(Element::kFloat64, "Float64Array", bytes + offset, 1))
               .empty());
    CHECK_EQ(
        complaint({Form::kInput, Element::kUint8}, array(Element::kUint8, "Uint8Array", bytes + offset, 1)),
        "");
  }
  CHECK_EQ(complaint({Form::kInput, Element::kInt32}, array(Element::kInt32, "Int32Array", nullptr, 0)), "");
}

TEST(boundary_arity) {
  const Argument table[] = {{"a", scalar(Element::kUint32)}, {"b", scalar(Element::kUint32)}};
  const std::vector<Candidate> candidates(5, number(1));
  Value values[2];
  for (size_t count = 0; count <= candidates.size(); ++count) {
    const std::string text = check_arguments("k", table, {candidates.data(), count}, values);
    CHECK_EQ(text, count == 2 ? "" : "k: takes 2 arguments (a, b), not " + std::to_string(count));
  }
  CHECK_EQ(check_arguments("k", {}, {}, values), "");
  CHECK_EQ(check_arguments("k", {}, {candidates.data(), 1}, values), "k: takes 0 arguments (), not 1");
}

TEST(boundary_names_the_argument_that_is_wrong) {
  const Argument table[] = {{"first", scalar(Element::kUint32)}, {"second", scalar(Element::kUint32)}};
  const Candidate candidates[] = {number(1), number(-1)};
  Value values[2];
  CHECK_EQ(check_arguments("pointer-chase", table, candidates, values),
           "pointer-chase: argument 2 \"second\" must be an integer from 0 to 4294967295, not -1");
}

// Two spans at element offsets of one buffer; is the pair refused?
std::string overlap_of(Form one, Form another, size_t at, size_t length) {
  alignas(8) static int32_t words[32] = {};
  const Argument table[] = {{"a", {one, Element::kInt32}}, {"b", {another, Element::kInt32}}};
  Candidate candidates[] = {array(Element::kInt32, "Int32Array", words + 8, 8),
                            array(Element::kInt32, "Int32Array", words + at, length)};
  candidates[0].shared = one == Form::kShared;
  candidates[1].shared = another == Form::kShared;
  Value values[2];
  return check_arguments("k", table, candidates, values);
}

TEST(boundary_written_spans_overlap_nothing) {
  for (const Form written : {Form::kOutput, Form::kObserved, Form::kScratch, Form::kShared}) {
    const Form read = Form::kInput;
    for (const Form beside : {read, Form::kOutput, Form::kObserved, Form::kScratch, Form::kShared}) {
      CHECK_EQ(overlap_of(written, beside, 0, 8), "");   // ends where the other begins
      CHECK_EQ(overlap_of(written, beside, 16, 8), "");  // begins where the other ends
      CHECK_EQ(overlap_of(written, beside, 10, 0), "");  // touches nothing
      const std::string text = "k: argument 1 \"a\" must not overlap argument 2 \"b\": it is written";
      CHECK_EQ(overlap_of(written, beside, 8, 8), text);   // the same
      CHECK_EQ(overlap_of(written, beside, 10, 2), text);  // inside
      CHECK_EQ(overlap_of(written, beside, 0, 32), text);  // about it
      CHECK_EQ(overlap_of(written, beside, 1, 8), text);   // by one element, from below
      CHECK_EQ(overlap_of(written, beside, 15, 8), text);  // by one element, from above
    }
    CHECK_EQ(overlap_of(read, written, 15, 8),
             "k: argument 2 \"b\" must not overlap argument 1 \"a\": it is written");
  }
  CHECK_EQ(overlap_of(Form::kInput, Form::kInput, 8, 8), "");
}

TEST(boundary_overlap_counts_bytes_not_elements) {
  alignas(8) double room[4] = {};
  const Argument table[] = {{"wide", {Form::kOutput, Element::kFloat64}},
                            {"narrow", {Form::kInput, Element::kUint8}}};
  Value values[2];
  const auto check = [&](size_t byte) {
    const Candidate candidates[] = {
        array(Element::kFloat64, "Float64Array", room, 2),
        array(Element::kUint8, "Uint8Array", reinterpret_cast<unsigned char*>(room) + byte, 1)};
    return check_arguments("k", table, candidates, values);
  };
  CHECK(!check(15).empty());
  CHECK_EQ(check(16), "");
}

TEST(boundary_spells_every_type) {
  CHECK_EQ(spell({Form::kScalar, Element::kBigUint64}), "size");
  CHECK_EQ(spell({Form::kScalar, Element::kFloat64}), "float64");
  CHECK_EQ(spell({Form::kInput, Element::kBigUint64}), "const uint64[]");
  CHECK_EQ(spell({Form::kOutput, Element::kFloat32}), "float32[]");
  CHECK_EQ(spell({Form::kShared, Element::kInt32}), "shared int32[]");
  CHECK_EQ(spell({Form::kObserved, Element::kUint16}), "observed uint16[]");
  CHECK_EQ(spell({Form::kScratch, Element::kBigUint64}), "scratch uint64[]");
}

// --- From a C++ signature to its table, and back to a call -------------------------------------------------

uint64_t everything(uint32_t a, int32_t b, uint64_t c, double d, std::span<const int16_t> e,
                    std::span<float> f, Shared<uint32_t> g, Observed<double> h, Scratch<uint8_t> i) {
  f[0] = 2.5F;
  g[0] = 7;
  h[0] = 0.5;
  i[0] = 1;
  return a + static_cast<uint64_t>(b) + c + static_cast<uint64_t>(d) + static_cast<uint64_t>(e[1]);
}
std::string accepts(uint32_t, int32_t, uint64_t, double, std::span<const int16_t>, std::span<float>,
                    Shared<uint32_t>, Observed<double>, Scratch<uint8_t>) {
  return "";
}

TEST(boundary_deduces_the_table_and_unpacks_in_order) {
  static const Kernel<&everything, &accepts> kernel("test-everything", "takes one of each", "a", "b", "c",
                                                    "d", "e", "f", "g", "h", "i");
  const char* spelt[] = {"uint32",
                         "int32",
                         "size",
                         "float64",
                         "const int16[]",
                         "float32[]",
                         "shared uint32[]",
                         "observed float64[]",
                         "scratch uint8[]"};
  const auto table = kernel.arguments();
  REQUIRE(table.size() == 9);
  for (size_t i = 0; i < 9; ++i) CHECK_EQ(spell(table[i].type), spelt[i]);

  alignas(8) int16_t e[2] = {100, 2000};
  float f[1] = {};
  uint32_t g[1] = {};
  double h[1] = {};
  uint8_t i[1] = {};
  Candidate candidates[] = {number(1),
                            number(-1),
                            number(9007199254740991.0),
                            number(3.0),
                            array(Element::kInt16, "Int16Array", e, 2),
                            array(Element::kFloat32, "Float32Array", f, 1),
                            array(Element::kUint32, "Uint32Array", g, 1),
                            array(Element::kFloat64, "Float64Array", h, 1),
                            array(Element::kUint8, "Uint8Array", i, 1)};
  candidates[6].shared = true;
  Value values[9];
  REQUIRE(check_arguments(kernel.id(), table, candidates, values).empty());
  Sample sample;
  const Outcome outcome = kernel.time(Plan{}, values, &sample, nullptr);
  CHECK_EQ(outcome.checksum, 9007199254740991ULL + 3 + 2000);
  CHECK_EQ(f[0], 2.5F);
  CHECK_EQ(g[0], 7U);
  CHECK_EQ(h[0], 0.5);
  CHECK_EQ(i[0], 1);
}

TEST(boundary_says_which_item_is_wrong) {
  CHECK_EQ(wrong_item("order", 5, "below 1000", 2000), "\"order\"[5] must be below 1000, not 2000");
}

}  // namespace
}  // namespace linefill
