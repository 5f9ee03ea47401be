// Linux: how much memory a process may still take, by the machine and by the control groups above it.
#if defined(__linux__)

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>

#include "platform/linux.h"
#include "platform/rules.h"

namespace linefill::platform {
namespace {

constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();

// The next piece of `text` up to `separator`, taken off its front.
std::string_view take(std::string_view* text, char separator) {
  const size_t at = std::min(text->find(separator), text->size());
  const std::string_view piece = text->substr(0, at);
  text->remove_prefix(std::min(at + 1, text->size()));
  return piece;
}

bool has_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    if (take(&list, ',') == word) return true;
  }
  return false;
}

// What one group leaves. A limit that is missing, or "max", is none.
uint64_t room_of_group(const std::string& folder, const GroupFiles& files) {
  uint64_t limit = read_number(folder + "/" + files.limit, kNoLimit);
  if (!files.high.empty()) limit = std::min(limit, read_number(folder + "/" + files.high, kNoLimit));
  if (limit == kNoLimit) return kNoLimit;
  uint64_t used = read_number(folder + "/" + files.usage, 0);
  if (!files.reclaimable.empty()) {
    const int64_t cache = number_after(read_text(folder + "/memory.stat"), files.reclaimable);
    used -= std::min(used, static_cast<uint64_t>(std::max<int64_t>(cache, 0)));
  }
  return limit - std::min(limit, used);
}

// The least room of a group and of all above it, up to where the hierarchy is mounted.
uint64_t room_up_to_mount(const std::string& mount, std::string path, const GroupFiles& files) {
  uint64_t room = room_of_group(mount, files);
  while (path.size() > 1) {
    room = std::min(room, room_of_group(mount + path, files));
    path.resize(path.rfind('/'));
  }
  return room;
}

// A process's place in a hierarchy, from /proc/self/cgroup: lines "number:controllers:path", where version 2
// names no controllers.
std::string_view group_path(std::string_view membership, std::string_view controller, bool version2) {
  while (!membership.empty()) {
    std::string_view line = take(&membership, '\n');
    take(&line, ':');
    const std::string_view controllers = take(&line, ':');
    if (version2 ? controllers.empty() : has_word(controllers, controller)) return line;
  }
  return {};
}

}  // namespace

GroupLimit memory_limit() {
  return {.controller = "memory",
          .version1 = {.limit = "memory.limit_in_bytes",
                       .high = "",
                       .usage = "memory.usage_in_bytes",
                       .reclaimable = "total_inactive_file"},
          .version2 = {.limit = "memory.max",
                       .high = "memory.high",
                       .usage = "memory.current",
                       .reclaimable = "inactive_file"}};
}

uint64_t group_room(const GroupLimit& limit, std::string_view membership, std::string_view mounts) {
  uint64_t room = kNoLimit;
  while (!mounts.empty()) {
    // "id parent major:minor root mount-point options [fields] - type source super-options" (proc(5))
    const std::string_view line = take(&mounts, '\n');
    std::string_view fields = line;
    for (int i = 0; i < 3; ++i) take(&fields, ' ');
    const std::string_view root = take(&fields, ' ');
    const std::string mount(take(&fields, ' '));
    const size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    std::string_view tail = line.substr(dash + 3);
    const std::string_view type = take(&tail, ' ');
    take(&tail, ' ');
    const bool version2 = type == "cgroup2";
    if (!version2 && !(type == "cgroup" && has_word(tail, limit.controller))) continue;

    // The path counts from the hierarchy's root; only what lies below the mount's own root can be read.
    std::string_view path = group_path(membership, limit.controller, version2);
    if (root != "/") {
      const bool below = path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
      path = below ? path.substr(root.size()) : std::string_view{};
    }
    if (path.find("/..") != std::string_view::npos) path = {};  // outside this namespace
    room = std::min(room,
                    room_up_to_mount(mount, std::string(path), version2 ? limit.version2 : limit.version1));
  }
  return room;
}

uint64_t hugetlb_room(size_t page_bytes) {
  // "hugetlb.2MB.max"
  const size_t mega = page_bytes >> 20, giga = page_bytes >> 30;
  const std::string size = giga > 0   ? std::to_string(giga) + "GB"
                           : mega > 0 ? std::to_string(mega) + "MB"
                                      : std::to_string(page_bytes >> 10) + "KB";
  const std::string stem = "hugetlb." + size;
  const GroupLimit limit{
      .controller = "hugetlb",
      .version1 = {.limit = stem + ".limit_in_bytes",
                   .high = "",
                   .usage = stem + ".usage_in_bytes",
                   .reclaimable = ""},
      .version2 = {.limit = stem + ".max", .high = "", .usage = stem + ".current", .reclaimable = ""}};
  return group_room(limit, read_text("/proc/self/cgroup"), read_text("/proc/self/mountinfo"));
}

uint64_t available_memory_bytes() {
  return guarded_or(uint64_t{0}, [] {
    const int64_t kib = number_after(read_text("/proc/meminfo"), "MemAvailable");
    const uint64_t machine = kib < 0 ? kNoLimit : static_cast<uint64_t>(kib) * 1024;
    const uint64_t groups =
        group_room(memory_limit(), read_text("/proc/self/cgroup"), read_text("/proc/self/mountinfo"));
    const uint64_t least = std::min(machine, groups);
    return least == kNoLimit ? 0 : std::max<uint64_t>(least, 1);  // 0 would mean unknown
  });
}

}  // namespace linefill::platform

#endif
