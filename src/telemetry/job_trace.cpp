#include "telemetry/job_trace.h"

#include <utility>

#include "telemetry/tracer.h"

namespace pagehaul::telemetry {

JobTrace::~JobTrace() {
    if (spans_.empty()) return;
    end();
    Span& job = spans_.front();
    job.end = tracer_->clock_.now();
    if (!outcome_.empty()) job.attributes.emplace_back("pagehaul.outcome", outcome_);
    if (!error_type_.empty()) {
        job.attributes.emplace_back("error.type", error_type_);
        job.failed = true;
        job.message = std::move(why_);
    }
    tracer_->offer(std::move(spans_));
}

void JobTrace::begin(std::string_view step, SpanKind kind) {
    if (spans_.empty()) return;
    end();
    const MonoTime now = tracer_->clock_.now();
    spans_.push_back({.name = step,
                      .kind = kind,
                      .id = tracer_->ids_.next(),
                      .parent = spans_.front().id,
                      .start = now,
                      .end = now});
    in_step_ = true;
}

void JobTrace::end() {
    if (std::exchange(in_step_, false)) spans_.back().end = tracer_->clock_.now();
}

void JobTrace::waits() {
    begin("wait", SpanKind::internal);
}

void JobTrace::sends(http::Request& request) {
    begin("fetch", SpanKind::client);
    if (in_step_) {
        auto& attributes = spans_.back().attributes;
        attributes.reserve(8);
        attributes.emplace_back("http.request.method", request.method);
        attributes.emplace_back("url.path", request.target.substr(0, request.target.find('?')));
        attributes.emplace_back("server.address", tracer_->server_);
        attributes.emplace_back("server.port", tracer_->port_);
        if (attempt_ > 1) attributes.emplace_back("http.request.resend_count", attempt_ - 1);
    }
    if (propagated_) {
        TraceParent parent = *propagated_;
        if (in_step_) parent.span = spans_.back().id;
        request.headers.emplace_back("traceparent", to_text(parent));
    }
}

void JobTrace::answered(const Result<http::Response>& answer) {
    if (!in_step_) return;
    Span& fetch = spans_.back();
    if (!answer) {
        fetch.attributes.emplace_back("error.type", to_string(answer.error().kind));
        fetch.failed = true;
        fetch.message = answer.error().message;
        return;
    }
    fetch.attributes.emplace_back("http.response.status_code", answer->status);
    fetch.attributes.emplace_back("http.response.body.size", answer->body.size());
    if (answer->status >= 400) {
        // Semantic conventions for HTTP clients: an error is named by its status, and needs no description.
        fetch.attributes.emplace_back("error.type", std::to_string(answer->status));
        fetch.failed = true;
    }
    begin("decode", SpanKind::internal);
}

void JobTrace::outcome(std::string_view word) {
    outcome_ = word;
}

void JobTrace::outcome(std::string_view word, std::string_view type, const std::string& why) {
    outcome_ = word;
    error_type_ = type;
    if (!spans_.empty()) why_ = why;
}

void JobTrace::retried(Millis delay, bool counts) {
    if (spans_.empty()) return;
    spans_.front().events.push_back(
        {.name = "retry",
         .at = tracer_->clock_.now(),
         .attributes = {{"pagehaul.delay_ms", delay.count()}, {"pagehaul.counted", counts}}});
}

void CommitTrace::row_by_row() {
    if (!span_.empty()) span_.front().attributes.emplace_back("pagehaul.row_by_row", true);
}

void CommitTrace::stored(std::size_t pages, std::int64_t rows_changed) {
    if (span_.empty()) return;
    span_.front().attributes.emplace_back("pagehaul.pages_stored", pages);
    span_.front().attributes.emplace_back("pagehaul.rows_changed", rows_changed);
}

void CommitTrace::failed(const Error& error, const std::string& sqlstate) {
    if (span_.empty()) return;
    Span& commit = span_.front();
    // Semantic conventions for PostgreSQL: the SQLSTATE is both.
    if (!sqlstate.empty()) commit.attributes.emplace_back("db.response.status_code", sqlstate);
    commit.attributes.emplace_back("error.type",
                                   sqlstate.empty() ? std::string(to_string(error.kind)) : sqlstate);
    commit.failed = true;
    commit.message = error.message;
    end();
}

void CommitTrace::end() {
    if (span_.empty()) return;
    span_.front().end = tracer_->clock_.now();
    tracer_->offer(std::exchange(span_, {}));
}

}  // namespace pagehaul::telemetry
