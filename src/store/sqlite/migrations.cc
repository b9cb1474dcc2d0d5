#include "store/sqlite/migrations.h"

#include <array>

namespace orc::sqlite {
namespace {

// An index ends with the rowid, which is `ord` (or `position`, `seq`): what it finds is in the order of lists.
//
// The status is the second column of the indexes of tasks but its own, so that a list with or without a status reads
// no more than its page (list_sql.h), at the price of one index only per filter.
//
// Keys are random: each lands on another page of its index, and the pages written are what a large channel's
// registrations cost. So only two indexes hold them per task, and both are tables of their own, which are filled late
// and in the order of keys (recent_keys.h): task_keys, and event_keys, which holds 32 bits of a key instead of the key.
// Edges name tasks by their place in lists instead.
constexpr char kFirst[] = R"sql(
CREATE TABLE channel (one INTEGER PRIMARY KEY CHECK (one = 1), name BLOB NOT NULL);

CREATE TABLE head (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  position INTEGER NOT NULL,
  timestamp_us INTEGER NOT NULL,
  commits INTEGER NOT NULL
);
INSERT INTO head VALUES (1, 0, 0, 0);

CREATE TABLE organizations (ord INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, body BLOB NOT NULL);
CREATE TABLE functions (ord INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, body BLOB NOT NULL);
CREATE TABLE data_managers (ord INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, body BLOB NOT NULL);
CREATE TABLE data_samples (ord INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, body BLOB NOT NULL);
CREATE TABLE failure_reports (ord INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, body BLOB NOT NULL);
CREATE TABLE compute_plans (ord INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, grp BLOB NOT NULL, body BLOB NOT NULL);
CREATE INDEX compute_plans_grp ON compute_plans (grp);
CREATE TABLE models (ord INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, grp BLOB NOT NULL, body BLOB NOT NULL);
CREATE INDEX models_grp ON models (grp);
CREATE TABLE performances (
  ord INTEGER PRIMARY KEY,
  key BLOB NOT NULL UNIQUE,
  grp BLOB NOT NULL,
  label BLOB NOT NULL,
  body BLOB NOT NULL
);
CREATE INDEX performances_grp ON performances (grp);
CREATE INDEX performances_label ON performances (label);

CREATE TABLE tasks (
  ord INTEGER PRIMARY KEY,
  key BLOB NOT NULL,
  plan BLOB NOT NULL,
  function BLOB NOT NULL,
  worker BLOB NOT NULL,
  status INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  pending_parents INTEGER NOT NULL
);
CREATE INDEX tasks_plan ON tasks (plan, status);
CREATE INDEX tasks_function ON tasks (function, status);
CREATE INDEX tasks_worker ON tasks (worker, status);
CREATE INDEX tasks_status ON tasks (status);
CREATE TABLE task_keys (key BLOB PRIMARY KEY NOT NULL, ord INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE task_bodies (ord INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE task_parents (
  parent_ord INTEGER NOT NULL,
  place INTEGER NOT NULL,
  child_ord INTEGER NOT NULL,
  PRIMARY KEY (parent_ord, place, child_ord)
) WITHOUT ROWID;
CREATE TABLE task_outputs (
  seq INTEGER PRIMARY KEY,
  task BLOB NOT NULL,
  identifier BLOB NOT NULL,
  kind INTEGER NOT NULL,
  asset_key BLOB NOT NULL
);
CREATE INDEX task_outputs_task ON task_outputs (task);

CREATE TABLE manager_samples (
  manager BLOB NOT NULL,
  sample_ord INTEGER NOT NULL,
  sample BLOB NOT NULL,
  PRIMARY KEY (manager, sample_ord)
) WITHOUT ROWID;
CREATE TABLE plan_functions (
  plan BLOB NOT NULL,
  function_ord INTEGER NOT NULL,
  PRIMARY KEY (plan, function_ord)
) WITHOUT ROWID;

CREATE TABLE events (
  position INTEGER PRIMARY KEY,
  id BLOB NOT NULL,
  asset_kind INTEGER NOT NULL,
  event_kind INTEGER NOT NULL,
  asset_key NOT NULL,
  timestamp_us INTEGER NOT NULL,
  reason_hash INTEGER,
  body BLOB NOT NULL,
  sha256 BLOB NOT NULL
);
CREATE TABLE event_keys (
  key_hash INTEGER NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (key_hash, position)
) WITHOUT ROWID;
CREATE INDEX events_kind ON events (asset_kind, event_kind);
CREATE INDEX events_reason ON events (reason_hash) WHERE reason_hash IS NOT NULL;
)sql";

// Which keys task_keys and event_keys have: recent_keys.h.
constexpr char kKeyed[] = R"sql(
ALTER TABLE head ADD COLUMN keyed_order INTEGER NOT NULL DEFAULT 0;
ALTER TABLE head ADD COLUMN keyed_position INTEGER NOT NULL DEFAULT 0;
UPDATE head SET keyed_order=IFNULL((SELECT MAX(ord) FROM tasks), 0), keyed_position=position;
)sql";

constexpr std::array kMigrations = {Migration{1, kFirst}, Migration{2, kKeyed}};

int64_t Version(Connection& connection) {
  Use use(connection, "PRAGMA user_version");
  use.Step();
  return use.Int(0);
}

}  // namespace

std::span<const Migration> Migrations() {
  return kMigrations;
}

Result<void> CheckVersion(Connection& connection, const std::string& path) {
  const int64_t newest = kMigrations.back().version;
  const int64_t stored = Version(connection);
  if (stored <= newest) return {};
  return Fail(ErrorKind::kInternal, path + " was written by a newer program (schema " + std::to_string(stored) +
                                        ", this program knows " + std::to_string(newest) +
                                        "); start that program instead");
}

void Migrate(Connection& connection) {
  const int64_t stored = Version(connection);
  for (const Migration& migration : kMigrations) {
    if (migration.version <= stored) continue;
    connection.Run("BEGIN IMMEDIATE");
    try {
      connection.Execute(migration.sql);
      connection.Execute("PRAGMA user_version=" + std::to_string(migration.version));
      connection.Run("COMMIT");
    } catch (...) {
      connection.TryRun("ROLLBACK");
      throw;
    }
  }
}

}  // namespace orc::sqlite
