#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "postgres/connection.h"

namespace pagehaul::sink {

// With sink.undeclared: add_column a field of a record that no column reads gets a column of its name: jsonb,
// for nobody has said its type, and a value of another one tomorrow is to fit, too. A comment on the column
// tells it from those that are somebody's own, which are never written to.

/// In COPY lines and staging tables the undeclared fields of a row are one object under this name, quoted.
std::string undeclared_field(const config::Sink& sink);
/// ", NULL::jsonb AS" it, where the config wants such columns; else "".
std::string undeclared_in_staging(const config::Sink& sink);
/// `sink` with columns of these names after its own.
config::Sink with_columns(const config::Sink& sink, const std::vector<std::string>& added);
/// "rows", which have undeclared_field, with a column for each of `added` as well. As SQL for FROM.
std::string spread(const config::Sink& sink, const std::string& rows, const std::vector<std::string>& added);

/// The columns that the table was given, in its order, but for those that the config declares by now.
std::vector<std::string> added_columns(postgres::Connection& connection, const config::Sink& sink);

struct AddedColumns {
    std::vector<std::string> all;  ///< added_columns
    std::vector<std::string> now;  ///< those of them that were missing
};
/// Gives the table a column for each of `fields`, in a transaction of its own: many may call it. Waits a few
/// seconds for those who read the table, for they wait behind it too: then SqlError of kind transient. Throws
/// Failure of kind config where a column of that name is somebody's own, or where the table has
/// record::kMostAddedColumns.
AddedColumns add_columns(postgres::Connection& connection, const config::Sink& sink,
                         const std::vector<std::string>& fields);

}  // namespace pagehaul::sink
