#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "record/columns.h"
#include "record/copy_buffer.h"
#include "record/decoder.h"
#include "record/field_tree.h"
#include "record/json_reader.h"
#include "record/page.h"
#include "record/rest_fields.h"
#include "record/seen_rows.h"

namespace pagehaul::record {

/// Turns the records of one page into COPY lines, bad rows, duplicates and key hashes: begin, then what the
/// page has, then finish.
class RowWriter {
  public:
    /// `levels`: how many `*` the records' pointer has.
    RowWriter(const config::Sink& sink, std::int64_t most_rows, std::size_t levels = 0);

    /// Converts the values of the `value` columns, unless they are those of the last page.
    void set_values(const ColumnValues& values);

    /// `bytes`: the page's.
    void begin(std::int64_t page_no, std::size_t bytes);
    // Each returns the token after what it has read, or JsonReader::kFailed.
    /// Records in the array whose '[' is at `token`.
    std::uint32_t list(JsonReader& reader, std::uint32_t token, int depth, DecodedPage& page);
    /// Records by their keys in the object whose '{' is at `token`.
    std::uint32_t map(JsonReader& reader, std::uint32_t token, int depth, DecodedPage& page);
    /// The one record at `token`.
    std::uint32_t one(JsonReader& reader, std::uint32_t token, int depth, DecodedPage& page);
    /// The element around the records that come: what columns read of it. `level`: which `*` it stands for.
    std::uint32_t element(JsonReader& reader, std::size_t level, std::uint32_t token, int depth);
    /// A document that is a record a line. @return false with reader.fault() set
    bool lines(JsonReader& reader, DecodedPage& page);
    /// Everything of `page` but its envelope is set.
    void finish(const JsonReader& reader, DecodedPage& page);
    /// The page holds more rows than it may.
    bool too_many() const { return too_many_; }
    /// What is kept of its bad rows takes more than `most_bad_bytes`.
    bool too_many_bad() const { return bad_bytes_ > most_bad_bytes_; }
    std::size_t most_bad_bytes() const { return most_bad_bytes_; }
    /// The raw JSON of the page's last record; empty: there was none.
    std::string_view last_record(const JsonReader& reader) const {
        return records_.empty() ? std::string_view{}
                                : reader.view(records_.back().begin, records_.back().end);
    }
    /// Between two pages: lets go of what a very large one took.
    void clear();

  private:
    struct Column {
        ColumnPlan plan;
        std::optional<std::size_t> slot;        // absent: a `value` column. Of `slots_`
        std::string field;                      // of a `value` column: its COPY text,
        std::string key;                        // its part of the key,
        Refusal refusal = nullptr;              // or why there are none
        std::unique_ptr<ColumnPlan> expects{};  // of a checked column, which has a slot and a field
        bool rest = false;                      // made of rest_, without slot and field
    };
    struct Record {
        std::uint32_t begin;
        std::uint32_t end;
        bool has_key;  // its hash is that of its key, not of its bytes
        std::uint32_t group =
            0;  // rows of two groups differ in what surrounds them, whatever their bytes are
    };
    /// What columns read of an element around the records.
    struct Around {
        FieldTree fields;
        std::size_t first_slot = 0;
    };
    /// What is wrong with a row.
    struct Wrong {
        const Column* column = nullptr;
        Refusal refusal = nullptr;
    };

    void place_slots(const config::Sink& sink, std::size_t levels);
    /// Before the first record of a page: room for its rows.
    void open(const JsonReader& reader, std::uint32_t token);
    /// The record at `token`, its key, if it has one, in its slot already.
    std::uint32_t record(JsonReader& reader, std::uint32_t token, int depth, DecodedPage& page);
    void row(JsonReader& reader, const Record& record, DecodedPage& page, CopyBuffer& out);
    /// Counts the row, whose fields are written, or puts it among the bad ones.
    void keep(std::int32_t number, std::string_view bytes, const std::string& bad, std::int32_t nul_replaced,
              DecodedPage& page, CopyBuffer& out);
    Wrong write_fields(const JsonReader& reader, bool escapes, CopyBuffer& out, std::int32_t& nul_replaced);
    bool read_key(const JsonReader& reader, bool escapes);
    Refusal field(Column& column, const JsonReader& reader, bool escapes, CopyBuffer& out,
                  std::int32_t& nul_replaced);
    std::string notes_reason(const JsonReader& reader) const;
    std::string reason(const JsonReader& reader, const Wrong& wrong) const;
    std::string conflict(const JsonReader& reader, std::int32_t earlier, std::int32_t row, bool escapes);

    std::vector<Column> columns_;
    FieldTree fields_;
    std::vector<std::unique_ptr<Around>> around_;  // by level; null: no column reads such an element
    std::optional<std::size_t> key_slot_;          // of a map's keys
    std::size_t record_slots_ = 0;                 // of slots_, those of the record itself
    bool reads_around_ = false;                    // a column reads what is not in the record
    config::Undeclared undeclared_;
    bool keyed_;  // else equal rows are rows, and no row has a hash
    std::size_t most_rows_;
    ColumnValues values_;
    bool values_set_ = false;
    std::size_t expected_bytes_ = 4096;  // of a page's COPY text: what the last page had

    // Of the page in progress.
    std::optional<CopyBuffer> out_;  // absent: no records so far
    std::uint32_t begin_ = 0;        // of the records' bytes
    std::uint32_t end_ = 0;
    std::uint32_t group_ = 0;
    SeenRows seen_;
    std::vector<Record> records_;
    std::vector<Slot> slots_;
    FieldTree::Notes notes_;
    RestFields rest_;
    std::string key_;
    std::int64_t first_position_ = 0;
    bool too_many_ = false;
    std::size_t bad_bytes_ = 0;
    std::size_t most_bad_bytes_ = 0;
};

}  // namespace pagehaul::record
