#include "engine/fetch/fetch_worker.h"

#include <utility>

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

/// Rounded; a request is never as long as an int has milliseconds, 24 days.
std::int32_t whole_millis(Nanos span) {
    return static_cast<std::int32_t>(std::chrono::round<Millis>(span).count());
}

}  // namespace

FetchWorker::FetchWorker(Context& context, SourceGate& gate, ClaimQueue& jobs, Pages& pages, Outbox& outbox,
                         std::size_t refill_below)
    : context_(context),
      gate_(gate),
      jobs_(jobs),
      pages_(pages),
      outbox_(outbox),
      refill_below_(refill_below),
      fetcher_(gate) {}

void FetchWorker::work() {
    InFlight::Permit permit;
    while (true) {
        if (!gate_.asking().keep(permit)) permit = gate_.asking().acquire(context_.stop.no_new_work_token());
        if (!permit) return;
        std::optional<ledger::Claim> claim = jobs_.pop(context_.stop.no_new_work_token());
        if (!claim) return;
        if (jobs_.size() < refill_below_) context_.wake.set();
        Job job{.claim = *claim, .trace = begin_trace(*claim)};
        try {
            process(job);
        } catch (const std::exception& error) {
            // A job that throws fails like any other try; the pool goes on.
            failed_try(job, {.reason = error.what()});
        }
    }
}

telemetry::JobTrace FetchWorker::begin_trace(const ledger::Claim& claim) {
    if (context_.tracer == nullptr) return {};
    return context_.tracer->job({.page_id = claim.page_id,
                                 .slice_id = claim.slice_id,
                                 .slice = claim.slice_key,
                                 .pass = claim.pass,
                                 .page = claim.no,
                                 .attempt = claim.attempts + 1});
}

const source::Slice& FetchWorker::slice_of(const ledger::Claim& claim) {
    if (slice_id_ != claim.slice_id) {
        auto slice = source::slice_from_json(claim.slice_key, claim.slice_params);
        if (!slice) throw Failure(slice.error());
        slice_ = std::move(*slice);
        slice_id_ = claim.slice_id;
    }
    return slice_;
}

void FetchWorker::process(Job& job) {
    if (gate_.health().state(context_.clock.now()) != SourceState::up && !probe_first(job)) return;
    const source::Slice& slice = slice_of(job.claim);
    job.claim.is_proof() ? prove(job, slice) : fetch(job, slice);
}

bool FetchWorker::probe_first(Job& job) {
    SourceHealth& health = gate_.health();
    if (!health.begin_probe(context_.clock.now())) {
        give_back(job);
        return false;
    }
    job.probing = true;  // from here on it must end in on_success or on_probe_failure, even by a throw
    const std::optional<KnownGood> good = gate_.known_good();
    if (!good) return true;
    auto answer = fetcher_.ask(good->slice, good->no);
    const auto* throttle = answer ? std::get_if<source::Throttle>(&answer->judgement) : nullptr;
    if (throttle != nullptr) {
        pause_source(*throttle);
    } else if (answer && !std::holds_alternative<source::Retry>(answer->judgement)) {
        job.probing = false;
        health.on_success(context_.clock.now());
        log::info("the source answers again", {});
        return true;
    }
    end_probe(job);
    give_back(job);
    return false;
}

std::optional<Answer> FetchWorker::ask(Job& job, const source::Slice& slice, std::int64_t no) {
    auto answer = fetcher_.ask(slice, no, job.trace, [&] {
        return !context_.held.in_doubt(job.claim.page_id, context_.clock.now());
    });
    if (!answer) {
        unanswered(job, answer.error());
        return std::nullopt;
    }
    if (const auto* retry = std::get_if<source::Retry>(&answer->judgement)) {
        failed_try(job, *retry, std::move(answer->excerpt));
        return std::nullopt;
    }
    if (const auto* throttle = std::get_if<source::Throttle>(&answer->judgement)) {
        throttled(job, *throttle);
        return std::nullopt;
    }
    gate_.health().on_success(context_.clock.now());
    job.probing = false;
    if (const auto* refused = std::get_if<source::RefuseCredential>(&answer->judgement)) {
        credential_refused(job, answer->credential_version, refused->reason);
        return std::nullopt;
    }
    return std::move(*answer);
}

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
    if (lasted >= context_.config.run.patience && lasted > Nanos{0})
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

void FetchWorker::fetch(Job& job, const source::Slice& slice) {
    const ledger::Claim& claim = job.claim;
    std::optional<Answer> answer = ask(job, slice, claim.no);
    if (!answer) return;
    if (const auto* failure = std::get_if<source::Fail>(&answer->judgement)) {
        return refuse(job, failure->reason, std::move(answer->excerpt));
    }
    FetchedPage page;
    ledger::PageResult& result = page.result;
    result.claim = claim;
    result.fetch_ms = whole_millis(answer->took);
    if (const auto* accepted = std::get_if<source::Accept>(&answer->judgement)) {
        gate_.remember_good(slice, claim.no);
        record::DecodedPage& decoded = answer->page;
        result.total = context_.policy.total == ledger::Policy::Known::pages ? accepted->total_pages
                                                                             : accepted->total_rows;
        result.fetched = decoded.fetched;
        result.stored = decoded.stored;
        result.duplicates = decoded.duplicates;
        result.key_hashes = std::move(decoded.key_hashes);
        result.bad = std::move(decoded.bad);
        result.content_hash = decoded.content_hash;
        context_.tallies.nul_replaced += decoded.nul_replaced;
        if (!decoded.key_conflict.empty()) {
            result.slice_error =
                "sink.key is not unique: a page holds different records with the key " + decoded.key_conflict;
        } else if (claim.no == 1) {
            std::string capped =
                source::capped_page(context_.config.source.pagination, decoded.fetched, accepted->total_rows);
            if (!capped.empty()) result.slice_error = std::move(capped);
        }
        page.copy = std::move(decoded.copy);
    }
    page.span = job.trace.span();
    job.trace.outcome("fetched");
    page.bytes = page.copy.size();
    page.reserved = std::move(answer->reserved);
    page.urgent = claim.no == 1;
    gate_.trials().forget(claim.page_id);
    if (!pages_.push(std::move(page))) give_back(job);
}

void FetchWorker::prove(Job& job, const source::Slice& slice) {
    const ledger::Claim& claim = job.claim;
    ledger::ProofReading reading;
    const bool told = context_.policy.total != ledger::Policy::Known::nothing;
    std::vector<std::int64_t> beyond;
    if (told) {
        std::optional<Answer> first = ask(job, slice, 1);
        if (!first) return;
        const auto* accepted = std::get_if<source::Accept>(&first->judgement);
        if (accepted == nullptr) {
            return refuse(job, "page 1 was refused when it was asked for again for the proof",
                          std::move(first->excerpt));
        }
        reading.total = context_.policy.total == ledger::Policy::Known::pages ? accepted->total_pages
                                                                              : accepted->total_rows;
        const bool last_is_full =
            claim.planned > 0 && claim.last_fetched >= context_.config.source.pagination.size;
        if (last_is_full) beyond.push_back(claim.planned + 1);
    } else {
        beyond = {claim.planned + 1, claim.planned + 2};
    }
    for (const std::int64_t no : beyond) {
        std::optional<Answer> answer = ask(job, slice, no);
        if (!answer) return;
        const auto* failure = std::get_if<source::Fail>(&answer->judgement);
        if (!told && failure != nullptr) {
            // Without a total the end was shown by empty pages, and only a rule makes a refusal one of them.
            return refuse(job, "a page beyond the end was refused: " + failure->reason,
                          std::move(answer->excerpt));
        }
        // Where a total is told, a refusal of a page beyond it disproves nothing: only rows there do.
        if (std::holds_alternative<source::Accept>(answer->judgement))
            reading.rows_beyond_end += answer->page.fetched;
    }
    job.trace.outcome("read");
    gate_.trials().forget(claim.page_id);
    outbox_.put(ProofDone{claim, reading});
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
    bool refused = false;
    if (failure.unexplained) {
        // As long as nothing has ever succeeded the config is likelier wrong than the API down.
        counts = counts || !gate_.known_good();
        refused = counts && gate_.trials().unexplained(job.claim.page_id) > source::unexplained_retries;
    }
    const int attempt = job.claim.attempts + (counts ? 1 : 0);
    const config::Retry& retry = context_.config.source.retry;
    const bool used_up = counts && attempt >= retry.attempts;
    if (refused || (used_up && failure.unexplained))
        return refuse(job,
                      failure.reason + ", again and again: a rule in source.response.rules, or " +
                          "source.response.otherwise, may say what it means",
                      std::move(payload));
    if (used_up) return unavailable(job, attempt, true, "transient", failure.reason);
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

void FetchWorker::credential_refused(Job& job, std::int64_t version, const std::string& cause) {
    switch (gate_.credentials().refused(version)) {
        case source::CredentialAnswer::try_again:
            again(job, Millis{0}, false, cause, "credential");
            return;
        case source::CredentialAnswer::refused:
            log_job(log::Level::error, "credentials refused", job.claim, job.trace.span(),
                    {{"kind", "credential"}, {"cause", cause}});
            context_.stop.no_new_work(StopCause::credential, "source.auth: " + cause);
            give_back(job);
            job.trace.outcome("given back", "credential", cause);
            return;
    }
}

}  // namespace pagehaul::engine
