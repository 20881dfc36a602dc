#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace pagehaul::record {

/// A scalar of the envelope, as text.
struct Scalar {
    enum class Type { missing, null, boolean, number, string, container };
    Type type = Type::missing;
    std::string text;  ///< a number's raw token, a string unescaped, "true"/"false"
};

/// More of a record is not kept: on its way into the ledger a text is several times in memory.
constexpr std::size_t kLongestPayload = std::size_t{1} << 20;

/// A record that could not be converted, kept for people and for `retry`.
struct BadRow {
    std::int32_t row = 0;  ///< its place in the page, from 0
    std::string reason;    ///< names the column, what was expected and why; without secrets
    std::string payload;   ///< the record's raw JSON, or the beginning of it, without secrets
};

/// What stood where records were to be; with several places of them, each that was so.
struct InsteadOfRecords {
    bool null = false;
    bool absent = false;
    bool empty_object = false;
    std::string other;  ///< "an object": of a shape that is not the one declared
    bool any() const { return null || absent || empty_object || !other.empty(); }
};

/// A table is given no more columns by sink.undeclared: add_column. Records whose keys are data would go on.
constexpr std::size_t kMostAddedColumns = 100;

/// A response body, read once. Rows are ready COPY text for the staging table (sink/target.h).
struct DecodedPage {
    std::vector<Scalar> envelope;   ///< in the order of PageFormat::pointers
    bool has_records = false;       ///< the records pointer was there and named records
    InsteadOfRecords instead;       ///< of some or, without has_records, of all
    std::int32_t fetched = 0;       ///< records in the page: stored + bad.size() + duplicates
    std::int32_t stored = 0;        ///< lines in `copy`
    std::int32_t duplicates = 0;    ///< byte-identical to an earlier record of the page; not in `copy`
    std::int32_t nul_replaced = 0;  ///< U+0000 that became U+FFFD
    std::string copy;  ///< COPY text lines, each ended by '\n'; first field is the position, see below
    std::vector<std::int64_t> key_hashes;  ///< one a fetched record, bad and duplicate ones too, in row order
    std::vector<BadRow> bad;
    /// With sink.undeclared: add_column, the fields that no column reads and that are more than null: the
    /// last field of each line is an object of them, or NULL.
    std::vector<std::string> undeclared;
    /// Two records of the page have equal keys and different bytes: `sink.key` is wrong. Names the key's
    /// values.
    std::string key_conflict;
    std::string last_record;        ///< its raw JSON, where PageFormat::keep_last
    std::int64_t content_hash = 0;  ///< of the records' raw bytes: the same page for ever is seen by it
};

/// Of the rows of one page.
constexpr std::int64_t kPositions = std::int64_t{1} << 20;

/// The staging position of a row: later pages and rows win when a batch holds one key twice.
constexpr std::int64_t position(std::int64_t page_no, std::int32_t row) {
    return page_no * kPositions + row;
}

}  // namespace pagehaul::record
