#include "engine/fetch/fetch_worker.h"

#include <utility>

#include "engine/shared/job_log.h"
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
      follows_chains_(context.policies.any_linked()),
      several_streams_(context.policies.all().size() > 1),
      fetcher_(gate) {}

void FetchWorker::work() {
    const std::stop_token no_new_work = context_.stop.no_new_work_token();
    InFlight::Permit permit;
    while (true) {
        std::optional<ledger::Claim> claim;
        if (follows_chains_) {
            // Whoever waits here holds no permit: others have chains to follow.
            if (!may_go_on()) permit.release();
            if (chain_) chain_->wait_for_room(no_new_work);
            claim = next_job();
            if (!claim) return;
        }
        if (!gate_.asking().keep(permit)) permit = gate_.asking().acquire(no_new_work);
        if (!permit) return hand_back(claim);
        if (!claim) claim = next_job();
        if (!claim) return;
        Job job{.claim = *claim, .trace = begin_trace(*claim)};
        try {
            process(job);
        } catch (const std::exception& error) {
            // A job that throws fails like any other try; the pool goes on.
            has_row(job) ? failed_try(job, {.reason = error.what()}) : drop(job);
        }
        if (!chain_) end_turn();
    }
}

telemetry::JobTrace FetchWorker::begin_trace(const ledger::Claim& claim) {
    if (context_.tracer == nullptr) return {};
    return context_.tracer->job({.page_id = claim.page_id,
                                 .slice_id = claim.slice_id,
                                 .slice = claim.slice_key,
                                 .stream = claim.stream,
                                 .pass = claim.pass,
                                 .page = claim.no,
                                 .attempt = claim.attempts + 1});
}

const source::Slice& FetchWorker::slice_of(const ledger::Claim& claim) {
    if (slice_id_ != claim.slice_id) {
        auto slice = source::slice_from_json(claim.slice_key, claim.slice_params, claim.stream);
        if (!slice) throw Failure(slice.error());
        slice_ = std::move(*slice);
        slice_id_ = claim.slice_id;
    }
    return slice_;
}

void FetchWorker::process(Job& job) {
    if (const Nanos pause = gate_.slice_pauses().left(job.claim.slice_id, context_.clock.now());
        pause > Nanos{0} && !chain_)
        return end(job, {.kind = ledger::Setback::Kind::returned, .delay = std::chrono::ceil<Millis>(pause)});
    if (policy_of(job.claim).linked && !job.claim.is_proof() && !chain_) {
        chain_ = std::make_shared<Chain>(job.claim);
        page_before_.reset();
    }
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
    const auto* retry = answer ? std::get_if<source::Retry>(&answer->judgement) : nullptr;
    if (throttle != nullptr) {
        pause_source(*throttle);
    } else if (answer && retry == nullptr) {
        job.probing = false;
        health.on_success(context_.clock.now());
        log::info("the source answers again", {});
        return true;
    }
    end_probe(job, retry != nullptr ? retry->reason : answer ? "" : answer.error().text());
    give_back(job);
    return false;
}

std::optional<Answer> FetchWorker::ask(Job& job, const source::Slice& slice, std::int64_t no,
                                       const std::optional<std::int64_t>& behind) {
    job.end_rule.clear();
    const auto may_send = [&] {
        const std::optional<ledger::Claim> lease = chain_ ? chain_->head() : job.claim;
        return lease && !context_.held.in_doubt(lease->page_id, context_.clock.now());
    };
    auto answer = fetcher_.ask(
        slice, no, job.trace, may_send,
        {.behind = behind, .token = no == job.claim.no ? std::string_view(job.claim.token) : ""});
    const bool good = answer && (std::holds_alternative<source::Accept>(answer->judgement) ||
                                 std::holds_alternative<source::End>(answer->judgement));
    if (!good && !has_row(job)) {
        drop(job);
        return std::nullopt;
    }
    if (!answer) {
        unanswered(job, answer.error());
        return std::nullopt;
    }
    job.end_rule = std::move(answer->end_rule);
    const auto* too_large = std::get_if<source::Split>(&answer->judgement);
    if (too_large != nullptr && job.claim.is_proof())
        answer->judgement = source::Fail{.reason = too_large->reason};
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
    if (const auto* too_large = std::get_if<source::Split>(&answer->judgement))
        return split(job, slice, too_large->reason, std::move(answer->excerpt));
    if (const auto* first = std::get_if<source::Accept>(&answer->judgement);
        first != nullptr && claim.no == 1)
        if (const std::string why = too_large(claim, *first); !why.empty())
            return split(job, slice, why, std::move(answer->excerpt));
    const auto* const skipped = std::get_if<source::Skip>(&answer->judgement);
    if (skipped != nullptr && claim.no > 1)
        return refuse(job,
                      skipped->reason +
                          ": a later page that is left out is a hole, only page 1 can be skipped" +
                          (may_be_behind_end(claim) ? source::end_hint(job.end_rule) : ""),
                      std::move(answer->excerpt));
    FetchedPage page;
    ledger::PageResult& result = page.result;
    result.claim = claim;
    result.fetch_ms = whole_millis(answer->took);
    result.nothing = true;
    const bool ends = std::holds_alternative<source::End>(answer->judgement);
    if (ends && policy_of(claim).end == ledger::Policy::End::told) result.total = claim.no;
    if (skipped != nullptr) {
        ++context_.tallies.pages_skipped;
        log_job(log::Level::warn, "page skipped", claim, job.trace.span(), {{"cause", skipped->reason}});
    }
    if (const auto* accepted = std::get_if<source::Accept>(&answer->judgement)) {
        gate_.remember_good(slice, chain_ ? 1 : claim.no);
        bool repeated = false;
        if (gate_.pagination(claim.stream).end == config::PagesEnd::repeated_page && claim.no > 1) {
            const auto is = is_repeated(job, slice, claim.no, answer->page);
            if (!is) return;
            repeated = *is;
        }
        if (!repeated) take_page(claim, *accepted, *answer, page);
        result.next = accepted->next;
    }
    page.span = job.trace.span();
    job.trace.outcome("fetched");
    page.bytes = page.copy.size() + bytes_of(result.bad);
    page.reserved = std::move(answer->reserved);
    page.urgent = claim.no == 1;
    gate_.trials().forget(claim.page_id);
    if (chain_) return store(job, std::move(page));
    if (!pages_.push(std::move(page))) return give_back(job);
    context_.held.fetched(claim.page_id);
}

void FetchWorker::take_page(const ledger::Claim& claim, const source::Accept& accepted, Answer& answer,
                            FetchedPage& page) {
    ledger::PageResult& result = page.result;
    record::DecodedPage& decoded = answer.page;
    const ledger::Policy& policy = policy_of(claim);
    switch (policy.total) {
        case ledger::Policy::Known::rows:
            result.total = accepted.total_rows;
            break;
        case ledger::Policy::Known::pages:
            result.total = accepted.total_pages;
            break;
        case ledger::Policy::Known::nothing:
            if (!policy.linked &&
                (accepted.more == false || (policy.end == ledger::Policy::End::told && !accepted.more)))
                result.total = claim.no;
            break;
    }
    result.nothing = accepted.nothing;
    result.fetched = decoded.fetched;
    result.stored = decoded.stored;
    result.duplicates = decoded.duplicates;
    result.key_hashes = std::move(decoded.key_hashes);
    result.bad = std::move(decoded.bad);
    result.content_hash = decoded.content_hash;
    context_.tallies.nul_replaced += decoded.nul_replaced;
    for (const source::Slice& child : answer.children)
        result.children.push_back(
            {.key = child.key, .params = source::to_json(child), .stream = child.stream, .is_child = true});
    if (!answer.no_children.empty()) {
        result.slice_error = std::move(answer.no_children);
    } else if (!decoded.key_conflict.empty()) {
        result.slice_error =
            "sink.key is not unique: a page holds different records with the key " + decoded.key_conflict;
    } else if (claim.no == 1) {
        std::string capped =
            source::capped_page(gate_.pagination(claim.stream), decoded.fetched, accepted.total_rows);
        if (!capped.empty()) result.slice_error = std::move(capped);
    } else if (!policy.linked && policy.total == ledger::Policy::Known::nothing && is_stuck(claim, decoded)) {
        result.slice_error =
            "pages " + std::to_string(claim.no - 2) + " to " + std::to_string(claim.no) +
            " have the same records: does the API read the page's number where source.request puts it? If "
            "that is how it says that there are no more pages, set source.pagination.end to repeated_page";
    }
    if (decoded.fetched > 0 && !policy.linked)
        gate_.pages_seen().note({claim.slice_id, claim.pass, claim.no}, decoded.content_hash);
    page.copy = std::move(decoded.copy);
    page.undeclared = std::move(decoded.undeclared);
}

bool FetchWorker::is_stuck(const ledger::Claim& claim, const record::DecodedPage& page) const {
    const auto was = [&](std::int64_t no) {
        return gate_.pages_seen().of({claim.slice_id, claim.pass, no}) == page.content_hash;
    };
    return page.fetched > 0 && claim.no > 2 && was(claim.no - 1) && was(claim.no - 2);
}

std::optional<std::int64_t> FetchWorker::records_of(Job& job, const source::Slice& slice, std::int64_t no) {
    if (const auto known = gate_.pages_seen().of({job.claim.slice_id, job.claim.pass, no})) return known;
    const std::optional<Answer> answer = ask(job, slice, no);
    if (!answer) return std::nullopt;
    if (std::holds_alternative<source::Accept>(answer->judgement)) return answer->page.content_hash;
    again(job, context_.config.source.retry.base, false,
          "page " + std::to_string(no) + ", with which this one is compared, was refused", "transient");
    return std::nullopt;
}

std::optional<bool> FetchWorker::is_repeated(Job& job, const source::Slice& slice, std::int64_t no,
                                             const record::DecodedPage& page) {
    if (page.fetched == 0) return false;
    const auto before = records_of(job, slice, no - 1);
    if (!before) return std::nullopt;
    return *before == page.content_hash;
}

bool FetchWorker::may_be_behind_end(const ledger::Claim& claim) const {
    const ledger::Policy& policy = policy_of(claim);
    return !policy.linked && policy.total == ledger::Policy::Known::nothing && claim.no > 1;
}

}  // namespace pagehaul::engine
