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

/// A record that could not be converted, kept for people and for `retry`.
struct BadRow {
    std::int32_t row = 0;  ///< its place in the page, from 0
    std::string reason;    ///< names the column, what was expected and why; never the value of a secret
    std::string payload;   ///< the record's raw JSON
};

/// A response body, read once. Rows are ready COPY text for the staging table (sink/target.h).
struct DecodedPage {
    std::vector<Scalar> envelope;   ///< in the order of PageFormat::pointers
    bool has_records = false;       ///< the records pointer was there and named an array
    std::int32_t fetched = 0;       ///< records in the page: stored + bad.size() + duplicates
    std::int32_t stored = 0;        ///< lines in `copy`
    std::int32_t duplicates = 0;    ///< byte-identical to an earlier record of the page; not in `copy`
    std::int32_t nul_replaced = 0;  ///< U+0000 that became U+FFFD
    std::string copy;  ///< COPY text lines, each ended by '\n'; first field is the position, see below
    std::vector<std::int64_t> key_hashes;  ///< one a fetched record, bad and duplicate ones too, in row order
    std::vector<BadRow> bad;
    /// Two records of the page have equal keys and different bytes: `sink.key` is wrong. Names the key's
    /// values.
    std::string key_conflict;
    std::int64_t content_hash = 0;  ///< of the records' raw bytes: the same page for ever is seen by it
};

/// The staging position of a row: later pages and rows win when a batch holds one key twice.
constexpr std::int64_t position(std::int64_t page_no, std::int32_t row) {
    return page_no * (std::int64_t{1} << 20) + row;
}

}  // namespace pagehaul::record
