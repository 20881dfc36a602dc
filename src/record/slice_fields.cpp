#include "core/error.h"
#include "record/columns.h"
#include "record/copy_text.h"

namespace pagehaul::record {

ColumnPlan plan_of_value(const config::Column& column) {
    if (!column.checked) return ColumnPlan(column, false);
    config::Column plain;
    plain.name = column.name;
    plain.type = column.type;
    plain.value = column.value;
    return ColumnPlan(plain, false);
}

Result<std::vector<SliceField>> slice_fields(const config::Sink& sink,
                                             const std::vector<std::optional<std::string>>& values) {
    std::vector<SliceField> fields;
    for (std::size_t i = 0; i < sink.columns.size(); ++i) {
        const config::Column& column = sink.columns[i];
        if (column.slice_parameter.empty()) continue;
        CopyBuffer out(64);
        std::string key;
        std::int32_t nul_replaced = 0;
        if (const Refusal refusal =
                plan_of_value(column).from_text(values.at(i).value_or(""), out, key, nul_replaced))
            return fail(ErrorKind::config, "sink.columns." + column.name + ".value",
                        std::string(refusal) + ", got the value of its template");
        fields.push_back({column.name, copy_fields(out.take()).front()});
    }
    return fields;
}

}  // namespace pagehaul::record
