// PostgreSQL is the judge: line 1 names a column's type, each other line is a JSON value, or a text that
// becomes a string. What we make of them is copied into a table of the server that PAGEHAUL_FUZZ_DSN names:
// it must take every row, read each as its own cast reads the value, and call those values equal whose keys
// hash alike.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "casting_server.h"
#include "core/utf8.h"
#include "property.h"
#include "record/columns.h"
#include "record/copy_text.h"
#include "record/decoder.h"

using namespace pagehaul;
using config::ColumnType;
using fuzz::kCasts;
using fuzz::must;
using fuzz::Server;
using nlohmann::json;

namespace {

constexpr std::size_t kMostValues = 24;

std::string copy_escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == '\t' || c == '\n' || c == '\r') out += '\\';
        out += c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : c;
    }
    return out;
}

bool has_zone(const fuzz::Cast& cast) {
    return cast.zone != std::string_view("UTC");
}

config::Column column_of(const fuzz::Cast& cast) {
    config::Column column;
    column.name = "v";
    column.from = "/v";
    column.type = cast.column;
    column.array = cast.array;
    if (has_zone(cast)) column.zone = cast.zone;
    return column;
}

record::DecodedPage decode(const std::vector<std::string>& values, const fuzz::Cast& cast, bool as_key) {
    config::Column number;
    number.name = "n";
    number.from = "/n";
    number.type = ColumnType::bigint;
    config::Sink sink;
    sink.key = {as_key ? "v" : "n"};
    sink.columns = {number, column_of(cast)};
    std::string body = "[";
    for (const std::string& raw : values)
        body += (body.size() > 1 ? "," : "") + ("{\"n\":" + std::to_string(&raw - values.data())) +
                ",\"v\":" + raw + "}";
    body += "]";
    record::Decoder decoder(sink, {.records = "", .pointers = {}});
    const std::size_t size = body.size();
    body.append(64, '}');
    auto page = decoder.decode({body.data(), size}, 0, record::ColumnValues(2));
    must(page.has_value(), "a list of JSON values is JSON", page ? "" : page.error().message);
    return std::move(*page);
}

std::vector<std::string> values_of(fuzz::Parts parts) {
    std::vector<std::string> values;
    while (!parts.done() && values.size() < kMostValues) {
        std::string line(parts.line());
        const bool as_it_is =
            json::accept(line) && line.find('\0') == std::string::npos && !line.starts_with('\xEF');
        // PostgreSQL keeps the blanks around a scalar.
        line.erase(0, as_it_is ? line.find_first_not_of(" \t\r") : 0);
        if (as_it_is) line.erase(line.find_last_not_of(" \t\r") + 1);
        const std::string raw =
            as_it_is ? line : json(line).dump(-1, ' ', false, json::error_handler_t::replace);
        // U+0000 becomes U+FFFD here, and nothing in PostgreSQL.
        if (!fuzz::contains(raw, "\\u0000")) values.push_back(raw);
    }
    return values;
}

void append_row(std::string& copy, std::string_view position_and_number, std::string_view field,
                std::string_view raw) {
    copy.append(position_and_number).append(field).append("\t").append(copy_escaped(raw)).append("\n");
}

/// What `value` templates make of the lines: rows behind those of the values, whose JSON is appended to them.
void append_templates(std::string& copy, fuzz::Parts parts, const fuzz::Cast& cast,
                      std::vector<std::string>& values) {
    const ColumnType type = cast.column;
    config::Column column = column_of(cast);
    column.value = "of a template";
    record::ColumnPlan plan(column, false);
    for (std::size_t count = 0; !parts.done() && count < kMostValues; ++count) {
        const std::string line(parts.line());
        // A config is UTF-8 without NUL, and what it gives for JSON is JSON: null too.
        if (utf8_first_bad(line) != std::string::npos ||
            (type == ColumnType::jsonb && fuzz::contains(line, "null")))
            continue;
        if (fuzz::contains(line, "\\u0000")) continue;
        record::CopyBuffer field(64);
        std::string key;
        std::int32_t nul_replaced = 0;
        if (plan.from_text(line, field, key, nul_replaced) != nullptr) continue;
        const std::string raw = type == ColumnType::jsonb ? line : json(line).dump();
        append_row(copy, "0\t" + std::to_string(values.size()) + "\t", field.take(), raw);
        values.push_back(raw);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Server server;
    fuzz::Parts parts(fuzz::text_of(data, size));
    const std::string_view name = parts.line();
    std::size_t cast = name.empty() ? 0 : static_cast<unsigned char>(name.front()) % kCasts.size();
    for (std::size_t i = 0; i < kCasts.size(); ++i)
        if (name == kCasts[i].type) cast = i;
    std::vector<std::string> values = values_of(parts);
    const std::size_t from_record = values.size();
    const fuzz::Cast& chosen = kCasts[cast];

    const record::DecodedPage page = decode(values, chosen, false);
    std::string copy;
    for (const std::string_view line : record::copy_lines(page.copy))
        append_row(copy, line.substr(0, line.size() - 1), "",
                   values.at(static_cast<std::size_t>(record::row_of(line))));
    append_templates(copy, parts, chosen, values);
    if (copy.empty()) return 0;
    const auto rows = server.ask(cast, copy);
    must(rows.size() == static_cast<std::size_t>(page.stored) + values.size() - from_record,
         "each row arrives");
    for (const Server::Row& row : rows)
        must(row.agrees, "PostgreSQL reads the value as we do", values.at(row.n) + " is " + row.theirs);
    if (!config::may_be_key(column_of(chosen))) return 0;

    values.resize(from_record);
    const record::DecodedPage keys = decode(values, chosen, true);
    for (const Server::Row& a : rows) {
        for (const Server::Row& b : rows) {
            if (a.n >= from_record || b.n >= from_record) continue;
            if (values[a.n] == "null" || values[b.n] == "null") continue;
            const bool alike = keys.key_hashes.at(a.n) == keys.key_hashes.at(b.n);
            must(alike == (a.rank == b.rank), "equal values have equal keys",
                 values[a.n] + " and " + values[b.n]);
        }
    }
    return 0;
}
