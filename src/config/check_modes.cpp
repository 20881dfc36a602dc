#include <algorithm>

#include "config/declaration.h"

namespace pagehaul::config {
namespace {

/// Two slices without a column that tells them apart would take each other's rows for their own.
bool check_bound(const Node& node, Reader& reader, const Config& config, const std::string& key) {
    for (const Dimension& dimension : config.source.slices) {
        const bool bound =
            std::any_of(config.sink.columns.begin(), config.sink.columns.end(),
                        [&](const Column& column) { return column.slice_parameter == dimension.name; });
        if (bound) continue;
        return reader.refuse_below(node, {"sink", key},
                                   "expected a column with value: \"{{ slice." + dimension.name +
                                       " }}\": which rows of the table are a slice's?");
    }
    return true;
}

}  // namespace

bool check_modes(const Node& node, Reader& reader, Config& config) {
    if (config.sink.mode == Mode::append && config.source.slices.empty())
        return reader.refuse_below(node, {"sink", "mode"},
                                   "expected source.slices: a slice is appended once, and without them there "
                                   "is one, for ever");
    if (config.sink.mode == Mode::replace_slice) return check_bound(node, reader, config, "mode");
    return config.sink.vanished == Vanished::keep || check_bound(node, reader, config, "vanished");
}

}  // namespace pagehaul::config
