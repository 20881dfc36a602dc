#include "record/columns.h"

#include <algorithm>
#include <cstring>

#include "core/error.h"
#include "record/array.h"
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

constexpr Refusal kArray = "expected an array";
constexpr Refusal kLoneSurrogate = "expected no lone surrogate (\\ud800 to \\udfff)";

}  // namespace

ColumnPlan::ColumnPlan(const config::Column& column, bool is_key)
    : name_(column.name),
      type_(column.type),
      array_(column.array),
      convert_(converter(column.type)),
      is_key_(is_key),
      optional_(column.optional),
      whole_record_(!column.value && column.from.empty()),
      null_if_(column.null_if),
      strip_(characters(column.strip)),
      adjusts_(!null_if_.empty() || !strip_.empty()),
      direct_(!adjusts_ && !is_key && !column.array && column.type != config::ColumnType::jsonb) {
    if (column.format || column.zone) {
        format_.emplace(column);
        direct_ = false;
    }
    for (const auto& null : null_if_)
        longest_null_ = std::max(longest_null_, null.size());
    for (const auto& character : strip_)
        strip_lead_[static_cast<unsigned char>(character.front())] = true;
    const std::string origin = "sink.columns." + name_;
    if (type_ == config::ColumnType::jsonb && !strip_.empty()) {
        throw Failure(ErrorKind::config, origin,
                      "strip does not apply to jsonb: expected a type made from text");
    }
    if (is_key && !config::may_be_key(column)) {
        throw Failure(ErrorKind::config, origin,
                      "arrays, jsonb, double precision and real cannot be keys: expected a type with one "
                      "spelling a value");
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
        if (seen.lone_surrogate && !is_json) return kLoneSurrogate;
        if (!is_json) nul_replaced += seen.nul_replaced;
        input = {unescaped_, Kind::string, false};
    }
    if (array_) {
        if (slot.kind == Kind::array) return elements(text, out, nul_replaced);
        return !container && means_null(input.text) ? null(out) : kArray;
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
    if (array_) return kArray;
    if (type_ != config::ColumnType::jsonb) {
        Input input{text, Kind::string, false};
        return finish(input, out, key);
    }
    if (means_null(text)) return null(out);
    // A byte order mark, which the reader skips in front of a body, is no JSON to Postgres.
    if (text.starts_with("\xEF\xBB\xBF")) return "expected JSON";
    std::string padded(text);
    padded.append(64, ' ');
    JsonReader reader;
    Slot slot;
    if (!reader.open(std::string_view(padded).substr(0, text.size())) ||
        reader.value(0, slot, 0) != reader.count()) {
        return "expected JSON";
    }
    return convert_json({.raw = text, .plain = false, .wide_numbers = true}, out, nul_replaced);
}

Refusal ColumnPlan::finish(Input& input, CopyBuffer& out, std::string& key) {
    return cleaned_to_null(input) ? null(out) : write(input, out, key);
}

/// An array as PostgreSQL's literal of one dimension (its manual, "Array Input and Output Syntax").
Refusal ColumnPlan::elements(std::string_view raw, CopyBuffer& out, std::int32_t& nul_replaced) {
    out.put('{');
    ArrayReader array(raw);
    std::size_t count = 0;
    for (Input input; array.next(input); ++count) {
        if (count > 0) out.put(',');
        const Refusal refusal = element(input, out, nul_replaced);
        if (refusal == nullptr) continue;
        element_refusal_ = std::string(refusal) + " at /" + std::to_string(count);
        return element_refusal_.c_str();
    }
    out.put('}');
    return nullptr;
}

Refusal ColumnPlan::element(Input input, CopyBuffer& out, std::int32_t& nul_replaced) {
    if (input.kind == Kind::object || input.kind == Kind::array)
        return "expected no object or array inside the array; use type jsonb";
    if (input.kind == Kind::string && !input.plain) {
        unescaped_.clear();
        const Unescaped seen = unescape(input.text, unescaped_);
        if (seen.lone_surrogate) return kLoneSurrogate;
        nul_replaced += seen.nul_replaced;
        input = {unescaped_, Kind::string, false};
    }
    if (input.kind == Kind::null || cleaned_to_null(input)) {
        out.raw("NULL");
        return nullptr;
    }
    const std::size_t mark = out.size();
    if (const Refusal refusal = convert(input, out, nullptr)) return refusal;
    quote_element(mark, out);
    return nullptr;
}

/// Strips, unless the value means NULL. @return whether it does
bool ColumnPlan::cleaned_to_null(Input& input) {
    if (!adjusts_ || input.kind == Kind::object || input.kind == Kind::array) return false;
    if (means_null(input.text)) return true;
    if (input.kind != Kind::string || !strip(input.text)) return false;
    input.text = stripped_;
    return means_null(input.text);
}

Refusal ColumnPlan::write(const Input& input, CopyBuffer& out, std::string& key) const {
    if (!is_key_) return convert(input, out, nullptr);
    // Lengths go in front, so that ("a", "bc") and ("ab", "c") differ.
    const std::size_t at = key.size();
    key.append(sizeof(std::uint32_t), '\0');
    if (const Refusal refusal = convert(input, out, &key)) return refusal;
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
