#include "store/postgres/parameters.h"

#include <cstdlib>

#include "domain/assert.h"
#include "store/postgres/failure.h"

namespace orc::postgres {
namespace {

constexpr Oid kText = 25;

// Numbers travel with their highest byte first.
void AppendNumber(std::string& out, uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i)));
}

}  // namespace

void Array::Add(int64_t value) {
  AppendNumber(elements_, 8, 4);
  AppendNumber(elements_, static_cast<uint64_t>(value), 8);
  ++size_;
}

void Array::AddNull() {
  AppendNumber(elements_, 0xFFFFFFFF, 4);
  has_null_ = true;
  ++size_;
}

void Array::Put(std::string_view bytes) {
  AppendNumber(elements_, bytes.size(), 4);
  elements_.append(bytes);
  ++size_;
}

Parameters& Parameters::Int(int64_t value) {
  types_.push_back(Array::kInt8);
  AppendNumber(values_.emplace_back(), static_cast<uint64_t>(value), 8);
  return *this;
}

Parameters& Parameters::Bytes(std::string_view bytes) {
  types_.push_back(Array::kBytea);
  values_.emplace_back(bytes);
  return *this;
}

Parameters& Parameters::AsKey(const Key& key) {
  types_.push_back(Array::kUuid);
  values_.emplace_back(key.Raw());
  return *this;
}

Parameters& Parameters::Text(std::string_view text) {
  types_.push_back(kText);
  values_.emplace_back(text);
  return *this;
}

Parameters& Parameters::Add(const Array& array) {
  types_.push_back(array.type_);
  std::string& value = values_.emplace_back();
  const bool empty = array.size_ == 0;
  AppendNumber(value, empty ? 0 : 1, 4);  // dimensions
  AppendNumber(value, array.has_null_ ? 1 : 0, 4);
  AppendNumber(value, array.element_, 4);
  if (empty) return *this;
  AppendNumber(value, static_cast<uint64_t>(array.size_), 4);
  AppendNumber(value, 1, 4);  // the first index
  value.append(array.elements_);
  return *this;
}

int64_t Rows::affected() const {
  return std::strtoll(PQcmdTuples(result_.get()), nullptr, 10);
}

std::string_view Rows::View(int row, int column) const {
  ORC_ASSERT(row < size() && column < PQnfields(result_.get()));
  if (IsNull(row, column)) throw Damaged("a column is empty");
  return {PQgetvalue(result_.get(), row, column), static_cast<size_t>(PQgetlength(result_.get(), row, column))};
}

int64_t Rows::Int(int row, int column) const {
  const std::string_view bytes = View(row, column);
  if (bytes.size() != 4 && bytes.size() != 8) throw Damaged("a column is not a number");
  uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return bytes.size() == 4 ? int64_t{static_cast<int32_t>(value)} : static_cast<int64_t>(value);
}

bool Rows::Bool(int row, int column) const {
  return View(row, column) == std::string_view("\1", 1);
}

Key Rows::AsKey(int row, int column) const {
  const std::string_view bytes = View(row, column);
  if (bytes.size() != 16) throw Damaged("a column is not a key");
  return Key::FromRaw(bytes);
}

}  // namespace orc::postgres
