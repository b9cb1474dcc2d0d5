// A connection to the database, always in pipeline mode, with its prepared statements.
//
// Statements are queued and travel together; Sync sends them and waits for all their results, so that several cost one
// round trip. After a statement that fails, those behind it in the same round are not run. Every text is prepared at
// its first use on the connection and kept: the program has a fixed set of texts. Queue sends every statement that
// there is, and Collect takes every answer.
//
// Not thread-safe; may move between threads. Everything throws Failure (failure.h). A round waits for the next byte no
// longer than statements and locks may take, and `reply_margin_ms`; then the connection counts as lost. A connection
// that was lost is of no further use.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/postgres/failure.h"
#include "store/postgres/parameters.h"

namespace orc::postgres {

struct ConnectionOptions {
  std::string target;             // key/value form, with secrets
  int32_t statement_ms = 30'000;  // how long the database works on one statement; not for the end of a COMMIT
  int32_t lock_ms = 5'000;        // how long a statement waits for a lock
  int32_t idle_ms = 10'000;       // how long a transaction may stay between two statements
  int32_t reply_margin_ms = 10'000;
};

class Connection {
 public:
  // Connects, to whichever host of the target fits, and sets the time limits. Takes no longer than the target's
  // connect_timeout per host.
  explicit Connection(const ConnectionOptions& options);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Queue(std::string_view sql, const Parameters& parameters = {});
  // The results of what was queued since the last round, in order.
  std::vector<Rows> Sync();
  // One statement and its rows, with what was queued before it.
  Rows Ask(std::string_view sql, const Parameters& parameters = {});
  // Sends what was queued and does not wait; the next round discards the results, but not a lost connection. Never
  // throws: whether it was sent.
  bool SendOnly() noexcept;

  // Whether the server has neither closed the connection nor said that it will. Costs no round trip.
  bool IsAlive() noexcept;
  // Whether the connection was lost.
  bool IsLost() const { return lost_; }
  // Whether a transaction is open. One that SendOnly ends counts as ended.
  bool InTransaction() const { return unread_rounds_ == 0 && PQtransactionStatus(handle_.get()) != PQTRANS_IDLE; }
  // COMMIT, with what was queued before it. Waits for synchronous standbys as the database is set to. A failure whose
  // `connection_lost` is true leaves open what became of it: also when the server has stored it, but has ceased to wait
  // for the standby.
  void Commit();
  // Whether a Commit was left open like this; then nothing may be committed over this connection any more.
  bool MissesStandby() const { return misses_standby_; }

  // Tightens the limit of statements for the rest of the transaction that is open or queued, and that of answers.
  void LimitStatements(int32_t ms);
  // From now on rounds wait no longer than `ms` for the next byte, or as long as the options say if that is less.
  void LimitReplies(int32_t ms);
  // Ends the connection; it is lost from now on.
  void Close() noexcept;

  // Waits for a notification or for `other`, a descriptor that becomes readable, at most `timeout_ms`; the payloads
  // that have come.
  std::vector<std::string> Notifications(int other, int timeout_ms);

 private:
  enum class Expected { kPrepared, kRows, kSync };
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct Round {
    std::vector<Rows> rows;
    std::unique_ptr<PGresult, decltype(&PQclear)> refusal{nullptr, &PQclear};
  };

  const std::string& Prepared(std::string_view sql, const Parameters& parameters);
  void SendSync();
  // Everything expected up to and including the next sync.
  Round Collect();
  // The next result, or nullptr between two.
  PGresult* Next();
  // Waits until the socket can be read, or written when there is something to write.
  void Wait();
  void Flush();
  Failure LoseWith(std::string_view detail);
  static void TakeNotice(void* connection, const PGresult* notice);

  const ConnectionOptions options_;
  int32_t reply_ms_ = 0;
  std::unique_ptr<PGconn, decltype(&PQfinish)> handle_;
  std::unordered_map<std::string, std::string, TextHash, std::equal_to<>> names_;  // text -> name
  std::deque<Expected> expected_;
  std::deque<std::string> preparing_;  // texts, one per kPrepared in expected_
  int unread_rounds_ = 0;              // sent by SendOnly
  bool lost_ = false;
  bool misses_standby_ = false;
};

}  // namespace orc::postgres
