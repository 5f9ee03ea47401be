// Files of file.h: blocks come from where they are asked for, by whatever way, and nothing is ever written.
#include "platform/file.h"

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/mapped.h"
#include "tests/test.h"

using namespace linefill::platform;
using linefill::test::Mapped;

namespace {

constexpr size_t kBlock = 4096;
constexpr size_t kBlocks = 8;

// A file that is gone at the end of a test. Each of its blocks holds its own number.
class Numbered {
 public:
  Numbered() : path_(std::filesystem::temp_directory_path() / "linefill-file-test.bin") {
    std::ofstream file(path_, std::ios::binary);
    for (size_t i = 0; i < kBlocks; ++i) {
      const std::string block(kBlock, static_cast<char>('a' + i));
      file << block;
    }
  }
  ~Numbered() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

bool says(const char* text, const char* words) {
  return text != nullptr && std::string(text).find(words) != std::string::npos;
}

}  // namespace

TEST(a_file_is_read_where_it_is_asked) {
  const Numbered numbered;
  Mapped memory;
  REQUIRE(!map(kBlock, kBlock, Pages::kSystem, &memory.mapping));
  for (const Access access : {Access::kCached, Access::kDirect}) {
    InputFile file;
    const Failure failure = file.open(numbered.path(), access);
    if (failure && access == Access::kDirect) SKIP(failure.text);
    REQUIRE(!failure);
    for (const size_t i : {size_t{3}, size_t{0}, kBlocks - 1, size_t{3}}) {
      std::memset(memory.bytes(), 0, kBlock);
      const char* failed = file.read(i * kBlock, memory.bytes(), kBlock);
      CHECK_EQ(std::string(failed == nullptr ? "" : failed), "");
      CHECK_EQ(memory.bytes()[0], 'a' + i);
      CHECK_EQ(memory.bytes()[kBlock - 1], 'a' + i);
    }
    CHECK(says(file.read(kBlocks * kBlock, memory.bytes(), kBlock), "ends before"));
  }
}

TEST(a_forgotten_file_reads_the_same) {
  const Numbered numbered;
  std::vector<unsigned char> block(kBlock);
  InputFile file;
  REQUIRE(!file.open(numbered.path(), Access::kCached));
  const char* failed = file.forget(2 * kBlock);
#if defined(__linux__)
  CHECK(failed == nullptr);
#else
  CHECK(says(failed, "no call"));
#endif
  CHECK(file.read(5 * kBlock, block.data(), kBlock) == nullptr);
  CHECK_EQ(block[7], 'f');
}

TEST(what_is_no_regular_file_is_refused_in_words) {
  InputFile file;
  const Failure missing = file.open("linefill-there-is-no-such-file", Access::kCached);
  CHECK(missing.text.find("open of linefill-there-is-no-such-file: ") == 0);
  CHECK(file.open(std::filesystem::temp_directory_path().string(), Access::kCached));
#if defined(__linux__)
  CHECK(missing.text.find("ENOENT") != std::string::npos);
  CHECK_EQ(file.open("/dev/zero", Access::kCached).text, "/dev/zero is no regular file");
#endif
  char byte = 0;
  CHECK(file.read(0, &byte, 1) != nullptr);
}

TEST(a_file_that_is_opened_again_is_the_new_one) {
  const Numbered numbered;
  InputFile file;
  for (int i = 0; i < 3; ++i) REQUIRE(!file.open(numbered.path(), Access::kCached));
  CHECK(file.open("linefill-there-is-no-such-file", Access::kCached));
  char byte = 0;
  CHECK(file.read(0, &byte, 1) != nullptr);
}
