#include "telemetry/job_trace.h"

#include <utility>

#include "telemetry/tracer.h"

namespace pagehaul::telemetry {
namespace {

std::string_view name_of(Step step) {
    switch (step) {
        case Step::wait:
            return "wait";
        case Step::fetch:
            return "fetch";
        case Step::decode:
            return "decode";
    }
    return "wait";
}

}  // namespace

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

void JobTrace::begin(Step step) {
    if (spans_.empty()) return;
    end();
    const MonoTime now = tracer_->clock_.now();
    spans_.push_back({.name = name_of(step),
                      .kind = step == Step::fetch ? SpanKind::client : SpanKind::internal,
                      .id = tracer_->ids_.next(),
                      .parent = spans_.front().id,
                      .start = now,
                      .end = now});
    in_step_ = true;
}

void JobTrace::end() {
    if (std::exchange(in_step_, false)) spans_.back().end = tracer_->clock_.now();
}

void JobTrace::request(std::string_view method, std::string_view target) {
    if (!in_step_) return;
    auto& attributes = spans_.back().attributes;
    attributes.reserve(8);
    attributes.emplace_back("http.request.method", std::string(method));
    attributes.emplace_back("url.path", std::string(target.substr(0, target.find('?'))));
    attributes.emplace_back("server.address", tracer_->server_);
    attributes.emplace_back("server.port", tracer_->port_);
    if (attempt_ > 1) attributes.emplace_back("http.request.resend_count", attempt_ - 1);
}

void JobTrace::answered(int status, std::size_t bytes) {
    if (!in_step_) return;
    Span& fetch = spans_.back();
    fetch.attributes.emplace_back("http.response.status_code", status);
    fetch.attributes.emplace_back("http.response.body.size", bytes);
    if (status < 400) return;
    // Semantic conventions for HTTP clients: an error is named by its status, and needs no description.
    fetch.attributes.emplace_back("error.type", std::to_string(status));
    fetch.failed = true;
}

void JobTrace::failed(const Error& error) {
    if (!in_step_) return;
    Span& step = spans_.back();
    step.attributes.emplace_back("error.type", to_string(error.kind));
    step.failed = true;
    step.message = error.message;
}

std::optional<std::string> JobTrace::traceparent() const {
    if (!propagated_) return std::nullopt;
    TraceParent parent = *propagated_;
    if (in_step_) parent.span = spans_.back().id;
    return to_text(parent);
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

void CommitTrace::set(Attribute attribute) {
    if (!span_.empty()) span_.front().attributes.push_back(std::move(attribute));
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
