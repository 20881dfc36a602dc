#include "postgres/rows.h"

#include <charconv>

#include "core/error.h"

namespace pagehaul::postgres {
namespace {

[[noreturn]] void unexpected(std::size_t row, std::size_t column, const std::string& expected) {
    throw Failure(ErrorKind::bug, "database",
                  "result row " + std::to_string(row) + ", column " + std::to_string(column) + ": expected " +
                      expected);
}

}  // namespace

const std::string& Rows::text(std::size_t row, std::size_t column) const {
    if (row >= rows_.size() || column >= rows_[row].size()) unexpected(row, column, "to exist");
    const auto& field = rows_[row][column];
    if (!field) unexpected(row, column, "a value, not NULL");
    return *field;
}

std::int64_t Rows::integer(std::size_t row, std::size_t column) const {
    const std::string& field = text(row, column);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (error != std::errc{} || end != field.data() + field.size()) unexpected(row, column, "an integer");
    return value;
}

bool Rows::boolean(std::size_t row, std::size_t column) const {
    const std::string& field = text(row, column);
    if (field == "t") return true;
    if (field == "f") return false;
    unexpected(row, column, "a boolean");
}

}  // namespace pagehaul::postgres
