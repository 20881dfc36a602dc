#include "record/unescape.h"

#include <cstring>

#include "core/utf8.h"

namespace pagehaul::record {
namespace {

constexpr std::uint32_t kReplacement = 0xFFFD;

char simple_escape(char c) {
    switch (c) {
        case 'b':
            return '\b';
        case 'f':
            return '\f';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        default:
            return c;  // '"', '\\', '/'
    }
}

}  // namespace

std::uint32_t code_unit(const char* escape) {
    std::uint32_t unit = 0;
    for (int i = 2; i < 6; ++i) {
        const char c = escape[i];
        const char base = c <= '9' ? '0' : static_cast<char>((c >= 'a' ? 'a' : 'A') - 10);
        unit = unit * 16 + static_cast<std::uint32_t>(c - base);
    }
    return unit;
}

Unescaped unescape(std::string_view escaped, std::string& out) {
    Unescaped seen;
    const char* p = escaped.data();
    const char* const end = p + escaped.size();
    while (p < end) {
        const auto* stop = static_cast<const char*>(std::memchr(p, '\\', static_cast<std::size_t>(end - p)));
        if (stop == nullptr) stop = end;
        out.append(p, stop);
        p = stop;
        if (p == end) break;
        if (p[1] != 'u') {
            out += simple_escape(p[1]);
            p += 2;
            continue;
        }
        std::uint32_t code = code_unit(p);
        p += 6;
        if (is_high_surrogate(code) && end - p >= 6 && p[0] == '\\' && p[1] == 'u' &&
            is_low_surrogate(code_unit(p))) {
            code = 0x10000 + ((code - 0xD800) << 10U) + (code_unit(p) - 0xDC00);
            p += 6;
        } else if (is_high_surrogate(code) || is_low_surrogate(code)) {
            seen.lone_surrogate = true;
            code = kReplacement;
        } else if (code == 0) {
            ++seen.nul_replaced;
            code = kReplacement;
        }
        append_utf8(code, out);
    }
    return seen;
}

}  // namespace pagehaul::record
