#include "region.h"

#include <cmath>
#include <vector>

#include "marshal.h"
#include "platform/nodes.h"

namespace linefill {
namespace {

struct PagesName {
  const char* name;
  platform::Pages pages;
};
constexpr PagesName kPages[] = {{"system", platform::Pages::kSystem},
                                {"small", platform::Pages::kSmall},
                                {"transparent", platform::Pages::kTransparent},
                                {"explicit", platform::Pages::kExplicit},
                                {"gigantic", platform::Pages::kGigantic}};
constexpr double kMostBytes = 9007199254740991.0;

size_t whole(const Napi::Value& value, const char* name, double low, double otherwise) {
  if (value.IsUndefined()) return static_cast<size_t>(otherwise);
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
  if (!(number >= low && number <= kMostBytes) || number != std::trunc(number)) {
    throw Napi::TypeError::New(value.Env(), std::string("region: \"") + name +
                                                "\" must be an integer of at least " +
                                                std::to_string(static_cast<long long>(low)));
  }
  return static_cast<size_t>(number);
}

platform::Pages pages_of(const Napi::Value& value) {
  if (value.IsUndefined()) return platform::Pages::kSystem;
  const std::string name = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  for (const PagesName& entry : kPages) {
    if (name == entry.name) return entry.pages;
  }
  throw Napi::TypeError::New(
      value.Env(), "region: \"pages\" must be 'system', 'small', 'transparent', 'explicit' or 'gigantic'");
}

}  // namespace

Napi::Function Region::define(Napi::Env env) {
  return DefineClass(
      env, "Region",
      {InstanceAccessor<&Region::buffer>("buffer"), InstanceAccessor<&Region::address>("address"),
       InstanceMethod<&Region::huge_bytes>("hugeBytes"), InstanceMethod<&Region::discard>("discard"),
       InstanceMethod<&Region::dispose>("dispose")});
}

Region::Region(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Region>(info) {
  const Napi::Env env = info.Env();
  const size_t bytes = whole(info[0], "bytes", 1, 0);
  if (bytes == 0) throw Napi::TypeError::New(env, "region: \"bytes\" must be an integer of at least 1");
  size_t alignment = 64;
  platform::Pages pages = platform::Pages::kSystem;
  if (info[1].IsObject()) {
    const auto options = info[1].As<Napi::Object>();
    alignment = whole(options.Get("alignment"), "alignment", 1, 64);
    pages = pages_of(options.Get("pages"));
  } else if (!info[1].IsUndefined()) {
    throw Napi::TypeError::New(env, "region: the options must be an object");
  }
  auto mapped = std::make_shared<Mapped>();
  if (const auto failure = platform::map(bytes, alignment, pages, &mapped->mapping)) {
    throw Napi::RangeError::New(env, "region: " + failure.text);
  }
  mapped_ = mapped;
  pages_ = pages;
  auto* hold = new std::shared_ptr<Mapped>(mapped);
  const auto array = Napi::ArrayBuffer::New(
      env, mapped->mapping.data, bytes, [](Napi::Env, void*, std::shared_ptr<Mapped>* held) { delete held; },
      hold);
  buffer_ = Napi::Persistent(array);
}

// Without dispose(): the backing store's finaliser holds the mapping until nobody can reach it.
Region::~Region() = default;

Napi::Value Region::buffer(const Napi::CallbackInfo& info) {
  if (buffer_.IsEmpty()) throw Napi::Error::New(info.Env(), "region: is disposed");
  return buffer_.Value();
}

Napi::Value Region::address(const Napi::CallbackInfo& info) {
  if (!mapped_) throw Napi::Error::New(info.Env(), "region: is disposed");
  return Napi::BigInt::New(info.Env(), reinterpret_cast<uint64_t>(mapped_->mapping.data));
}

Napi::Value Region::huge_bytes(const Napi::CallbackInfo& info) {
  if (!mapped_) throw Napi::Error::New(info.Env(), "region: is disposed");
  const int64_t bytes = platform::huge_bytes(mapped_->mapping.data, mapped_->mapping.bytes);
  return bytes < 0 ? info.Env().Null() : Napi::Number::New(info.Env(), static_cast<double>(bytes));
}

// Gives the pages back and leaves the ArrayBuffer as it is, all zeroes.
Napi::Value Region::discard(const Napi::CallbackInfo& info) {
  if (!mapped_) throw Napi::Error::New(info.Env(), "region: is disposed");
  if (const auto failure = platform::surrender(mapped_->mapping, pages_)) {
    throw Napi::Error::New(info.Env(), "region: " + failure.text);
  }
  return info.Env().Undefined();
}

// Detaches the ArrayBuffer and unmaps at once. Where a script has already moved the backing store elsewhere
// (ArrayBuffer.prototype.transfer), the memory is still reachable: then the finaliser unmaps it.
Napi::Value Region::dispose(const Napi::CallbackInfo& info) {
  if (!mapped_) return info.Env().Undefined();
  Napi::ArrayBuffer array = buffer_.Value();
  if (!array.IsDetached()) {
    array.Detach();
    if (array.IsDetached()) platform::unmap(&mapped_->mapping);
  }
  buffer_.Reset();
  mapped_.reset();
  return info.Env().Undefined();
}

namespace {

// The bytes of a typed array that is not detached; throws otherwise.
std::span<std::byte> bytes_of(const char* call, const Napi::Value& value) {
  const Candidate view = describe(value);
  if (view.what != Candidate::What::kTypedArray || !view.known_element || view.detached) {
    throw Napi::TypeError::New(value.Env(),
                               std::string(call) + ": \"view\" must be a typed array that is not detached");
  }
  return {static_cast<std::byte*>(view.data), view.length * element_bytes(view.element)};
}

// A JavaScript array of whole numbers; throws otherwise.
std::vector<int> nodes_of(const char* call, const Napi::Value& value) {
  constexpr double kMostNodes = 1e6;
  const auto wrong = [&] {
    return Napi::TypeError::New(
        value.Env(), std::string(call) + ": \"nodes\" must be an array of node numbers, 1 at least");
  };
  if (!value.IsArray()) throw wrong();
  const auto list = value.As<Napi::Array>();
  std::vector<int> nodes;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const Napi::Value item = list.Get(i);
    const double node = item.IsNumber() ? item.As<Napi::Number>().DoubleValue() : -1;
    if (!(node >= 0 && node <= kMostNodes) || node != std::trunc(node)) throw wrong();
    nodes.push_back(static_cast<int>(node));
  }
  if (nodes.empty()) throw wrong();
  return nodes;
}

}  // namespace

Napi::Value place_on_nodes_call(const Napi::CallbackInfo& info) {
  // The list first: reading it may run a script, which might detach the view.
  const std::vector<int> nodes = nodes_of("placeOnNodes", info[1]);
  const std::span<std::byte> bytes = bytes_of("placeOnNodes", info[0]);
  if (const auto failure = platform::place_on_nodes(bytes.data(), bytes.size(), nodes)) {
    throw Napi::Error::New(info.Env(), "placeOnNodes: " + failure.text);
  }
  return info.Env().Undefined();
}

Napi::Value pages_by_node_call(const Napi::CallbackInfo& info) {
  const std::span<std::byte> bytes = bytes_of("pagesByNode", info[0]);
  const std::vector<uint64_t> counts = platform::pages_by_node(bytes.data(), bytes.size());
  if (counts.empty()) return info.Env().Null();
  auto list = Napi::Array::New(info.Env(), counts.size());
  for (uint32_t i = 0; i < counts.size(); ++i) list.Set(i, static_cast<double>(counts[i]));
  return list;
}

Napi::Value current_node_call(const Napi::CallbackInfo& info) {
  const int node = platform::current_node();
  return node < 0 ? info.Env().Null() : Napi::Number::New(info.Env(), node);
}

}  // namespace linefill
