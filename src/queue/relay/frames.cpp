#include "queue/relay/frames.h"

#include <nlohmann/json.hpp>

namespace pagehaul::queue::relay {
namespace {

using Json = nlohmann::json;

struct ToJson {
    Json operator()(const More& more) const { return {{"more", more.messages}}; }
    Json operator()(const Done& done) const { return {{"done", done.tags}}; }
    Json operator()(const HandedOn& handed) const { return {{"handed_on", handed.tags}}; }
    Json operator()(const Released& released) const { return {{"released", released.tags}}; }
    Json operator()(const Bury& bury) const { return {{"bury", bury.tag}, {"why", bury.why}}; }
};

/// A body need not be UTF-8; one that is not is no hint, and its worker buries it either way.
std::string line_of(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

tl::unexpected<Error> unreadable(std::string_view line) {
    return fail(ErrorKind::bug, "relay", "a line is not one of ours: " + std::string(line.substr(0, 200)));
}

}  // namespace

std::string write(const Delivery& delivery) {
    return line_of({{"tag", delivery.tag}, {"body", delivery.body}, {"again", delivery.again}});
}

Result<Delivery> read_delivery(std::string_view line) {
    try {
        const Json json = Json::parse(line);
        return Delivery{.tag = json.at("tag").get<std::uint64_t>(),
                        .body = json.at("body").get<std::string>(),
                        .again = json.at("again").get<bool>()};
    } catch (const Json::exception&) {
        return unreadable(line);
    }
}

std::string write(const Said& said) {
    return line_of(std::visit(ToJson{}, said));
}

Result<Said> read_said(std::string_view line) {
    using Tags = std::vector<std::uint64_t>;
    try {
        const Json json = Json::parse(line);
        if (json.contains("more")) return More{json.at("more").get<std::size_t>()};
        if (json.contains("done")) return Done{json.at("done").get<Tags>()};
        if (json.contains("handed_on")) return HandedOn{json.at("handed_on").get<Tags>()};
        if (json.contains("released")) return Released{json.at("released").get<Tags>()};
        return Bury{json.at("bury").get<std::uint64_t>(), json.at("why").get<std::string>()};
    } catch (const Json::exception&) {
        return unreadable(line);
    }
}

}  // namespace pagehaul::queue::relay
