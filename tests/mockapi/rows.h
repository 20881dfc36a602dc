#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "options.h"

namespace mockapi {

/// splitmix64: the one source of every value and every fault, so that equal seeds serve equal bytes.
std::uint64_t mix(std::uint64_t x);
std::uint64_t hash_text(std::string_view text);

/// What a request picks of the report. Empty fields: the request named none.
struct Slice {
    std::string advertiser_id;
    std::string date;
    bool operator==(const Slice&) const = default;
};

/// Rows at present: `inserted` new ones stand before the original ones, of which the first `removed` are
/// gone.
struct Extent {
    std::uint64_t rows = 0;
    std::uint64_t inserted = 0;
    std::uint64_t removed = 0;
    std::uint64_t size() const { return inserted + (rows > removed ? rows - removed : 0); }
    /// The identity of the row at a place; it stays with the row while others come and go.
    std::uint64_t row_at(std::uint64_t place) const {
        return place < inserted ? rows + (inserted - 1 - place) : place - inserted + removed;
    }
};

/// Appends one row as a JSON object of 21 fields, about 440 bytes.
void append_row(std::string& out, const Options& options, const Slice& slice, std::uint64_t row);

/// Every row of the slice named by the options, one a line.
void dump_rows(const Options& options);

}  // namespace mockapi
