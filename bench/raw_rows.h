// What a database can take, without a server before it: the rows that the server has stored, once more, into empty
// tables of the same shape with the same indexes. The tables are found in the database, so this knows nothing of their
// content. Prints the figure `raw rows` in rows/s: commits per second are count of calls. Ends the process with a
// message when the database refuses.
#pragma once

#include <string>

namespace bench {

// From the database `file` of an embedded store that nobody writes, into a new file in `folder`, which is removed
// again.
void CopySqlite(const std::string& file, const std::string& folder, size_t parts);

// From the tables of `schema` into a new schema, which is removed again. `target`: a connection string of libpq.
void CopyPostgres(const std::string& target, const std::string& schema, size_t parts);

}  // namespace bench
