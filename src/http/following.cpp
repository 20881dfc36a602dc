#include "http/following.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "http/url.h"

namespace pagehaul::http {
namespace {

/// Path and query that a Location names at this origin.
std::optional<std::string> target_at(const Url& origin, std::string_view location) {
    std::string target;
    if (location.starts_with('/') && !location.starts_with("//") && !location.starts_with("/\\")) {
        target = location;
    } else {
        const Result<Url> url = parse_absolute_url(location);
        if (!url || !same_origin(*url, origin)) return std::nullopt;
        target = url->path + url->rest;
    }
    target.resize(std::min(target.find('#'), target.size()));
    for (const char c : target)
        if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F) return std::nullopt;
    return target;
}

/// What to ask instead; nullopt: the redirect is the answer.
std::optional<Request> next_request(const Url& origin, const Request& asked, const Response& response) {
    const int status = response.status;
    const bool moved = (status == 301 || status == 302) && asked.method == "GET";
    if (status != 303 && status != 307 && status != 308 && !moved) return std::nullopt;
    std::optional<std::string> target = target_at(origin, response.header("location"));
    if (!target) return std::nullopt;
    Request next = asked;
    next.target = std::move(*target);
    if (status == 303) {
        next.method = "GET";
        next.body.clear();
        next.content_type.clear();
    }
    return next;
}

class Following : public Transport {
  public:
    Following(std::unique_ptr<Transport> transport, Url origin, const Clock& clock, Turn turn)
        : transport_(std::move(transport)),
          origin_(std::move(origin)),
          clock_(clock),
          turn_(std::move(turn)) {}

    Result<Response> send(const Request& request, const Bounds& bounds, std::stop_token cancel) override {
        Result<Response> response = transport_->send(request, bounds, cancel);
        std::optional<Request> next;
        Bounds rest = bounds;
        Nanos waited{0};
        for (int followed = 0; followed < most_redirects && response; ++followed) {
            next = next_request(origin_, next ? *next : request, *response);
            if (!next) break;
            const MonoTime before = clock_.now();
            if (!turn_()) return fail(ErrorKind::cancelled, "", "stopped");
            waited += clock_.now() - before;
            if (!bounds.deadline.is_never()) rest.deadline = Deadline::at(bounds.deadline.when() + waited);
            response = transport_->send(*next, rest, cancel);
            if (!response) break;
            response->followed_to = next->target;
            response->waited = waited;
        }
        return response;
    }

  private:
    const std::unique_ptr<Transport> transport_;
    const Url origin_;
    const Clock& clock_;
    const Turn turn_;
};

}  // namespace

std::unique_ptr<Transport> following_same_origin(std::unique_ptr<Transport> transport,
                                                 const std::string& base_url, const Clock& clock, Turn turn) {
    Result<Url> url = parse_url(base_url);
    if (!url) throw Failure(std::move(url.error()));
    return std::make_unique<Following>(std::move(transport), std::move(*url), clock, std::move(turn));
}

}  // namespace pagehaul::http
