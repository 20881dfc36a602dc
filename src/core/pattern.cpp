#include "core/pattern.h"

#include <re2/re2.h>

namespace pagehaul {
namespace {

/// Of a compiled expression and what matching it remembers.
constexpr std::int64_t kMostMemory = 1 << 20;

RE2::Options options() {
    RE2::Options options(RE2::Quiet);
    options.set_max_mem(kMostMemory);
    return options;
}

}  // namespace

struct Pattern::Compiled {
    explicit Compiled(std::string_view text)
        : expression(re2::StringPiece(text.data(), text.size()), options()) {}
    RE2 expression;
};

Result<Pattern> Pattern::compile(std::string_view text) {
    auto compiled = std::make_shared<const Compiled>(text);
    if (!compiled->expression.ok()) return fail(ErrorKind::config, "", compiled->expression.error());
    Pattern pattern;
    pattern.compiled_ = std::move(compiled);
    return pattern;
}

bool Pattern::found_in(std::string_view text) const {
    return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), compiled_->expression);
}

}  // namespace pagehaul
