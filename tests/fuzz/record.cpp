// A JSON body to COPY text, against a slow reader: nlohmann-json must call the same texts JSON, and each
// field of each row must be its value. What it does not keep, the digits of a number, casts.cpp compares.

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "property.h"
#include "record/copy_text.h"
#include "record/decoder.h"

using namespace pagehaul;
using fuzz::contains;
using fuzz::must;
using nlohmann::json;
using Field = std::optional<std::string>;

namespace {

config::Column column(const char* name, config::ColumnType type, const char* from, bool optional = true) {
    config::Column out;
    out.name = name;
    out.type = type;
    out.from = from;
    out.optional = optional;
    return out;
}

config::Sink sink() {
    using config::ColumnType;
    config::Sink sink;
    sink.key = {"id"};
    sink.columns = {column("id", ColumnType::bigint, "/id", false),
                    column("a", ColumnType::text, "/a"),
                    column("n", ColumnType::numeric, "/n"),
                    column("b", ColumnType::boolean, "/o/b"),
                    column("j", ColumnType::jsonb, "/j/0"),
                    column("s", ColumnType::text, "/s"),
                    column("all", ColumnType::jsonb, "")};
    sink.columns[5].strip = "$";
    sink.columns[5].null_if = {"-"};
    return sink;
}

Result<record::DecodedPage> decode(std::string_view body) {
    static record::Decoder decoder(sink(), {.records = "/rows", .pointers = {"/total"}});
    std::string padded(body);
    padded.append(64, '}');
    return decoder.decode({padded.data(), body.size()}, 1, record::ColumnValues(7));
}

/// What the slow reader found out beside the values.
struct Reading {
    json root;
    bool is_json = false;
    bool cannot_tell = false;  ///< it has limits that JSON has not
    bool has_twins = false;    ///< a key twice in one object
    int depth = 0;
};

Reading read_slowly(std::string_view body) {
    Reading reading;
    std::vector<std::set<std::string>> keys(1);
    const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
        reading.depth = std::max(reading.depth, depth);
        if (event == json::parse_event_t::object_start) keys.emplace_back();
        if (event == json::parse_event_t::object_end) keys.pop_back();
        if (event == json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second)
            reading.has_twins = true;
        return true;
    };
    try {
        reading.root = json::parse(body, watch);
        reading.is_json = true;
    } catch (const json::out_of_range&) {
        reading.cannot_tell = true;  // a number beyond double
    } catch (const json::parse_error& error) {
        reading.cannot_tell = contains(error.what(), "surrogate");
    }
    // It takes a NUL for the end.
    reading.cannot_tell = reading.cannot_tell || body.find('\0') != std::string_view::npos;
    return reading;
}

std::string without_nul(std::string text) {
    for (std::size_t at = text.find('\0'); at != std::string::npos; at = text.find('\0'))
        text.replace(at, 1, "\xEF\xBF\xBD");
    return text;
}

json without_nul(const json& value) {
    if (value.is_string()) return without_nul(value.get<std::string>());
    json out = value;
    if (value.is_array())
        for (json& item : out)
            item = without_nul(item);
    if (value.is_object()) {
        out = json::object();
        for (const auto& [key, item] : value.items())
            out[without_nul(key)] = without_nul(item);
    }
    return out;
}

const json* at(const json& record, const char* pointer) {
    const json::json_pointer place(pointer);
    try {
        return record.contains(place) ? &record.at(place) : nullptr;
    } catch (const json::exception&) {
        return nullptr;
    }
}

std::string trimmed(std::string text) {
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0)
        text.pop_back();
    text.erase(0, std::min(text.find_first_not_of(" \t\n\v\f\r"), text.size()));
    return text;
}

bool is_null(const json* value) {
    return value == nullptr || value->is_null();
}

bool means_text(const Field& field, const json* value) {
    if (is_null(value)) return !field;
    if (!field || value->is_structured()) return false;
    if (value->is_string()) return *field == without_nul(value->get<std::string>());
    return json::parse(*field, nullptr, false) == *value;
}

bool means_number(const Field& field, const json* value) {
    if (is_null(value)) return !field;
    if (!field) return false;
    if (value->is_number()) return json::parse(*field, nullptr, false) == *value;
    if (!value->is_string()) return false;
    const std::string text = trimmed(value->get<std::string>());
    return *field == text || "+" + *field == text || std::stod(*field) == std::stod(text);
}

bool means_boolean(const Field& field, const json* value) {
    if (is_null(value)) return !field;
    if (!field || (*field != "t" && *field != "f")) return false;
    if (value->is_boolean()) return value->get<bool>() == (*field == "t");
    if (value->is_number_integer()) return *value == (*field == "t" ? 1 : 0);
    return value->is_string();
}

bool means_json(const Field& field, const json* value) {
    if (value == nullptr || value->is_null()) return !field;
    return field && json::parse(*field, nullptr, false) == without_nul(*value);
}

bool means_stripped(const Field& field, const json* value) {
    if (is_null(value)) return !field;
    if (!value->is_string()) return means_text(field, value);
    std::string text = without_nul(value->get<std::string>());
    if (text != "-") text.erase(std::remove(text.begin(), text.end(), '$'), text.end());
    return text == "-" ? !field : field && *field == text;
}

/// A row that nobody could refuse, unless for its key.
bool is_plain(const json& row) {
    if (!row.is_object()) return false;
    const auto is = [&](const char* place, auto... kinds) {
        const json* const value = at(row, place);
        return is_null(value) || ((value->type() == kinds) || ...);
    };
    const json* const id = at(row, "/id");
    using Type = json::value_t;
    return id != nullptr && id->is_number_integer() && *id >= 0 && *id < 1'000'000 &&
           is("/a", Type::string, Type::boolean) && is("/n", Type::number_integer, Type::number_unsigned) &&
           is("/o/b", Type::boolean) && is("/s", Type::string);
}

void check_rows(const record::DecodedPage& page, const json& rows, bool plain_numbers) {
    must(page.fetched == static_cast<std::int32_t>(rows.size()), "each record is counted",
         std::to_string(page.fetched));
    must(page.stored + page.duplicates + static_cast<std::int32_t>(page.bad.size()) == page.fetched,
         "each record is somewhere");
    const auto lines = record::copy_lines(page.copy);
    must(lines.size() == static_cast<std::size_t>(page.stored), "each stored row is a line");
    must(page.key_hashes.size() == rows.size(), "each record has the hash of its key");
    for (const std::string_view line : lines) {
        const json& row = rows.at(static_cast<std::size_t>(record::row_of(line)));
        const auto fields = record::copy_fields(line);
        must(fields.size() == 8, "a line has its fields", line);
        must(fields[1] && means_number(fields[1], at(row, "/id")), "bigint", line);
        must(means_text(fields[2], at(row, "/a")), "text", line);
        must(means_number(fields[3], at(row, "/n")), "numeric", line);
        must(means_boolean(fields[4], at(row, "/o/b")), "boolean", line);
        must(means_json(fields[5], at(row, "/j/0")), "jsonb", line);
        must(means_stripped(fields[6], at(row, "/s")), "strip and null_if", line);
        must(means_json(fields[7], &row), "the whole record", line);
    }
    if (!plain_numbers || !page.key_conflict.empty()) return;
    for (const record::BadRow& bad : page.bad)
        must(!is_plain(rows.at(static_cast<std::size_t>(bad.row))), "a row that is fine is not refused",
             bad.reason);
}

/// Of a whole document each beginning is one that is cut short.
void check_cut(std::string_view body, const json& root) {
    if (!root.is_structured()) return;
    // Before anything has begun it is empty, which is another answer.
    const std::size_t first = body.find_first_of("[{");
    const std::size_t last = body.find_last_of("]}");
    const std::size_t cut =
        first + 1 + (body.size() * 7919 + static_cast<unsigned char>(body[last / 2])) % (last - first);
    const auto page = decode(body.substr(0, cut));
    must(!page, "half a document is none", body.substr(0, cut));
    must(page.error().kind == ErrorKind::transient || page.error().kind == ErrorKind::data,
         "the rest of it may come the next time", page.error().message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view body = fuzz::text_of(data, size);
    const Reading reading = read_slowly(body);
    const auto page = decode(body);
    if (!page) {
        const bool refused_otherwise =
            page.error().kind == ErrorKind::data || reading.depth >= 999 || reading.cannot_tell;
        must(!reading.is_json || refused_otherwise, "what is JSON is read", page.error().message);
        if (!reading.is_json) return 0;
    } else {
        must(reading.is_json || reading.cannot_tell, "what is no JSON is not read", body);
    }
    if (!reading.is_json || reading.cannot_tell) return 0;
    check_cut(body, reading.root);
    if (!page || reading.has_twins) return 0;
    const json* const rows = reading.root.is_object() ? at(reading.root, "/rows") : nullptr;
    must(page->has_records == (rows != nullptr && rows->is_array()), "the records are found where they are");
    const bool plain_numbers = body.find_first_of("eE\\") == std::string_view::npos;
    if (page->has_records) check_rows(*page, *rows, plain_numbers);
    const json* const total = reading.root.is_object() ? at(reading.root, "/total") : nullptr;
    must((page->envelope.at(0).type == record::Scalar::Type::missing) == (total == nullptr),
         "a total is found where it is");
    return 0;
}
