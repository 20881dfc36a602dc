#pragma once

#include <string>
#include <string_view>

namespace pagehaul {

/// `text` as a person's terminal may be given it. What would steer the terminal, forge a line or turn the
/// direction of reading is spelt out instead, as JSON spells it ("\n", "\u001b", "\u202e"): control
/// characters (C0, DEL, C1), the bidirectional ones, the line and paragraph separators. A byte that is no
/// UTF-8 becomes U+FFFD. All else stays, backslashes too.
std::string printable(std::string_view text);

/// The same for text that is lines by our own making: its line breaks stay.
std::string printable_lines(std::string_view text);

/// The same for one UTF-8 character.
void append_printable(std::string& out, std::string_view character);
bool is_printable(std::string_view character);

}  // namespace pagehaul
