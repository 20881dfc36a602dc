#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "record/json_index.h"
#include "record/not_json.h"

namespace pagehaul::record {

/// What a value is, as far as its bytes tell. Numbers are told apart by their spelling, so that an integer
/// needs no second look.
enum class Kind : std::uint8_t {
    absent,
    null,
    boolean_true,
    boolean_false,
    integer,   ///< -?digits
    decimal,   ///< with a fraction, no exponent
    exponent,  ///< with an exponent
    string,
    object,
    array,
};

/// For messages: "a string", "an object".
std::string_view describe(Kind kind);

/// A value inside the body. A string's bounds are inside its quotes, still escaped.
struct Slot {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    Kind kind = Kind::absent;
};

/// Walks a JSON document over its token places and checks the grammar of everything it passes: brackets,
/// commas, colons, numbers, literals, and escapes. Positions are token numbers; any may be walked again.
class JsonReader {
  public:
    /// Deeper documents are refused: recursion here, and in Postgres' jsonb, is bounded by it.
    static constexpr int kMaxDepth = 1000;
    static constexpr std::uint32_t kFailed = UINT32_MAX;

    /// Indexes the document and checks its escapes. A byte order mark in front is skipped.
    /// @return false: it is none, fault() says why
    bool open(std::string_view padded_text);

    /// Lets go of the document and of the room that a very large one took.
    void close();

    const char* text() const { return text_; }
    std::string_view view(std::uint32_t begin, std::uint32_t end) const {
        return {text_ + begin, end - begin};
    }
    std::string_view view(const Slot& slot) const { return view(slot.begin, slot.end); }
    std::uint32_t count() const { return count_; }
    /// A backslash anywhere: without one every string is its own value.
    bool has_escapes() const { return has_escapes_; }
    /// A raw newline, tab or carriage return anywhere (between tokens: strings cannot hold them).
    bool has_control_space() const { return has_control_space_; }

    /// A number passed so far has an exponent or very many digits: numeric may be too small for it.
    bool has_wide_numbers() const { return has_wide_numbers_; }

    /// First byte of a token; '\0' beyond the last.
    char at(std::uint32_t token) const { return token < count_ ? text_[places_[token]] : '\0'; }
    std::uint32_t begin_of(std::uint32_t token) const { return places_[token]; }
    /// One past the last byte of a token.
    std::uint32_t end_of(std::uint32_t token) const {
        std::uint32_t end = places_[token + 1];
        while (is_space(text_[end - 1]))
            --end;
        return end;
    }

    /// Reads the value that starts at `token`.
    /// @return the token after it, or kFailed with fault() set
    std::uint32_t value(std::uint32_t token, Slot& slot, int depth);
    /// Reads the key at `token` (between the quotes, still escaped) and its colon.
    /// @return the value's token, or kFailed
    std::uint32_t key(std::uint32_t token, Slot& slot);
    /// After a member or element: the next one's token, or `closed` set and the token after the container.
    std::uint32_t next(std::uint32_t token, char close, bool& closed);

    std::uint32_t fail(std::uint32_t token, const char* what);
    /// What is wrong with the document and where.
    NotJson fault() const;

  private:
    static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
    std::uint32_t container(std::uint32_t token, int depth);
    std::uint32_t scalar(std::uint32_t token, Slot& slot);

    JsonIndex index_;
    const char* text_ = nullptr;
    const std::uint32_t* places_ = nullptr;
    std::uint32_t count_ = 0;
    std::uint32_t size_ = 0;
    bool has_escapes_ = false;
    bool has_control_space_ = false;
    bool has_wide_numbers_ = false;
    std::optional<std::uint32_t> fault_at_;  // absent: not read token by token yet
    const char* fault_ = nullptr;
};

inline std::uint32_t JsonReader::key(std::uint32_t token, Slot& slot) {
    if (at(token) != '"') return fail(token, "expected a key");
    if (at(token + 1) != ':') return fail(token + 1, "expected ':'");
    slot = Slot{places_[token] + 1, end_of(token) - 1, Kind::string};
    return token + 2;
}

inline std::uint32_t JsonReader::next(std::uint32_t token, char close, bool& closed) {
    const char c = at(token);
    if (c == ',') {
        closed = false;
        return token + 1;
    }
    closed = true;
    return c == close ? token + 1 : fail(token, close == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
}

inline std::uint32_t JsonReader::value(std::uint32_t token, Slot& slot, int depth) {
    const char c = at(token);
    if (c == '"') {
        slot = Slot{places_[token] + 1, end_of(token) - 1, Kind::string};
        return token + 1;
    }
    if (c != '{' && c != '[') return scalar(token, slot);
    const std::uint32_t after = container(token, depth);
    if (after == kFailed) return kFailed;
    slot = Slot{places_[token], places_[after - 1] + 1, c == '{' ? Kind::object : Kind::array};
    return after;
}

}  // namespace pagehaul::record
