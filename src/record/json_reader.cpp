#include "record/json_reader.h"

#include <cstring>

#include "core/ascii.h"

namespace pagehaul::record {
namespace {

/// So short a number without an exponent fits numeric, whatever its digits.
constexpr std::uint32_t kFitsNumeric = 300;

bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// Every backslash of valid JSON begins an escape; one outside a string makes a broken token, which the walk
/// finds. So the document's escapes are checked in one pass, that ends at once where there are none. It
/// leaves `p` at the escape that is wrong.
const char* check_escapes(const char*& p, const char* end, bool& found) {
    found = false;
    while (p < end) {
        p = static_cast<const char*>(std::memchr(p, '\\', static_cast<std::size_t>(end - p)));
        if (p == nullptr) return nullptr;
        found = true;
        if (end - p < 2 || std::strchr("\"\\/bfnrtu", p[1]) == nullptr || p[1] == '\0') {
            return "expected a known escape in a string";
        }
        if (p[1] == 'u' &&
            (end - p < 6 || !is_hex(p[2]) || !is_hex(p[3]) || !is_hex(p[4]) || !is_hex(p[5]))) {
            return "expected \\u with four hexadecimal digits";
        }
        p += 2;
    }
    return nullptr;
}

bool contains(std::string_view text, char c) {
    return std::memchr(text.data(), c, text.size()) != nullptr;
}

/// The JSON grammar of a number; Kind::absent if it is none.
Kind number_kind(const char* p, const char* end) {
    if (p < end && *p == '-') ++p;
    if (p == end || !is_digit(*p)) return Kind::absent;
    if (*p == '0') {
        ++p;
    } else {
        while (p < end && is_digit(*p))
            ++p;
    }
    if (p == end) return Kind::integer;
    if (*p == '.') {
        const char* const first = ++p;
        while (p < end && is_digit(*p))
            ++p;
        if (p == first) return Kind::absent;
        if (p == end) return Kind::decimal;
    }
    if (*p != 'e' && *p != 'E') return Kind::absent;
    ++p;
    if (p < end && (*p == '+' || *p == '-')) ++p;
    if (p == end) return Kind::absent;
    while (p < end && is_digit(*p))
        ++p;
    return p == end ? Kind::exponent : Kind::absent;
}

}  // namespace

std::string_view describe(Kind kind) {
    switch (kind) {
        case Kind::absent:
            return "nothing";
        case Kind::null:
            return "null";
        case Kind::boolean_true:
        case Kind::boolean_false:
            return "a boolean";
        case Kind::integer:
        case Kind::decimal:
        case Kind::exponent:
            return "a number";
        case Kind::string:
            return "a string";
        case Kind::object:
            return "an object";
        case Kind::array:
            return "an array";
    }
    return "nothing";
}

bool JsonReader::open(std::string_view padded_text) {
    if (padded_text.starts_with("\xEF\xBB\xBF")) padded_text.remove_prefix(3);
    count_ = 0;
    fault_at_.reset();
    has_wide_numbers_ = false;
    text_ = padded_text.data();
    size_ = static_cast<std::uint32_t>(padded_text.size());
    fault_ = index_.build(padded_text);
    if (fault_ != nullptr) return false;
    places_ = index_.places();
    const char* wrong = text_;
    fault_ = check_escapes(wrong, text_ + size_, has_escapes_);
    if (fault_ != nullptr) {
        fault_at_ = static_cast<std::uint32_t>(wrong - text_);
        return false;
    }
    has_control_space_ =
        contains(padded_text, '\n') || contains(padded_text, '\t') || contains(padded_text, '\r');
    count_ = index_.count();
    return true;
}

void JsonReader::close() {
    count_ = 0;
    places_ = nullptr;
    index_.shrink();
}

std::uint32_t JsonReader::scalar(std::uint32_t token, Slot& slot) {
    if (token >= count_) return fail(token, "expected a value");
    const std::uint32_t begin = places_[token];
    const std::uint32_t end = end_of(token);
    slot.begin = begin;
    slot.end = end;
    switch (text_[begin]) {
        case 't':
            slot.kind = Kind::boolean_true;
            return view(begin, end) == "true" ? token + 1 : fail(token, "expected a value");
        case 'f':
            slot.kind = Kind::boolean_false;
            return view(begin, end) == "false" ? token + 1 : fail(token, "expected a value");
        case 'n':
            slot.kind = Kind::null;
            return view(begin, end) == "null" ? token + 1 : fail(token, "expected a value");
        default:
            slot.kind = number_kind(text_ + begin, text_ + end);
            if (slot.kind == Kind::absent) return fail(token, "expected a value");
            if (slot.kind == Kind::exponent || end - begin > kFitsNumeric) has_wide_numbers_ = true;
            return token + 1;
    }
}

std::uint32_t JsonReader::container(std::uint32_t token, int depth) {
    if (depth >= kMaxDepth) return fail(token, "nested too deeply");
    const bool object = at(token) == '{';
    const char close = object ? '}' : ']';
    ++token;
    if (at(token) == close) return token + 1;
    Slot slot;
    for (bool closed = false; !closed;) {
        if (object) token = key(token, slot);
        if (token == kFailed) return kFailed;
        token = value(token, slot, depth + 1);
        if (token == kFailed) return kFailed;
        token = next(token, close, closed);
    }
    return token;
}

std::uint32_t JsonReader::fail(std::uint32_t token, const char* what) {
    fault_at_ = token < count_ ? places_[token] : size_;
    fault_ = what;
    return kFailed;
}

NotJson JsonReader::fault() const {
    return why_not_json({text_, size_}, fault_ == nullptr ? "expected a document" : fault_, fault_at_);
}

}  // namespace pagehaul::record
