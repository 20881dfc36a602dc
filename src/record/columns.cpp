#include "record/columns.h"

#include <algorithm>
#include <cstring>

#include "core/error.h"
#include "record/unescape.h"

namespace pagehaul::record {
namespace {

/// The length of the UTF-8 character that begins with `lead`.
std::size_t character_size(char lead) {
    const auto byte = static_cast<unsigned char>(lead);
    if (byte < 0xC0) return 1;
    if (byte < 0xE0) return 2;
    return byte < 0xF0 ? 3 : 4;
}

std::vector<std::string> characters(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const std::size_t size = std::min(character_size(text.front()), text.size());
        out.emplace_back(text.substr(0, size));
        text.remove_prefix(size);
    }
    return out;
}

}  // namespace

ColumnPlan::ColumnPlan(const config::Column& column, bool is_key)
    : name_(column.name),
      type_(column.type),
      convert_(converter(column.type)),
      is_key_(is_key),
      optional_(column.optional),
      whole_record_(!column.value && column.from.empty()),
      null_if_(column.null_if),
      strip_(characters(column.strip)),
      adjusts_(!null_if_.empty() || !strip_.empty()),
      direct_(!adjusts_ && !is_key && column.type != config::ColumnType::jsonb) {
    for (const auto& null : null_if_)
        longest_null_ = std::max(longest_null_, null.size());
    for (const auto& character : strip_)
        strip_lead_[static_cast<unsigned char>(character.front())] = true;
    const std::string origin = "sink.columns." + name_;
    if (type_ == config::ColumnType::jsonb && !strip_.empty()) {
        throw Failure(ErrorKind::config, origin,
                      "strip does not apply to jsonb: expected a type made from text");
    }
    if (is_key && (type_ == config::ColumnType::jsonb || type_ == config::ColumnType::double_precision)) {
        throw Failure(ErrorKind::config, origin,
                      "jsonb and double precision cannot be keys: expected a type with one spelling a value");
    }
}

Refusal ColumnPlan::adjusted(const JsonReader& reader, const Slot& slot, bool record_has_escapes,
                             CopyBuffer& out, std::string& key, std::int32_t& nul_replaced) {
    if (slot.kind == Kind::absent) return optional_ ? null(out) : "expected the field to be there";
    if (slot.kind == Kind::null) return null(out);
    const std::string_view text = reader.view(slot);
    const bool is_string = slot.kind == Kind::string;
    const bool container = slot.kind == Kind::object || slot.kind == Kind::array;
    const bool escapes = record_has_escapes && (is_string || container) &&
                         std::memchr(text.data(), '\\', text.size()) != nullptr;
    const bool is_json = type_ == config::ColumnType::jsonb;
    if (is_json && null_if_.empty()) {
        const std::string_view raw = is_string ? reader.view(slot.begin - 1, slot.end + 1) : text;
        return convert_json({.raw = raw,
                             .plain = !escapes && !(container && reader.has_control_space()),
                             .wide_numbers = reader.has_wide_numbers()},
                            out, nul_replaced);
    }
    Input input{text, slot.kind, !escapes};
    if (container && whole_record_) {
        // A text column may ask for the whole record: its raw JSON.
        input = {text, Kind::string, !escapes && !reader.has_control_space()};
        return write(input, out, key);
    }
    if (is_string && escapes) {
        unescaped_.clear();
        const Unescaped seen = unescape(text, unescaped_);
        if (seen.lone_surrogate && !is_json) return "expected no lone surrogate (\\ud800 to \\udfff)";
        if (!is_json) nul_replaced += seen.nul_replaced;
        input = {unescaped_, Kind::string, false};
    }
    if (is_json) {
        if (!container && means_null(input.text)) return null(out);
        const std::string_view raw = is_string ? reader.view(slot.begin - 1, slot.end + 1) : text;
        return convert_json({.raw = raw,
                             .plain = !escapes && !(container && reader.has_control_space()),
                             .wide_numbers = reader.has_wide_numbers()},
                            out, nul_replaced);
    }
    return finish(input, out, key);
}

Refusal ColumnPlan::from_text(std::string_view text, CopyBuffer& out, std::string& key,
                              std::int32_t& nul_replaced) {
    if (type_ != config::ColumnType::jsonb) {
        Input input{text, Kind::string, false};
        return finish(input, out, key);
    }
    if (means_null(text)) return null(out);
    std::string padded(text);
    padded.append(64, ' ');
    JsonReader reader;
    Slot slot;
    if (reader.open(std::string_view(padded).substr(0, text.size())) != nullptr ||
        reader.value(0, slot, 0) != reader.count()) {
        return "expected JSON";
    }
    return convert_json({.raw = text, .plain = false, .wide_numbers = true}, out, nul_replaced);
}

Refusal ColumnPlan::finish(Input& input, CopyBuffer& out, std::string& key) {
    if (adjusts_ && input.kind != Kind::object && input.kind != Kind::array) {
        if (means_null(input.text)) return null(out);
        if (input.kind == Kind::string && strip(input.text)) {
            input.text = stripped_;
            if (means_null(input.text)) return null(out);
        }
    }
    return write(input, out, key);
}

Refusal ColumnPlan::write(const Input& input, CopyBuffer& out, std::string& key) const {
    if (!is_key_) return convert_(input, out, nullptr);
    // Lengths go in front, so that ("a", "bc") and ("ab", "c") differ.
    const std::size_t at = key.size();
    key.append(sizeof(std::uint32_t), '\0');
    if (const Refusal refusal = convert_(input, out, &key)) return refusal;
    auto size = static_cast<std::uint32_t>(key.size() - at - sizeof(std::uint32_t));
    for (std::size_t i = 0; i < sizeof size; ++i, size >>= 8U)
        key[at + i] = static_cast<char>(size & 0xFFU);
    return nullptr;
}

Refusal ColumnPlan::null(CopyBuffer& out) const {
    if (is_key_) return "expected a value in a key column";
    out.null();
    return nullptr;
}

bool ColumnPlan::means_null(std::string_view text) const {
    if (text.size() > longest_null_) return false;
    return std::any_of(null_if_.begin(), null_if_.end(), [text](const auto& null) { return null == text; });
}

/// Leaves `text` without the characters to strip in stripped_; false if it holds none of them.
bool ColumnPlan::strip(std::string_view text) {
    const auto is_lead = [this](char c) { return strip_lead_[static_cast<unsigned char>(c)]; };
    std::size_t i = 0;
    while (i < text.size() && !is_lead(text[i]))
        ++i;
    if (i == text.size()) return false;

    stripped_.assign(text.substr(0, i));
    bool any = false;
    while (i < text.size()) {
        const std::string_view rest = text.substr(i);
        const auto found = std::find_if(strip_.begin(), strip_.end(), [rest](const auto& character) {
            return rest.starts_with(character);
        });
        any = any || found != strip_.end();
        if (found == strip_.end()) stripped_ += text[i];
        i += found == strip_.end() ? 1 : found->size();
    }
    return any;
}

}  // namespace pagehaul::record
