// The gRPC port where the system has no descriptors left.
#include "server/port.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

namespace orc {
namespace {

// While it lives, only so many files can be opened.
class FilesLeft {
 public:
  explicit FilesLeft(int count) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int next = dup(STDERR_FILENO);
    close(next);
    const rlimit less{static_cast<rlim_t>(next + count), before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &less);
  }
  ~FilesLeft() { setrlimit(RLIMIT_NOFILE, &before_); }
  FilesLeft(const FilesLeft&) = delete;
  FilesLeft& operator=(const FilesLeft&) = delete;

 private:
  rlimit before_{};
};

// A server that told its address and could not be reached there would be worse than one that does not start.
TEST(Port, FailsWhereItCouldNotBeReached) {
  {
    const FilesLeft none(0);
    const auto port = Port::Bind("127.0.0.1:0");
    ASSERT_FALSE(port);
    EXPECT_EQ(port.error().text, "cannot listen on 127.0.0.1:0: Too many open files");
  }
  {
    const FilesLeft for_the_socket(1);
    const auto port = Port::Bind("127.0.0.1:0");
    ASSERT_FALSE(port);
    EXPECT_EQ(port.error().text, "cannot watch 127.0.0.1:0: Too many open files");
  }
  EXPECT_TRUE(Port::Bind("127.0.0.1:0"));
}

// At the others it would serve a part of the calls, and nobody would know why.
TEST(Port, AnAddressOfWhichAPartIsTakenIsNotServed) {
  const auto other = Port::Bind("[::1]:0");
  if (!other) GTEST_SKIP() << "this machine has no IPv6: " << other.error().text;
  const std::string& taken = (*other)->address();
  const std::string all = "0.0.0.0" + taken.substr(taken.rfind(':'));
  const auto port = Port::Bind(all);
  ASSERT_FALSE(port);
  EXPECT_EQ(port.error().text, "cannot listen on " + all + ": Address already in use");
}

}  // namespace
}  // namespace orc
