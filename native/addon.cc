// The addon's three functions: kernels() lists what is registered, run(id, arguments, plan) checks and times
// one kernel, environment() says what native code knows of the machine. C++ exceptions end here.
#include <napi.h>

#include <cstring>
#include <new>

#include "environment.h"
#include "kernel.h"
#include "marshal.h"

namespace linefill {
namespace {

const Registration* find(const std::string& id) {
  for (const Registration* kernel = Registration::first(); kernel; kernel = kernel->next()) {
    if (id == kernel->id()) return kernel;
  }
  return nullptr;
}

Napi::Value kernels(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto list = Napi::Array::New(env);
  uint32_t next = 0;
  for (const Registration* kernel = Registration::first(); kernel; kernel = kernel->next()) {
    auto entry = Napi::Object::New(env);
    auto table = Napi::Array::New(env);
    uint32_t column = 0;
    for (const Argument& argument : kernel->arguments()) {
      auto row = Napi::Object::New(env);
      row.Set("name", argument.name);
      row.Set("type", spell(argument.type));
      table.Set(column++, row);
    }
    entry.Set("id", kernel->id());
    entry.Set("summary", kernel->summary());
    entry.Set("arguments", table);
    list.Set(next++, entry);
  }
  return list;
}

Napi::Value run_checked(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsString()) throw Napi::TypeError::New(env, "run: the kernel's id must be a string");
  const std::string id = info[0].As<Napi::String>().Utf8Value();
  const Registration* kernel = find(id);
  if (!kernel) throw Napi::TypeError::New(env, "run: no kernel is called \"" + id + "\"");

  // Everything that may run a script comes first; from here on nothing can move or detach under us.
  const std::vector<Napi::Value> handed = fetch_all(kernel->id(), info[1]);
  FetchedPlan fetched = fetch_plan(kernel->id(), info[2]);
  std::vector<Candidate> candidates;
  candidates.reserve(handed.size());
  for (const Napi::Value& value : handed) candidates.push_back(describe(value));
  attach_gate(kernel->id(), &fetched);

  const auto table = kernel->arguments();
  std::vector<Value> values(table.size() + 1);
  std::string wrong = check_arguments(kernel->id(), table, candidates, values.data());
  if (wrong.empty()) {
    wrong = kernel->check(values.data());
    if (!wrong.empty()) wrong = std::string(kernel->id()) + ": " + wrong;
  }
  if (!wrong.empty()) throw Napi::TypeError::New(env, wrong);

  const Plan& plan = fetched.plan;
  std::vector<Sample> samples(plan.samples);
  const size_t width = plan.counters ? platform::Counters::count() : 0;
  std::vector<double> counts(width * plan.samples);
  const Outcome outcome = kernel->time(plan, values.data(), samples.data(), counts.data());
  if (outcome.error) throw Napi::Error::New(env, std::string(kernel->id()) + ": " + outcome.error);

  auto result = Napi::Object::New(env);
  auto rows = Napi::Float64Array::New(env, samples.size() * kColumnCount);
  std::memcpy(rows.Data(), samples.data(), samples.size() * sizeof(Sample));
  result.Set("checksum", Napi::BigInt::New(env, outcome.checksum));
  result.Set("samples", rows);
  if (plan.counters) {
    auto columns = Napi::Float64Array::New(env, counts.size());
    if (!counts.empty()) std::memcpy(columns.Data(), counts.data(), counts.size() * sizeof(double));
    result.Set("counts", columns);
  }
  return result;
}

Napi::Value run(const Napi::CallbackInfo& info) {
  try {
    return run_checked(info);
  } catch (const std::bad_alloc&) {
    throw Napi::Error::New(info.Env(), "run: out of memory");
  }
}

Napi::Value environment(const Napi::CallbackInfo& info) { return make_environment(info.Env()); }

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("kernels", Napi::Function::New<kernels>(env, "kernels"));
  exports.Set("run", Napi::Function::New<run>(env, "run"));
  exports.Set("environment", Napi::Function::New<environment>(env, "environment"));
  return exports;
}

}  // namespace

NODE_API_MODULE(linefill, init)

}  // namespace linefill
