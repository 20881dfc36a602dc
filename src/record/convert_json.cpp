#include <cstring>

#include "record/convert.h"
#include "record/numeric_text.h"
#include "record/unescape.h"

namespace pagehaul::record {
namespace {

constexpr Refusal kSurrogate = "expected no lone surrogate (\\ud800 to \\udfff) in a string";
constexpr Refusal kNumber = "expected numbers within numeric's range";

const char* end_of_string(const char* p, const char* end) {
    for (++p; p < end && *p != '"'; ++p) {
        if (*p == '\\') ++p;
    }
    return p < end ? p + 1 : end;
}

Refusal check_numbers(std::string_view raw) {
    const char* p = raw.data();
    const char* const end = p + raw.size();
    while (p < end) {
        if (*p == '"') {
            p = end_of_string(p, end);
            continue;
        }
        if (*p != '-' && (*p < '0' || *p > '9')) {
            ++p;
            continue;
        }
        const char* const start = p;
        while (p < end && *p != '\0' && std::strchr("+-.0123456789eE", *p) != nullptr)
            ++p;
        if (!fits_numeric(read_numeric({start, static_cast<std::size_t>(p - start)}))) return kNumber;
    }
    return nullptr;
}

/// Writes JSON that holds backslashes: \u0000 replaced, surrogates checked, each backslash doubled for COPY.
Refusal write_escapes(std::string_view raw, CopyBuffer& out, std::int32_t& nul_replaced) {
    const char* p = raw.data();
    const char* const end = p + raw.size();
    while (p < end) {
        const auto* stop = static_cast<const char*>(std::memchr(p, '\\', static_cast<std::size_t>(end - p)));
        if (stop == nullptr) stop = end;
        out.escaped({p, static_cast<std::size_t>(stop - p)});
        p = stop;
        if (p == end) break;
        std::size_t size = 2;
        if (p[1] == 'u') {
            size = 6;
            const std::uint32_t unit = code_unit(p);
            if (unit == 0) {
                out.raw("\\\\ufffd");
                ++nul_replaced;
                p += size;
                continue;
            }
            if (is_high_surrogate(unit)) {
                if (end - p < 12 || p[6] != '\\' || p[7] != 'u' || !is_low_surrogate(code_unit(p + 6))) {
                    return kSurrogate;
                }
                size = 12;
            } else if (is_low_surrogate(unit)) {
                return kSurrogate;
            }
        }
        out.escaped({p, size});
        p += size;
    }
    return nullptr;
}

}  // namespace

Refusal convert_json(const JsonInput& input, CopyBuffer& out, std::int32_t& nul_replaced) {
    if (input.wide_numbers) {
        if (const Refusal refusal = check_numbers(input.raw)) return refusal;
    }
    if (input.plain) {
        out.raw(input.raw);
        return nullptr;
    }
    return write_escapes(input.raw, out, nul_replaced);
}

}  // namespace pagehaul::record
