#include "record/rest_fields.h"

#include <utility>

#include "log/log.h"
#include "record/page.h"
#include "record/unescape.h"

namespace pagehaul::record {
namespace {

// PostgreSQL's NAMEDATALEN - 1. It cuts longer names without an error: two of them may become one.
constexpr std::size_t kLongestName = 63;

config::Column jsonb() {
    config::Column column;
    column.type = config::ColumnType::jsonb;
    return column;
}

}  // namespace

RestFields::RestFields() : plan_(jsonb(), false) {}

std::string_view RestFields::object(const JsonReader& reader) {
    text_ = "{";
    for (const FieldTree::Member& member : members_) {
        if (text_.size() > 1) text_ += ',';
        text_ += reader.view(member.begin(), member.end);
    }
    return text_ += '}';
}

std::string RestFields::write(const JsonReader& reader, CopyBuffer& out, std::int32_t& nul_replaced) {
    std::erase_if(members_, [&](const FieldTree::Member& member) {
        return reader.view(member.value, member.end) == "null";
    });
    out.put('\t');
    if (members_.empty()) {
        out.raw("\\N");
        return {};
    }
    for (const FieldTree::Member& member : members_)
        if (std::string why = note(reader.view(member.key)); !why.empty()) return why;
    if (const Refusal refusal = plan_.from_text(object(reader), out, no_key_, nul_replaced))
        return "the fields that no column reads: " + std::string(refusal);
    return {};
}

std::string RestFields::note(std::string_view escaped) {
    if (seen_.contains(escaped) || names_.size() > kMostAddedColumns) return {};
    std::string name;
    const Unescaped read = unescape(escaped, name);
    if (name.empty() || name.size() > kLongestName || read.nul_replaced > 0 || read.lone_surrogate)
        return "field `" + log::excerpt(escaped, kLongestName) +
               "`: expected a name that a column can have, of 1 to " + std::to_string(kLongestName) +
               " bytes without U+0000 (sink.undeclared: add_column)";
    seen_.emplace(escaped);
    names_.push_back(std::move(name));
    return {};
}

std::vector<std::string> RestFields::take_names() {
    seen_.clear();
    return std::exchange(names_, {});
}

void RestFields::clear() {
    clear_scratch(text_);
    plan_.clear();
}

}  // namespace pagehaul::record
