#include "record/row_writer.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "config/values.h"
#include "core/digest.h"
#include "core/error.h"
#include "log/log.h"

namespace pagehaul::record {
namespace {

constexpr std::size_t kExcerptBytes = 60;

/// The beginning of a value, for a message: whole UTF-8 characters, without secrets.
std::string shortened(std::string_view text) {
    return log::excerpt(text, kExcerptBytes) + (text.size() <= kExcerptBytes ? "" : "...");
}

std::string excerpt(std::string_view text) {
    return "`" + shortened(text) + "`";
}

bool is_key(const config::Sink& sink, const std::string& name) {
    return std::find(sink.key.begin(), sink.key.end(), name) != sink.key.end();
}

// What is kept of a bad row of one number takes fifty times its bytes, and a page without a size may hold a
// million.
constexpr std::size_t kBadBytes = std::size_t{8} << 20;

}  // namespace

RowWriter::RowWriter(const config::Sink& sink, std::int64_t most_rows, std::size_t levels)
    : undeclared_(sink.undeclared),
      keyed_(!sink.key.empty()),
      most_rows_(static_cast<std::size_t>(std::min(most_rows, kPositions))) {
    columns_.reserve(sink.columns.size());
    for (const auto& column : sink.columns) {
        columns_.push_back({ColumnPlan(column, is_key(sink, column.name)), {}, {}, {}, nullptr});
        if (column.checked) columns_.back().expects = std::make_unique<ColumnPlan>(plan_of_value(column));
        columns_.back().rest = column.rest;
        if (column.rest) fields_.collect(&rest_.members());
    }
    if (undeclared_ == config::Undeclared::add_column) fields_.collect(&rest_.members());
    for (const auto& name : sink.key) {
        const bool known = std::any_of(columns_.begin(), columns_.end(),
                                       [&name](const Column& column) { return column.plan.name() == name; });
        if (!known)
            throw Failure(ErrorKind::config, "sink.key", "\"" + name + "\" is not one of sink.columns");
    }
    place_slots(sink, levels);
}

void RowWriter::place_slots(const config::Sink& sink, std::size_t levels) {
    around_.resize(levels);
    const auto tree_of = [&](const config::Column& column, std::size_t up) -> FieldTree& {
        if (up == 0) return fields_;
        if (up > levels)
            throw Failure(ErrorKind::config, "sink.columns." + column.name + ".from",
                          "\"" + column.from + "\" leads out of what source.records.at has steps * for");
        auto& around = around_[levels - up];
        if (!around) around = std::make_unique<Around>();
        reads_around_ = true;
        return around->fields;
    };
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const config::Column& column = sink.columns[i];
        if (!column.reads_place() || column.from_key) continue;
        const config::FieldPlace place = config::field_place(column.from);
        const auto pointer = parse_pointer(place.pointer);
        if (!pointer) {
            throw Failure(ErrorKind::config, "sink.columns." + column.name + ".from",
                          "\"" + column.from + "\" is not a JSON pointer: expected \"\" or \"/name/...\"");
        }
        columns_[i].slot = tree_of(column, place.up).add(*pointer);
    }
    // The record's own slots first: they are emptied for each.
    record_slots_ = fields_.slot_count();
    std::size_t next = record_slots_;
    for (const auto& around : around_) {
        if (!around) continue;
        around->first_slot = next;
        next += around->fields.slot_count();
    }
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const config::Column& column = sink.columns[i];
        const std::size_t up = column.reads_place() ? config::field_place(column.from).up : 0;
        if (column.from_key) {
            if (!key_slot_) key_slot_ = next++;
            columns_[i].slot = key_slot_;
            reads_around_ = true;
        } else if (up > 0) {
            *columns_[i].slot += around_[levels - up]->first_slot;
        }
    }
    slots_.resize(next);
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
        if ((column.slot && !column.expects) || column.rest) continue;
        if (!values[i]) {
            throw Failure(ErrorKind::bug, "record", "no value was expanded for column " + column.plan.name());
        }
        CopyBuffer out(values[i]->size() * 2 + 64);
        std::int32_t nul_replaced = 0;
        column.key.clear();
        ColumnPlan& plan = column.expects ? *column.expects : column.plan;
        column.refusal = plan.from_text(*values[i], out, column.key, nul_replaced);
        column.field = out.take();
    }
}

void RowWriter::begin(std::int64_t page_no, std::size_t bytes) {
    first_position_ = position(page_no, 0);
    too_many_ = false;
    bad_bytes_ = 0;
    most_bad_bytes_ = std::max(kBadBytes, 2 * bytes);
    seen_.clear();
    records_.clear();
    out_.reset();
    rest_.take_names();
    begin_ = 0;
    end_ = 0;
    group_ = 0;
}

std::uint32_t RowWriter::record(JsonReader& reader, std::uint32_t token, int depth, DecodedPage& page) {
    if (records_.size() == most_rows_) {
        too_many_ = true;
        return reader.fail(token, "more rows than a page may hold");
    }
    std::fill_n(slots_.begin(), record_slots_, Slot{});
    notes_ = {};
    rest_.members().clear();
    const std::uint32_t start = reader.begin_of(token);
    token = fields_.read(reader, token, depth, slots_.data(), notes_);
    if (token == JsonReader::kFailed) return token;
    // A record ends with its last token: a bracket, or a scalar of the array.
    row(reader, Record{start, reader.end_of(token - 1), false, group_}, page, *out_);
    if (too_many_bad()) return reader.fail(token - 1, "more bad rows than are kept of a page");
    return token;
}

void RowWriter::open(const JsonReader& reader, std::uint32_t token) {
    if (out_) return;
    out_.emplace(expected_bytes_ + expected_bytes_ / 8);
    begin_ = reader.begin_of(token);
}

std::uint32_t RowWriter::list(JsonReader& reader, std::uint32_t token, int depth, DecodedPage& page) {
    open(reader, token);
    ++token;
    bool closed = reader.at(token) == ']';
    if (closed) ++token;
    while (!closed) {
        token = record(reader, token, depth + 1, page);
        if (token == JsonReader::kFailed) return token;
        token = reader.next(token, ']', closed);
        if (token == JsonReader::kFailed) return token;
    }
    end_ = reader.begin_of(token - 1) + 1;
    return token;
}

std::uint32_t RowWriter::map(JsonReader& reader, std::uint32_t token, int depth, DecodedPage& page) {
    open(reader, token);
    ++token;
    bool closed = reader.at(token) == '}';
    if (closed) ++token;
    while (!closed) {
        Slot key;
        token = reader.key(token, key);
        if (token == JsonReader::kFailed) return token;
        if (key_slot_) {
            slots_[*key_slot_] = key;
            ++group_;
        }
        token = record(reader, token, depth + 1, page);
        if (token == JsonReader::kFailed) return token;
        token = reader.next(token, '}', closed);
        if (token == JsonReader::kFailed) return token;
    }
    end_ = reader.begin_of(token - 1) + 1;
    return token;
}

std::uint32_t RowWriter::one(JsonReader& reader, std::uint32_t token, int depth, DecodedPage& page) {
    open(reader, token);
    token = record(reader, token, depth, page);
    if (token != JsonReader::kFailed) end_ = reader.end_of(token - 1);
    return token;
}

std::uint32_t RowWriter::element(JsonReader& reader, std::size_t level, std::uint32_t token, int depth) {
    Around* const around = around_[level].get();
    if (around == nullptr) return token;
    ++group_;
    Slot* const slots = slots_.data() + around->first_slot;
    std::fill_n(slots, around->fields.slot_count(), Slot{});
    FieldTree::Notes notes;
    const std::uint32_t after = around->fields.read(reader, token, depth, slots, notes);
    if (after != JsonReader::kFailed && notes.repeated.kind != Kind::absent)
        return reader.fail(token, "a key that a column reads is given twice");
    return after;
}

bool RowWriter::lines(JsonReader& reader, DecodedPage& page) {
    open(reader, 0);
    for (std::uint32_t token = 0; token < reader.count();) {
        const std::uint32_t after = record(reader, token, 0, page);
        if (after == JsonReader::kFailed) return false;
        end_ = reader.end_of(after - 1);
        token = after;
        if (token == reader.count()) break;
        if (reader.view(end_, reader.begin_of(token)).find('\n') == std::string_view::npos) {
            reader.fail(token, "expected the end of the line");
            return false;
        }
    }
    return true;
}

void RowWriter::finish(const JsonReader& reader, DecodedPage& page) {
    page.has_records = out_.has_value();
    page.fetched = static_cast<std::int32_t>(records_.size());
    if (!out_) return;
    expected_bytes_ = out_->size();
    page.copy = out_->take();
    out_.reset();
    page.undeclared = rest_.take_names();
    page.key_hashes = seen_.hashes();
    page.content_hash = hash64(reader.view(begin_, end_));
}

void RowWriter::clear() {
    clear_scratch(key_);
    rest_.clear();
    for (Column& column : columns_)
        column.plan.clear();
}

void RowWriter::row(JsonReader& reader, const Record& record, DecodedPage& page, CopyBuffer& out) {
    const auto number = static_cast<std::int32_t>(records_.size());
    const std::string_view bytes = reader.view(record.begin, record.end);
    const bool escapes =
        reader.has_escapes() && (reads_around_ || std::memchr(bytes.data(), '\\', bytes.size()) != nullptr);
    const std::size_t mark = out.size();
    std::int32_t nul_replaced = 0;
    std::string bad = notes_reason(reader);
    bool has_key = true;
    if (bad.empty()) {
        char digits[24];
        const char* const end = std::to_chars(digits, digits + sizeof digits, first_position_ + number).ptr;
        out.raw({digits, static_cast<std::size_t>(end - digits)});
        const Wrong wrong = write_fields(reader, escapes, out, nul_replaced);
        if (wrong.column != nullptr)
            bad = reason(reader, wrong);
        else if (undeclared_ == config::Undeclared::add_column)
            bad = rest_.write(reader, out, nul_replaced);
    }
    if (!bad.empty()) {
        out.rewind(mark);
        has_key = read_key(reader, escapes);
    }
    records_.push_back(Record{record.begin, record.end, has_key, record.group});

    if (!keyed_) return keep(number, bytes, bad, nul_replaced, page, out);
    if (const auto earlier = seen_.add(hash64(has_key ? std::string_view(key_) : bytes))) {
        const Record& other = records_[*earlier];
        if (other.group == record.group && reader.view(other.begin, other.end) == bytes) {
            out.rewind(mark);
            ++page.duplicates;
            return;
        }
        if (has_key && other.has_key) {
            const std::string text = conflict(reader, static_cast<std::int32_t>(*earlier), number, escapes);
            if (page.key_conflict.empty()) page.key_conflict = log::redacted(text);
            if (bad.empty()) bad = text;
            out.rewind(mark);
        }
    }
    keep(number, bytes, bad, nul_replaced, page, out);
}

void RowWriter::keep(std::int32_t number, std::string_view bytes, const std::string& bad,
                     std::int32_t nul_replaced, DecodedPage& page, CopyBuffer& out) {
    if (!bad.empty()) {
        page.bad.push_back(BadRow{number, log::redacted(bad), log::excerpt(bytes, kLongestPayload)});
        const BadRow& kept = page.bad.back();
        bad_bytes_ += sizeof(BadRow) + kept.reason.size() + kept.payload.size();
        return;
    }
    out.put('\n');
    ++page.stored;
    page.nul_replaced += nul_replaced;
}

Refusal RowWriter::field(Column& column, const JsonReader& reader, bool escapes, CopyBuffer& out,
                         std::int32_t& nul_replaced) {
    if (column.slot) {
        const std::size_t mark = out.size();
        const Refusal refusal =
            column.plan.from_record(reader, slots_[*column.slot], escapes, out, key_, nul_replaced);
        if (refusal != nullptr || !column.expects) return refusal;
        if (column.refusal != nullptr) return column.refusal;
        return out.since(mark) == column.field ? nullptr : "expected what the slice says";
    }
    if (column.rest) return column.plan.from_text(rest_.object(reader), out, key_, nul_replaced);
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
    if (undeclared_ == config::Undeclared::error && notes_.undeclared.kind != Kind::absent) {
        return "field " + excerpt(reader.view(notes_.undeclared)) +
               ": expected one that a column reads (sink.undeclared: error)";
    }
    return {};
}

std::string RowWriter::reason(const JsonReader& reader, const Wrong& wrong) const {
    std::string text = "column " + wrong.column->plan.name() + ": " + wrong.refusal;
    if (wrong.column->rest) return text + ", got the fields that no column reads";
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
        text += column.plan.name() + "=" + shortened(value.take());
    }
    return text + ")";
}

}  // namespace pagehaul::record
