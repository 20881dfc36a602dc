#include "engine/fetch/fetcher.h"

#include <algorithm>
#include <chrono>

#include "core/counted.h"
#include "core/fault.h"
#include "engine/shared/fetched_page.h"
#include "log/log.h"

namespace pagehaul::engine {
namespace {

constexpr std::size_t kExcerpt = 4096;

/// What is kept of a page until its commit.
std::size_t bytes_of(const record::DecodedPage& page) {
    constexpr std::size_t job = 1024;
    // The hashes are copied once more on their way into the ledger.
    const std::size_t hashes = 2 * sizeof(std::int64_t) * page.key_hashes.capacity();
    std::size_t names = 0;
    for (const std::string& name : page.undeclared)
        names += sizeof(std::string) + name.capacity();
    return page.copy.capacity() + engine::bytes_of(page.bad) + hashes + names + page.key_conflict.capacity() +
           job;
}

/// They are kept as they go into the ledger, and once more in its statement.
std::size_t bytes_of(const std::vector<source::Slice>& children) {
    std::size_t bytes = 0;
    for (const source::Slice& child : children) {
        bytes += 2 * sizeof(ledger::PlannedSlice) + 2 * child.key.size();
        for (const auto& [name, value] : child.params)
            bytes += 2 * (name.size() + value.text.size() + 8);
    }
    return bytes;
}

tl::unexpected<Error> cancelled() {
    return fail(ErrorKind::cancelled, "", "stopped");
}

}  // namespace

StreamKit& SourceGate::kit(std::string_view stream) const {
    const auto found = std::find_if(parts_.streams.begin(), parts_.streams.end(),
                                    [&](const auto& kit) { return kit->stream.name == stream; });
    if (found == parts_.streams.end())
        throw Failure(ErrorKind::bug, "engine", "a slice of the unknown stream " + std::string(stream));
    return **found;
}

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

void SourceGate::share_among(std::int64_t processes) {
    int limit = 0;
    {
        const MutexLock lock(mutex_);
        limit = controller_.share_among(static_cast<int>(processes));
    }
    asking_.set_limit(limit);
}

void SourceGate::others_throttled() {
    const MonoTime now = context_.clock.now();
    int limit = 0;
    {
        const MutexLock lock(mutex_);
        limit = controller_.on_others_throttled(now);
    }
    asking_.set_limit(limit);
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
        const StreamKit& kit = gate_.kit(slice.stream);
        values_ = kit.requests.column_values(kit.stream.sink, slice, gate_.context_.facts);
        values_slice_ = slice.key;
    }
    return values_;
}

Result<Answer> Fetcher::ask(const source::Slice& slice, std::int64_t no) {
    telemetry::JobTrace nothing;
    return ask(slice, no, nothing, [] { return true; });
}

Result<Answer> Fetcher::ask(const source::Slice& slice, std::int64_t no, telemetry::JobTrace& trace,
                            const std::function<bool()>& may_send, const source::Start& start) {
    trace.waits();
    std::optional<Reservation> reserved = wait_for_turn();
    if (!reserved) return cancelled();
    if (!may_send()) return fail(ErrorKind::fenced, "", "the lease may be gone");

    const std::int64_t version = gate_.parts_.credentials.version();
    const auto credential = gate_.parts_.credentials.current();
    if (!credential && credential.error().kind == ErrorKind::credential) {
        Answer refused;
        refused.judgement = source::RefuseCredential{credential.error().message};
        refused.credential_version = version;
        return refused;
    }
    if (!credential) return tl::unexpected<Error>(credential.error());
    auto request = gate_.kit(slice.stream).requests.build(slice, no, *credential, start);
    if (!request) return tl::unexpected<Error>(request.error());

    trace.sends(*request);
    const Exchange sent = exchange(gate_.kit(slice.stream).transport, *request, *reserved);
    trace.answered(sent.response);
    if (!sent.response) {
        if (sent.no_room) return fail(ErrorKind::throttled, "", "no memory was free for the body");
        return tl::unexpected<Error>(sent.response.error());
    }

    const std::string& led_to = sent.response->followed_to;
    Answer answer = read(sent, slice, no, led_to.empty() ? request->target : led_to, std::move(*reserved));
    answer.credential_version = credential->version;
    if (std::holds_alternative<source::Accept>(answer.judgement))
        gate_.parts_.credentials.accepted(credential->version);
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

Fetcher::Exchange Fetcher::exchange(http::Transport& transport, const http::Request& request,
                                    Reservation& reserved) {
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
        auto answered = transport.send(request, bounds, context.stop.cancel_token());
        in_flight = gate_.sent_;
        return answered;
    }();
    const Nanos took = context.clock.now() - sent - (response ? response->waited : Nanos{0});
    context.metrics.request_done(response ? response->status : 0, took);
    return {.response = std::move(response), .took = took, .in_flight = in_flight, .no_room = no_room};
}

Answer Fetcher::read(const Exchange& exchange, const source::Slice& slice, std::int64_t no,
                     std::string_view target, Reservation&& reserved) {
    const http::Response& response = *exchange.response;
    Answer answer;
    answer.status = response.status;
    answer.took = exchange.took;
    const record::ColumnValues& values = values_of(slice);
    StreamKit& kit = gate_.kit(slice.stream);
    auto page = kit.decode(response.body.view(), no, values);
    answer.judgement = kit.judge.judge(response, page, gate_.context_.clock.wall_now(), no, target);
    const auto* const throttle = std::get_if<source::Throttle>(&answer.judgement);
    const bool throttled = throttle != nullptr && throttle->scope == config::ThrottleScope::source;
    gate_.answered({.latency = exchange.took, .throttled = throttled, .in_flight = exchange.in_flight});
    if (!std::holds_alternative<source::Accept>(answer.judgement)) {
        answer.excerpt = log::excerpt(response.body.view(), kExcerpt);
        answer.end_rule = kit.judge.end_rule(response, page);
    }
    if (page) answer.page = std::move(*page);
    if (!kit.children.empty() && answer.page.fetched > 0 &&
        std::holds_alternative<source::Accept>(answer.judgement)) {
        auto children = kit.make_children(response.body.view(), no, slice);
        if (children)
            answer.children = std::move(*children);
        else
            answer.no_children = children.error().message;
    }
    const std::size_t kept = bytes_of(answer.page) + bytes_of(answer.children);
    reserved.settle(static_cast<std::int64_t>(kept),
                    static_cast<std::int64_t>(response.body.capacity() + kept));
    answer.reserved = std::move(reserved);
    return answer;
}

}  // namespace pagehaul::engine
