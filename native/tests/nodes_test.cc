// NUMA nodes behind platform.h. On a machine of one node all memory lies there; what can't be had is refused
// with what can. scripts/numa-guest.sh tests two nodes.
#include "platform/nodes.h"

#include <numeric>
#include <string>
#include <vector>

#include "tests/mapped.h"
#include "tests/test.h"

using namespace linefill::platform;
using linefill::test::Mapped;
using linefill::test::touch;

namespace {

uint64_t total(const std::vector<uint64_t>& pages) {
  return std::accumulate(pages.begin(), pages.end(), uint64_t{0});
}

constexpr size_t kPages = 700;  // more than are asked about at a time

}  // namespace

TEST(nodes_pages_lie_nowhere_before_they_are_touched_and_on_the_node_asked_for_afterwards) {
  Mapped mapped;
  REQUIRE(!map(kPages * page_bytes(), 64, Pages::kSmall, &mapped.mapping));
  const std::vector<uint64_t> before = pages_by_node(mapped.bytes(), mapped.mapping.bytes);
  if (before.empty()) SKIP("this system does not say on which node memory lies");
  CHECK_EQ(total(before), 0);
  const int here = current_node();
  REQUIRE(here >= 0);
  const int nodes[] = {here};
  const Failure refused = place_on_nodes(mapped.bytes(), mapped.mapping.bytes, nodes);
  if (refused.text.find("EPERM") != std::string::npos) SKIP(refused.text);
  CHECK_EQ(refused.text, "");
  touch(mapped);
  const std::vector<uint64_t> after = pages_by_node(mapped.bytes(), mapped.mapping.bytes);
  REQUIRE(after.size() > static_cast<size_t>(here));
  CHECK_EQ(after[static_cast<size_t>(here)], kPages);
  CHECK_EQ(total(after), kPages);
  // A part of it, from the middle of a page to the middle of another.
  CHECK_EQ(total(pages_by_node(mapped.bytes() + page_bytes() / 2, 2 * page_bytes())), 3);
  CHECK_EQ(total(pages_by_node(mapped.bytes(), 0)), 0);
}

TEST(nodes_that_are_not_ours_are_refused_with_those_that_are) {
  Mapped mapped;
  REQUIRE(!map(page_bytes(), 64, Pages::kSmall, &mapped.mapping));
  if (pages_by_node(mapped.bytes(), page_bytes()).empty()) SKIP("no nodes here");
  for (const int node : {-1, 1023, 1024, 1 << 30}) {
    const int nodes[] = {0, node};
    const std::string text = place_on_nodes(mapped.bytes(), page_bytes(), nodes).text;
    CHECK(text.starts_with("node " + std::to_string(node) + " has no memory that this process may use"));
  }
  CHECK(place_on_nodes(mapped.bytes(), page_bytes(), {}).text.starts_with("at least one node"));
  const int nodes[] = {0};
  CHECK(place_on_nodes(mapped.bytes() + 8, page_bytes(), nodes).text.starts_with("the memory must start at"));
}
