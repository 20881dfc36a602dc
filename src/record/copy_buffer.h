#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace pagehaul::record {

/// Builds COPY text. Bytes go through a bare pointer: `room` first, then writes that need no check each.
class CopyBuffer {
  public:
    explicit CopyBuffer(std::size_t expected) : bytes_(expected, '\0') {}

    std::size_t size() const { return size_; }
    std::string_view since(std::size_t mark) const { return {bytes_.data() + mark, size_ - mark}; }
    /// Forgets what was written after `mark`.
    void rewind(std::size_t mark) { size_ = mark; }
    void room(std::size_t more) {
        if (bytes_.size() - size_ < more) bytes_.resize((size_ + more) * 2);
    }

    void put(char c) {
        room(1);
        bytes_[size_++] = c;
    }
    /// Bytes that need no escape.
    void raw(std::string_view text) {
        room(text.size());
        std::memcpy(bytes_.data() + size_, text.data(), text.size());
        size_ += text.size();
    }
    /// Escapes backslash, newline, carriage return and tab as COPY wants it.
    void escaped(std::string_view text);
    void null() { raw("\\N"); }

    /// Ends the building; the buffer is spent.
    std::string take() {
        bytes_.resize(size_);
        return std::move(bytes_);
    }

  private:
    std::string bytes_;
    std::size_t size_ = 0;
};

}  // namespace pagehaul::record
