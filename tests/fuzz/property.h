#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

/// libFuzzer calls this with each input; what it returns is 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace pagehaul::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

/// Ends the process where a property does not hold: the fuzzer keeps the input.
inline void must(bool holds, std::string_view property, std::string_view seen = {}) {
    if (holds) return;
    std::fprintf(stderr, "PROPERTY BROKEN: %.*s\n  seen: %.*s\n", static_cast<int>(property.size()),
                 property.data(), static_cast<int>(seen.size()), seen.data());
    std::abort();
}

/// An input of several parts, one a line, so that a seed can be read and written by hand. The last part takes
/// what is left.
class Parts {
  public:
    explicit Parts(std::string_view input) : rest_(input) {}

    std::string_view line() {
        const std::size_t end = rest_.find('\n');
        const std::string_view part = rest_.substr(0, end);
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
        return part;
    }
    std::string_view rest() const { return rest_; }
    bool done() const { return rest_.empty(); }

  private:
    std::string_view rest_;
};

inline bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace pagehaul::fuzz
