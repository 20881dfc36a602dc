#include <algorithm>

#include "core/digest.h"
#include "record/columns.h"

namespace pagehaul::record {

KeyText::KeyText(const config::Sink& sink) {
    for (const config::Column& column : sink.columns) {
        if (std::find(sink.key.begin(), sink.key.end(), column.name) == sink.key.end()) continue;
        // As it is stored: what the record's text went through is behind it.
        config::Column stored;
        stored.name = column.name;
        stored.type = column.type;
        stored.value = "";
        names_.push_back(column.name);
        plans_.emplace_back(stored, true);
    }
}

std::optional<std::int64_t> KeyText::hash(const std::vector<std::optional<std::string>>& texts) {
    key_.clear();
    CopyBuffer out(256);
    std::int32_t nul_replaced = 0;
    for (std::size_t i = 0; i < plans_.size(); ++i)
        if (!texts.at(i) || plans_[i].from_text(*texts[i], out, key_, nul_replaced) != nullptr)
            return std::nullopt;
    return hash64(key_);
}

}  // namespace pagehaul::record
