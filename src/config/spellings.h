#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pagehaul::config {

/// What an escape begins with.
inline constexpr std::string_view kEscapes = "\\%&";

/// A text with escapes undone, of which each byte knows where in the original its spelling begins.
struct Unescaped {
    explicit Unescaped(std::string_view original);

    std::string text;
    std::vector<std::uint32_t> from;  ///< one a byte of `text`; then the original's length

    /// Where in the original the spelling of the byte before `end` ends.
    std::size_t end_in_original(std::size_t end) const;
    /// Undoes one more layer of escapes, of any kind and mixture: JSON's (RFC 8259) and `\x3d`,
    /// percent-encoding (RFC 3986), HTML's character references. What is none stays as it is.
    /// @param begins  only escapes that begin with one of these.
    /// @return false if there was nothing to undo.
    bool undo_layer(std::string_view begins = kEscapes);
};

}  // namespace pagehaul::config
