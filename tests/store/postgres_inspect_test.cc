// What `orchestrator check` learns of a database, against a real server.
#include <gtest/gtest.h>

#include "store/postgres/postgres_store.h"
#include "tests/store/conformance.h"
#include "tests/support/postgres_server.h"

namespace orc {
namespace {

PostgresOptions Options(const std::string& database) {
  PostgresOptions options;
  options.target = PostgresServer::Instance().Target(database);
  return options;
}

TEST(InspectPostgres, TellsTheSchemaThatIsThereAndLeavesItAlone) {
  const PostgresOptions options = Options(PostgresServer::Instance().CreateDatabase());
  for (int look = 0; look < 2; ++look) {
    const PostgresFacts facts = Must(InspectPostgres(options));
    EXPECT_EQ(facts.schema, 0);
    EXPECT_TRUE(facts.may_create);
    EXPECT_EQ(facts.newest_event_us, 0);
  }
  Must(MigratePostgres(options));
  const PostgresFacts facts = Must(InspectPostgres(options));
  EXPECT_GT(facts.schema, 0);
  EXPECT_EQ(facts.schema, facts.schema_wanted);
}

TEST(InspectPostgres, TellsWhatTheServerIs) {
  const PostgresFacts facts = Must(InspectPostgres(Options(PostgresServer::Instance().CreateDatabase())));
  EXPECT_EQ(facts.version.substr(0, 3), "15.");
  EXPECT_FALSE(facts.encrypted);
  EXPECT_GT(facts.connections, 0);
  EXPECT_LT(std::abs(facts.clock_ahead_us), 1'000'000);  // it runs on this machine
}

TEST(InspectPostgres, FailsAsTheStoreDoesWhenThereIsNoDatabase) {
  const auto facts = InspectPostgres(Options("there_is_none"));
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().kind, ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace orc
