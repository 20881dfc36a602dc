#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace pagehaul::sink {

bool is_key(const config::Sink& sink, std::string_view column);
/// "schema"."table"
std::string qualified_name(const config::Sink& sink);
/// Quoted, separated by ", ".
std::string name_list(const std::vector<std::string>& names);
/// `wanted`, with as many underscores in front as none of the config's columns has. Quoted.
std::string free_name(const config::Sink& sink, std::string wanted);
/// All configured columns, in the config's order, which is the order of record/'s COPY lines.
std::string column_list(const config::Sink& sink);

/// The type in DDL and in messages: "double precision", "bigint[]".
std::string sql_type(const config::Column& column);
/// May a column of base type `typname` (pg_type's name, domains resolved: "int8", "varchar"; of an array its
/// elements') take values of `type` without losing anything silently?
///   bigint: int8, numeric       integer, smallint: the type itself, what is wider, numeric
///   numeric: numeric (its own precision and scale apply)       real: float4, float8
///   text: text, varchar (too long is an error of that row), citext       jsonb: jsonb, json
///   all others: the type itself
/// Not char(n), which pads; not real or double precision for numeric, which round. An enum takes text, which
/// the caller sees to: a label that it does not have is an error of that row.
bool accepts(std::string_view typname, config::ColumnType type);

}  // namespace pagehaul::sink
