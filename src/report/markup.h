#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "report/html.h"
#include "report/run_report.h"

namespace pagehaul::report {

// What the sections of the page are made of.

/// Our own words, with `commands` as code.
Html prose(std::string_view text);
/// A text from outside, set apart from the direction of what stands around it.
Html value(std::string_view text);
/// The same, at most so many characters, with what is left out said.
Html cut_value(std::string_view text, std::size_t most);
Html time_tag(EpochMs at);
Html section(std::string_view id, std::string_view title, const Html& body);
Html paragraph(const Html& content, std::string_view style = "");
Html details(std::string_view summary, const Html& body);
/// In a list of facts or figures.
Html term(std::string_view name, const Html& told, std::string_view style = "");

/// A table in a box of its own that scrolls where the page is narrow.
Html table(std::string_view caption, const Html& head, const Html& rows, std::string_view style = "");
Html column(const Html& name, std::string_view style = "");  ///< in the head
Html row(const Html& cells);
Html row_head(const Html& content, std::string_view style = "");
Html cell(const Html& content, std::string_view style = "");

/// A slice's key, which breaks behind its commas; a long part breaks anywhere.
Html slice_name(std::string_view slice);
std::string times_text(std::int64_t times);  ///< "once", "twice", "3 times"
Html slice_and_page(std::string_view slice, std::int64_t page);

}  // namespace pagehaul::report
