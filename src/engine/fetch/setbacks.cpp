// What ends a job without a page.
#include <algorithm>
#include <utility>

#include "engine/fetch/fetch_worker.h"
#include "engine/fetch/try_policy.h"
#include "engine/shared/job_log.h"
#include "http/retry.h"
#include "log/log.h"
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
    }
    throw Failure(ErrorKind::bug, "", "a setback of no kind");
}

}  // namespace

http::Pause FetchWorker::pause_source(const source::Throttle& throttle) {
    ++context_.tallies.throttled;
    const MonoTime now = context_.clock.now();
    const config::Source& source = context_.config.source;
    const Nanos failing = now - gate_.health().failing_since().value_or(now);
    const http::Pause pause = http::pause_for(
        throttle.pause,
        http::delay(http::attempt_after(failing, source.retry), source.retry, context_.random),
        source.limits.max_pause);
    gate_.health().on_throttled(now, pause);
    gate_.pause(pause.span);
    return pause;
}

void FetchWorker::throttled(Job& job, const source::Throttle& throttle) {
    const MonoTime now = context_.clock.now();
    const config::Source& source = context_.config.source;
    const http::Pause pause = pause_source(throttle);
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
    const Millis own = http::delay(http::attempt_after(lasted, source.retry), source.retry, context_.random);
    again(job, http::pause_for(pause.span, own, source.limits.max_pause).span, false, cause, "throttled");
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

void FetchWorker::again(Job& job, Millis delay, bool counts, const std::string& cause,
                        std::string_view kind) {
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
    end(job, {.kind = Kind::again, .counts = counts, .delay = delay, .type = kind, .cause = cause});
}

void FetchWorker::end_probe(Job& job) {
    if (std::exchange(job.probing, false)) gate_.health().on_probe_failure(context_.clock.now());
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
        gate_.health().on_probe_failure(now);
    } else {
        counts = gate_.health().on_failure(now);
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
                          failure.reason + ", again and again: a rule in source.response.rules, or " +
                              "source.response.otherwise, may say what it means" +
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
    ++context_.tallies.pages_failed;
    log_job(log::Level::error, "page refused", job.claim, job.trace.span(),
            {{"kind", "permanent"}, {"cause", cause}});
    end(job, {.kind = Kind::refused,
              .counts = true,
              .type = "permanent",
              .cause = cause,
              .payload = std::move(payload)});
}

void FetchWorker::give_back(Job& job) {
    end(job, {.kind = Kind::returned});
}

void FetchWorker::end(Job& job, Ending ending) {
    if (ending.kind == Kind::unavailable || ending.kind == Kind::refused)
        gate_.trials().forget(job.claim.page_id);
    job.trace.outcome(word_of(ending.kind), ending.type, ending.cause);
    outbox_.put(ledger::Setback{.claim = job.claim,
                                .kind = ending.kind,
                                .counts = ending.counts,
                                .delay = ending.delay,
                                .error = log::redacted(std::move(ending.cause)),
                                .payload = log::redacted(std::move(ending.payload))});
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
        case source::CredentialAnswer::refused:
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
            log_job(log::Level::error, "credentials refused", job.claim, job.trace.span(),
                    {{"kind", "credential"}, {"cause", cause}});
            context_.stop.no_new_work(StopCause::credential, "source.auth: " + cause);
            give_back(job);
            job.trace.outcome("given back", "credential", cause);
            return;
    }
}

}  // namespace pagehaul::engine
