// What a worker asks for a slice's proof, once its pages are stored: whether the total still holds, and what
// is behind the end.
#include <utility>

#include "engine/fetch/fetch_worker.h"
#include "log/log.h"
#include "source/pagination.h"

namespace pagehaul::engine {

void FetchWorker::prove(Job& job, const source::Slice& slice) {
    ledger::ProofReading reading;
    const ledger::Policy& policy = policy_of(job.claim);
    if (policy.publishes && ledger::proves_itself(policy, job.claim.planned, job.claim.last_fetched)) {
        reading.total = job.claim.total;
        return proof_read(job, std::move(reading));
    }
    if (policy.total != ledger::Policy::Known::nothing) {
        std::optional<Answer> first = ask(job, slice, 1);
        if (!first) return;
        const auto* accepted = std::get_if<source::Accept>(&first->judgement);
        if (accepted == nullptr) {
            return refuse(job, "page 1 was refused when it was asked for again for the proof",
                          std::move(first->excerpt));
        }
        reading.total =
            policy.total == ledger::Policy::Known::pages ? accepted->total_pages : accepted->total_rows;
    }
    if (policy.linked) return proof_read(job, std::move(reading));
    const bool asked = policy.end == ledger::Policy::End::told
                           ? ask_last_again(job, slice, reading)
                           : ask_behind_short(job, slice, reading) && ask_beyond(job, slice, reading);
    if (asked) proof_read(job, std::move(reading));
}

bool FetchWorker::ask_last_again(Job& job, const source::Slice& slice, ledger::ProofReading& reading) {
    const std::int64_t no = job.claim.planned;
    const std::optional<Answer> answer = ask(job, slice, no);
    if (!answer) return false;
    const auto* const accepted = std::get_if<source::Accept>(&answer->judgement);
    const std::string page = "page " + std::to_string(no) + ", the last one, ";
    const bool says_none = accepted == nullptr || (accepted->nothing && !accepted->more);
    if (std::holds_alternative<source::Fail>(answer->judgement))
        reading.moved = page + "is refused when it is asked for again";
    else if (!says_none && accepted->more != false)
        reading.moved = page + "says now that there are more (source.pagination.more)";
    else if (answer->page.fetched != job.claim.last_fetched)
        reading.moved = page + "had " + std::to_string(job.claim.last_fetched) + " rows and has now " +
                        std::to_string(answer->page.fetched);
    return true;
}

bool FetchWorker::ask_behind_short(Job& job, const source::Slice& slice, ledger::ProofReading& reading) {
    const config::Pagination& pagination = gate_.pagination(job.claim.stream);
    const ledger::Policy& policy = policy_of(job.claim);
    const bool by_counts = policy.total == ledger::Policy::Known::rows && !policy.total_advisory;
    const std::int64_t last = job.claim.last_fetched;
    if (by_counts || pagination.type != config::PaginationType::offset || last == 0 ||
        last >= pagination.size)
        return true;
    // Pages that are capped below what is asked for leave rows out that no page begins with.
    job.behind_end = BehindEnd{.no = job.claim.planned + 1, .reading = reading};
    const std::optional<Answer> answer =
        ask(job, slice, job.claim.planned, (job.claim.planned - 1) * pagination.size + last);
    if (!answer) return false;
    if (const auto* failure = std::get_if<source::Fail>(&answer->judgement)) {
        end_refused(job, failure->reason);
        return false;
    }
    if (std::holds_alternative<source::Accept>(answer->judgement))
        reading.rows_behind_short = answer->page.fetched;
    return true;
}

bool FetchWorker::ask_beyond(Job& job, const source::Slice& slice, ledger::ProofReading& reading) {
    const ledger::Claim& claim = job.claim;
    const config::Pagination& pagination = gate_.pagination(claim.stream);
    std::vector<std::int64_t> beyond{claim.planned + 1};
    if (policy_of(claim).total != ledger::Policy::Known::nothing) {
        const bool last_is_full = claim.planned > 0 && claim.last_fetched >= pagination.size;
        if (!last_is_full) beyond.clear();
    } else if (pagination.end != config::PagesEnd::short_page) {
        beyond.push_back(claim.planned + 2);
    }
    for (const std::int64_t no : beyond) {
        job.behind_end = BehindEnd{.no = no, .reading = reading};
        const std::optional<Answer> answer = ask(job, slice, no);
        if (!answer) return false;
        const auto* const failure = std::get_if<source::Fail>(&answer->judgement);
        const auto* const skipped = std::get_if<source::Skip>(&answer->judgement);
        if (failure != nullptr || skipped != nullptr) {
            end_refused(job, failure != nullptr ? failure->reason : skipped->reason);
            return false;
        }
        if (!std::holds_alternative<source::Accept>(answer->judgement) || answer->page.fetched == 0) continue;
        if (pagination.end == config::PagesEnd::repeated_page && claim.planned > 0) {
            const auto last = records_of(job, slice, claim.planned);
            if (!last) return false;
            if (*last == answer->page.content_hash) {
                if (claim.planned > 1 || claim.last_fetched < pagination.size) continue;
                // One full page for ever: an API that does not read the number looks the same.
                end_refused(job,
                            "it repeats page 1, which is full, so nothing shows that the API reads the "
                            "page's number");
                return false;
            }
        }
        reading.rows_beyond_end += answer->page.fetched;
    }
    return true;
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
