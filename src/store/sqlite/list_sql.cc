#include "store/sqlite/list_sql.h"

#include <algorithm>

namespace orc::sqlite {
namespace {

void Append(std::string& sql, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) sql.append(part);
}

// One range of the index (or of the table): SELECT without its ORDER BY.
void AppendRange(std::string& sql, const List& list, std::span<const int> open_values) {
  Append(sql, {"SELECT ", list.columns, " FROM ", list.table});
  if (!list.index.empty()) Append(sql, {" INDEXED BY ", list.index});
  Append(sql, {" WHERE ", list.order, ">?1 AND ", list.order, "<?2"});
  int parameter = 3;
  for (const std::vector<Condition>* const conditions : {&list.conditions, &list.checks}) {
    for (const Condition& condition : *conditions) {
      Append(sql, {" AND ", condition.column, "=?", std::to_string(parameter++)});
    }
  }
  for (size_t i = 0; i < open_values.size(); ++i) {
    Append(sql, {" AND ", list.open[i].column, "=", std::to_string(open_values[i])});
  }
}

void Bind(Use& use, int parameter, const Condition& condition) {
  if (const auto* number = std::get_if<int64_t>(&condition.value)) return use.Bind(parameter, *number);
  if (const auto* key = std::get_if<Key>(&condition.value)) return use.Bind(parameter, *key);
  use.Bind(parameter, std::get<std::string>(condition.value));
}

}  // namespace

std::string ListSql(const List& list, bool descending) {
  std::string sql;
  for (const std::vector<int>& values : Combinations(list.open)) {
    if (!sql.empty()) sql.append(" UNION ALL ");
    AppendRange(sql, list, values);
  }
  Append(sql, {" ORDER BY 1", descending ? " DESC" : ""});
  return sql;
}

ListReader::ListReader(Connection& connection, const List& list, const Page& page, int64_t low, int64_t high)
    : list_(list), use_(connection, ListSql(list, page.descending)) {
  if (page.after != 0 && page.descending) high = std::min(high, page.after);
  if (page.after != 0 && !page.descending) low = std::max(low, page.after);
  use_.Bind(1, low);
  use_.Bind(2, high);
  int parameter = 3;
  for (const Condition& condition : list_.conditions) Bind(use_, parameter++, condition);
  for (const Condition& check : list_.checks) Bind(use_, parameter++, check);
}

}  // namespace orc::sqlite
