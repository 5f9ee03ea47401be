// A test runner of one header and no dependency, for what is tested without Node: ctest and the sanitizers
// run it. A TEST registers itself; tests/main.cc runs all, or those whose name contains an argument.
//
//   TEST(a_name) {
//     REQUIRE(!platform::map(4096, 64, Pages::kSystem, &mapping));  // ends this test where false
//     CHECK(mapping.bytes >= 4096);                                // notes the failure and goes on
//     CHECK_EQ(mapping.bytes, 4096);                               // prints both values; sign-safe
//     if (!has_counters) SKIP("no counters here");                 // ends this test, says why
//   }
//
// CHECK and CHECK_EQ may stand in any thread that the test joins; REQUIRE and SKIP only in the test's own.
#pragma once

#include <concepts>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>

namespace linefill::test {

// Whether a sanitizer watches: it maps and faults for itself, so such counts are larger.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

// One TEST, a link of the intrusive list in order of registration.
struct Case {
  Case(const char* name, const char* file, void (*body)());
  const char* name;
  const char* file;
  void (*body)();
  Case* next = nullptr;
};

// Notes one failure of the running test and prints it as "file:line: test: text".
void fail(const char* file, int line, const std::string& text);

// Thrown by REQUIRE and SKIP to leave a test.
struct Abandon {};
struct Skip {
  std::string reason;
};

template <class T>
std::string show(const T& value) {
  std::ostringstream text;
  if constexpr (std::is_enum_v<T>) {
    text << +static_cast<std::underlying_type_t<T>>(value);
  } else if constexpr (std::same_as<T, bool>) {
    text << (value ? "true" : "false");
  } else if constexpr (sizeof(T) == 1 && std::is_integral_v<T>) {
    text << +value;
  } else if constexpr (std::floating_point<T>) {
    text.precision(17);
    text << value;
  } else if constexpr (requires { text << value; }) {
    text << value;
  } else {
    text << "(no printed form)";
  }
  return text.str();
}

template <class T>
inline constexpr bool kPlainInteger =
    std::is_integral_v<T> && !std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
    !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

template <class A, class B>
bool equal(const A& a, const B& b) {
  if constexpr (kPlainInteger<A> && kPlainInteger<B>) {
    return std::cmp_equal(a, b);
  } else {
    return a == b;
  }
}

template <class A, class B>
void check_equal(const A& a, const B& b, const char* text, const char* file, int line) {
  if (!equal(a, b)) fail(file, line, std::string(text) + ": " + show(a) + " is not " + show(b));
}

}  // namespace linefill::test

#define TEST(name)                                                          \
  static void test_##name();                                                \
  static ::linefill::test::Case case_##name(#name, __FILE__, &test_##name); \
  static void test_##name()

#define CHECK(...)                                                           \
  do {                                                                       \
    if (!static_cast<bool>(__VA_ARGS__))                                     \
      ::linefill::test::fail(__FILE__, __LINE__, "not true: " #__VA_ARGS__); \
  } while (false)

#define CHECK_EQ(a, b) ::linefill::test::check_equal((a), (b), #a " == " #b, __FILE__, __LINE__)

#define REQUIRE(...)                                                         \
  do {                                                                       \
    if (!static_cast<bool>(__VA_ARGS__)) {                                   \
      ::linefill::test::fail(__FILE__, __LINE__, "required: " #__VA_ARGS__); \
      throw ::linefill::test::Abandon{};                                     \
    }                                                                        \
  } while (false)

#define SKIP(why) \
  throw ::linefill::test::Skip { why }
