#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "telemetry/span.h"

namespace pagehaul::telemetry {

class Tracer;

/// A page job: one attempt at one page, or at a slice's proof.
struct JobFacts {
    std::int64_t page_id = 0;
    std::int64_t slice_id = 0;
    const std::string& slice;
    int pass = 1;
    std::int64_t page = 0;  ///< 0: the proof
    int attempt = 1;
};

/// The steps of a request; each is a span below the job's.
enum class Step { wait, fetch, decode };

/// The spans of one page job while a worker has it in hand; given to the exporter when it is destroyed. One
/// thread.
class JobTrace {
  public:
    JobTrace(JobTrace&&) noexcept = default;
    JobTrace& operator=(JobTrace&&) = delete;
    ~JobTrace();

    /// 0: not recorded, only propagated.
    SpanId span() const { return spans_.empty() ? 0 : spans_.front().id; }

    /// Begins a step; the one before ends.
    void begin(Step step);
    /// The step at hand ends.
    void end();
    /// Of the step at hand, a fetch. `target`: path and query; the query is left out, it may hold secrets.
    void request(std::string_view method, std::string_view target);
    void answered(int status, std::size_t bytes);
    /// The step at hand failed.
    void failed(const Error& error);
    /// The value of a traceparent header for the request at hand; nothing where requests carry none.
    std::optional<std::string> traceparent() const;

    /// What came of the job, a literal; the last word counts.
    void outcome(std::string_view word);
    /// It failed. `type` and `word` are literals.
    void outcome(std::string_view word, std::string_view type, const std::string& why);
    /// It will be tried again.
    void retried(Millis delay, bool counts);

  private:
    friend class Tracer;
    explicit JobTrace(Tracer& tracer) : tracer_(&tracer) {}

    Tracer* tracer_;
    std::vector<Span> spans_;  ///< the job's own first, then the steps; empty: not recorded, or moved from
    bool in_step_ = false;     ///< the last span is open
    int attempt_ = 1;
    std::string_view outcome_;
    std::string_view error_type_;  ///< empty: it did not fail
    std::string why_;
    std::optional<TraceParent> propagated_;
};

/// The span of one transaction that stores pages, or of one attempt at it; given to the exporter when it
/// ends. One thread.
class CommitTrace {
  public:
    CommitTrace(CommitTrace&&) noexcept = default;
    CommitTrace& operator=(CommitTrace&&) = delete;
    ~CommitTrace() { end(); }

    void set(Attribute attribute);
    /// Ends it. `sqlstate`: empty where the server said none.
    void failed(const Error& error, const std::string& sqlstate);

  private:
    friend class Tracer;
    explicit CommitTrace(Tracer& tracer) : tracer_(&tracer) {}
    void end();

    Tracer* tracer_;
    std::vector<Span> span_;  ///< one; none after the end, and after a move
};

}  // namespace pagehaul::telemetry
