#include "telemetry/otlp_push.h"

#include <string>
#include <utility>

#include "http/retry.h"
#include "log/log.h"
#include "telemetry/otlp_json.h"

namespace pagehaul::telemetry {
namespace {

/// One receiver; used by one thread at a time.
class Receiver {
  public:
    Receiver(const OtlpTarget& target, std::unique_ptr<http::Transport> transport, const Clock& clock)
        : target_(target), transport_(std::move(transport)), clock_(clock) {}

    Result<void> push(std::string body, std::stop_token stop, Nanos limit) {
        const MonoTime now = clock_.now();
        if (now < held_until_) return failed(ErrorKind::throttled, "the receiver asked for a pause");
        const http::Bounds bounds{
            .deadline = Deadline::after(now, limit), .max_body = kMaxReply, .reserve = {}};
        const auto response = transport_->send(export_to(target_, std::move(body)), bounds, std::move(stop));
        if (!response) return failed(response.error().kind, response.error().message);
        return judge(*response);
    }

  private:
    tl::unexpected<Error> failed(ErrorKind kind, const std::string& why) const {
        return fail(kind, target_.said_by, why);
    }

    Result<void> judge(const http::Response& response) {
        if (const auto pause = http::parse_retry_after(response.header("retry-after"), clock_.wall_now()))
            held_until_ = Deadline::after(clock_.now(), *pause).when();
        if (response.status / 100 != 2) {
            return failed(kind_of_refusal(response.status),
                          "the receiver answered " + std::to_string(response.status) + ": " +
                              log::excerpt(response.body.view(), kReplyExcerpt));
        }
        const PartialSuccess partial = partial_success(response.body.view(), "rejectedDataPoints");
        if (partial.rejected == 0) return {};
        return failed(ErrorKind::permanent, "the receiver rejected " + std::to_string(partial.rejected) +
                                                " points: " + log::excerpt(partial.message, kReplyExcerpt));
    }

    const OtlpTarget target_;
    const std::unique_ptr<http::Transport> transport_;
    const Clock& clock_;
    MonoTime held_until_{};
};

}  // namespace

http::Request export_to(const OtlpTarget& target, std::string body) {
    http::Request request{.method = "POST", .target = target.path, .headers = target.headers};
    request.body = std::move(body);
    request.content_type = "application/json";
    return request;
}

Way way_to(const MetricSettings& settings, std::unique_ptr<http::Transport> transport, Render body,
           const Clock& clock) {
    return {.place = settings.said_by,
            .push = [receiver = std::make_shared<Receiver>(settings, std::move(transport), clock),
                     body = std::move(body)](
                        std::int64_t failures, std::stop_token stop,
                        Nanos limit) { return receiver->push(body(failures), std::move(stop), limit); },
            .interval = settings.interval,
            .limit = settings.timeout};
}

}  // namespace pagehaul::telemetry
