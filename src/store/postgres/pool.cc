#include "store/postgres/pool.h"

#include <algorithm>
#include <limits>

#include "store/postgres/failure.h"
#include "store/postgres/migrations.h"

namespace orc::postgres {
namespace {

constexpr std::chrono::milliseconds kFirstPause(50);
constexpr std::chrono::milliseconds kLongestPause(2'000);

}  // namespace

std::unique_ptr<Connection> Connector::Open() {
  {
    const std::lock_guard lock(mutex_);
    if (last_ && Clock::now() < next_try_) throw Failure(*last_);
  }
  try {
    auto connection = std::make_unique<Connection>(options_);
    CheckVersion(StoredVersion(*connection));
    const std::lock_guard lock(mutex_);
    last_.reset();
    pause_ = std::chrono::milliseconds(0);
    return connection;
  } catch (const Failure& failure) {
    NoteFailure(failure);
    throw;
  }
}

void Connector::NoteFailure(const Failure& failure) {
  const std::lock_guard lock(mutex_);
  last_ = failure;
  pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
  next_try_ = Clock::now() + pause_;
}

Pool::Lease::~Lease() {
  if (pool_ == nullptr) return;
  try {
    if (!connection_->IsLost() && connection_->InTransaction()) connection_->Ask("ROLLBACK");
  } catch (const std::exception&) {
    connection_.reset();  // whatever is left of the transaction ends with its connection
  }
  pool_->GiveBack(std::move(connection_));
}

void Pool::Lease::Close() noexcept {
  connection_->Close();
  std::exchange(pool_, nullptr)->GiveBack(nullptr);
}

Pool::Pool(Connector& connector, int32_t max, int32_t wait_ms) : connector_(connector), max_(max), wait_ms_(wait_ms) {
  idle_.reserve(static_cast<size_t>(max));
}

Pool::Lease Pool::TakeWithin(int32_t wait_ms) {
  std::unique_ptr<Connection> connection = TakeIdle(wait_ms);
  if (connection != nullptr) return Lease(*this, std::move(connection));
  try {
    return Lease(*this, connector_.Open());
  } catch (const std::exception&) {
    GiveBack(nullptr);
    throw;
  }
}

std::unique_ptr<Connection> Pool::TakeIdle(int32_t wait_ms) {
  std::vector<std::unique_ptr<Connection>> dead;  // closed outside the lock
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return !idle_.empty() || open_ < max_; };
  if (!free_.wait_for(lock, std::chrono::milliseconds(wait_ms), ready)) {
    throw Failure(StorageUnavailable("all connections to the database are in use"));
  }
  while (!idle_.empty()) {
    std::unique_ptr<Connection> connection = std::move(idle_.back());
    idle_.pop_back();
    if (connection->IsAlive()) return connection;
    dead.push_back(std::move(connection));
    --open_;
  }
  ++open_;
  return nullptr;
}

void Pool::GiveBack(std::unique_ptr<Connection> connection) noexcept {
  if (connection != nullptr && (connection->IsLost() || connection->MissesStandby())) connection.reset();
  if (connection != nullptr) connection->LimitReplies(std::numeric_limits<int32_t>::max());
  {
    const std::lock_guard lock(mutex_);
    if (connection == nullptr) {
      --open_;
    } else {
      idle_.push_back(std::move(connection));  // never allocates: reserved
    }
  }
  free_.notify_one();
}

}  // namespace orc::postgres
