#include "store/postgres/connection.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "domain/assert.h"
#include "store/sql_log.h"

namespace orc::postgres {
namespace {

constexpr int kBinary = 1;
constexpr int kOldestServer = 120'000;  // the first with the settings of SetUp

std::unique_ptr<PGconn, decltype(&PQfinish)> Connect(const std::string& target) {
  const std::array keywords = {"dbname", static_cast<const char*>(nullptr)};
  const std::array values = {target.c_str(), static_cast<const char*>(nullptr)};
  std::unique_ptr<PGconn, decltype(&PQfinish)> handle(PQconnectdbParams(keywords.data(), values.data(), 1), &PQfinish);
  if (handle == nullptr) throw std::bad_alloc();
  if (PQstatus(handle.get()) != CONNECTION_OK) throw Lost(PQerrorMessage(handle.get()));
  if (PQserverVersion(handle.get()) < kOldestServer) {
    throw Failure(StorageUnavailable("the database is older than PostgreSQL 12"));
  }
  if (PQsetnonblocking(handle.get(), 1) != 0 || PQenterPipelineMode(handle.get()) != 1) {
    throw Lost("pipeline mode is refused");
  }
  return handle;
}

// Limits of time, and plans that do not depend on statistics: every query of the store has an index that serves it,
// and what is fast today is fast tomorrow.
void SetUp(Connection& connection, const ConnectionOptions& options) {
  connection.Ask(
      "SELECT set_config('statement_timeout', $1, false), set_config('lock_timeout', $2, false), "
      "set_config('idle_in_transaction_session_timeout', $3, false), set_config('synchronous_commit', "
      "CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, "
      "false), set_config('plan_cache_mode', 'force_generic_plan', false), set_config('jit', 'off', false), "
      "set_config('enable_seqscan', 'off', false), set_config('enable_bitmapscan', 'off', false), "
      "set_config('enable_hashjoin', 'off', false), set_config('enable_mergejoin', 'off', false)",
      Parameters()
          .Text(std::to_string(options.statement_ms))
          .Text(std::to_string(options.lock_ms))
          .Text(std::to_string(options.idle_ms)));
}

}  // namespace

Connection::Connection(const ConnectionOptions& options) : options_(options), handle_(Connect(options.target)) {
  LimitReplies(std::numeric_limits<int32_t>::max());
  PQsetNoticeReceiver(handle_.get(), &Connection::TakeNotice, this);
  SetUp(*this, options);
}

// Known by where it comes from: its text depends on the server's language, its code is that of any warning.
void Connection::TakeNotice(void* connection, const PGresult* notice) {
  const char* const origin = PQresultErrorField(notice, PG_DIAG_SOURCE_FUNCTION);
  if (origin != nullptr && origin == std::string_view("SyncRepWaitForLSN")) {
    static_cast<Connection*>(connection)->misses_standby_ = true;
  }
}

Failure Connection::LoseWith(std::string_view detail) {
  lost_ = true;
  return Lost(detail);
}

const std::string& Connection::Prepared(std::string_view sql, const Parameters& parameters) {
  if (const auto found = names_.find(sql); found != names_.end()) return found->second;
  const std::string& name = names_.emplace(sql, "s" + std::to_string(names_.size())).first->second;
  const int count = static_cast<int>(parameters.types_.size());
  if (PQsendPrepare(handle_.get(), name.c_str(), std::string(sql).c_str(), count, parameters.types_.data()) != 1) {
    throw LoseWith(PQerrorMessage(handle_.get()));
  }
  expected_.push_back(Expected::kPrepared);
  preparing_.emplace_back(sql);
  return name;
}

void Connection::Queue(std::string_view sql, const Parameters& parameters) {
  if (lost_) throw Lost("the connection is used after its end");
  LogSql(sql);
  const std::string& name = Prepared(sql, parameters);
  std::vector<const char*> values;
  std::vector<int> lengths;
  for (const std::string& value : parameters.values_) {
    values.push_back(value.data());
    lengths.push_back(static_cast<int>(value.size()));
  }
  const std::vector<int> formats(values.size(), kBinary);
  if (PQsendQueryPrepared(handle_.get(), name.c_str(), static_cast<int>(values.size()), values.data(), lengths.data(),
                          formats.data(), kBinary) != 1) {
    throw LoseWith(PQerrorMessage(handle_.get()));
  }
  expected_.push_back(Expected::kRows);
}

Rows Connection::Ask(std::string_view sql, const Parameters& parameters) {
  Queue(sql, parameters);
  return std::move(Sync().back());
}

void Connection::Commit() {
  const bool done = Ask("COMMIT").done() == "COMMIT";
  if (!done) throw Damaged("a commit was refused");
  if (misses_standby_)
    throw Failure(StorageUnavailable("a standby of the database has not confirmed the commit"), true);
}

void Connection::LimitStatements(int32_t ms) {
  constexpr int32_t kLeastMs = 100;  // the limit is also that of the COMMIT that ends a read, which nobody waits for
  ms = std::max(ms, kLeastMs);
  if (ms >= options_.statement_ms) return;
  Queue("SELECT set_config('statement_timeout', $1, true)", Parameters().Text(std::to_string(ms)));
  LimitReplies(ms + options_.reply_margin_ms);
}

void Connection::LimitReplies(int32_t ms) {
  reply_ms_ = std::min(ms, std::max(options_.statement_ms, options_.lock_ms) + options_.reply_margin_ms);
}

void Connection::SendSync() {
  if (PQpipelineSync(handle_.get()) != 1) throw LoseWith(PQerrorMessage(handle_.get()));
  expected_.push_back(Expected::kSync);
}

std::vector<Rows> Connection::Sync() {
  SendSync();
  for (; unread_rounds_ > 0; --unread_rounds_) Collect();
  Round round = Collect();
  if (round.refusal == nullptr) return std::move(round.rows);
  Failure failure = Refused(round.refusal.get());
  lost_ = lost_ || failure.connection_lost;
  throw failure;
}

bool Connection::SendOnly() noexcept {
  if (lost_) return false;
  try {
    SendSync();
    ++unread_rounds_;
    if (PQflush(handle_.get()) < 0) lost_ = true;
  } catch (const std::exception&) {
    lost_ = true;
  }
  return !lost_;
}

Connection::Round Connection::Collect() {
  Round round;
  for (;;) {
    std::unique_ptr<PGresult, decltype(&PQclear)> result(Next(), &PQclear);
    ORC_ASSERT(!expected_.empty());
    const Expected expected = expected_.front();
    expected_.pop_front();
    const ExecStatusType status = PQresultStatus(result.get());
    const bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (expected == Expected::kPrepared) {
      if (!done) names_.erase(preparing_.front());
      preparing_.pop_front();
    }
    if (expected == Expected::kSync) {
      if (status != PGRES_PIPELINE_SYNC) throw LoseWith("the answers are out of step");
      return round;
    }
    if (!done && round.refusal == nullptr) {
      // An answer that ends the session is followed by no other.
      if (PQstatus(handle_.get()) == CONNECTION_BAD) throw LoseWith(PQresultErrorMessage(result.get()));
      round.refusal = std::move(result);
    } else if (expected == Expected::kRows && done) {
      round.rows.emplace_back(result.release());
    }
  }
}

PGresult* Connection::Next() {
  // Between the results of two statements there is one nullptr; more mean that nothing will come.
  for (int pauses = 0; pauses < 3; ++pauses) {
    Flush();
    while (PQisBusy(handle_.get()) != 0) Wait();
    if (PGresult* const result = PQgetResult(handle_.get())) return result;
  }
  throw LoseWith("an answer is missing");
}

void Connection::Flush() {
  for (;;) {
    const int left = PQflush(handle_.get());
    if (left < 0) throw LoseWith(PQerrorMessage(handle_.get()));
    if (left == 0) return;
    Wait();
  }
}

void Connection::Wait() {
  const int left = PQflush(handle_.get());
  if (left < 0) throw LoseWith(PQerrorMessage(handle_.get()));
  pollfd descriptor{PQsocket(handle_.get()), static_cast<short>(left > 0 ? POLLIN | POLLOUT : POLLIN), 0};
  if (poll(&descriptor, 1, reply_ms_) == 0) throw LoseWith("the database gives no answer");
  if ((descriptor.revents & ~POLLOUT) == 0) return;
  if (PQconsumeInput(handle_.get()) != 1) throw LoseWith(PQerrorMessage(handle_.get()));
}

void Connection::Close() noexcept {
  lost_ = true;
  handle_.reset();
}

bool Connection::IsAlive() noexcept {
  if (lost_ || PQstatus(handle_.get()) != CONNECTION_OK) return false;
  // An idle server says nothing but farewell (or a parameter that has changed, at the price of one connection); behind
  // an unread answer the end of the connection may be waiting.
  pollfd descriptor{PQsocket(handle_.get()), POLLIN, 0};
  while (poll(&descriptor, 1, 0) != 0) {
    if (unread_rounds_ == 0 || PQconsumeInput(handle_.get()) != 1) return false;
  }
  return true;
}

std::vector<std::string> Connection::Notifications(int other, int timeout_ms) {
  std::array<pollfd, 2> descriptors = {pollfd{PQsocket(handle_.get()), POLLIN, 0}, pollfd{other, POLLIN, 0}};
  poll(descriptors.data(), descriptors.size(), timeout_ms);
  if (descriptors[0].revents != 0 && PQconsumeInput(handle_.get()) != 1) {
    throw LoseWith(PQerrorMessage(handle_.get()));
  }
  std::vector<std::string> payloads;
  while (PGnotify* const notice = PQnotifies(handle_.get())) {
    payloads.emplace_back(notice->extra);
    PQfreemem(notice);
  }
  return payloads;
}

}  // namespace orc::postgres
