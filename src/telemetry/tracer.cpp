#include "telemetry/tracer.h"

#include <algorithm>
#include <utility>

#include "http/url.h"

namespace pagehaul::telemetry {
namespace {

std::string_view name_of(SliceEnd how) {
    switch (how) {
        case SliceEnd::proven:
            return "proven";
        case SliceEnd::failed:
            return "failed";
        case SliceEnd::split:
            return "split";
        case SliceEnd::left:
            return "left open";
    }
    return "left open";
}

}  // namespace

Tracer::Tracer(const TraceSettings& settings, Parts parts, const Clock& clock, Random& random)
    : settings_(settings),
      ids_(random),
      trace_(settings.parent ? settings.parent->trace : ids_.trace()),
      // The process' own: a pipeline that inherits one trace for all its runs still sees other pages.
      sampling_seed_(ids_.next()),
      clock_(clock),
      run_id_(ids_.next()) {
    if (const auto url = http::parse_url(parts.source_url)) {
        server_ = url->host;
        port_ = url->port;
    }
    if (settings.recording) {
        exporter_ = std::make_unique<SpanExporter>(settings,
                                                   TraceResource{.trace = trace_,
                                                                 .attributes = settings.resource,
                                                                 .version = settings.version,
                                                                 .mono = clock.now(),
                                                                 .wall = clock.wall_now(),
                                                                 .redact = std::move(parts.redact)},
                                                   std::move(parts.transport), clock, random);
        exporter_->start();
    }
    run_ = {.name = "run",
            .id = run_id_,
            .parent = settings.parent ? settings.parent->span : 0,
            .start = clock.now()};
}

Tracer::~Tracer() = default;

JobTrace Tracer::job(const JobFacts& facts) {
    const bool recorded = exporter_ && is_sampled(sampling_seed_, facts.page_id, settings_.sampling);
    if (!recorded && !settings_.propagate) return {};
    JobTrace job(*this);
    job.attempt_ = facts.attempt;
    if (settings_.propagate)
        job.propagated_ = TraceParent{.trace = trace_, .span = ids_.next(), .sampled = recorded};
    if (!recorded) return job;
    job.spans_.reserve(4);
    job.spans_.push_back({.name = facts.page == 0 ? "proof" : "page",
                          .id = ids_.next(),
                          .parent = ids_.of(facts.slice_id),
                          .start = clock_.now()});
    auto& attributes = job.spans_.front().attributes;
    attributes.reserve(7);
    attributes.emplace_back("pagehaul.slice", facts.slice);
    if (!facts.stream.empty()) attributes.emplace_back("pagehaul.stream", std::string(facts.stream));
    attributes.emplace_back("pagehaul.pass", facts.pass);
    if (facts.page != 0) attributes.emplace_back("pagehaul.page", facts.page);
    attributes.emplace_back("pagehaul.attempt", facts.attempt);
    return job;
}

CommitTrace Tracer::commit(std::vector<SpanId> pages) {
    if (!exporter_) return {};
    const std::size_t count = pages.size();
    std::erase(pages, SpanId{0});
    if (pages.empty()) return {};
    CommitTrace commit(*this);
    commit.span_.push_back({.name = "commit",
                            .kind = SpanKind::client,
                            .id = ids_.next(),
                            .parent = run_id_,
                            .start = clock_.now(),
                            .attributes = {{"db.system.name", "postgresql"}, {"pagehaul.pages", count}},
                            .links = std::move(pages)});
    return commit;
}

void Tracer::slice_claimed(std::int64_t id, const std::string& key, const std::string& stream) {
    if (!exporter_) return;
    const MutexLock lock(mutex_);
    if (ended_ || slices_.contains(key)) return;
    if (slices_.size() >= kMaxOpenSlices) return exporter_->drop();
    slices_[key] = {.name = "slice",
                    .id = ids_.of(id),
                    .parent = run_id_,
                    .start = clock_.now(),
                    .attributes = {{"pagehaul.slice", key}}};
    if (!stream.empty()) slices_[key].attributes.emplace_back("pagehaul.stream", stream);
}

void Tracer::slice_moved(const std::string& key, int pass, const std::string& why) {
    const MutexLock lock(mutex_);
    const auto slice = slices_.find(key);
    if (slice == slices_.end()) return;
    slice->second.events.push_back({.name = "the API moved",
                                    .at = clock_.now(),
                                    .attributes = {{"pagehaul.pass", pass}, {"pagehaul.cause", why}}});
}

void Tracer::slice_ended(const std::string& key, SliceEnd how, const std::string& why) {
    const MutexLock lock(mutex_);
    auto slice = slices_.extract(key);
    if (slice.empty()) return;
    end_slice(slice.mapped(), how, why, clock_.now());
    std::vector<Span> one;
    one.push_back(std::move(slice.mapped()));
    exporter_->offer(std::move(one), SpanQueue::Importance::frame);
}

void Tracer::end_slice(Span& slice, SliceEnd how, const std::string& why, MonoTime now) {
    slice.end = now;
    slice.attributes.emplace_back("pagehaul.outcome", name_of(how));
    if (how != SliceEnd::failed) return;
    slice.failed = true;
    slice.attributes.emplace_back("error.type", to_string(ErrorKind::data));
    slice.message = why;
}

void Tracer::describe_run(std::vector<Attribute> attributes) {
    const MutexLock lock(mutex_);
    run_.attributes.insert(run_.attributes.end(), std::make_move_iterator(attributes.begin()),
                           std::make_move_iterator(attributes.end()));
}

void Tracer::end_run(const std::string& error_type, const std::string& why, MonoTime flush_end) {
    if (!exporter_) return;
    {
        const MutexLock lock(mutex_);
        if (std::exchange(ended_, true)) return;
        const MonoTime now = clock_.now();
        std::vector<Span> frame;
        for (auto& [key, slice] : slices_) {
            end_slice(slice, SliceEnd::left, {}, now);
            frame.push_back(std::move(slice));
        }
        slices_.clear();
        run_.end = now;
        if (!error_type.empty()) {
            run_.failed = true;
            run_.attributes.emplace_back("error.type", error_type);
            run_.message = why;
        }
        std::vector<Span> root;
        root.push_back(std::move(run_));
        exporter_->offer(std::move(root), SpanQueue::Importance::frame);
        exporter_->offer(std::move(frame), SpanQueue::Importance::frame);
    }
    exporter_->begin_finish(flush_end);
}

void Tracer::finish() {
    if (exporter_) exporter_->finish();
}

}  // namespace pagehaul::telemetry
