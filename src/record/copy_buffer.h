#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace pagehaul::record {

/// Empties a buffer that is used from page to page; what a very long value made of it goes back.
inline void clear_scratch(std::string& scratch) {
    constexpr std::size_t usual = std::size_t{64} << 10U;
    if (scratch.capacity() > usual) std::string().swap(scratch);
    scratch.clear();
}

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
    /// Bytes that need no escape. Fields are short: up to 16 bytes are copied without a call [callgrind:
    /// calls of memcpy were a quarter of a page's instructions].
    void raw(std::string_view text) {
        room(text.size());
        char* const to = bytes_.data() + size_;
        const char* const from = text.data();
        const std::size_t size = text.size();
        if (size > 16) {
            std::memcpy(to, from, size);
        } else if (size >= 8) {
            std::memcpy(to, from, 8);
            std::memcpy(to + size - 8, from + size - 8, 8);
        } else if (size >= 4) {
            std::memcpy(to, from, 4);
            std::memcpy(to + size - 4, from + size - 4, 4);
        } else {
            for (std::size_t i = 0; i < size; ++i)
                to[i] = from[i];
        }
        size_ += size;
    }
    /// Escapes backslash, newline, carriage return and tab as COPY wants it.
    void escaped(std::string_view text);
    void null() { raw("\\N"); }

    /// Ends the building; the buffer is spent. What it had too much of goes back: the text waits for its
    /// commit.
    std::string take() {
        bytes_.resize(size_);
        if (bytes_.capacity() / 2 > size_) bytes_.shrink_to_fit();
        return std::move(bytes_);
    }

  private:
    std::string bytes_;
    std::size_t size_ = 0;
};

}  // namespace pagehaul::record
