#include "engine/fetch/fetch_worker.h"

#include <utility>

#include "log/log.h"
#include "source/pagination.h"

namespace pagehaul::engine {
namespace {

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
    job.end_rule.clear();
    auto answer = fetcher_.ask(slice, no, job.trace, [&] {
        return !context_.held.in_doubt(job.claim.page_id, context_.clock.now());
    });
    if (!answer) {
        unanswered(job, answer.error());
        return std::nullopt;
    }
    job.end_rule = std::move(answer->end_rule);
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
    if (std::holds_alternative<source::RefuseCredential>(answer->judgement)) {
        credential_refused(job, *answer);
        return std::nullopt;
    }
    return std::move(*answer);
}

void FetchWorker::fetch(Job& job, const source::Slice& slice) {
    const ledger::Claim& claim = job.claim;
    std::optional<Answer> answer = ask(job, slice, claim.no);
    if (!answer) return;
    if (const auto* failure = std::get_if<source::Fail>(&answer->judgement)) {
        return refuse(job, failure->reason + (may_be_behind_end(claim) ? source::end_hint(job.end_rule) : ""),
                      std::move(answer->excerpt));
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
    page.bytes = page.copy.size() + bytes_of(result.bad);
    page.reserved = std::move(answer->reserved);
    page.urgent = claim.no == 1;
    gate_.trials().forget(claim.page_id);
    if (!pages_.push(std::move(page))) give_back(job);
}

bool FetchWorker::may_be_behind_end(const ledger::Claim& claim) const {
    return context_.policy.total == ledger::Policy::Known::nothing && claim.no > 1;
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
        job.behind_end = BehindEnd{.no = no, .reading = reading};
        std::optional<Answer> answer = ask(job, slice, no);
        if (!answer) return;
        if (const auto* failure = std::get_if<source::Fail>(&answer->judgement))
            return end_refused(job, failure->reason);
        if (std::holds_alternative<source::Accept>(answer->judgement))
            reading.rows_beyond_end += answer->page.fetched;
    }
    proof_read(job, std::move(reading));
}

void FetchWorker::end_refused(Job& job, const std::string& cause) {
    BehindEnd& behind = *job.behind_end;
    behind.reading.end_refused =
        log::redacted("page " + std::to_string(behind.no) + ", behind the last one, is refused: " + cause +
                      source::end_hint(job.end_rule));
    proof_read(job, std::move(behind.reading));
}

void FetchWorker::proof_read(Job& job, ledger::ProofReading reading) {
    job.trace.outcome("read");
    gate_.trials().forget(job.claim.page_id);
    outbox_.put(ProofDone{job.claim, std::move(reading)});
}

}  // namespace pagehaul::engine
