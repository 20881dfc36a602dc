#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "core/error.h"
#include "postgres/connection.h"

namespace pagehaul::sink {

/// Makes the target exist and fit: creates schema and table when missing, and, with sink.ddl: allow, the
/// unique index of a table that exists, which is altered by nothing else; checks an existing table (columns,
/// types, a unique index on exactly the key, key columns NOT NULL, logged, no row security, rules or
/// suppressing triggers, collations of text keys) and reports everything that does not fit at once, in terms
/// of the config. Throws Failure of kind config. What is missing is made in a transaction of its own under an
/// advisory lock: many may call it.
void ensure_target(postgres::Connection& connection, const config::Sink& sink);
struct TargetCheck {
    std::vector<std::string> misfits;  ///< one line each; empty when all is well
    std::vector<std::string> ddl;      ///< what ensure_target would run then; empty: nothing
};
/// The same checks without changing anything, for `check`.
TargetCheck check_target(postgres::Connection& connection, const config::Sink& sink);
/// Whether the target, which exists, or a partition of it has triggers BEFORE INSERT or UPDATE of a row: they
/// may change rows on their way in.
bool has_row_triggers(postgres::Connection& connection, const config::Sink& sink);
/// What the target consists of, "oid:filenode" of the table and of each of its partitions: a table that was
/// dropped and made again, truncated or rewritten is another one. For a target that exists.
std::vector<std::string> target_identity(postgres::Connection& connection, const config::Sink& sink);

}  // namespace pagehaul::sink
