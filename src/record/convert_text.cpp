#include <algorithm>
#include <array>

#include "record/convert.h"

namespace pagehaul::record {
namespace {

constexpr Refusal kBoolean = "expected true or false";
constexpr Refusal kUuid = "expected a uuid of 32 hexadecimal digits";

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equals_ignoring_case(std::string_view text, std::string_view word) {
    return text.size() == word.size() &&
           std::equal(text.begin(), text.end(), word.begin(), [](char a, char b) { return lower(a) == b; });
}

/// 't', 'f', or '\0' if the text spells neither.
char read_boolean(const Input& input) {
    switch (input.kind) {
        case Kind::boolean_true:
            return 't';
        case Kind::boolean_false:
            return 'f';
        case Kind::integer:
        case Kind::string:
            break;
        default:
            return '\0';
    }
    for (const std::string_view word : {"true", "t", "yes", "y", "on", "1"}) {
        if (equals_ignoring_case(input.text, word)) return 't';
    }
    for (const std::string_view word : {"false", "f", "no", "n", "off", "0"}) {
        if (equals_ignoring_case(input.text, word)) return 'f';
    }
    return '\0';
}

}  // namespace

Refusal convert_boolean(const Input& input, CopyBuffer& out, std::string* key) {
    const char value = read_boolean(input);
    if (value == '\0') return kBoolean;
    out.put(value);
    if (key != nullptr) *key += value;
    return nullptr;
}

Refusal convert_text(const Input& input, CopyBuffer& out, std::string* key) {
    if (input.kind == Kind::object || input.kind == Kind::array) return "expected a string; use type jsonb";
    if (input.plain) {
        out.raw(input.text);
    } else {
        out.escaped(input.text);
    }
    if (key != nullptr) key->append(input.text);
    return nullptr;
}

Refusal convert_uuid(const Input& input, CopyBuffer& out, std::string* key) {
    if (input.kind != Kind::string) return kUuid;
    std::string_view text = input.text;
    if (text.size() >= 2 && text.front() == '{' && text.back() == '}') text = text.substr(1, text.size() - 2);
    const bool grouped = text.size() == 36;
    if (!grouped && text.size() != 32) return kUuid;
    std::array<char, 36> canonical{};
    std::size_t at = 0;
    for (std::size_t i = 0; i < canonical.size(); ++i) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            canonical[i] = '-';
            if (grouped && text[at++] != '-') return kUuid;
            continue;
        }
        const char c = lower(text[at++]);
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) return kUuid;
        canonical[i] = c;
    }
    const std::string_view result(canonical.data(), canonical.size());
    out.raw(result);
    if (key != nullptr) key->append(result);
    return nullptr;
}

Refusal (*converter(config::ColumnType type))(const Input&, CopyBuffer&, std::string*) {
    using config::ColumnType;
    switch (type) {
        case ColumnType::bigint:
            return convert_bigint;
        case ColumnType::integer:
            return convert_integer;
        case ColumnType::smallint:
            return convert_smallint;
        case ColumnType::numeric:
            return convert_numeric;
        case ColumnType::double_precision:
            return convert_double;
        case ColumnType::real:
            return convert_real;
        case ColumnType::boolean:
            return convert_boolean;
        case ColumnType::text:
            return convert_text;
        case ColumnType::date:
            return convert_date;
        case ColumnType::time:
            return convert_time;
        case ColumnType::timestamp:
            return convert_timestamp;
        case ColumnType::timestamptz:
            return convert_timestamptz;
        case ColumnType::uuid:
            return convert_uuid;
        case ColumnType::jsonb:
            break;
    }
    return nullptr;
}

}  // namespace pagehaul::record
