// The log of SQL, of all stores (deployment.md 2.7): records "SQL". Statements are logged as they are written in the
// program, at debug and only when asked for; never their arguments. Thread-safe, but for LogStatements.
#pragma once

#include <string_view>

namespace orc {

// Whether statements are logged from now on. To be called before a store is opened.
void LogStatements(bool on);

// A statement that is about to run.
void LogSql(std::string_view sql);

// What a database has refused, at error level.
void LogSqlError(std::string_view code, std::string_view error);

}  // namespace orc
