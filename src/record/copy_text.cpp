#include "record/copy_text.h"

#include <algorithm>
#include <charconv>

namespace pagehaul::record {
namespace {

std::string unescaped(std::string_view field) {
    std::string text;
    for (std::size_t i = 0; i < field.size(); ++i) {
        if (field[i] != '\\' || i + 1 == field.size()) {
            text += field[i];
            continue;
        }
        switch (field[++i]) {
            case 't':
                text += '\t';
                break;
            case 'n':
                text += '\n';
                break;
            case 'r':
                text += '\r';
                break;
            case 'b':
                text += '\b';
                break;
            case 'f':
                text += '\f';
                break;
            case 'v':
                text += '\v';
                break;
            default:
                text += field[i];
        }
    }
    return text;
}

}  // namespace

std::vector<std::string_view> copy_lines(std::string_view copy) {
    std::vector<std::string_view> lines;
    while (!copy.empty()) {
        const std::size_t end = copy.find('\n') + 1;
        lines.push_back(copy.substr(0, end));
        copy.remove_prefix(end);
    }
    return lines;
}

std::vector<std::optional<std::string>> copy_fields(std::string_view line) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    std::vector<std::optional<std::string>> fields;
    for (std::size_t from = 0; from <= line.size();) {
        const std::size_t tab = std::min(line.find('\t', from), line.size());
        const std::string_view field = line.substr(from, tab - from);
        fields.push_back(field == "\\N" ? std::nullopt : std::optional(unescaped(field)));
        from = tab + 1;
    }
    return fields;
}

void append_without_position(std::string& out, std::string_view lines) {
    while (!lines.empty()) {
        const std::size_t field_end = lines.find('\t') + 1;
        const std::size_t line_end = lines.find('\n', field_end) + 1;
        out.append(lines.substr(field_end, line_end - field_end));
        lines.remove_prefix(line_end);
    }
}

std::int32_t row_of(std::string_view line) {
    std::int64_t position = 0;
    std::from_chars(line.data(), line.data() + line.size(), position);
    return static_cast<std::int32_t>(position % (std::int64_t{1} << 20));
}

}  // namespace pagehaul::record
