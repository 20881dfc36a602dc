#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "postgres/connection.h"

namespace pqxx {
class transaction_base;
}

namespace pagehaul::postgres {

/// COPY `quoted_table` FROM STDIN of ready text lines, each ended by '\n', as `edit` makes them; null: as
/// they are. Throws libpqxx's exceptions; after one, `transaction` is of no further use: libpqxx may keep the
/// error for its next statement.
void copy_lines(pqxx::transaction_base& transaction, const std::string& quoted_table,
                const std::vector<std::string_view>& blocks, const LineEdit& edit);

/// The first part of `block` to send in one message: whole lines of at most `limit` bytes, or one line where
/// that is longer. `block` ends with '\n' and is not empty.
std::string_view next_chunk(std::string_view block, std::size_t limit);

}  // namespace pagehaul::postgres
