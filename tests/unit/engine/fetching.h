#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/fetch/fetch_worker.h"
#include "engine_context.h"
#include "gate_parts.h"
#include "scripted_transport.h"

namespace pagehaul::engine::testing {

using Kind = ledger::Setback::Kind;

/// Everything that a fetch worker touches, with a scripted source. Change `shared.config` first, then call
/// `work`.
class FetchingTest : public ::testing::Test {
  protected:
    static constexpr std::string_view kFullPage =
        R"({"total": 4, "rows": [{"id": 1, "note": "a"}, {"id": 2, "note": "b"}]})";

    /// Made when first needed.
    GateParts& parts() {
        if (!parts_) parts_.emplace(shared.context, transport, reread);
        return *parts_;
    }

    static ledger::Claim claim(std::int64_t no, int attempts = 0) {
        ledger::Claim made;
        made.page_id = 100 + no;
        made.slice_id = 1;
        made.slice_key = "all";
        made.slice_params = "{}";
        made.no = no;
        made.epoch = 1;
        made.attempts = attempts;
        return made;
    }
    static ledger::Claim proof(std::int64_t planned, std::int64_t last_fetched) {
        ledger::Claim made = claim(0);
        made.planned = planned;
        made.last_fetched = last_fetched;
        return made;
    }

    /// Works these jobs off in this thread, in order.
    void work(const std::vector<ledger::Claim>& claims) {
        ClaimQueue jobs(100);
        for (ledger::Claim one : claims)
            jobs.push(std::move(one), {});
        jobs.close();
        worker(jobs).work();
        collect();
    }
    FetchWorker worker(ClaimQueue& jobs) { return {shared.context, parts().gate, jobs, pages, outbox, 1}; }
    void collect() {
        Outbox::Content content = outbox.take();
        setbacks.insert(setbacks.end(), content.setbacks.begin(), content.setbacks.end());
        proofs.insert(proofs.end(), content.proofs.begin(), content.proofs.end());
    }
    /// The only setback so far.
    ledger::Setback setback() {
        if (setbacks.size() == 1) return setbacks.front();
        ADD_FAILURE() << "expected one setback, there are " << setbacks.size();
        return {};
    }
    std::vector<FetchedPage> stored() { return pages.drain(); }
    /// Failures for longer than a source may be silent.
    void bring_source_down() {
        parts().health.on_failure(shared.clock.now());
        shared.clock.advance(std::chrono::seconds(31));
    }

    Shared shared;
    pagehaul::testing::ScriptedTransport transport;
    source::Reread reread = static_secret;

  private:
    std::optional<GateParts> parts_;

  protected:
    Outbox outbox{shared.context.wake};
    Pages pages{shared.clock};  ///< behind the parts: its pages give their bytes back to the budget
    std::vector<ledger::Setback> setbacks;
    std::vector<ProofDone> proofs;
};

}  // namespace pagehaul::engine::testing
