// Linux: pages. A mapping is reserved inaccessible, cut to its alignment with one inaccessible page left on
// either side, and only then opened for writing: the reservation costs no memory, an overrun faults, and the
// kernel can't merge the mapping with a neighbour, so that smaps tells of it alone.
#if defined(__linux__)

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "platform/linux.h"
#include "platform/rules.h"

namespace linefill::platform {
namespace {

constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();
constexpr std::string_view kThpFolder = "/sys/kernel/mm/transparent_hugepage/";

// --- Huge pages: what the system offers ------------------------------------------------------------------

// Fixed while the system runs, so read once; 0 without transparent huge pages.
uint64_t transparent_bytes() {
  static const uint64_t bytes = read_number(std::string(kThpFolder) + "hpage_pmd_size", 0);
  return bytes;
}

// Sets *pmd_bytes, or says why asking for transparent huge pages would be in vain.
Failure transparent_page(Look look, size_t* pmd_bytes) {
  const uint64_t bytes = transparent_bytes();
  if (!std::has_single_bit(bytes)) return Failure{"this kernel has no transparent huge pages"};
  *pmd_bytes = bytes;
  if (look == Look::kHasLooked) return Failure{};
  const std::string folder(kThpFolder);
  // Since Linux 6.8 each size has a switch of its own, which may inherit the old one.
  std::string mode = read_text(folder + "hugepages-" + std::to_string(bytes / 1024) + "kB/enabled");
  if (mode.empty() || mode.find("[inherit]") != std::string::npos) mode = read_text(folder + "enabled");
  if (mode.find("[never]") != std::string::npos) {
    return Failure{"transparent huge pages are switched off: echo madvise | sudo tee " + folder + "enabled"};
  }
  if (prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1) {
    return Failure{"transparent huge pages are switched off for this process (PR_SET_THP_DISABLE)"};
  }
  return Failure{};
}

// The pool of pages of one size: the kernel's folder of it, and what tells mmap to take from it. Told
// outright: else mmap takes the system's default size, whichever that is.
struct Pool {
  explicit Pool(Pages pages)
      : page(pages == Pages::kGigantic ? size_t{1} << 30 : size_t{2} << 20),
        folder("/sys/kernel/mm/hugepages/hugepages-" + std::to_string(page / 1024) + "kB/"),
        map_flags(MAP_HUGETLB | (std::countr_zero(page) << kSizeShift)) {}

  int64_t count(const char* file) const { return static_cast<int64_t>(read_number(folder + file, 0)); }

  static constexpr int kSizeShift = 26;  // MAP_HUGE_SHIFT, which some C libraries' headers lack
  size_t page;
  std::string folder;
  int map_flags;
};

Failure pool_failure(size_t bytes, const Pool& from, int code) {
  if (access(from.folder.c_str(), F_OK) != 0)
    return Failure{"there is no pool of pages of " + size_text(from.page) + " here: no " + from.folder};
  if (code != ENOMEM) return system_failure("mmap with MAP_HUGETLB, from the pool of huge pages", code);
  const int64_t pool = from.count("nr_hugepages");
  const int64_t free = from.count("free_hugepages") - from.count("resv_hugepages");
  const int64_t needed = static_cast<int64_t>(bytes / from.page);
  return Failure{"mmap with MAP_HUGETLB: " + errno_text(code) + ": the pool holds " + std::to_string(pool) +
                 " pages of " + size_text(from.page) + ", " + std::to_string(free) + " of them free, and " +
                 std::to_string(needed) + " are needed: echo " + std::to_string(pool - free + needed) +
                 " | sudo tee " + from.folder + "nr_hugepages"};
}

// --- map -------------------------------------------------------------------------------------------------

uintptr_t address(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

Failure map_from_pool(size_t bytes, size_t alignment, const Pool& pool, Look look, Mapping* out) {
  const size_t page = pool.page;
  const size_t usable = round_up(bytes, page);
  const size_t span = usable + (alignment > page ? alignment - page : 0);
  // The pool is reserved now, but a control group's limit kills at the first touch: look before.
  if (const uint64_t room = look == Look::kFirst ? hugetlb_room(page) : kNoLimit; span > room) {
    return Failure{size_text(span) +
                   " of explicit huge pages asked, but the control group's hugetlb limit leaves " +
                   size_text(room)};
  }
  void* const base =
      mmap(nullptr, span, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | pool.map_flags, -1, 0);
  if (base == MAP_FAILED) return pool_failure(span, pool, errno);
  char* const start = static_cast<char*>(base);
  char* const data = start + (round_up(address(start), std::max(alignment, page)) - address(start));
  if (data > start) munmap(start, static_cast<size_t>(data - start));
  if (data + usable < start + span)
    munmap(data + usable, static_cast<size_t>(start + span - (data + usable)));
  *out = Mapping{data, usable, data, usable};
  return Failure{};
}

Failure map_base_pages(size_t bytes, size_t alignment, Pages pages, Look look, Mapping* out) {
  const size_t guard = page_bytes();
  size_t page = guard;
  if (pages == Pages::kTransparent) {
    if (Failure missing = transparent_page(look, &page)) return missing;
  }
  alignment = std::max(alignment, page);
  const size_t usable = round_up(bytes, page);
  if (look == Look::kFirst) {
    if (Failure refused = check_available(usable, available_memory_bytes())) return refused;
  }

  const size_t span = usable + alignment + 2 * guard;
  void* const reserved = mmap(nullptr, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (reserved == MAP_FAILED) return system_failure("mmap of " + size_text(span), errno);
  char* const start = static_cast<char*>(reserved);
  char* const data = start + (round_up(address(start) + guard, alignment) - address(start));
  char* const base = data - guard;
  char* const end = data + usable + guard;
  if (base > start) munmap(start, static_cast<size_t>(base - start));
  if (end < start + span) munmap(end, static_cast<size_t>(start + span - end));
  const Mapping mapping{data, usable, base, static_cast<size_t>(end - base)};

  const char* call = "mprotect";
  bool done = mprotect(data, usable, PROT_READ | PROT_WRITE) == 0;
  if (done && pages == Pages::kTransparent) {
    call = "madvise with MADV_HUGEPAGE";
    done = madvise(data, usable, MADV_HUGEPAGE) == 0;
  } else if (done && pages == Pages::kSmall) {
    call = "madvise with MADV_NOHUGEPAGE";
    done = madvise(data, usable, MADV_NOHUGEPAGE) == 0 || errno == EINVAL;  // EINVAL: a kernel without any
  }
  if (!done) {
    const int code = errno;
    munmap(mapping.base, mapping.base_bytes);
    return system_failure(std::string(call) + " of " + size_text(usable), code);
  }
  *out = mapping;
  return Failure{};
}

}  // namespace

Failure map(size_t bytes, size_t alignment, Pages pages, Mapping* out, Look look) {
  return guarded([=] {
    if (Failure wrong = check_request(bytes, alignment, out)) return wrong;
    return pages == Pages::kExplicit || pages == Pages::kGigantic
               ? map_from_pool(bytes, alignment, Pool(pages), look, out)
               : map_base_pages(bytes, alignment, pages, look, out);
  });
}

Failure unmap(Mapping* mapping) {
  return guarded([mapping] {
    if (mapping == nullptr || mapping->base == nullptr) return Failure{};
    const int code = munmap(mapping->base, mapping->base_bytes) == 0 ? 0 : errno;
    *mapping = Mapping{};
    return code == 0 ? Failure{} : system_failure("munmap", code);
  });
}

Failure discard(const Mapping& mapping) {
  return guarded([&mapping] {
    if (mapping.data == nullptr || madvise(mapping.data, mapping.bytes, MADV_DONTNEED) == 0) return Failure{};
    return system_failure("madvise(MADV_DONTNEED)", errno);
  });
}

Failure surrender(const Mapping& mapping, Pages pages) {
  if (pages != Pages::kExplicit && pages != Pages::kGigantic) return discard(mapping);
  return guarded([&mapping] {
    constexpr int kOver = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    if (mapping.data == nullptr ||
        mmap(mapping.data, mapping.bytes, PROT_READ | PROT_WRITE, kOver, -1, 0) != MAP_FAILED)
      return Failure{};
    return system_failure("mmap over huge pages", errno);
  });
}

Failure populate(const Mapping& mapping) {
  constexpr int kPopulateWrite = 23;  // MADV_POPULATE_WRITE, which many a build machine's headers lack
  return guarded([&mapping] {
    if (mapping.data == nullptr || madvise(mapping.data, mapping.bytes, kPopulateWrite) == 0)
      return Failure{};
    Failure failure = system_failure("madvise(MADV_POPULATE_WRITE)", errno);
    if (errno == EINVAL) failure.text += ": it came with Linux 5.14";
    return failure;
  });
}

// --- Which pages are huge --------------------------------------------------------------------------------

namespace {

// The interface of PAGEMAP_SCAN, from the kernel's admin-guide/mm/pagemap.rst: many a build machine's headers
// are older than the ioctl.
struct ScanRegion {
  uint64_t start, end, categories;
};
struct ScanRequest {
  uint64_t size, flags, start, end, walk_end, regions, region_count, most_pages, inverted, all_of, any_of,
      returned;
};
constexpr unsigned long kPagemapScan = _IOWR('f', 16, ScanRequest);
constexpr uint64_t kPageIsZero = 1 << 5;  // the kernel's shared page of zeros
constexpr uint64_t kPageIsHuge = 1 << 6;

uint64_t overlap(uint64_t begin, uint64_t end, uint64_t other_begin, uint64_t other_end) {
  const uint64_t first = std::max(begin, other_begin), last = std::min(end, other_end);
  return last > first ? last - first : 0;
}

}  // namespace

int64_t huge_bytes_by_scan(const void* data, size_t bytes) {
  const Descriptor pagemap(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
  if (pagemap.get() < 0) return -1;
  const uint64_t begin = address(data), end = begin + bytes;
  ScanRegion regions[64];
  ScanRequest request{};
  request.size = sizeof request;
  request.start = begin & ~(uint64_t{page_bytes()} - 1);
  request.end = round_up(end, page_bytes());
  request.regions = reinterpret_cast<uintptr_t>(regions);
  request.region_count = std::size(regions);
  request.all_of = kPageIsHuge | kPageIsZero;
  request.inverted = kPageIsZero;
  request.returned = kPageIsHuge;
  uint64_t huge = 0;
  while (request.start < request.end) {
    const int found = ioctl(pagemap.get(), kPagemapScan, &request);
    if (found < 0 || request.walk_end <= request.start) return -1;
    for (int i = 0; i < found; ++i) huge += overlap(begin, end, regions[i].start, regions[i].end);
    request.start = request.walk_end;
  }
  return static_cast<int64_t>(huge);
}

int64_t huge_bytes_by_smaps(const void* data, size_t bytes) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/proc/self/smaps", "re"), &std::fclose);
  if (!file) return -1;
  const uint64_t begin = address(data), end = begin + bytes;
  char* line = nullptr;
  size_t room = 0;
  uint64_t vma_bytes = 0, inside = 0;  // of the mapping being read: its size, and what the range covers of it
  uint64_t covered = 0, total = 0, vma_huge = 0;
  bool can_tell = true;
  const auto close_vma = [&] {
    // Where the range is a part of a mapping that is only partly huge, nothing says which part.
    if (inside != 0 && inside != vma_bytes && vma_huge != 0 && vma_huge != vma_bytes) can_tell = false;
    total += std::min(inside, vma_huge);
    covered += inside;
    inside = vma_huge = 0;
  };
  for (ssize_t length; (length = getline(&line, &room, file.get())) > 0;) {
    const std::string_view text(line, static_cast<size_t>(length));
    // A heading is "start-end perms ...", a figure is "Name: 12 kB".
    uint64_t from = 0, to = 0;
    const char* const text_end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), text_end, from, 16);
    if (first.ec == std::errc{} && *first.ptr == '-' &&
        std::from_chars(first.ptr + 1, text_end, to, 16).ec == std::errc{}) {
      close_vma();
      if (from >= end) break;
      vma_bytes = to - from;
      inside = overlap(begin, end, from, to);
      continue;
    }
    if (inside == 0) continue;
    for (const char* key :
         {"AnonHugePages", "ShmemPmdMapped", "FilePmdMapped", "Shared_Hugetlb", "Private_Hugetlb"}) {
      const int64_t kib = number_after(text, key);
      if (kib > 0) vma_huge += static_cast<uint64_t>(kib) * 1024;
    }
  }
  close_vma();
  std::free(line);
  return can_tell && covered == bytes ? static_cast<int64_t>(total) : -1;
}

int64_t huge_bytes(const void* data, size_t bytes) {
  if (bytes == 0) return 0;
  if (address(data) > kNoLimit - bytes - page_bytes()) return -1;
  const int64_t exact = huge_bytes_by_scan(data, bytes);
  return exact >= 0 ? exact : huge_bytes_by_smaps(data, bytes);
}

}  // namespace linefill::platform

#endif
