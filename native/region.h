// A mapped region of memory, exposed to JavaScript as an ArrayBuffer and freed at dispose(), not when a
// garbage collector gets to it. `new Region(bytes, {alignment, pages})`. Beside it, where memory lies: calls
// that put a typed array's pages on NUMA nodes, and say on which they are.
#pragma once

#include <napi.h>

#include <memory>

#include "platform/platform.h"

namespace linefill {

class Region : public Napi::ObjectWrap<Region> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit Region(const Napi::CallbackInfo& info);
  ~Region() override;

 private:
  // Unmapped by whoever lets go last: the Region, or the ArrayBuffer's backing store.
  struct Mapped {
    platform::Mapping mapping;
    ~Mapped() { platform::unmap(&mapping); }
  };

  Napi::Value buffer(const Napi::CallbackInfo& info);
  Napi::Value address(const Napi::CallbackInfo& info);
  Napi::Value huge_bytes(const Napi::CallbackInfo& info);
  Napi::Value discard(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);

  std::shared_ptr<Mapped> mapped_;
  platform::Pages pages_ = platform::Pages::kSystem;
  Napi::Reference<Napi::ArrayBuffer> buffer_;
};

// (view, nodes): throws where the system can't.
Napi::Value place_on_nodes_call(const Napi::CallbackInfo& info);
// (view) -> pages on each node, from node 0 on; null where the system can't say.
Napi::Value pages_by_node_call(const Napi::CallbackInfo& info);
// () -> the node of the CPU that the calling thread is on; null where unknown.
Napi::Value current_node_call(const Napi::CallbackInfo& info);

}  // namespace linefill
