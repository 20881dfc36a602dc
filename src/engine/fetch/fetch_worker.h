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
    void begin_trace(const ledger::Claim& claim);
    void process(const ledger::Claim& claim);
    void fetch(const ledger::Claim& claim, const source::Slice& slice);
    void prove(const ledger::Claim& claim, const source::Slice& slice);
    /// While the source is down only a probe goes out. @return whether the job may go on.
    bool probe_first(const ledger::Claim& claim);
    /// Sends; handles everything but a judgement of Accept, End or Fail. nullopt: the claim is dealt with.
    std::optional<Answer> ask(const ledger::Claim& claim, const source::Slice& slice, std::int64_t no);
    const source::Slice& slice_of(const ledger::Claim& claim);

    void again(const ledger::Claim& claim, Millis delay, bool counts, const std::string& cause,
               std::string_view kind);
    /// `at_least`: the pause that the answer asked for.
    void failed_try(const ledger::Claim& claim, const std::string& cause, Millis at_least = Millis{0});
    /// If the job at hand is the probe, it has failed: another one may go out.
    void end_probe();
    void refuse(const ledger::Claim& claim, const std::string& cause, std::string payload);
    void give_back(const ledger::Claim& claim);
    telemetry::JobTrace* trace() { return trace_ ? &*trace_ : nullptr; }
    telemetry::SpanId span() const { return trace_ ? trace_->span() : 0; }
    void credential_refused(const ledger::Claim& claim, std::int64_t version, const std::string& cause);

    Context& context_;
    SourceGate& gate_;
    ClaimQueue& jobs_;
    Pages& pages_;
    Outbox& outbox_;
    const std::size_t refill_below_;
    Fetcher fetcher_;
    source::Slice slice_;
    std::int64_t slice_id_ = 0;
    std::optional<telemetry::JobTrace> trace_;  ///< of the job at hand, if any is made
    bool probing_ = false;                      ///< the job at hand is the probe itself
};

}  // namespace pagehaul::engine
