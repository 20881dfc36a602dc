#include "http/transport.h"

#include <algorithm>
#include <cstring>

namespace pagehaul::http {

char* Body::grow(std::size_t more) {
    const std::size_t needed = size_ + more + kPadding;
    // A body of known length arrives in one piece and gets exactly what it needs; pieces of unknown number
    // double the buffer.
    if (needed > capacity_) {
        const std::size_t capacity = capacity_ == 0 ? needed : std::max(needed, capacity_ * 2);
        auto bytes = std::make_unique_for_overwrite<char[]>(capacity);
        if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
        bytes_ = std::move(bytes);
        capacity_ = capacity;
    }
    return bytes_.get() + size_;
}

Body Body::of(std::string_view text) {
    Body body;
    char* const to = body.grow(text.size());
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    body.grew(text.size());
    return body;
}

std::string_view Response::header(std::string_view name) const {
    const auto found =
        std::find_if(headers.begin(), headers.end(), [&](const auto& entry) { return entry.first == name; });
    return found == headers.end() ? std::string_view{} : std::string_view{found->second};
}

}  // namespace pagehaul::http
