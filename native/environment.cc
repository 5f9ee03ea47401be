#include "environment.h"

#include <optional>
#include <version>

#include "allocators/peers.h"
#include "marshal.h"
#include "platform/cpu_features.h"
#include "platform/cpuid.h"
#include "platform/platform.h"
#include "pool-calls.h"
#include "region.h"
#include "timing.h"

#ifndef LINEFILL_FLAGS
#define LINEFILL_FLAGS "unknown"
#endif

namespace linefill {
namespace {

#define LINEFILL_TEXT_(x) #x
#define LINEFILL_TEXT(x) LINEFILL_TEXT_(x)

// Whose std::pmr this is.
#if defined(_GLIBCXX_RELEASE)
constexpr const char* kCppLibrary = "libstdc++ " LINEFILL_TEXT(_GLIBCXX_RELEASE);
#elif defined(_LIBCPP_VERSION)
constexpr const char* kCppLibrary = "libc++ " LINEFILL_TEXT(_LIBCPP_VERSION);
#elif defined(_MSVC_STL_VERSION)
constexpr const char* kCppLibrary = "MSVC STL " LINEFILL_TEXT(_MSVC_STL_VERSION);
#else
constexpr const char* kCppLibrary = "unknown";
#endif

#if defined(__clang__)
constexpr const char* kCompiler = "clang " __clang_version__;
#elif defined(__GNUC__)
constexpr const char* kCompiler = "gcc " __VERSION__;
#elif defined(_MSC_VER)
constexpr const char* kCompiler = "msvc " LINEFILL_TEXT(_MSC_FULL_VER);
#else
constexpr const char* kCompiler = "unknown";
#endif

Napi::Value pin(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const double cpu = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : -1;
  if (!(cpu >= 0 && cpu <= 1e6) || cpu != static_cast<int>(cpu)) {
    throw Napi::TypeError::New(env, "pin: \"cpu\" must be an integer of at least 0");
  }
  if (const auto failure = platform::pin(static_cast<int>(cpu)))
    throw Napi::Error::New(env, "pin: " + failure.text);
  return env.Undefined();
}

Napi::Value unpin(const Napi::CallbackInfo& info) {
  if (const auto failure = platform::unpin()) throw Napi::Error::New(info.Env(), "unpin: " + failure.text);
  return info.Env().Undefined();
}

// The address of a typed array's first byte: what decides which line it shares.
Napi::Value address_of(const Napi::CallbackInfo& info) {
  const Candidate candidate = describe(info[0]);
  if (candidate.what != Candidate::What::kTypedArray || candidate.detached) {
    throw Napi::TypeError::New(info.Env(), "addressOf: \"view\" must be a typed array that is not detached");
  }
  return Napi::BigInt::New(info.Env(), reinterpret_cast<uint64_t>(candidate.data));
}

Napi::Value now_ns(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(platform::now_ns()));
}

Napi::Value current_cpu(const Napi::CallbackInfo& info) {
  const int cpu = platform::current_cpu();
  return cpu < 0 ? info.Env().Null() : Napi::Number::New(info.Env(), cpu);
}

Napi::Value available_memory(const Napi::CallbackInfo& info) {
  const uint64_t bytes = platform::available_memory_bytes();
  return bytes == 0 ? info.Env().Null() : Napi::Number::New(info.Env(), static_cast<double>(bytes));
}

Napi::Value cpuid(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto answers = platform::cpuid_answers();
  auto rows = Napi::Array::New(env, answers.size());
  for (size_t i = 0; i < answers.size(); ++i) {
    const auto& [leaf, subleaf, eax, ebx, ecx, edx] = answers[i];
    auto row = Napi::Object::New(env);
    row.Set("leaf", leaf);
    row.Set("subleaf", subleaf);
    row.Set("eax", eax);
    row.Set("ebx", ebx);
    row.Set("ecx", ecx);
    row.Set("edx", edx);
    rows.Set(static_cast<uint32_t>(i), row);
  }
  return rows;
}

Napi::Value measure_clock(const Napi::CallbackInfo& info) {
  const platform::ClockFigures figures = platform::measure_clock();
  auto result = Napi::Object::New(info.Env());
  result.Set("resolutionNs", figures.resolution_ns);
  result.Set("costNs", figures.cost_ns);
  return result;
}

// Allocators of others: versions, or null and why one is not here. Loads what can be loaded.
Napi::Value peers(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto text = [env](const char* version) -> Napi::Value {
    return version == nullptr ? env.Null() : Napi::String::New(env, version);
  };
  auto object = Napi::Object::New(env);
  object.Set("boostPool", text(boost_version()));
  object.Set("pmr", text(has_pmr() ? kCppLibrary : nullptr));
  auto general = Napi::Array::New(env);
  for (const Peer& peer : general_peers()) {
    auto row = Napi::Object::New(env);
    row.Set("id", peer.id);
    row.Set("version", text(peer.version.empty() ? nullptr : peer.version.c_str()));
    row.Set("missing", text(peer.found() ? nullptr : peer.missing.c_str()));
    row.Set("needsRoom", peer.needs_room);
    row.Set("keptAlignmentBytes", peer.kept_alignment_bytes);
    general.Set(general.Length(), row);
  }
  object.Set("general", general);
  return object;
}

// The usage of the calling thread as it stands: a sample's columns, for samples that JavaScript times itself.
Napi::Value usage(const Napi::CallbackInfo& info) {
  platform::Usage now;
  platform::thread_usage(&now);
  Sample sample{};
  record_usage({}, now, &sample);
  auto array = Napi::Float64Array::New(info.Env(), kColumnCount);
  std::memcpy(array.Data(), &sample, sizeof sample);
  return array;
}

Napi::Array counters(Napi::Env env, platform::Whose whose) {
  const auto status = platform::counter_status(whose);
  auto list = Napi::Array::New(env, status.size());
  for (size_t i = 0; i < status.size(); ++i) {
    auto entry = Napi::Object::New(env);
    entry.Set("name", status[i].name);
    entry.Set("hardware", status[i].hardware);
    entry.Set("userOnly", status[i].user_only);
    entry.Set("reason", status[i].reason.empty() ? env.Null() : Napi::String::New(env, status[i].reason));
    list.Set(static_cast<uint32_t>(i), entry);
  }
  return list;
}

// What the programs used that this process started; null where the system can't say.
Napi::Value child_usage(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const platform::ChildUsage used = platform::child_usage();
  auto object = Napi::Object::New(env);
  const auto set = [&](const char* name, int64_t number) {
    object.Set(name, number < 0 ? env.Null() : Napi::Number::New(env, static_cast<double>(number)));
  };
  set("userNs", used.user_ns);
  set("systemNs", used.system_ns);
  set("minorFaults", used.minor_faults);
  set("majorFaults", used.major_faults);
  set("voluntarySwitches", used.voluntary_switches);
  set("involuntarySwitches", used.involuntary_switches);
  set("peakResidentBytes", used.peak_resident_bytes);
  return object;
}

Napi::Value forked_peak_bytes(const Napi::CallbackInfo& info) {
  const int64_t bytes = platform::forked_peak_bytes();
  return bytes < 0 ? info.Env().Null() : Napi::Number::New(info.Env(), static_cast<double>(bytes));
}

// `new ChildCounters()`: counts of the programs that this thread starts while it lives. Holds what it opened
// until dispose(), or until a garbage collector or the end of the thread's JavaScript lets go of it.
class ChildCounters : public Napi::ObjectWrap<ChildCounters> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "ChildCounters",
        {InstanceMethod<&ChildCounters::facts>("facts"), InstanceMethod<&ChildCounters::read>("read"),
         InstanceMethod<&ChildCounters::dispose>("dispose")});
  }
  explicit ChildCounters(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ChildCounters>(info) {
    counters_.emplace(platform::Whose::kChildren);
  }

 private:
  Napi::Value facts(const Napi::CallbackInfo& info) {
    return counters(info.Env(), platform::Whose::kChildren);
  }

  Napi::Value read(const Napi::CallbackInfo& info) {
    if (!counters_) throw Napi::Error::New(info.Env(), "childCounters: is disposed");
    constexpr size_t kCount = platform::Counters::count();
    auto counts = Napi::Float64Array::New(info.Env(), kCount);
    auto shares = Napi::Float64Array::New(info.Env(), kCount);
    counters_->read(counts.Data(), shares.Data());
    auto object = Napi::Object::New(info.Env());
    object.Set("counts", counts);
    object.Set("shares", shares);
    return object;
  }

  Napi::Value dispose(const Napi::CallbackInfo& info) {
    counters_.reset();
    return info.Env().Undefined();
  }

  std::optional<platform::Counters> counters_;
};

Napi::Object features(Napi::Env env) {
  const platform::CpuFeatures found = platform::cpu_features();
  auto object = Napi::Object::New(env);
  object.Set("sse2", found.sse2);
  object.Set("avx2", found.avx2);
  object.Set("fma", found.fma);
  object.Set("avx512f", found.avx512f);
  object.Set("neon", found.neon);
  object.Set("sve", found.sve);
  return object;
}

Napi::Value positive_or_null(Napi::Env env, size_t number) {
  return number == 0 ? env.Null() : Napi::Number::New(env, static_cast<double>(number));
}

}  // namespace

Napi::Value make_environment(Napi::Env env) {
  auto object = Napi::Object::New(env);
  auto columns = Napi::Array::New(env, kColumnCount);
  for (size_t i = 0; i < kColumnCount; ++i) columns.Set(static_cast<uint32_t>(i), kColumns[i]);
  auto cpus = Napi::Array::New(env);
  uint32_t next = 0;
  for (const int cpu : platform::allowed_cpus()) cpus.Set(next++, cpu);
  object.Set("compiler", kCompiler);
  object.Set("compilerFlags", LINEFILL_FLAGS);
  object.Set("clockName", platform::clock_name());
  object.Set("lineBytes", positive_or_null(env, platform::cache_line_bytes()));
  object.Set("pageBytes", positive_or_null(env, platform::page_bytes()));
  object.Set("gateWords", static_cast<double>(Gate::kWords));
  object.Set("gateStrideWords", static_cast<double>(Gate::kStrideWords));
  object.Set("columns", columns);
  object.Set("allowedCpus", cpus);
  object.Set("features", features(env));
  object.Set("counters", counters(env, platform::Whose::kThread));
  object.Set("pin", Napi::Function::New<pin>(env, "pin"));
  object.Set("unpin", Napi::Function::New<unpin>(env, "unpin"));
  object.Set("currentCpu", Napi::Function::New<current_cpu>(env, "currentCpu"));
  object.Set("addressOf", Napi::Function::New<address_of>(env, "addressOf"));
  object.Set("nowNs", Napi::Function::New<now_ns>(env, "nowNs"));
  object.Set("usage", Napi::Function::New<usage>(env, "usage"));
  object.Set("measureClock", Napi::Function::New<measure_clock>(env, "measureClock"));
  object.Set("cpuid", Napi::Function::New<cpuid>(env, "cpuid"));
  object.Set("availableMemoryBytes", Napi::Function::New<available_memory>(env, "availableMemoryBytes"));
  object.Set("peers", Napi::Function::New<peers>(env, "peers"));
  object.Set("poolAlloc", Napi::Function::New<pool_alloc_call>(env, "poolAlloc"));
  object.Set("poolFree", Napi::Function::New<pool_free_call>(env, "poolFree"));
  object.Set("childUsage", Napi::Function::New<child_usage>(env, "childUsage"));
  object.Set("forkedPeakBytes", Napi::Function::New<forked_peak_bytes>(env, "forkedPeakBytes"));
  object.Set("ChildCounters", ChildCounters::define(env));
  object.Set("placeOnNodes", Napi::Function::New<place_on_nodes_call>(env, "placeOnNodes"));
  object.Set("pagesByNode", Napi::Function::New<pages_by_node_call>(env, "pagesByNode"));
  object.Set("currentNode", Napi::Function::New<current_node_call>(env, "currentNode"));
  object.Set("Region", Region::define(env));
  return object;
}

}  // namespace linefill
