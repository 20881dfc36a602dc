#pragma once

#include <optional>
#include <ostream>
#include <string>

#include "record/convert.h"

namespace pagehaul::record {

/// A conversion as a table's row: the COPY field that comes out, or nothing where it must be refused.
struct Case {
    Kind kind;
    std::string text;
    std::optional<std::string> copy;
};

inline std::ostream& operator<<(std::ostream& out, const Case& test) {
    return out << test.text;
}

using Converter = Refusal (*)(const Input&, CopyBuffer&, std::string*);

inline std::optional<std::string> run(Converter convert, Kind kind, const std::string& text) {
    CopyBuffer out(0);
    if (convert({text, kind, false}, out, nullptr) != nullptr) return std::nullopt;
    return out.take();
}

/// The canonical form of a string, or "refused".
inline std::string canonical(Converter convert, const std::string& text, Kind kind = Kind::string) {
    CopyBuffer out(0);
    std::string key;
    return convert({text, kind, false}, out, &key) == nullptr ? key : "refused";
}

}  // namespace pagehaul::record
