#include "marshal.h"

#include <cmath>

namespace linefill {
namespace {

constexpr uint32_t kMostArguments = 32;

const char* name_of_type(napi_valuetype type) {
  switch (type) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
      return "a boolean";
    case napi_number:
      return "a number";
    case napi_string:
      return "a string";
    case napi_symbol:
      return "a symbol";
    case napi_function:
      return "a function";
    case napi_external:
      return "an external";
    case napi_bigint:
      return "a bigint";
    default:
      return "an object";
  }
}

bool element_of_array(napi_typedarray_type type, Element* element, const char** named) {
  switch (type) {
    case napi_int8_array:
      *named = "Int8Array";
      *element = Element::kInt8;
      return true;
    case napi_uint8_array:
      *named = "Uint8Array";
      *element = Element::kUint8;
      return true;
    case napi_int16_array:
      *named = "Int16Array";
      *element = Element::kInt16;
      return true;
    case napi_uint16_array:
      *named = "Uint16Array";
      *element = Element::kUint16;
      return true;
    case napi_int32_array:
      *named = "Int32Array";
      *element = Element::kInt32;
      return true;
    case napi_uint32_array:
      *named = "Uint32Array";
      *element = Element::kUint32;
      return true;
    case napi_float32_array:
      *named = "Float32Array";
      *element = Element::kFloat32;
      return true;
    case napi_float64_array:
      *named = "Float64Array";
      *element = Element::kFloat64;
      return true;
    case napi_bigint64_array:
      *named = "BigInt64Array";
      *element = Element::kBigInt64;
      return true;
    case napi_biguint64_array:
      *named = "BigUint64Array";
      *element = Element::kBigUint64;
      return true;
    default:
      *named = "a typed array of another kind";
      return false;
  }
}

[[noreturn]] void refuse(Napi::Env env, const std::string& text) { throw Napi::TypeError::New(env, text); }

// A whole number in [low, high]; `otherwise` where the property is absent.
double whole_number(const char* kernel, const Napi::Object& object, const char* name, double low, double high,
                    double otherwise) {
  const Napi::Value value = object.Get(name);
  if (value.IsUndefined()) return otherwise;
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
  if (!(number >= low && number <= high) || number != std::trunc(number)) {
    char text[160];
    std::snprintf(text, sizeof text, "%s: the plan's \"%s\" must be an integer from %.0f to %.0f", kernel,
                  name, low, high);
    refuse(object.Env(), text);
  }
  return number;
}

}  // namespace

std::vector<Napi::Value> fetch_all(const char* kernel, const Napi::Value& arguments) {
  if (!arguments.IsArray()) {
    refuse(arguments.Env(), std::string(kernel) + ": the arguments must be an array");
  }
  const auto array = arguments.As<Napi::Array>();
  const uint32_t length = array.Length();
  if (length > kMostArguments) {
    refuse(arguments.Env(), std::string(kernel) + ": takes at most " + std::to_string(kMostArguments) +
                                " arguments, not " + std::to_string(length));
  }
  std::vector<Napi::Value> values;
  values.reserve(length);
  for (uint32_t i = 0; i < length; ++i) values.push_back(array.Get(i));
  return values;
}

Candidate describe(const Napi::Value& value) {
  Candidate candidate;
  candidate.named = name_of_type(value.Type());
  if (value.IsNumber()) {
    candidate.what = Candidate::What::kNumber;
    candidate.number = value.As<Napi::Number>().DoubleValue();
    return candidate;
  }
  if (!value.IsTypedArray()) return candidate;
  napi_typedarray_type type;
  size_t length = 0;
  size_t offset = 0;
  void* data = nullptr;
  napi_value buffer = nullptr;
  if (napi_get_typedarray_info(value.Env(), value, &type, &length, &data, &buffer, &offset) != napi_ok) {
    return candidate;
  }
  candidate.what = Candidate::What::kTypedArray;
  candidate.known_element = element_of_array(type, &candidate.element, &candidate.named);
  bool plain = false;
  napi_is_arraybuffer(value.Env(), buffer, &plain);
  candidate.shared = !plain;
  if (plain) napi_is_detached_arraybuffer(value.Env(), buffer, &candidate.detached);
  candidate.data = candidate.detached ? nullptr : data;
  candidate.length = candidate.detached ? 0 : length;
  return candidate;
}

FetchedPlan fetch_plan(const char* kernel, const Napi::Value& value) {
  FetchedPlan fetched;
  if (value.IsUndefined()) return fetched;
  if (!value.IsObject()) refuse(value.Env(), std::string(kernel) + ": the plan must be an object");
  const auto object = value.As<Napi::Object>();
  Plan& plan = fetched.plan;
  plan.warmup = static_cast<uint32_t>(whole_number(kernel, object, "warmup", 0, 4294967295.0, 0));
  plan.samples = static_cast<uint32_t>(whole_number(kernel, object, "samples", 1, 65536, 1));
  plan.iterations = static_cast<uint32_t>(whole_number(kernel, object, "iterations", 1, 4294967295.0, 1));
  plan.patience_ns = static_cast<uint64_t>(
      whole_number(kernel, object, "patienceNs", 1, 3.6e12, static_cast<double>(plan.patience_ns)));
  plan.gate.members = static_cast<int32_t>(whole_number(kernel, object, "members", 1, 4096, 1));
  const Napi::Value counters = object.Get("counters");
  if (!counters.IsUndefined() && !counters.IsBoolean()) {
    refuse(value.Env(), std::string(kernel) + ": the plan's \"counters\" must be a boolean");
  }
  plan.counters = counters.IsBoolean() && counters.As<Napi::Boolean>().Value();
  fetched.gate = object.Get("gate");
  return fetched;
}

void attach_gate(const char* kernel, FetchedPlan* fetched) {
  if (fetched->gate.IsEmpty() || fetched->gate.IsUndefined()) return;
  const Candidate words = describe(fetched->gate);
  if (words.what != Candidate::What::kTypedArray || !words.known_element ||
      words.element != Element::kInt32 || !words.shared || words.length < Gate::kWords) {
    refuse(fetched->gate.Env(), std::string(kernel) + ": the plan's \"gate\" must be Int32Array over a " +
                                    "SharedArrayBuffer of at least " + std::to_string(Gate::kWords) +
                                    " words");
  }
  fetched->plan.gate.words = static_cast<int32_t*>(words.data);
}

}  // namespace linefill
