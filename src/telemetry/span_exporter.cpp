#include "telemetry/span_exporter.h"

#include <algorithm>
#include <utility>

#include "http/retry.h"
#include "log/log.h"
#include "telemetry/otlp_push.h"

namespace pagehaul::telemetry {
namespace {

constexpr std::int64_t kLogFailureEvery = 10;

}  // namespace

SpanExporter::SpanExporter(const TraceSettings& settings, TraceResource resource,
                           std::unique_ptr<http::Transport> transport, const Clock& clock, Random& random)
    : target_(settings),
      resource_(std::move(resource)),
      transport_(std::move(transport)),
      clock_(clock),
      random_(random),
      queue_(kCapacity, kReserve) {}

SpanExporter::~SpanExporter() {
    begin_finish(clock_.now());
    finish();
}

void SpanExporter::start() {
    if (!thread_.joinable()) thread_ = std::jthread([this] { loop(); });
}

void SpanExporter::offer(std::vector<Span>&& spans, SpanQueue::Importance importance) {
    if (queue_.offer(std::move(spans), importance) < kBatch) return;
    MutexLock lock(mutex_);
    std::stop_source wake = wake_;
    lock.unlock();
    wake.request_stop();
}

void SpanExporter::begin_finish(MonoTime end) {
    if (closing()) return;
    {
        const MutexLock lock(mutex_);
        end_ = end;
    }
    closing_.request_stop();
}

void SpanExporter::finish() {
    if (std::exchange(told_, true)) return;
    begin_finish(clock_.now());
    if (thread_.joinable()) {
        if (clock_.wait_until(last_moment().when(), ended_.get_token())) cancel_.request_stop();
        thread_.join();
    }
    lost_ += queue_.dropped();
    if (queue_.dropped() > 0 && why_lost_.empty()) why_lost_ = "the queue was full";
    if (lost_ > 0) log::warn("spans were lost", {{"spans", lost_}, {"cause", why_lost_}});
}

Deadline SpanExporter::last_moment() const {
    if (!closing()) return Deadline::never();
    const MutexLock lock(mutex_);
    return Deadline::at(end_);
}

void SpanExporter::loop() {
    bool going = true;
    while (going) {
        wait_for_work();
        going = !closing();
        // A batch that is not full waits for its interval, and for nothing once the end has come.
        for (std::vector<Span> batch = queue_.take(kBatch); !batch.empty(); batch = queue_.take(kBatch)) {
            if (!send(std::move(batch)) && closing()) {
                while (!(batch = queue_.take(kBatch)).empty())
                    lost_ += static_cast<std::int64_t>(batch.size());
                break;
            }
            if (!closing() && queue_.size() < kBatch) break;
        }
    }
    ended_.request_stop();
}

void SpanExporter::wait_for_work() {
    std::stop_source wake;
    {
        const MutexLock lock(mutex_);
        wake_ = wake;
    }
    // Whichever comes first: the interval, a full batch, the end.
    const std::stop_callback at_the_end(closing_.get_token(), [&wake] { wake.request_stop(); });
    if (queue_.size() < kBatch) clock_.wait_until(clock_.now() + kInterval, wake.get_token());
    if (clock_.now() < held_until_) clock_.wait_until(held_until_, closing_.get_token());
}

bool SpanExporter::send(std::vector<Span> batch) {
    const MonoTime began = clock_.now();
    if (began < held_until_) {
        lost(batch.size(), "the collector asked for a pause");
        return false;
    }
    const http::Request request = export_to(target_, export_request(resource_, batch));
    for (int attempt = 1;; ++attempt) {
        const Deadline deadline = Deadline::after(began, target_.timeout).sooner(last_moment());
        std::int64_t rejected = 0;
        const SendOutcome outcome = send_once(request, deadline, rejected);
        const MonoTime now = clock_.now();
        const NextStep next =
            next_step(outcome, attempt, deadline.sooner(last_moment()).remaining(now), closing(), random_);
        if (std::holds_alternative<Sent>(next)) {
            if (rejected > 0) {
                lost(static_cast<std::size_t>(rejected), "the collector rejected them: " + outcome.text);
            } else if (std::exchange(failures_in_a_row_, 0) > 0) {
                log::info("traces are exported again");
            }
            return true;
        }
        if (const auto* again = std::get_if<TryAgain>(&next)) {
            if (pause(*again)) continue;
            lost(batch.size(), outcome.text);
            return false;
        }
        const auto& given_up = std::get<GiveUp>(next);
        held_until_ = Deadline::after(now, given_up.hold).when();
        lost(batch.size(), given_up.why);
        return false;
    }
}

SendOutcome SpanExporter::send_once(const http::Request& request, Deadline deadline, std::int64_t& rejected) {
    const http::Bounds bounds{.deadline = deadline, .max_body = kMaxReply, .reserve = {}};
    SendOutcome outcome;
    try {
        const auto response = transport_->send(request, bounds, cancel_.get_token());
        if (!response) {
            outcome.hopeless = deadline.passed(clock_.now()) || response.error().kind != ErrorKind::transient;
            outcome.text = response.error().message;
            return outcome;
        }
        outcome.status = response->status;
        outcome.retry_after = http::parse_retry_after(response->header("retry-after"), clock_.wall_now());
        if (response->status / 100 == 2) {
            PartialSuccess partial = partial_success(response->body.view(), "rejectedSpans");
            rejected = partial.rejected;
            outcome.text = std::move(partial.message);
        } else {
            outcome.text = "the collector answered " + std::to_string(response->status) + ": " +
                           log::excerpt(response->body.view(), kReplyExcerpt);
        }
    } catch (const std::exception& failure) {
        // Traces never end a run, whatever goes wrong in them.
        outcome.hopeless = true;
        outcome.text = failure.what();
    }
    return outcome;
}

bool SpanExporter::pause(const TryAgain& again) {
    const MonoTime at = clock_.now() + again.pause;
    if (clock_.wait_until(at, closing_.get_token())) return true;
    // The run ends: a pause of our own may be cut short, one that was asked for not.
    if (!again.asked_for) return true;
    return !last_moment().passed(at) && clock_.wait_until(at, cancel_.get_token());
}

void SpanExporter::lost(std::size_t spans, const std::string& why) {
    lost_ += static_cast<std::int64_t>(spans);
    why_lost_ = why;
    if (failures_in_a_row_++ % kLogFailureEvery != 0) return;
    log::warn("traces could not be exported",
              {{"error", Error{ErrorKind::transient, target_.said_by, why}.text()}, {"spans", spans}});
}

}  // namespace pagehaul::telemetry
