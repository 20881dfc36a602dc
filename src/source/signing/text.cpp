#include <algorithm>
#include <optional>

#include "config/placeholders.h"
#include "source/signing/steps.h"

namespace pagehaul::source {
namespace {

std::optional<std::string_view> named_value(std::string_view name, const Draft& draft) {
    const http::Request& request = draft.request;
    const std::string_view target = request.target;
    const std::size_t mark = std::min(target.find('?'), target.size());
    if (name == "value") return draft.value;
    if (name == "request.method") return request.method;
    if (name == "request.path") return target.substr(0, mark);
    if (name == "request.query") return target.substr(std::min(mark + 1, target.size()));
    if (name == "request.body") return request.body;
    if (name == "request.host") return draft.host;
    if (name == "request.content_type") return request.content_type;
    const auto found = draft.named.find(name);
    if (found == draft.named.end()) return std::nullopt;
    return found->second;
}

}  // namespace

Result<std::string> filled(std::string_view text, const Draft& draft) {
    std::string out;
    while (!text.empty()) {
        const std::size_t open = text.find("{{");
        out += text.substr(0, open);
        if (open == std::string_view::npos) break;
        text.remove_prefix(open + 2);
        const std::size_t close = std::min(text.find("}}"), text.size());
        const auto placeholder = config::read_placeholder(text.substr(0, close));
        const auto value = placeholder ? named_value(placeholder->name, draft) : std::nullopt;
        if (!value) return fail(ErrorKind::config, "source.signing", "a text names what no step has made");
        out += *value;
        text.remove_prefix(std::min(close + 2, text.size()));
    }
    return out;
}

Result<void> take(const config::TextStep& step, Draft& draft) {
    auto text = filled(step.text.value, draft);
    if (!text) return tl::unexpected(text.error());
    draft.value = std::move(*text);
    return {};
}

}  // namespace pagehaul::source
