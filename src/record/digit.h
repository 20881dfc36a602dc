#pragma once

namespace pagehaul::record {

/// ASCII's, whatever the locale.
inline bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace pagehaul::record
