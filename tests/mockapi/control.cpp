#include "control.h"

#include <algorithm>
#include <charconv>

namespace mockapi {
namespace {

constexpr Micros kDefaultWait{30'000'000};

std::uint64_t number(std::string_view text) {
    std::uint64_t value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc{}) throw OptionError("expected a number, got '" + std::string(text) + "'");
    return value;
}

Reply set(Api& api, const HttpRequest& request) {
    for (const auto& [name, value] : request.query)
        api.set(name, value);
    return answer(200, "{}\n");
}

Reply wait(const HttpRequest& request, std::optional<Waiting>& waiting) {
    Reply reply = answer(200, R"({"met":true})");
    reply.when = Reply::When::on_condition;
    reply.delay = kDefaultWait;
    for (const auto& [name, value] : request.query) {
        if (name == "timeout") {
            Options parsed;
            set_option(parsed, "latency", value);
            reply.delay = parsed.latency;
        } else {
            waiting = Waiting{name, number(value)};
        }
    }
    if (!waiting) throw OptionError("expected requests=N, in_flight=N or held=N");
    return reply;
}

}  // namespace

bool Waiting::met(const Counters& counters) const {
    if (counter == "requests") return counters.requests >= at_least;
    if (counter == "in_flight") return counters.in_flight >= at_least;
    return counter == "held" && counters.held >= at_least;
}

Reply control(Api& api, const HttpRequest& request, std::optional<Waiting>& waiting) try {
    if (request.path == "/__log") {
        return answer(
            200, api.log().json(request.parameter("since").empty() ? 0 : number(request.parameter("since"))));
    }
    if (request.path == "/__log/clear") {
        api.log().clear();
        return answer(200, "{}\n");
    }
    if (request.path == "/__stats") return answer(200, api.log().stats_json());
    if (request.path == "/__tokens") return answer(200, api.tokens().log());
    if (request.path == "/__set") return set(api, request);
    if (request.path == "/__wait") return wait(request, waiting);
    return answer(404, R"({"error":"no such path"})");
} catch (const OptionError& error) {
    std::string text = R"({"error":)";
    put_json(text, error.what());
    return answer(400, text + "}\n");
}

}  // namespace mockapi
