#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "engine/fetch/fetcher.h"
#include "engine/shared/chain.h"
#include "engine/shared/outbox.h"
#include "engine/shared/queues.h"

namespace pagehaul::engine {

/// Takes page jobs until "no new work", one at a time: fetch, decode, judge, and hand the page to the writers
/// or the setback to the claimer. Every job taken ends in exactly one of the two, whatever is thrown. One
/// thread each.
class FetchWorker {
  public:
    FetchWorker(Context& context, SourceGate& gate, ClaimQueue& jobs, Pages& pages, Outbox& outbox,
                std::size_t refill_below);

    void work();

  private:
    /// A page behind the end is asked for: what refuses it refuses no page of ours, and shows nothing.
    struct BehindEnd {
        std::int64_t no = 0;
        ledger::ProofReading reading{};
    };
    /// The job at hand.
    struct Job {
        ledger::Claim& claim;
        telemetry::JobTrace trace;
        bool probing = false;  ///< it is the probe itself
        std::optional<BehindEnd> behind_end{};
        std::string end_rule{};  ///< of the answer at hand
    };
    /// What ends a job without a page: what the claimer records of it, and the words for it.
    struct Ending {
        ledger::Setback::Kind kind;
        bool counts = false;
        Millis delay{0};
        std::string_view type{};  ///< of the failure, a literal; empty: it did not fail
        std::string cause{};
        std::string payload{};
        bool whole_slice = false;
        std::string halves{};
    };

    const ledger::Policy& policy_of(const ledger::Claim& claim) const {
        return context_.policies.of(claim.stream);
    }
    /// Whether there is a next page of a chain at hand that may be asked for now.
    bool may_go_on() const { return next_ && chain_->has_room(); }
    /// The job from the queue, with all of the chain that it began, is over.
    void end_turn();
    void hand_back(std::optional<ledger::Claim>& claim);
    /// The next page of the chain at hand, else what the queue has; nothing: there is nothing more to do.
    std::optional<ledger::Claim> next_job();
    /// Whether there is a row to record the job's outcome in: a page behind others of its chain that are not
    /// committed yet has none, and waits for it. False when nothing is to be recorded: stopped, or the chain
    /// is over.
    bool has_row(Job& job);
    /// The job ends and nothing is recorded: its lease, where it is ours still, goes back as the process
    /// settles.
    void drop(Job& job);
    /// The halves of the slice's window are pulled in its place; refused where there is nothing to halve.
    void split(Job& job, const source::Slice& slice, const std::string& cause, std::string payload);
    /// Why the slice is not pulled as it is; empty: it may be.
    std::string too_large(const ledger::Claim& claim, const source::Accept& accepted) const;
    /// Nothing more of this pass is asked for: its slice is pulled again.
    void moved(Job& job, const std::string& cause);
    void store(Job& job, FetchedPage page);
    /// Why nothing is gained by the page after this one; empty: it may be asked for.
    std::string repeats(const Job& job, const ledger::PageResult& page) const;
    telemetry::JobTrace begin_trace(const ledger::Claim& claim);
    void process(Job& job);
    void fetch(Job& job, const source::Slice& slice);
    /// Without a total the pages behind the last one are asked for like any other.
    bool may_be_behind_end(const ledger::Claim& claim) const;
    void prove(Job& job, const source::Slice& slice);
    /// Asks where the end is to be shown, beyond the last page. @return false: the job is dealt with
    bool ask_beyond(Job& job, const source::Slice& slice, ledger::ProofReading& reading);
    bool ask_behind_short(Job& job, const source::Slice& slice, ledger::ProofReading& reading);
    bool ask_last_again(Job& job, const source::Slice& slice, ledger::ProofReading& reading);
    void end_refused(Job& job, const std::string& cause);
    void proof_read(Job& job, ledger::ProofReading reading);
    /// While the source is down only a probe goes out. @return whether the job may go on.
    bool probe_first(Job& job);
    /// Sends; handles everything but a judgement of Accept, End, Skip, Split (Fail where the proof asks) or
    /// Fail. nullopt: the job is dealt with. `behind`: as in source::Requests::build.
    std::optional<Answer> ask(Job& job, const source::Slice& slice, std::int64_t no,
                              const std::optional<std::int64_t>& behind = {});
    /// What an accepted page is to the ledger.
    void take_page(const ledger::Claim& claim, const source::Accept& accepted, Answer& answer,
                   FetchedPage& page);
    /// What the records of that page were, asked for again where this process does not know. nullopt: the job
    /// is dealt with.
    std::optional<std::int64_t> records_of(Job& job, const source::Slice& slice, std::int64_t no);
    /// Whether the page has the records of the one before it. nullopt: the job is dealt with.
    std::optional<bool> is_repeated(Job& job, const source::Slice& slice, std::int64_t no,
                                    const record::DecodedPage& page);
    /// Three pages in a row are one, whatever their numbers.
    bool is_stuck(const ledger::Claim& claim, const record::DecodedPage& page) const;
    /// What no answer means for the job.
    void unanswered(Job& job, const Error& error);
    /// Nobody sends for a while. @return for how long
    http::Pause pause_source(const source::Throttle& throttle);
    /// The one request waits, or those of its slice, and says nothing of the source. @return for how long
    http::Pause pause_request(const source::Throttle& throttle);
    void throttled(Job& job, const source::Throttle& throttle);
    const source::Slice& slice_of(const ledger::Claim& claim);

    /// @param whole_slice all that waits of its slice waits as long
    void again(Job& job, Millis delay, bool counts, const std::string& cause, std::string_view kind,
               bool whole_slice = false);
    /// `payload`: the answer's beginning, should it be the last one.
    void failed_try(Job& job, const source::Retry& retry, std::string payload = {});
    void unavailable(Job& job, int attempt, bool counts, std::string_view kind, const std::string& cause);
    /// If the job is the probe, it has failed: another one may go out.
    void end_probe(Job& job, const std::string& cause = {});
    void refuse(Job& job, const std::string& cause, std::string payload);
    void give_back(Job& job);
    void credential_refused(Job& job, const Answer& answer);
    /// Whether the newest credential is good for other pages; nullopt: nobody knows now.
    std::optional<bool> accepted_elsewhere();
    void end(Job& job, const Ending& ending);

    Context& context_;
    SourceGate& gate_;
    ClaimQueue& jobs_;
    Pages& pages_;
    Outbox& outbox_;
    const std::size_t refill_below_;
    const bool follows_chains_;
    const bool several_streams_;
    std::optional<std::string> in_hand_;  ///< of the job taken from the queue: its stream
    Fetcher fetcher_;
    std::shared_ptr<Chain> chain_;       ///< that the worker follows; null: it takes jobs from the queue
    std::optional<ledger::Claim> next_;  ///< the page of it that comes next
    std::optional<std::int64_t> page_before_;  ///< content_hash of its last page, if that had rows
    source::Slice slice_;
    std::int64_t slice_id_ = 0;
};

}  // namespace pagehaul::engine
