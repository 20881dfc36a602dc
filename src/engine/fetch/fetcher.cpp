#include "engine/fetch/fetcher.h"

#include <algorithm>
#include <chrono>

#include "core/fault.h"
#include "engine/shared/fetched_page.h"

namespace pagehaul::engine {
namespace {

constexpr std::size_t kExcerpt = 4096;

tl::unexpected<Error> cancelled() {
    return fail(ErrorKind::cancelled, "", "stopped");
}

/// Counts a request for as long as it is under way, however it ends.
class Counted {
  public:
    explicit Counted(std::atomic<int>& count) : count_(count) { ++count_; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --count_; }

  private:
    std::atomic<int>& count_;
};

}  // namespace

void SourceGate::remember_good(const source::Slice& slice, std::int64_t no) {
    const MutexLock lock(mutex_);
    if (known_good_ && known_good_->slice.key == slice.key) {
        known_good_->no = no;
    } else {
        known_good_ = KnownGood{slice, no};
    }
}

std::optional<KnownGood> SourceGate::known_good() const {
    const MutexLock lock(mutex_);
    return known_good_;
}

void SourceGate::pause(Millis span) {
    parts_.limiter.pause_until(Deadline::after(context_.clock.now(), span).when());
}

void SourceGate::answered(const ConcurrencyController::Sample& sample) {
    const MonoTime now = context_.clock.now();
    int limit = 0;
    {
        const MutexLock lock(mutex_);
        limit = controller_.on_answer(sample, now);
    }
    asking_.set_limit(limit);
}

Fetcher::Fetcher(SourceGate& gate) : gate_(gate) {}

const record::ColumnValues& Fetcher::values_of(const source::Slice& slice) {
    if (values_.empty() || values_slice_ != slice.key) {
        values_ = gate_.parts_.requests.column_values(gate_.context_.config.sink, slice);
        values_slice_ = slice.key;
    }
    return values_;
}

Result<Answer> Fetcher::ask(const source::Slice& slice, std::int64_t no) {
    telemetry::JobTrace nothing;
    return ask(slice, no, nothing, [] { return true; });
}

Result<Answer> Fetcher::ask(const source::Slice& slice, std::int64_t no, telemetry::JobTrace& trace,
                            const std::function<bool()>& may_send) {
    trace.waits();
    std::optional<Reservation> reserved = wait_for_turn();
    if (!reserved) return cancelled();
    if (!may_send()) return fail(ErrorKind::fenced, "", "the lease may be gone");

    const source::Credential credential = gate_.parts_.credentials.current();
    auto request = gate_.parts_.requests.build(slice, no, credential);
    if (!request) return tl::unexpected<Error>(request.error());

    trace.sends(*request);
    const Exchange sent = exchange(*request, *reserved);
    trace.answered(sent.response);
    if (!sent.response) {
        if (sent.no_room) return fail(ErrorKind::throttled, "", "no memory was free for the body");
        return tl::unexpected<Error>(sent.response.error());
    }

    Answer answer = read(sent, slice, no, std::move(*reserved));
    answer.credential_version = credential.version;
    trace.decoded();
    fault_point("after_decode");
    return answer;
}

std::optional<Reservation> Fetcher::wait_for_turn() {
    const std::stop_token no_new_work = gate_.context_.stop.no_new_work_token();
    std::optional<Reservation> reserved = gate_.parts_.budget.acquire(no_new_work);
    if (!reserved || !gate_.parts_.limiter.acquire(no_new_work)) return std::nullopt;
    return reserved;
}

Fetcher::Exchange Fetcher::exchange(const http::Request& request, Reservation& reserved) {
    Context& context = gate_.context_;
    const config::Timeout& timeout = context.config.source.timeout;
    bool no_room = false;
    const http::Bounds bounds{
        .deadline = Deadline::after(context.clock.now(), std::min(timeout.request, timeout.job)),
        .max_body = static_cast<std::size_t>(context.config.source.limits.body_bytes),
        .reserve =
            [&](std::size_t bytes) {
                fault_point("mid_fetch");
                const bool grown = reserved.grow_to(static_cast<std::int64_t>(bytes));
                no_room = no_room || !grown;
                return grown;
            },
    };
    ++context.tallies.requests;
    const MonoTime sent = context.clock.now();
    int in_flight = 0;
    auto response = [&] {
        const Counted under_way(gate_.sent_);
        auto answered = gate_.parts_.transport.send(request, bounds, context.stop.cancel_token());
        in_flight = gate_.sent_;
        return answered;
    }();
    const Nanos took = context.clock.now() - sent;
    context.metrics.request_done(response ? response->status : 0, took);
    return {.response = std::move(response), .took = took, .in_flight = in_flight, .no_room = no_room};
}

Answer Fetcher::read(const Exchange& exchange, const source::Slice& slice, std::int64_t no,
                     Reservation&& reserved) {
    const http::Response& response = *exchange.response;
    Answer answer;
    answer.status = response.status;
    answer.took = exchange.took;
    const record::ColumnValues& values = values_of(slice);
    auto page = gate_.decoders_.with(
        [&](record::Decoder& decoder) { return decoder.decode(response.body.view(), no, values); });
    answer.judgement = gate_.parts_.judge.judge(response, page, gate_.context_.clock.wall_now(), no);
    const bool throttled = std::holds_alternative<source::Throttle>(answer.judgement);
    gate_.answered({.latency = exchange.took, .throttled = throttled, .in_flight = exchange.in_flight});
    if (!std::holds_alternative<source::Accept>(answer.judgement)) {
        answer.excerpt = std::string(response.body.view().substr(0, kExcerpt));
        answer.end_rule = gate_.parts_.judge.end_rule(response, page);
    }
    if (page) answer.page = std::move(*page);
    const std::size_t kept =
        answer.page.copy.size() + bytes_of(answer.page.bad) + 16 * answer.page.key_hashes.size() + 1024;
    reserved.settle(static_cast<std::int64_t>(kept),
                    static_cast<std::int64_t>(response.body.capacity() + kept));
    answer.reserved = std::move(reserved);
    return answer;
}

}  // namespace pagehaul::engine
