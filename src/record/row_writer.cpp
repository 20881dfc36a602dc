#include "record/row_writer.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/digest.h"
#include "core/error.h"
#include "core/utf8.h"

namespace pagehaul::record {
namespace {

constexpr std::size_t kMaxRows = std::size_t{1} << 20U;  // position()
constexpr std::size_t kExcerptBytes = 60;

/// The beginning of a value, for a message: whole UTF-8 characters, quoted.
std::string excerpt(std::string_view text) {
    if (text.size() <= kExcerptBytes) return "`" + std::string(text) + "`";
    return "`" + std::string(utf8_prefix(text, kExcerptBytes)) + "...`";
}

bool is_key(const config::Sink& sink, const std::string& name) {
    return std::find(sink.key.begin(), sink.key.end(), name) != sink.key.end();
}

}  // namespace

RowWriter::RowWriter(const config::Sink& sink)
    : refuse_undeclared_(sink.undeclared == config::Undeclared::error) {
    columns_.reserve(sink.columns.size());
    for (const auto& column : sink.columns) {
        Column plan{ColumnPlan(column, is_key(sink, column.name)), {}, {}, {}, nullptr};
        if (!column.value) {
            const auto pointer = parse_pointer(column.from);
            if (!pointer) {
                throw Failure(
                    ErrorKind::config, "sink.columns." + column.name + ".from",
                    "\"" + column.from + "\" is not a JSON pointer: expected \"\" or \"/name/...\"");
            }
            plan.slot = fields_.add(*pointer);
        }
        columns_.push_back(std::move(plan));
    }
    for (const auto& name : sink.key) {
        const bool known = std::any_of(columns_.begin(), columns_.end(),
                                       [&name](const Column& column) { return column.plan.name() == name; });
        if (!known)
            throw Failure(ErrorKind::config, "sink.key", "\"" + name + "\" is not one of sink.columns");
    }
    slots_.resize(fields_.slot_count());
}

void RowWriter::set_values(const ColumnValues& values) {
    if (values.size() != columns_.size()) {
        throw Failure(ErrorKind::bug, "record", "as many column values as columns are needed");
    }
    if (values_set_ && values == values_) return;
    values_ = values;
    values_set_ = true;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        Column& column = columns_[i];
        if (column.slot) continue;
        if (!values[i]) {
            throw Failure(ErrorKind::bug, "record", "no value was expanded for column " + column.plan.name());
        }
        CopyBuffer out(values[i]->size() * 2 + 64);
        std::int32_t nul_replaced = 0;
        column.key.clear();
        column.refusal = column.plan.from_text(*values[i], out, column.key, nul_replaced);
        column.field = out.take();
    }
}

std::uint32_t RowWriter::read(JsonReader& reader, std::uint32_t token, int depth, std::int64_t page_no,
                              DecodedPage& page) {
    const std::uint32_t begin = reader.begin_of(token);
    first_position_ = position(page_no, 0);
    too_many_ = false;
    seen_.clear();
    records_.clear();
    CopyBuffer out(expected_bytes_ + expected_bytes_ / 8);
    ++token;
    bool closed = reader.at(token) == ']';
    if (closed) ++token;
    while (!closed) {
        if (records_.size() == kMaxRows) {
            too_many_ = true;
            return reader.fail(token, "more rows than a page can hold");
        }
        std::fill(slots_.begin(), slots_.end(), Slot{});
        notes_ = {};
        const std::uint32_t start = reader.begin_of(token);
        token = fields_.read(reader, token, depth + 1, slots_.data(), notes_);
        if (token == JsonReader::kFailed) return token;
        // A record ends with its last token: a bracket, or a scalar of the array.
        row(reader, Record{start, reader.end_of(token - 1), false}, page, out);
        token = reader.next(token, ']', closed);
        if (token == JsonReader::kFailed) return token;
    }
    page.has_records = true;
    page.fetched = static_cast<std::int32_t>(records_.size());
    expected_bytes_ = out.size();
    page.copy = out.take();
    page.key_hashes = seen_.hashes();
    page.content_hash = hash64(reader.view(begin, reader.begin_of(token - 1) + 1));
    return token;
}

void RowWriter::row(JsonReader& reader, const Record& record, DecodedPage& page, CopyBuffer& out) {
    const auto number = static_cast<std::int32_t>(records_.size());
    const std::string_view bytes = reader.view(record.begin, record.end);
    const bool escapes = reader.has_escapes() && std::memchr(bytes.data(), '\\', bytes.size()) != nullptr;
    const std::size_t mark = out.size();
    std::int32_t nul_replaced = 0;
    std::string bad = notes_reason(reader);
    bool has_key = true;
    if (bad.empty()) {
        char digits[24];
        const char* const end = std::to_chars(digits, digits + sizeof digits, first_position_ + number).ptr;
        out.raw({digits, static_cast<std::size_t>(end - digits)});
        const Wrong wrong = write_fields(reader, escapes, out, nul_replaced);
        if (wrong.column != nullptr) bad = reason(reader, wrong);
    }
    if (!bad.empty()) {
        out.rewind(mark);
        has_key = read_key(reader, escapes);
    }
    records_.push_back(Record{record.begin, record.end, has_key});

    if (const auto earlier = seen_.add(hash64(has_key ? std::string_view(key_) : bytes))) {
        const Record& other = records_[*earlier];
        if (reader.view(other.begin, other.end) == bytes) {
            out.rewind(mark);
            ++page.duplicates;
            return;
        }
        if (has_key && other.has_key) {
            const std::string text = conflict(reader, static_cast<std::int32_t>(*earlier), number, escapes);
            if (page.key_conflict.empty()) page.key_conflict = text;
            if (bad.empty()) bad = text;
            out.rewind(mark);
        }
    }
    if (!bad.empty()) {
        page.bad.push_back(BadRow{number, std::move(bad), std::string(bytes)});
        return;
    }
    out.put('\n');
    ++page.stored;
    page.nul_replaced += nul_replaced;
}

Refusal RowWriter::field(Column& column, const JsonReader& reader, bool escapes, CopyBuffer& out,
                         std::int32_t& nul_replaced) {
    if (column.slot) {
        return column.plan.from_record(reader, slots_[*column.slot], escapes, out, key_, nul_replaced);
    }
    if (column.refusal != nullptr) return column.refusal;
    out.raw(column.field);
    key_ += column.key;
    return nullptr;
}

RowWriter::Wrong RowWriter::write_fields(const JsonReader& reader, bool escapes, CopyBuffer& out,
                                         std::int32_t& nul_replaced) {
    key_.clear();
    for (Column& column : columns_) {
        out.put('\t');
        if (const Refusal refusal = field(column, reader, escapes, out, nul_replaced)) {
            return {&column, refusal};
        }
    }
    return {};
}

/// Puts the key of a row that is bad otherwise into key_; false if the key itself cannot be read.
bool RowWriter::read_key(const JsonReader& reader, bool escapes) {
    key_.clear();
    CopyBuffer scratch(256);
    std::int32_t nul_replaced = 0;
    for (Column& column : columns_) {
        if (column.plan.is_key() && field(column, reader, escapes, scratch, nul_replaced) != nullptr)
            return false;
    }
    return true;
}

std::string RowWriter::notes_reason(const JsonReader& reader) const {
    if (notes_.repeated.kind != Kind::absent) {
        return "field " + excerpt(reader.view(notes_.repeated)) + ": expected once, it is given twice";
    }
    if (refuse_undeclared_ && notes_.undeclared.kind != Kind::absent) {
        return "field " + excerpt(reader.view(notes_.undeclared)) +
               ": expected one that a column reads (sink.undeclared: error)";
    }
    return {};
}

std::string RowWriter::reason(const JsonReader& reader, const Wrong& wrong) const {
    std::string text = "column " + wrong.column->plan.name() + ": " + wrong.refusal;
    if (!wrong.column->slot) return text + ", got the value of its template";
    const Slot& slot = slots_[*wrong.column->slot];
    if (slot.kind == Kind::absent || slot.kind == Kind::null)
        return text + ", got " + std::string(describe(slot.kind));
    return text + ", got " + std::string(describe(slot.kind)) + " " + excerpt(reader.view(slot));
}

std::string RowWriter::conflict(const JsonReader& reader, std::int32_t earlier, std::int32_t row,
                                bool escapes) {
    std::string text =
        "rows " + std::to_string(earlier) + " and " + std::to_string(row) + " differ but have the same key (";
    bool first = true;
    for (Column& column : columns_) {
        if (!column.plan.is_key()) continue;
        CopyBuffer value(64);
        std::int32_t nul_replaced = 0;
        field(column, reader, escapes, value, nul_replaced);
        if (!first) text += ", ";
        first = false;
        text += column.plan.name() + "=" + value.take();
    }
    return text + ")";
}

}  // namespace pagehaul::record
