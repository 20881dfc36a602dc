// A fetch worker follows a chain: src/engine/README.md, "Chains".
#include <utility>

#include "engine/fetch/fetch_worker.h"

namespace pagehaul::engine {

std::optional<ledger::Claim> FetchWorker::next_job() {
    if (chain_ && chain_->is_over()) {
        chain_.reset();
        next_.reset();
        end_turn();
    }
    if (next_) return std::exchange(next_, std::nullopt);
    std::optional<ledger::Claim> claim = jobs_.pop(context_.stop.no_new_work_token(), gate_.asking().limit());
    if (claim) {
        in_hand_ = claim->stream;
        const bool runs_dry = several_streams_ && jobs_.size(claim->stream) < refill_below_ / 4;
        if (runs_dry || jobs_.size() < refill_below_) context_.wake.set();
    }
    return claim;
}

void FetchWorker::end_turn() {
    if (in_hand_) jobs_.over(*in_hand_);
    in_hand_.reset();
}

void FetchWorker::hand_back(std::optional<ledger::Claim>& claim) {
    if (!claim) return;
    Job job{.claim = *claim, .trace = {}};
    give_back(job);
}

bool FetchWorker::has_row(Job& job) {
    if (job.claim.has_row()) return true;
    const auto lease = chain_->wait_for_lease(job.claim.no, context_.stop.no_new_work_token());
    if (lease) job.claim = *lease;
    return lease.has_value();
}

void FetchWorker::drop(Job& job) {
    end_probe(job);
    job.trace.outcome("given back");
    chain_.reset();
}

std::string FetchWorker::repeats(const Job& job, const ledger::PageResult& page) const {
    if (!page.next) return {};
    const std::string no = std::to_string(job.claim.no);
    constexpr std::string_view hint = ": does the API read the token where source.request puts it?";
    if (*page.next == job.claim.token) return "page " + no + " told its own token again" + std::string(hint);
    if (page.fetched > 0 && page_before_ == page.content_hash)
        return "page " + no + " brought the same records as the one before it" + std::string(hint);
    return {};
}

void FetchWorker::store(Job& job, FetchedPage page) {
    ledger::PageResult& result = page.result;
    if (std::string why = repeats(job, result); !why.empty()) result.moved = std::move(why);
    page_before_ = result.fetched > 0 ? std::optional(result.content_hash) : std::nullopt;
    const bool goes_on = result.next && !result.moved && !result.slice_error;
    if (goes_on) {
        next_ = ledger::Claim{.slice_id = job.claim.slice_id,
                              .stream = job.claim.stream,
                              .slice_key = job.claim.slice_key,
                              .slice_params = job.claim.slice_params,
                              .pass = job.claim.pass,
                              .no = job.claim.no + 1,
                              .token = *result.next,
                              .total = {}};
    }
    page.urgent = true;
    std::optional<FetchedPage> ready = chain_->hand(std::move(page));
    if (ready) {
        const std::int64_t lease = ready->result.claim.page_id;
        // Writers go on until the fetch workers have ended: there is somebody to take it.
        pages_.push(std::move(*ready));
        context_.held.fetched(lease);
    }
    if (!goes_on) chain_.reset();
}

}  // namespace pagehaul::engine
