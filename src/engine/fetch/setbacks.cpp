// What ends a job without a page.
#include <algorithm>
#include <utility>

#include "engine/fetch/fetch_worker.h"
#include "engine/fetch/try_policy.h"
#include "engine/shared/job_log.h"
#include "http/retry.h"
#include "ledger/split.h"
#include "log/log.h"
#include "source/halving.h"
#include "source/pagination.h"

namespace pagehaul::engine {
namespace {

using Kind = ledger::Setback::Kind;

std::string_view word_of(Kind kind) {
    switch (kind) {
        case Kind::again:
            return "to be retried";
        case Kind::unavailable:
            return "unavailable";
        case Kind::refused:
            return "refused";
        case Kind::returned:
            return "given back";
        case Kind::moved:
            return "moved";
        case Kind::split:
            return "split";
    }
    throw Failure(ErrorKind::bug, "", "a setback of no kind");
}

/// Our own back-off where the source throttles and has been for `lasted`: up to the longest pause, not only
/// to the longest back-off from errors. It asks for fewer requests, and tells no pause, or one of zero.
Millis own_pause(Nanos lasted, const config::Source& source, Random& random) {
    const config::Retry pace{.base = source.retry.base, .max = source.limits.max_pause};
    return http::delay(http::attempt_after(lasted, pace), pace, random);
}

}  // namespace

http::Pause FetchWorker::pause_source(const source::Throttle& throttle) {
    ++context_.tallies.throttled;
    const MonoTime now = context_.clock.now();
    const config::Source& source = context_.config.source;
    const Nanos failing = now - gate_.health().failing_since().value_or(now);
    const http::Pause pause =
        http::pause_for(throttle.pause, own_pause(failing, source, context_.random), source.limits.max_pause);
    gate_.health().on_throttled(now, pause, throttle.reason);
    gate_.pause(pause.span);
    return pause;
}

http::Pause FetchWorker::pause_request(const source::Throttle& throttle) {
    ++context_.tallies.throttled;
    const config::Source& source = context_.config.source;
    const Millis own = http::delay(1, source.retry, context_.random);
    return http::pause_for(throttle.pause, own, source.limits.max_pause);
}

void FetchWorker::throttled(Job& job, const source::Throttle& throttle) {
    const MonoTime now = context_.clock.now();
    const config::Source& source = context_.config.source;
    const http::Pause pause =
        throttle.scope == config::ThrottleScope::source ? pause_source(throttle) : pause_request(throttle);
    end_probe(job);
    const std::string cause =
        throttle.reason +
        (pause.asked_too_much ? http::asked_too_much_text(*throttle.pause, source.limits.max_pause) : "");
    const Nanos lasted = gate_.trials().throttled(job.claim.page_id, now, pause.span);
    // Where nothing has succeeded meanwhile the run is given up, not page by page.
    const bool others_succeed = now - gate_.health().failing_since().value_or(now) < lasted;
    if (others_succeed && lasted >= context_.config.run.patience)
        return unavailable(job, job.claim.attempts + 1, false, "throttled", cause + ", for run.patience");
    // The page's own back-off is its alone: others may be let through meanwhile.
    const Millis own = own_pause(lasted, source, context_.random);
    const Millis span = http::pause_for(pause.span, own, source.limits.max_pause).span;
    const bool whole_slice = throttle.scope == config::ThrottleScope::slice;
    if (whole_slice) gate_.slice_pauses().pause(job.claim.slice_id, now + span);
    again(job, span, false, cause, "throttled", whole_slice);
}

void FetchWorker::unanswered(Job& job, const Error& error) {
    switch (error.kind) {
        case ErrorKind::cancelled:
        case ErrorKind::fenced:  // the ledger knows whether the lease is still ours
            end_probe(job);
            give_back(job);
            break;
        case ErrorKind::throttled:
            end_probe(job);
            again(job, context_.config.source.retry.base, false, error.text(), to_string(error.kind));
            break;
        case ErrorKind::permanent:
        case ErrorKind::data:
            // An answer, if a bad one.
            gate_.health().on_success(context_.clock.now());
            refuse(job, error.text(), {});
            break;
        case ErrorKind::config:
            end_probe(job);
            context_.stop.no_new_work(StopCause::config, error.text());
            give_back(job);
            break;
        case ErrorKind::transient:
        case ErrorKind::credential:
        case ErrorKind::in_doubt:
        case ErrorKind::bug:
            failed_try(job, {.reason = error.text()});
            break;
    }
}

void FetchWorker::again(Job& job, Millis delay, bool counts, const std::string& cause, std::string_view kind,
                        bool whole_slice) {
    ++context_.tallies.retries;
    context_.metrics.retried();
    // The attempt is the try that failed, whether it counts against the page or not.
    log_job(log::Level::warn, "page failed", job.claim, job.trace.span(),
            {{"attempt", job.claim.attempts + 1},
             {"attempts", context_.config.source.retry.attempts},
             {"counted", counts},
             {"kind", kind},
             {"cause", cause},
             {"delay_ms", delay.count()}});
    job.trace.retried(delay, counts);
    end(job, {.kind = Kind::again,
              .counts = counts,
              .delay = delay,
              .type = kind,
              .cause = cause,
              .whole_slice = whole_slice});
}

void FetchWorker::end_probe(Job& job, const std::string& cause) {
    if (std::exchange(job.probing, false)) gate_.health().on_probe_failure(context_.clock.now(), cause);
}

void FetchWorker::unavailable(Job& job, int attempt, bool counts, std::string_view kind,
                              const std::string& cause) {
    if (job.behind_end) return end_refused(job, cause);
    ++context_.tallies.pages_failed;
    log_job(log::Level::error, "page failed, attempts used up", job.claim, job.trace.span(),
            {{"attempt", attempt},
             {"attempts", context_.config.source.retry.attempts},
             {"kind", kind},
             {"cause", cause}});
    end(job, {.kind = Kind::unavailable, .counts = counts, .type = kind, .cause = cause});
}

void FetchWorker::failed_try(Job& job, const source::Retry& failure, std::string payload) {
    const MonoTime now = context_.clock.now();
    bool counts = false;
    if (job.probing) {
        gate_.health().on_probe_failure(now, failure.reason);
    } else {
        counts = gate_.health().on_failure(now, failure.reason);
    }
    int unexplained = 0;
    if (failure.unexplained) {
        // As long as nothing has ever succeeded the config is likelier wrong than the API down.
        counts = counts || !gate_.known_good();
        unexplained = gate_.trials().unexplained(job.claim.page_id, counts);
    }
    const config::Retry& retry = context_.config.source.retry;
    const int attempt = job.claim.attempts + (counts ? 1 : 0);
    switch (after_try(
        {.counts = counts, .attempt = attempt, .attempts = retry.attempts, .unexplained = unexplained})) {
        case AfterTry::refused:
            return refuse(job,
                          failure.reason + ", again and again" +
                              (failure.hint.empty() ? "" : ": " + failure.hint) +
                              (may_be_behind_end(job.claim) ? source::end_hint(job.end_rule) : ""),
                          std::move(payload));
        case AfterTry::unavailable:
            return unavailable(job, attempt, true, "transient", failure.reason);
        case AfterTry::again:
            break;
    }
    int pace = std::max(1, attempt);
    if (!counts && !job.probing) {
        const MonoTime since = gate_.health().failing_since().value_or(now);
        pace = std::max(pace, http::attempt_after(now - since, retry));
    }
    const http::Pause pause = http::pause_for(failure.pause, http::delay(pace, retry, context_.random),
                                              context_.config.source.limits.max_pause);
    again(job, pause.span, counts, failure.reason, "transient");
}

void FetchWorker::refuse(Job& job, const std::string& cause, std::string payload) {
    if (job.behind_end) return end_refused(job, cause);
    // A token that was told long ago may be so no more: then the chain begins anew.
    if (chain_ && job.claim.no > 1 && !chain_->is_behind_first(job.claim.no))
        return moved(job, "page " + std::to_string(job.claim.no) +
                              " is refused with the token that was told for it before: " + cause);
    ++context_.tallies.pages_failed;
    log_job(log::Level::error, "page refused", job.claim, job.trace.span(),
            {{"kind", "permanent"}, {"cause", cause}});
    end(job, {.kind = Kind::refused,
              .counts = true,
              .type = "permanent",
              .cause = cause,
              .payload = std::move(payload)});
}

void FetchWorker::moved(Job& job, const std::string& cause) {
    log_job(log::Level::warn, "page failed", job.claim, job.trace.span(),
            {{"kind", "permanent"}, {"cause", cause}});
    end(job, {.kind = Kind::moved, .type = "permanent", .cause = cause});
}

std::string FetchWorker::too_large(const ledger::Claim& claim, const source::Accept& accepted) const {
    const std::optional<std::int64_t>& most = gate_.pagination(claim.stream).max_rows;
    if (!most || accepted.total_rows.value_or(0) <= *most) return {};
    return "a total of " + std::to_string(*accepted.total_rows) +
           " rows is more than source.pagination.max_rows, " + std::to_string(*most);
}

void FetchWorker::split(Job& job, const source::Slice& slice, const std::string& cause, std::string payload) {
    const auto halves = source::halve(gate_.kit(slice.stream).stream.source, slice);
    if (!halves) return refuse(job, cause + ": " + halves.error().text(), std::move(payload));
    const auto planned = [](const source::Slice& half) {
        return ledger::PlannedSlice{.key = half.key, .params = source::to_json(half)};
    };
    end(job, {.kind = Kind::split,
              .cause = cause,
              .halves = ledger::write_halves({planned((*halves)[0]), planned((*halves)[1])})});
}

void FetchWorker::give_back(Job& job) {
    if (!has_row(job)) return drop(job);
    end(job, {.kind = Kind::returned});
}

void FetchWorker::end(Job& job, const Ending& ending) {
    if (ending.kind == Kind::unavailable || ending.kind == Kind::refused)
        gate_.trials().forget(job.claim.page_id);
    chain_.reset();
    job.trace.outcome(word_of(ending.kind), ending.type, ending.cause);
    outbox_.put(ledger::Setback{.claim = job.claim,
                                .kind = ending.kind,
                                .counts = ending.counts,
                                .delay = ending.delay,
                                .error = log::redacted(ending.cause),
                                .payload = log::redacted(ending.payload),
                                .whole_slice = ending.whole_slice,
                                .halves = ending.halves});
}

std::optional<bool> FetchWorker::accepted_elsewhere() {
    const std::optional<KnownGood> good = gate_.known_good();
    if (!good) return false;
    const auto answer = fetcher_.ask(good->slice, good->no);
    if (answer && std::holds_alternative<source::Accept>(answer->judgement)) return true;
    if (answer && std::holds_alternative<source::RefuseCredential>(answer->judgement)) return false;
    return std::nullopt;
}

void FetchWorker::credential_refused(Job& job, const Answer& answer) {
    const std::string& cause = std::get<source::RefuseCredential>(answer.judgement).reason;
    switch (gate_.credentials().refused(answer.credential_version)) {
        case source::CredentialAnswer::try_again:
            again(job, Millis{0}, false, cause, "credential");
            return;
        case source::CredentialAnswer::refused: {
            if (job.behind_end) return end_refused(job, cause);
            if (may_be_behind_end(job.claim)) {
                const std::optional<bool> elsewhere = accepted_elsewhere();
                if (!elsewhere)
                    return again(job, context_.config.source.retry.base, false, cause, "credential");
                if (*elsewhere)
                    return refuse(job,
                                  cause + ", though the same credentials get other pages" +
                                      source::end_hint(job.end_rule),
                                  answer.excerpt);
            }
            const auto after = gate_.await_newer_credential(answer.credential_version, cause);
            if (!after) return again(job, Millis{0}, false, cause, "credential");
            log_job(log::Level::error, "credentials refused", job.claim, job.trace.span(),
                    {{"kind", "credential"}, {"cause", cause}});
            if (*after == AfterRefusal::run)
                context_.stop.no_new_work(StopCause::credential, "source.auth: " + cause);
            else
                context_.stop.no_new_work(
                    StopCause::lost, "source.auth: " + cause +
                                         ", while others of the run go on: this process may have an older "
                                         "secret than theirs");
            give_back(job);
            job.trace.outcome("given back", "credential", cause);
            return;
        }
    }
}

}  // namespace pagehaul::engine
