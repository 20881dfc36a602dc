#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace pagehaul::record {

/// The places of all JSON tokens of a document: simdjson's first stage. It checks UTF-8, that strings are
/// closed and hold no raw control characters; the grammar is checked by json_reader.h, which walks these
/// places. The walk is our own and not simdjson's on-demand one because that validates only what it touches,
/// goes forward only and compares keys unescaped: a page must be judged whole, in any order of fields.
///
/// Owns the buffer of places and reuses it; used by one thread.
class JsonIndex {
  public:
    JsonIndex();
    ~JsonIndex();
    JsonIndex(const JsonIndex&) = delete;
    JsonIndex& operator=(const JsonIndex&) = delete;

    /// Indexes `text`, which must be readable for 64 bytes beyond its size.
    /// @return what is wrong, or nullptr. Places are valid until the next call and refer to `text`.
    const char* build(std::string_view text);

    /// Offsets of the tokens; places()[count()] is the text's size.
    const std::uint32_t* places() const { return places_; }
    std::uint32_t count() const { return count_; }
    /// Lets go of the room that a very large document took. The places are gone with it.
    void shrink();

  private:
    struct Stage;
    std::unique_ptr<Stage> stage_;
    const std::uint32_t* places_ = nullptr;
    std::uint32_t count_ = 0;
};

}  // namespace pagehaul::record
