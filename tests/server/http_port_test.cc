// The HTTP port when the system has no connection to give for a while.
#include "server/http_port.h"

#include <gtest/gtest.h>
#include <httplib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <future>
#include <thread>

namespace {

std::atomic<int> failure{0};  // what the next connections cannot be accepted for; 0: they can
std::atomic<int> failures{0};

}  // namespace

// In the place of the C library's, for the whole program.
extern "C" int accept4(int socket, sockaddr* address, socklen_t* size, int flags) {
  if (const int code = failure; code != 0) {
    ++failures;
    errno = code;
    return -1;
  }
  return static_cast<int>(syscall(SYS_accept4, socket, address, size, flags));
}

namespace orc {
namespace {

std::unique_ptr<HttpPort> OpenPort() {
  auto port = HttpPort::Open("127.0.0.1:0", [](const HttpRequest&) { return HttpAnswer{200, "here"}; });
  return port ? *std::move(port) : nullptr;
}

// The text of an answer, or what went wrong.
std::string Ask(const std::string& address) {
  httplib::Client client("http://" + address);
  client.set_read_timeout(20);
  const httplib::Result answer = client.Get("/");
  return answer ? answer->body : httplib::to_string(answer.error());
}

// A client that waits since connections cannot be accepted.
std::future<std::string> WaitingClient(const std::string& address, int why) {
  failures = 0;
  failure = why;
  auto answer = std::async(std::launch::async, [address] { return Ask(address); });
  while (failures == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return answer;
}

class HttpPortWithoutRoom : public testing::TestWithParam<int> {};

TEST_P(HttpPortWithoutRoom, AnswersWhenThereIsRoomAgain) {
  const auto port = OpenPort();
  ASSERT_NE(port, nullptr);
  auto waiting = WaitingClient(port->address(), GetParam());
  failure = 0;
  EXPECT_EQ(waiting.get(), "here");
  EXPECT_EQ(Ask(port->address()), "here");
}

INSTANTIATE_TEST_SUITE_P(Errors, HttpPortWithoutRoom, testing::Values(ENFILE, ENOMEM, ECONNABORTED),
                         [](const auto& about) { return strerrorname_np(about.param); });

TEST(HttpPort, CanBeClosedWithoutRoom) {
  auto port = OpenPort();
  ASSERT_NE(port, nullptr);
  auto waiting = WaitingClient(port->address(), ENFILE);
  port.reset();
  failure = 0;
  EXPECT_NE(waiting.get(), "here");
}

}  // namespace
}  // namespace orc
