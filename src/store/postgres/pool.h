// Connections for many: a bounded number of them, opened when needed and kept.
//
// Connector and Pool are thread-safe; a Lease belongs to one thread at a time and must end before its Pool. Functions
// throw Failure: kUnavailable when none is free in time, or the database cannot be reached or does not fit.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "store/postgres/connection.h"
#include "store/store.h"

namespace orc::postgres {

// Opens connections to a database whose schema fits. After a failure, further ones fail at once for a while that grows
// with each failure (from 50 ms to 2 s), so that nobody waits for a database that is away, and nobody storms it.
class Connector {
 public:
  explicit Connector(ConnectionOptions options) : options_(std::move(options)) {}

  std::unique_ptr<Connection> Open();
  const ConnectionOptions& options() const { return options_; }

 private:
  using Clock = std::chrono::steady_clock;
  void NoteFailure(const Failure& failure);

  const ConnectionOptions options_;
  std::mutex mutex_;
  // Guarded by mutex_:
  std::chrono::milliseconds pause_{0};
  Clock::time_point next_try_{};
  std::optional<Failure> last_;
};

class Pool {
 public:
  // The right to use a connection. At its end the connection goes back, unless it was lost; a transaction that is still
  // open is taken back.
  class Lease {
   public:
    Lease(Pool& pool, std::unique_ptr<Connection> connection) : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), connection_(std::move(other.connection_)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease();

    // Ends the connection now. What was made from it may be kept, but every use fails.
    void Close() noexcept;

    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_.get(); }

   private:
    Pool* pool_;  // nullptr: nothing to give back
    std::unique_ptr<Connection> connection_;
  };

  // `max`: connections at the same time. `wait_ms`: how long Take waits for a free one.
  Pool(Connector& connector, int32_t max, int32_t wait_ms);

  // Waits no longer than until `deadline`.
  Lease Take(Deadline deadline = kNoDeadline) { return TakeWithin(MillisecondsUntil(deadline, wait_ms_)); }
  Lease TakeWithin(int32_t wait_ms);

 private:
  std::unique_ptr<Connection> TakeIdle(int32_t wait_ms);
  void GiveBack(std::unique_ptr<Connection> connection) noexcept;

  Connector& connector_;
  const int32_t max_;
  const int32_t wait_ms_;
  std::mutex mutex_;
  std::condition_variable free_;
  std::vector<std::unique_ptr<Connection>> idle_;  // guarded by mutex_, as is open_
  int32_t open_ = 0;                               // idle or taken
};

}  // namespace orc::postgres
