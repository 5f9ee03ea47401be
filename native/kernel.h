// A kernel's contract, and how it registers itself. A kernel is a free function over checked arguments that
// returns a 64-bit checksum (or an Outcome, where it can fail). It keeps no state between calls, throws
// nothing and never includes napi.h. Beside it stands its mandatory `check` of the arguments' contents, which
// runs before anything is timed and returns what is wrong in words, or empty text.
//
//   LINEFILL_KERNEL(sum_in_order, "sum-in-order", "sums the integers in order", check, "values");
#pragma once

#include <array>

#include "boundary.h"
#include "timing.h"

namespace linefill {

class Registration {
 public:
  // The list of all kernels, linked before main; read-only afterwards.
  static const Registration* first() { return head_; }
  const Registration* next() const { return next_; }

  const char* id() const { return id_; }
  const char* summary() const { return summary_; }
  virtual std::span<const Argument> arguments() const = 0;
  // What is wrong with the contents of (type-checked) arguments; empty: nothing.
  virtual std::string check(const Value* values) const = 0;
  // One virtual call a run; the timed loop inside knows the kernel statically.
  virtual Outcome time(const Plan& plan, const Value* values, Sample* samples, double* counts) const = 0;

 protected:
  Registration(const char* id, const char* summary) : id_(id), summary_(summary), next_(head_) {
    head_ = this;
  }
  ~Registration() = default;

 private:
  inline static const Registration* head_ = nullptr;
  const char* id_;
  const char* summary_;
  const Registration* next_;
};

template <auto Run, auto Check>
class Kernel final : public Registration {
  using Sig = Signature<decltype(Run)>;
  static_assert(std::is_same_v<typename Sig::Result, uint64_t> ||
                    std::is_same_v<typename Sig::Result, Outcome>,
                "a kernel returns uint64_t or Outcome");
  static_assert(std::is_same_v<decltype(Sig::call(Check, nullptr)), std::string>,
                "a check takes the kernel's arguments and returns text");

 public:
  template <class... Names>
  Kernel(const char* id, const char* summary, Names... names) : Registration(id, summary) {
    static_assert(sizeof...(Names) == Sig::arity, "one name for each argument");
    const char* list[] = {names..., nullptr};
    for (size_t i = 0; i < Sig::arity; ++i) table_[i] = {list[i], Sig::types[i]};
  }

  std::span<const Argument> arguments() const override { return {table_.data(), Sig::arity}; }
  std::string check(const Value* values) const override { return Sig::call(Check, values); }
  Outcome time(const Plan& plan, const Value* values, Sample* samples, double* counts) const override {
    return time_samples(plan, samples, counts, [values] { return Sig::call(Run, values); });
  }

 private:
  std::array<Argument, Sig::arity + 1> table_{};
};

#define LINEFILL_JOIN_(a, b) a##b
#define LINEFILL_JOIN(a, b) LINEFILL_JOIN_(a, b)
#define LINEFILL_KERNEL(run, id, summary, check, ...)                                                     \
  static const ::linefill::Kernel<&run, &check> LINEFILL_JOIN(linefill_kernel_, __COUNTER__)(id, summary, \
                                                                                             __VA_ARGS__)

// Says where a content check failed: `"order"[5] must be below 1000, not 2000`.
inline std::string wrong_item(const char* name, size_t index, const std::string& must, uint64_t actual) {
  return std::string("\"") + name + "\"[" + std::to_string(index) + "] must be " + must + ", not " +
         std::to_string(actual);
}

}  // namespace linefill
