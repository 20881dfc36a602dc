#include "sink/slice_rows.h"

#include "core/join.h"
#include "postgres/quoting.h"

namespace pagehaul::sink {

std::string belongs_to(const std::vector<record::SliceField>& slice) {
    if (slice.empty()) return "true";
    return join(slice, " AND ", [](const record::SliceField& field) {
        const std::string column = "t." + postgres::quote_identifier(field.column);
        if (!field.text) return column + " IS NULL";
        // In full: this runs under the role's search_path, for the triggers' sake.
        return column + " OPERATOR(pg_catalog.=) " + postgres::quote_literal(*field.text);
    });
}

}  // namespace pagehaul::sink
