#pragma once

#include <cstdint>
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
#include "record/seen_rows.h"

namespace pagehaul::record {

/// Turns the records of one array into COPY lines, bad rows, duplicates and key hashes.
class RowWriter {
  public:
    explicit RowWriter(const config::Sink& sink);

    /// Converts the values of the `value` columns, unless they are those of the last page.
    void set_values(const ColumnValues& values);

    /// Reads the array whose '[' is at `token` into `page`. Everything of `page` but its envelope is set.
    /// @return the token after the ']', or JsonReader::kFailed
    std::uint32_t read(JsonReader& reader, std::uint32_t token, int depth, std::int64_t page_no,
                       DecodedPage& page);
    /// The page holds more rows than positions exist for.
    bool too_many() const { return too_many_; }

  private:
    struct Column {
        ColumnPlan plan;
        std::optional<std::size_t> slot;  // absent: a `value` column
        std::string field;                // of a `value` column: its COPY text,
        std::string key;                  // its part of the key,
        Refusal refusal = nullptr;        // or why there are none
    };
    struct Record {
        std::uint32_t begin;
        std::uint32_t end;
        bool has_key;  // its hash is that of its key, not of its bytes
    };
    /// What is wrong with a row.
    struct Wrong {
        const Column* column = nullptr;
        Refusal refusal = nullptr;
    };

    void row(JsonReader& reader, const Record& record, DecodedPage& page, CopyBuffer& out);
    Wrong write_fields(const JsonReader& reader, bool escapes, CopyBuffer& out, std::int32_t& nul_replaced);
    bool read_key(const JsonReader& reader, bool escapes);
    Refusal field(Column& column, const JsonReader& reader, bool escapes, CopyBuffer& out,
                  std::int32_t& nul_replaced);
    std::string notes_reason(const JsonReader& reader) const;
    std::string reason(const JsonReader& reader, const Wrong& wrong) const;
    std::string conflict(const JsonReader& reader, std::int32_t earlier, std::int32_t row, bool escapes);

    std::vector<Column> columns_;
    FieldTree fields_;
    bool refuse_undeclared_;
    ColumnValues values_;
    bool values_set_ = false;
    std::size_t expected_bytes_ = 4096;  // of a page's COPY text: what the last page had

    // Of the page in progress.
    SeenRows seen_;
    std::vector<Record> records_;
    std::vector<Slot> slots_;
    FieldTree::Notes notes_;
    std::string key_;
    std::int64_t first_position_ = 0;
    bool too_many_ = false;
};

}  // namespace pagehaul::record
