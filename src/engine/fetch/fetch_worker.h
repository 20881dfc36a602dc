#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "engine/fetch/fetcher.h"
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
        const ledger::Claim& claim;
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
    };

    telemetry::JobTrace begin_trace(const ledger::Claim& claim);
    void process(Job& job);
    void fetch(Job& job, const source::Slice& slice);
    /// Without a total the pages behind the last one are asked for like any other.
    bool may_be_behind_end(const ledger::Claim& claim) const;
    void prove(Job& job, const source::Slice& slice);
    void end_refused(Job& job, const std::string& cause);
    void proof_read(Job& job, ledger::ProofReading reading);
    /// While the source is down only a probe goes out. @return whether the job may go on.
    bool probe_first(Job& job);
    /// Sends; handles everything but a judgement of Accept, End or Fail. nullopt: the job is dealt with.
    std::optional<Answer> ask(Job& job, const source::Slice& slice, std::int64_t no);
    /// What no answer means for the job.
    void unanswered(Job& job, const Error& error);
    /// Nobody sends for a while. @return for how long
    http::Pause pause_source(const source::Throttle& throttle);
    void throttled(Job& job, const source::Throttle& throttle);
    const source::Slice& slice_of(const ledger::Claim& claim);

    void again(Job& job, Millis delay, bool counts, const std::string& cause, std::string_view kind);
    /// `payload`: the answer's beginning, should it be the last one.
    void failed_try(Job& job, const source::Retry& retry, std::string payload = {});
    void unavailable(Job& job, int attempt, bool counts, std::string_view kind, const std::string& cause);
    /// If the job is the probe, it has failed: another one may go out.
    void end_probe(Job& job);
    void refuse(Job& job, const std::string& cause, std::string payload);
    void give_back(Job& job);
    void credential_refused(Job& job, const Answer& answer);
    /// Whether the newest credential is good for other pages; nullopt: nobody knows now.
    std::optional<bool> accepted_elsewhere();
    void end(Job& job, Ending ending);

    Context& context_;
    SourceGate& gate_;
    ClaimQueue& jobs_;
    Pages& pages_;
    Outbox& outbox_;
    const std::size_t refill_below_;
    Fetcher fetcher_;
    source::Slice slice_;
    std::int64_t slice_id_ = 0;
};

}  // namespace pagehaul::engine
