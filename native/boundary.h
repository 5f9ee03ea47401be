// From a JavaScript value to a C++ argument: the argument table is deduced from the kernel's C++ signature,
// and every check is here. No N-API in this file: the addon describes each JavaScript value as a Candidate,
// so that the native tests can be as hostile as any script, under the sanitizers.
//
//   C++ parameter        in TypeScript    accepts
//   uint32_t, int32_t    uint32, int32    an integer number in range
//   uint64_t             size             an integer number from 0 to 2^53 - 1
//   double               float64          a finite number
//   std::span<const T>   const T[]        exactly that typed array, over an ArrayBuffer
//   std::span<T>         T[]              the same; written, so it may overlap no other argument
//   Shared<T>            shared T[]       exactly that typed array, over a SharedArrayBuffer; written
//   Observed<T>          observed T[]     over either; holds what was observed (times), not an answer
//   Scratch<T>           scratch T[]      over an ArrayBuffer; room to work in, not an answer: what a call
//   wrote
//                                         there it may trust, since no other thread can reach it
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace linefill {

enum class Element : uint8_t {
  kInt8,
  kUint8,
  kInt16,
  kUint16,
  kInt32,
  kUint32,
  kFloat32,
  kFloat64,
  kBigInt64,
  kBigUint64,
};

enum class Form : uint8_t { kScalar, kInput, kOutput, kShared, kObserved, kScratch };

// `element` names the number's type for a scalar (kBigUint64 stands for "size").
struct ArgumentType {
  Form form;
  Element element;
  friend constexpr bool operator==(const ArgumentType&, const ArgumentType&) = default;
};

struct Argument {
  const char* name;
  ArgumentType type;
};

// Memory that several threads touch at once: only through atomics, and never trusted to hold still.
template <class T>
struct Shared {
  std::span<T> span;
  T* data() const { return span.data(); }
  size_t size() const { return span.size(); }
  T& operator[](size_t i) const { return span[i]; }
};

// An output that holds measurements, which no reference can predict.
template <class T>
struct Observed {
  std::span<T> span;
  T* data() const { return span.data(); }
  size_t size() const { return span.size(); }
  T& operator[](size_t i) const { return span[i]; }
};

// Room to work in that no other thread can reach: pointers may lie there for as long as the call lasts.
template <class T>
struct Scratch {
  std::span<T> span;
  T* data() const { return span.data(); }
  size_t size() const { return span.size(); }
  T& operator[](size_t i) const { return span[i]; }
};

// What JavaScript handed over, described without N-API.
struct Candidate {
  enum class What : uint8_t { kNumber, kTypedArray, kOther };
  What what = What::kOther;
  const char* named = "nothing";  // "a string", "Float64Array", ...: for the message
  double number = 0;
  Element element = Element::kInt8;
  bool known_element = false;  // false: a typed array that no kernel takes (Uint8ClampedArray, ...)
  bool shared = false;
  bool detached = false;
  void* data = nullptr;
  size_t length = 0;  // elements
};

// A checked argument, ready to be unpacked.
struct Value {
  double number = 0;
  void* data = nullptr;
  size_t length = 0;
};

size_t element_bytes(Element element);
// "const int32[]", "shared uint32[]", "size": the one spelling that both languages compare.
std::string spell(ArgumentType type);
// Checks every candidate against the table. On success fills `values` and returns empty text; otherwise the
// sentence `kernel: argument 2 "hops" must be ..., not ...`.
std::string check_arguments(const char* kernel, std::span<const Argument> table,
                            std::span<const Candidate> candidates, Value* values);

// --- Deduction ---------------------------------------------------------------------------------------------

template <class T>
constexpr Element element_of() {
  if constexpr (std::is_same_v<T, int8_t>) return Element::kInt8;
  if constexpr (std::is_same_v<T, uint8_t>) return Element::kUint8;
  if constexpr (std::is_same_v<T, int16_t>) return Element::kInt16;
  if constexpr (std::is_same_v<T, uint16_t>) return Element::kUint16;
  if constexpr (std::is_same_v<T, int32_t>) return Element::kInt32;
  if constexpr (std::is_same_v<T, uint32_t>) return Element::kUint32;
  if constexpr (std::is_same_v<T, float>) return Element::kFloat32;
  if constexpr (std::is_same_v<T, double>) return Element::kFloat64;
  if constexpr (std::is_same_v<T, int64_t>) return Element::kBigInt64;
  if constexpr (std::is_same_v<T, uint64_t>) return Element::kBigUint64;
}

template <class T>
struct Parameter {
  static_assert(std::is_same_v<T, uint32_t> || std::is_same_v<T, int32_t> || std::is_same_v<T, uint64_t> ||
                    std::is_same_v<T, double>,
                "a kernel's scalar is uint32_t, int32_t, uint64_t or double");
  static constexpr ArgumentType type{Form::kScalar, element_of<T>()};
  static T unpack(const Value& value) { return static_cast<T>(value.number); }
};

template <class T>
struct Parameter<std::span<T>> {
  using Plain = std::remove_const_t<T>;
  static constexpr ArgumentType type{std::is_const_v<T> ? Form::kInput : Form::kOutput, element_of<Plain>()};
  static std::span<T> unpack(const Value& value) { return {static_cast<T*>(value.data), value.length}; }
};

template <class T>
struct Parameter<Shared<T>> {
  static constexpr ArgumentType type{Form::kShared, element_of<T>()};
  static Shared<T> unpack(const Value& value) { return {{static_cast<T*>(value.data), value.length}}; }
};

template <class T>
struct Parameter<Observed<T>> {
  static constexpr ArgumentType type{Form::kObserved, element_of<T>()};
  static Observed<T> unpack(const Value& value) { return {{static_cast<T*>(value.data), value.length}}; }
};

template <class T>
struct Parameter<Scratch<T>> {
  static constexpr ArgumentType type{Form::kScratch, element_of<T>()};
  static Scratch<T> unpack(const Value& value) { return {{static_cast<T*>(value.data), value.length}}; }
};

// Signature<R(A...)>: the table's types, and a call with unpacked values.
template <class F>
struct Signature;

template <class R, class... A>
struct Signature<R (*)(A...)> {
  using Result = R;
  static constexpr size_t arity = sizeof...(A);
  static constexpr ArgumentType types[sizeof...(A) + 1] = {Parameter<A>::type..., {}};

  template <class Function>
  static auto call(Function function, const Value* values) {
    return call(function, values, std::index_sequence_for<A...>{});
  }

 private:
  template <class Function, size_t... I>
  static auto call(Function function, const Value* values, std::index_sequence<I...>) {
    return function(Parameter<A>::unpack(values[I])...);
  }
};

}  // namespace linefill
