#include "server/database_target.h"

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <map>
#include <memory>

namespace orc {
namespace {

using Variables = std::map<std::string, std::string>;

Environment From(const Variables& variables) {
  return [&variables](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

// What libpq makes of a target.
Variables Parsed(const std::string& target) {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfoParse(target.c_str(), nullptr),
                                                                             &PQconninfoFree);
  Variables parsed;
  if (options == nullptr) return {{"error", target}};
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) parsed[option->keyword] = option->val;
  }
  return parsed;
}

TEST(DatabaseTarget, UrlsAndPairsKeepTheirMeaning) {
  struct Case {
    const char* given;
    Variables parsed;
    std::optional<int> max_connections;
  };
  const Case cases[] = {
      {"postgresql://host/db", {{"host", "host"}, {"dbname", "db"}}, {}},
      {"postgres://u:p%40%3A%2F%3F%23%25@h:1/db?sslmode=require&pool_max_conns=7",
       {{"host", "h"}, {"port", "1"}, {"dbname", "db"}, {"user", "u"}, {"password", "p@:/?#%"}, {"sslmode", "require"}},
       7},
      {"postgres://h/db?pool_max_conns=7&x-migrations-table=m&sslmode=disable&pool_min_conns=1",
       {{"host", "h"}, {"dbname", "db"}, {"sslmode", "disable"}},
       7},
      {"postgresql://a:1,b:2/db?target_session_attrs=any",
       {{"host", "a,b"}, {"port", "1,2"}, {"dbname", "db"}, {"target_session_attrs", "any"}},
       {}},
      {"  host = h  pool_max_conns = '9' password='a b\\'c\\\\' dbname=db ",
       {{"host", "h"}, {"password", "a b'c\\"}, {"dbname", "db"}},
       9},
      {"host=h pool_max_conn_lifetime=1h user=a\\ b", {{"host", "h"}, {"user", "a b"}}, {}},
  };
  for (const Case& each : cases) {
    const auto target = ReadDatabaseTarget(each.given, From({}));
    ASSERT_TRUE(target) << each.given;
    EXPECT_EQ(Parsed(target->target), each.parsed) << each.given << " became " << target->target;
    EXPECT_EQ(target->max_connections, each.max_connections) << each.given;
  }
}

TEST(DatabaseTarget, PiecesAreAssembledWithWhateverTheyHold) {
  for (const std::string prefix : {"", "ORCHESTRATOR_"}) {
    for (const std::string password : {"p@ss:w/o?r#d&x=1%2F", "'quoted' \\ back", "\"", " spaces ", "\xC3\xA9"}) {
      const Variables variables = {{prefix + "DATABASE_HOSTNAME", "db.example"},
                                   {prefix + "DATABASE_PORT", "5433"},
                                   {prefix + "DATABASE_DATABASE", "or/ch"},
                                   {prefix + "DATABASE_USERNAME", "us@er"},
                                   {prefix + "DATABASE_PASSWORD", password},
                                   {prefix + "DATABASE_CONNECTION_PARAMETERS",
                                    "sslmode=verify-full&sslrootcert=%2Fca%20file.pem pool_max_conns=30"}};
      const auto target = ReadDatabaseTarget("", From(variables));
      ASSERT_TRUE(target);
      EXPECT_EQ(Parsed(target->target), (Variables{{"host", "db.example"},
                                                   {"port", "5433"},
                                                   {"dbname", "or/ch"},
                                                   {"user", "us@er"},
                                                   {"password", password},
                                                   {"sslmode", "verify-full"},
                                                   {"sslrootcert", "/ca file.pem"}}));
      EXPECT_EQ(target->max_connections, 30);
    }
  }
}

TEST(DatabaseTarget, TheUrlWinsThenThePrefixedPieces) {
  const Variables variables = {{"DATABASE_HOSTNAME", "plain"},
                               {"ORCHESTRATOR_DATABASE_HOSTNAME", "prefixed"},
                               {"DATABASE_USERNAME", "user"},
                               {"ORCHESTRATOR_DATABASE_USERNAME", ""}};
  EXPECT_EQ(ReadDatabaseTarget("host=given", From(variables))->target, "host=given");
  EXPECT_EQ(Parsed(ReadDatabaseTarget("", From(variables))->target),
            (Variables{{"host", "prefixed"}, {"user", "user"}}));
  EXPECT_EQ(ReadDatabaseTarget("", From({}))->target, "");
  EXPECT_EQ(ReadDatabaseTarget("", From({{"DATABASE_PASSWORD", "alone"}}))->target, "");
}

TEST(DatabaseTarget, AWrongPoolBoundIsNamedWithoutSecrets) {
  for (const char* given : {"postgres://u:secret@h/db?pool_max_conns=many", "password=secret pool_max_conns=0"}) {
    const auto target = ReadDatabaseTarget(given, From({}));
    ASSERT_FALSE(target);
    EXPECT_EQ(target.error(), "pool_max_conns of the database's address: a whole number from 1 to 10000 is wanted");
  }
}

}  // namespace
}  // namespace orc
