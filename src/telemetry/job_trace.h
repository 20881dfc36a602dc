#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "http/transport.h"
#include "telemetry/span.h"

namespace pagehaul::telemetry {

class Tracer;

/// A page job: one attempt at one page, or at a slice's proof.
struct JobFacts {
    std::int64_t page_id = 0;
    std::int64_t slice_id = 0;
    const std::string& slice;
    std::string_view stream{};  ///< empty: of a file without streams
    int pass = 1;
    std::int64_t page = 0;  ///< 0: the proof
    int attempt = 1;
};

/// Hears of one page job while a worker has it in hand, and makes spans of it; they are given to the exporter
/// when it is destroyed. One thread.
class JobTrace {
  public:
    JobTrace() = default;  ///< of a job that nothing is recorded of
    JobTrace(JobTrace&&) noexcept = default;
    JobTrace& operator=(JobTrace&&) = delete;
    ~JobTrace();

    /// 0: not recorded.
    SpanId span() const { return spans_.empty() ? 0 : spans_.front().id; }

    // The steps of a request, each a span below the job's. One ends where the next begins, or with the job.

    void waits();
    /// Adds a traceparent header where requests carry the trace. The query is left out of the span, it may
    /// hold secrets.
    void sends(http::Request& request);
    /// An answer is decoded next.
    void answered(const Result<http::Response>& answer);
    void decoded() { end(); }

    /// What came of the job, a literal; the last word counts.
    void outcome(std::string_view word);
    /// It failed. `type` and `word` are literals.
    void outcome(std::string_view word, std::string_view type, const std::string& why);
    /// It will be tried again.
    void retried(Millis delay, bool counts);

  private:
    friend class Tracer;
    explicit JobTrace(Tracer& tracer) : tracer_(&tracer) {}
    void begin(std::string_view step, SpanKind kind);
    void end();

    Tracer* tracer_ = nullptr;  ///< null: there are no spans
    std::vector<Span> spans_;   ///< the job's own first, then the steps; empty: not recorded, or moved from
    bool in_step_ = false;      ///< the last span is open
    int attempt_ = 1;
    std::string_view outcome_;
    std::string_view error_type_;  ///< empty: it did not fail
    std::string why_;
    std::optional<TraceParent> propagated_;
};

/// Hears of one transaction that stores pages, or of one attempt at it, and makes a span of it; it is given
/// to the exporter when it ends. One thread.
class CommitTrace {
  public:
    CommitTrace() = default;  ///< of a transaction that nothing is recorded of
    CommitTrace(CommitTrace&&) noexcept = default;
    CommitTrace& operator=(CommitTrace&&) = delete;
    ~CommitTrace() { end(); }

    void row_by_row();
    void stored(std::size_t pages, std::int64_t rows_changed);
    /// Ends it. `sqlstate`: empty where the server said none.
    void failed(const Error& error, const std::string& sqlstate);

  private:
    friend class Tracer;
    explicit CommitTrace(Tracer& tracer) : tracer_(&tracer) {}
    void end();

    Tracer* tracer_ = nullptr;  ///< null: there is no span
    std::vector<Span> span_;    ///< one; none after the end, and after a move
};

}  // namespace pagehaul::telemetry
