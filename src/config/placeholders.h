#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace pagehaul::config {

/// How a time is written: `| format('%Y%m%d')`, `| epoch`, `| epoch_ms`.
struct Filter {
    enum class Kind { format, epoch, epoch_ms };
    Kind kind = Kind::format;
    std::string pattern;  ///< of `format`: a TimePattern that compiles
};

/// What stands between {{ and }}.
struct Placeholder {
    std::string name;  ///< "slice.date", "page.number"
    std::optional<Filter> filter;
};
/// A name is letters, digits, _ and dots; blanks around it and around a filter's parts are free.
/// @return or what is wrong with it; the text itself is never quoted.
tl::expected<Placeholder, std::string> read_placeholder(std::string_view inside);

/// The placeholders of a template, in order.
tl::expected<std::vector<Placeholder>, std::string> read_placeholders(std::string_view text);
/// Their names.
tl::expected<std::vector<std::string>, std::string> placeholders(std::string_view text);

/// Whether a template tells of the run itself, which another run tells otherwise.
bool names_run(std::string_view text);

}  // namespace pagehaul::config
