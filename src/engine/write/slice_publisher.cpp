#include "engine/write/slice_publisher.h"

#include <iterator>
#include <utility>

#include "core/duration_text.h"
#include "core/fault.h"
#include "ledger/publish.h"
#include "log/log.h"

namespace pagehaul::engine {
namespace {

// Slices of few rows share a transaction; none is held up by many others for long.
constexpr std::int64_t rows_at_once = 20'000;
constexpr std::size_t slices_at_once = 200;

std::string in_words(Nanos span) {
    return duration_text(std::chrono::ceil<std::chrono::seconds>(span));
}

}  // namespace

SlicePublisher::SlicePublisher(Context& context, const Targets& targets, SessionOptions session, Deadline end)
    : context_(context),
      publication_(context, targets),
      session_(std::move(session), context.clock, context.random),
      end_(end),
      wake_(context.clock) {}

void SlicePublisher::put(std::vector<ProofDone> proofs) {
    {
        const MutexLock lock(mutex_);
        waiting_.insert(waiting_.end(), std::make_move_iterator(proofs.begin()),
                        std::make_move_iterator(proofs.end()));
    }
    wake_.set();
}

SlicePublisher::Proofs SlicePublisher::take() {
    const MutexLock lock(mutex_);
    return std::exchange(waiting_, {});
}

void SlicePublisher::work(const std::stop_token& over) {
    while (!over.stop_requested()) {
        Proofs proofs = take();
        if (proofs.empty())
            wake_.wait_until(MonoTime::max(), over);
        else
            publish_all(std::move(proofs), over);
    }
}

void SlicePublisher::publish_all(Proofs proofs, const std::stop_token& over) {
    std::vector<ledger::Claim> claims;
    for (const ProofDone& proof : proofs)
        claims.push_back(proof.claim);
    std::vector<std::int64_t> rows;
    session_.run(over, [&](postgres::Connection& connection) {
        rows = ledger::stored_rows(connection, context_.scope, claims);
    });
    Proofs some;
    std::int64_t rows_of_some = 0;
    const auto flush = [&] {
        if (!some.empty() && !over.stop_requested()) publish(some, rows_of_some, over);
        some.clear();
        rows_of_some = 0;
    };
    for (std::size_t i = 0; i < proofs.size(); ++i) {
        if (!pace_.is_time_for(rows_of_some + rows[i], context_.clock.now(), end_)) {
            // Its lease stays ours until the end, so that nobody asks for the proof over and over.
            log::warn("a slice is left to the next start: its rows would not be in the table by run.deadline",
                      {{"slice", proofs[i].claim.slice_key},
                       {"rows", rows[i]},
                       {"cause", "it takes about " + in_words(pace_.estimate(rows[i])) + ", and " +
                                     in_words(end_.remaining(context_.clock.now())) + " are left"}});
            continue;
        }
        if (rows_of_some + rows[i] > rows_at_once || some.size() == slices_at_once) flush();
        some.push_back(std::move(proofs[i]));
        rows_of_some += rows[i];
    }
    flush();
}

void SlicePublisher::publish(const Proofs& proofs, std::int64_t rows, const std::stop_token& over) {
    std::vector<std::optional<ledger::ProofVerdict>> verdicts;
    const MonoTime began = context_.clock.now();
    session_.run(over, [&](postgres::Connection& connection) {
        const postgres::Connection::Unlimited unlimited(connection);
        publication_.begin();
        verdicts = ledger::prove(connection, context_.scope, context_.policies, proofs,
                                 [&](postgres::Connection& its, const ledger::Claim& proof,
                                     const ledger::SliceSums& sums, const ledger::Proven& shown) {
                                     auto other = publication_.publish(its, proof, sums, shown);
                                     fault_point("before_publication");
                                     return other;
                                 });
    });
    fault_point("after_publication");
    pace_.took(rows, context_.clock.now() - began);
    context_.tallies.rows_changed += publication_.changed();
    news_.tell(context_, proofs, verdicts);
    // A next pass may have begun, whose page the claimer would not look for yet.
    ++context_.tallies.commits_that_plan;
    for (const ProofDone& proof : proofs)
        context_.held.remove(proof.claim.page_id);
    context_.wake.set();
}

}  // namespace pagehaul::engine
