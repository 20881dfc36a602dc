#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/config.h"

namespace pagehaul::source {

/// One request is all of a slice.
bool is_one_request(const config::Pagination& pagination);

// Pages are counted from 1 inside this program, whatever the API's own numbering: `no`.

/// What `{{ page.number }}` is for page `no`.
std::int64_t page_number(const config::Pagination& pagination, std::int64_t no);
/// What `{{ page.offset }}` is for page `no`: rows before it.
std::int64_t page_offset(const config::Pagination& pagination, std::int64_t no);

/// The offset behind `rows` rows, wherever pages begin.
std::int64_t offset_behind(const config::Pagination& pagination, std::int64_t rows);

/// Pages that hold `total` rows; 0 for none.
std::int64_t pages_for(std::int64_t total_rows, std::int64_t size);

/// The most rows that are taken for one page of `size`. APIs round up, or know only some sizes; far more is
/// no answer to what was asked, and room was reserved for a page. Of a size that nobody knows (0): any
/// number.
std::int64_t most_rows(std::int64_t size);

/// What is wrong with page 1 when it holds fewer rows than min(size, total): the API caps the page size, and
/// pages planned from our size would leave rows out. Empty: nothing. An advisory total is believed only as
/// far as that there is more than one page.
std::string capped_page(const config::Pagination& pagination, std::int64_t fetched,
                        const std::optional<std::int64_t>& total_rows);

/// What to write where a refusal is the API's way to say that there are no more pages; behind the reason of
/// one. `rule`: Judge::end_rule.
std::string end_hint(const std::string& rule);

}  // namespace pagehaul::source
