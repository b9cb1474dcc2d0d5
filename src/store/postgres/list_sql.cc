#include "store/postgres/list_sql.h"

#include <algorithm>

#include "domain/assert.h"

namespace orc::postgres {
namespace {

constexpr int kFirstCondition = 7;

void Append(std::string& sql, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) sql.append(part);
}

// One range of the index, as long as a page can be.
void AppendRange(std::string& sql, const List& list, std::string_view direction, std::span<const int> open_values) {
  Append(sql, {"(SELECT ", list.columns, " FROM ", list.table, " WHERE channel=$1 AND ", list.order, ">$2 AND ",
               list.order, "<$3"});
  int parameter = kFirstCondition;
  for (const Condition& condition : list.conditions) {
    Append(sql, {" AND ", condition.column, "=$", std::to_string(parameter++)});
  }
  for (size_t i = 0; i < open_values.size(); ++i) {
    Append(sql, {" AND ", list.open[i].column, "=", std::to_string(open_values[i])});
  }
  // In a form that no index serves, so that none but the one meant is used, whatever the statistics say.
  for (const Condition& check : list.checks) {
    Append(sql, {" AND ", check.column, " IS NOT DISTINCT FROM $", std::to_string(parameter++)});
  }
  Append(sql, {" ORDER BY ", list.order, direction, " LIMIT $4::bigint+$5::bigint)"});
}

void Add(Parameters& parameters, const Condition& condition) {
  if (const auto* number = std::get_if<int64_t>(&condition.value)) {
    parameters.Int(*number);
  } else if (const auto* key = std::get_if<Key>(&condition.value)) {
    parameters.AsKey(*key);
  } else {
    parameters.Bytes(std::get<std::string>(condition.value));
  }
}

}  // namespace

std::string ListSql(const List& list, bool descending) {
  const std::string_view direction = descending ? " DESC" : "";
  std::string ranges;
  for (const std::vector<int>& values : Combinations(list.open)) {
    if (!ranges.empty()) ranges.append(" UNION ALL ");
    AppendRange(ranges, list, direction, values);
  }
  std::string sql = "SELECT * FROM (SELECT page.*";
  if (!list.join.empty()) Append(sql, {", ", list.joined_columns});
  // The bodies before a row decide whether it is sent: the sizes alone are read to find that out.
  Append(sql,
         {", sum(octet_length(body)) OVER (ORDER BY page.", list.order, direction,
          ")-octet_length(body) AS bytes_before FROM (SELECT * FROM (", ranges, ") AS ranges ORDER BY 1", direction,
          " LIMIT $4 OFFSET $5) AS page ", list.join, ") AS sized WHERE bytes_before<$6 ORDER BY 1", direction});
  return sql;
}

Parameters ListParameters(const List& list, int64_t channel, const Page& page, int64_t low, int64_t high) {
  ORC_ASSERT(page.limit >= 1);
  if (page.after != 0 && page.descending) high = std::min(high, page.after);
  if (page.after != 0 && !page.descending) low = std::max(low, page.after);
  const int64_t skip = std::min(page.skip, INT64_MAX - page.limit);  // the database adds them
  Parameters parameters;
  parameters.Int(channel).Int(low).Int(high).Int(page.limit).Int(skip).Int(page.max_bytes);
  for (const Condition& condition : list.conditions) Add(parameters, condition);
  for (const Condition& check : list.checks) Add(parameters, check);
  return parameters;
}

}  // namespace orc::postgres
