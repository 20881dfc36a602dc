#pragma once

#include <string>
#include <string_view>

#include "report/words.h"

namespace pagehaul::report {

// The parts of the page, for render.cpp.

std::string completeness_section(const RunReport& report);  ///< in sections_slices.cpp
std::string holes_section(const RunReport& report);         ///< "" where there are none
std::string time_section(const RunReport& report);          ///< in sections_pages.cpp
std::string latency_section(const RunReport& report);
std::string retries_section(const RunReport& report);
std::string quarantine_section(const RunReport& report);  ///< in sections_rest.cpp
std::string details_section(const RunReport& report);

// What they are made of.

/// Our own words, escaped, with `commands` as code.
std::string prose(std::string_view text);
/// A text from outside: escaped, and set apart from the direction of what stands around it.
std::string value(std::string_view text);
/// The same, at most so many characters, with what is left out said.
std::string cut_value(std::string_view text, std::size_t most);
std::string time_tag(EpochMs at);
std::string section(std::string_view id, std::string_view title, std::string_view body);
/// A table in a box of its own that scrolls where the page is narrow.
std::string table(std::string_view caption, std::string_view head, std::string_view rows,
                  std::string_view style = "");
std::string paragraph(std::string_view html, std::string_view style = "");
std::string details(std::string_view summary, std::string_view body);
/// A slice's key, which breaks behind its commas; a long part breaks anywhere.
std::string slice_name(std::string_view slice);
std::string times_text(std::int64_t times);  ///< "once", "twice", "3 times"
std::string slice_and_page(std::string_view slice, std::int64_t page);

}  // namespace pagehaul::report
