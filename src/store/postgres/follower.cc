#include "store/postgres/follower.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "domain/assert.h"
#include "store/postgres/failure.h"
#include "store/postgres/migrations.h"

namespace orc::postgres {

Follower::Follower(Connector& connector, int32_t poll_ms)
    : connector_(connector), poll_ms_(poll_ms), wake_(eventfd(0, EFD_CLOEXEC)) {
  ORC_ASSERT(wake_ >= 0);
}

Follower::~Follower() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  eventfd_write(wake_, 1);
  if (thread_.joinable()) thread_.join();
  close(wake_);
}

void Follower::Follow(StoreEvents events) {
  const std::lock_guard lock(telling_);
  events_ = std::move(events);
  if (!thread_.joinable()) thread_ = std::thread([this] { Work(); });
}

void Follower::Add(int64_t channel, std::string name) {
  const std::lock_guard lock(mutex_);
  known_[channel].name = std::move(name);
}

void Follower::Committed(int64_t channel, const Head& head) {
  const std::lock_guard lock(mutex_);
  Known& known = known_[channel];
  if (head.position > known.head.position) known.head = head;
}

bool Follower::IsStopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

bool Follower::HasChannels() {
  const std::lock_guard lock(mutex_);
  return !known_.empty();
}

void Follower::Work() {
  // Until then there is nothing to tell, and perhaps no schema to look at.
  while (!IsStopping() && !HasChannels()) Pause(poll_ms_);
  while (!IsStopping()) {
    const Result<void> listened = Guarded([this]() -> Result<void> {
      Listen();
      return {};
    });
    if (listened) return;
    TellAvailable(false);
    Pause(poll_ms_);
  }
}

void Follower::Listen() {
  const std::unique_ptr<Connection> connection = connector_.Open();
  // A look takes no time: a database that gives no answer for longer than a lock may be waited for is away.
  connection->LimitReplies(connector_.options().lock_ms);
  connection->Ask("LISTEN orchestrator_heads");
  while (!IsStopping()) {
    Look(*connection);
    TellAvailable(true);
    // Hints that tell nothing new, such as those of this process, do not put off the next look.
    const Deadline next_look = std::chrono::steady_clock::now() + std::chrono::milliseconds(poll_ms_);
    bool look = false;
    while (!look && !IsStopping()) {
      const int32_t left_ms = MillisecondsUntil(next_look, poll_ms_);
      for (const std::string& hint : connection->Notifications(wake_, left_ms)) look = IsNews(hint) || look;
      look = look || std::chrono::steady_clock::now() >= next_look;
    }
  }
}

void Follower::Look(Connection& connection) {
  connection.Queue("SELECT channel, position, timestamp_us FROM orchestrator.heads");
  connection.Queue("SELECT coalesce(max(version), 0) FROM orchestrator.schema_version");
  const std::vector<Rows> results = connection.Sync();
  CheckVersion(results[1].Int32(0, 0));
  const Rows& heads = results[0];
  for (int row = 0; row < heads.size(); ++row) Tell(heads.Int(row, 0), {heads.Int(row, 1), heads.Int(row, 2)});
}

void Follower::Tell(int64_t channel, const Head& head) {
  const std::lock_guard telling(telling_);
  std::string name;
  {
    const std::lock_guard lock(mutex_);
    const auto found = known_.find(channel);
    if (found == known_.end() || head.position <= found->second.head.position) return;
    found->second.head = head;
    name = found->second.name;
  }
  if (events_.on_head) events_.on_head(name, head);
}

void Follower::TellAvailable(bool available) {
  const std::lock_guard telling(telling_);
  if (events_.on_available) events_.on_available(available);
}

bool Follower::IsNews(const std::string& payload) {
  long long channel = 0;
  long long position = 0;
  if (std::sscanf(payload.c_str(), "%lld %lld", &channel, &position) != 2) return true;
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(channel);
  return found != known_.end() && position > found->second.head.position;
}

void Follower::Pause(int32_t ms) const {
  pollfd descriptor{wake_, POLLIN, 0};
  poll(&descriptor, 1, ms);
}

}  // namespace orc::postgres
