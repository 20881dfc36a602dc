#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/mutex.h"
#include "engine/fetch/concurrency.h"
#include "engine/fetch/page_trials.h"
#include "engine/fetch/pages_seen.h"
#include "engine/fetch/refusal_policy.h"
#include "engine/fetch/slice_pauses.h"
#include "engine/fetch/stream_kit.h"
#include "engine/shared/byte_budget.h"
#include "engine/shared/context.h"
#include "engine/shared/source_health.h"
#include "http/rate_limiter.h"
#include "http/transport.h"
#include "record/decoder.h"
#include "source/credentials.h"
#include "source/judge.h"
#include "source/requests.h"
#include "telemetry/job_trace.h"

namespace pagehaul::engine {

/// A request that the source has answered well: what a probe repeats when the source seems down.
struct KnownGood {
    source::Slice slice;
    std::int64_t no = 1;
};

/// What a request passes on its way. Thread-safe parts, which outlive the gate.
struct SourceParts {
    const StreamKits& streams;
    http::RateLimiter& limiter;
    ByteBudget& budget;
    source::Credentials& credentials;
    SourceHealth& health;
    ConcurrencyOptions concurrency;
};

/// What all fetch workers share on the way to the source. Thread-safe; owned by engine/run.cpp.
class SourceGate {
  public:
    SourceGate(Context& context, const SourceParts& parts)
        : context_(context), parts_(parts), controller_(parts.concurrency), asking_(parts.concurrency.start) {
        parts_.limiter.on_others_pause([this] { others_throttled(); });
    }

    /// Requests sent and not answered yet.
    int in_flight() const { return sent_; }
    int in_flight_limit() const { return asking_.limit(); }
    /// The permits that workers ask under.
    InFlight& asking() { return asking_; }
    http::RateLimiter& limiter() { return parts_.limiter; }
    SourceHealth& health() { return parts_.health; }
    source::Credentials& credentials() { return parts_.credentials; }
    PageTrials& trials() { return trials_; }
    PagesSeen& pages_seen() { return pages_seen_; }
    /// Throws Failure (a bug) where there is none.
    StreamKit& kit(std::string_view stream) const;
    const config::Pagination& pagination(std::string_view stream) const {
        return kit(stream).stream.source.pagination;
    }
    SlicePauses& slice_pauses() { return slice_pauses_; }

    void remember_good(const source::Slice& slice, std::int64_t no);
    std::optional<KnownGood> known_good() const;
    /// The API asks for a pause: nobody sends before it is over.
    void pause(Millis span);
    /// The newest credential was refused, `version` that which the request was sent with. Waits as long as
    /// other processes of the run may have a newer one or be refused as well, and looks for it here
    /// meanwhile. @return nullopt: it is here; else what is to end.
    std::optional<AfterRefusal> await_newer_credential(std::int64_t version, std::string_view cause);
    /// So many processes of the run ask the source, this one included.
    void share_among(std::int64_t processes);

  private:
    friend class Fetcher;
    void answered(const ConcurrencyController::Sample& sample);
    void others_throttled();

    Context& context_;
    const SourceParts parts_;
    mutable Mutex mutex_;
    ConcurrencyController controller_ PAGEHAUL_GUARDED_BY(mutex_);
    std::optional<KnownGood> known_good_ PAGEHAUL_GUARDED_BY(mutex_);
    InFlight asking_;
    Mutex refusal_mutex_;  ///< held by the one worker that waits for a newer credential
    std::atomic<int> sent_{0};
    PageTrials trials_;
    PagesSeen pages_seen_;
    SlicePauses slice_pauses_;
};

/// The source's answer to one request, judged and decoded.
struct Answer {
    int status = 0;
    source::Judgement judgement;            ///< RefuseCredential too where nobody gives us one to send
    record::DecodedPage page;               ///< empty where the body was no whole JSON document
    std::vector<source::Slice> children{};  ///< of other streams, which an accepted page's records make
    std::string no_children{};              ///< why there are none, where the records should have made some
    Reservation reserved;                   ///< of the decoded page
    std::int64_t credential_version = 0;
    Nanos took{0};         ///< from the request to the last byte
    std::string excerpt;   ///< the body's beginning, where the judgement is not Accept
    std::string end_rule;  ///< Judge::end_rule, there too
};

/// Sends one request and reads its answer. One a fetch worker; used by its thread alone.
class Fetcher {
  public:
    explicit Fetcher(SourceGate& gate);

    /// Waits for bytes and the rate limiter (until "no new work"), sends, decodes, judges. timeout.request
    /// and timeout.job bound the exchange, from when it may be sent: a paced request is not late. Failures:
    /// cancelled; throttled where no bytes were free for the body (no fault of the source); transient,
    /// permanent or config as the transport and the templates say; fenced, and nothing is sent, when
    /// `may_send`, asked after the waits, says no.
    /// `start`: as in source::Requests::build.
    Result<Answer> ask(const source::Slice& slice, std::int64_t no, telemetry::JobTrace& trace,
                       const std::function<bool()>& may_send, const source::Start& start = {});
    /// The same for no job: no lease is needed, nothing is recorded.
    Result<Answer> ask(const source::Slice& slice, std::int64_t no);

  private:
    /// One request as it went.
    struct Exchange {
        Result<http::Response> response;
        Nanos took{0};
        int in_flight = 0;     ///< when it was over, this one included
        bool no_room = false;  ///< no bytes were free for the body
    };

    /// Until bytes are free and the rate limiter lets us through; nullopt: stopped.
    std::optional<Reservation> wait_for_turn();
    Exchange exchange(http::Transport& transport, const http::Request& request, Reservation& reserved);
    /// Decodes and judges; lets go of what `reserved` holds beyond the page.
    Answer read(const Exchange& exchange, const source::Slice& slice, std::int64_t no,
                std::string_view target, Reservation&& reserved);
    const record::ColumnValues& values_of(const source::Slice& slice);

    SourceGate& gate_;
    std::string values_slice_;
    record::ColumnValues values_;
};

}  // namespace pagehaul::engine
