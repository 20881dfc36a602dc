#pragma once

#include <string>

#include "config/config.h"

namespace pagehaul::sink {

std::string create_schema_sql(const config::Sink& sink);
std::string create_table_sql(const config::Sink& sink);
/// For a table that exists without a unique index on the key.
std::string create_index_sql(const config::Sink& sink);

}  // namespace pagehaul::sink
