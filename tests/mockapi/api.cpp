#include "api.h"

#include "chain.h"
#include "credentials.h"
#include "signatures.h"

namespace mockapi {
namespace {

constexpr int kBadParameter = 10002;
constexpr int kTooDeep = 10003;
constexpr int kBadToken = 410019;
constexpr std::size_t kMaxLoggedBody = 2048;

Reply refuse(LogEntry& entry, int code, std::string_view why) {
    entry.code = code;
    return refusal(code, why);
}

}  // namespace

Reply Api::page(const HttpRequest& request, Time now) {
    ++seen_;
    const auto page = read_page_request(options_, request);
    LogEntry entry;
    entry.arrived = now;
    entry.method = request.method;
    entry.path = request.path;
    entry.page = page.number;
    entry.offset = page.offset;
    entry.page_size = page.size;
    entry.advertiser_id = page.slice.advertiser_id;
    entry.date = page.slice.date;
    entry.traceparent = request.header("traceparent");
    entry.body = request.body.substr(0, kMaxLoggedBody);
    entry.auth_ok = options_.auth == AuthKind::granted ? tokens_.holds(shown_token(options_, request), now)
                                                       : authorised(options_, request);
    entry.auth_ok = entry.auth_ok && signature_holds(options_, request);

    auto reply = decide(request, page, entry, now);
    reply.delay = delay();
    if (options_.hold_after > 0 && seen_ > hold_base_ + options_.hold_after) options_.hold = true;
    if (options_.hold && reply.when == Reply::When::after_delay) reply.when = Reply::When::when_released;
    if (options_.never) reply.when = Reply::When::never;
    const bool answers = reply.when != Reply::When::never && !reply.segments.empty();
    entry.status = answers ? reply.status : 0;
    ++log_.counters().by_status[entry.status];
    if (answers) log_.counters().body_bytes += total_size(reply.segments);
    reply.log_entry = log_.add(std::move(entry));
    return reply;
}

Reply Api::decide(const HttpRequest& request, const PageRequest& page, LogEntry& entry, Time now) {
    drift();
    if (is_down(now)) {
        entry.fault = "down";
        if (options_.down_mode == DownMode::status_503) return answer(503, R"({"code":503,"msg":"down"})");
        Reply closed;
        closed.finish = Reply::Finish::reset;
        return closed;
    }
    if (options_.ratelimit > 0) {
        if (!bucket_.take(options_.ratelimit, static_cast<double>(options_.ratelimit_burst), now)) {
            ++log_.counters().throttled;
            entry.fault = "ratelimit";
            return too_many(options_);
        }
        ++log_.counters().allowed;
    }
    if (!entry.auth_ok) {
        if (options_.auth_status == 200) return refuse(entry, kBadToken, "bad access token");
        return answer(options_.auth_status, R"({"code":410019,"success":false,"msg":"bad access token"})");
    }
    if (page.refused_token) {
        entry.fault = "cursor";
        return answer(400, R"({"code":10004,"success":false,"msg":"no such cursor, or it has expired"})");
    }
    if (!page.error.empty()) return refuse(entry, kBadParameter, page.error);
    auto good = rows(request, page, entry);
    if (entry.code != 0) return good;
    entry.fault = faults_.next(options_, hash_text(page.slice.advertiser_id + "|" + page.slice.date),
                               static_cast<std::uint64_t>(page.number));
    if (entry.fault.empty()) return good;
    if (entry.fault == "code") entry.code = options_.fault_code;
    return apply_fault(options_, entry.fault, std::move(good));
}

Reply Api::rows(const HttpRequest& request, const PageRequest& page, LogEntry& entry) {
    const Extent extent{options_.rows, options_.inserted, options_.removed};
    const auto first = first_row(options_, page);
    const auto size = served_size(options_, page);
    if (options_.refuse_beyond && first > 0 && first >= extent.size()) {
        return refuse(entry, kBadParameter, "page_num is beyond the last page");
    }
    if (options_.depth_cap > 0 && first + size > options_.depth_cap) {
        return refuse(entry, kTooDeep, "page_num x page_size is too deep");
    }
    const auto rows = pages_.rows(options_, page.slice, extent, first, size);
    std::string start = R"({"code":0,"success":true,"msg":"ok","request_id":"mock-)" + std::to_string(seen_) +
                        R"(","data":{"data_list":[)";
    const bool total =
        options_.total == TotalOn::every_page || (options_.total == TotalOn::first_page && page.number == 1);
    std::string end = "]";
    if (total) end += R"(,"total_count":)" + std::to_string(told_total(extent.size()));
    if (options_.ends && !options_.chain)
        end += R"(,"page_count":)" + std::to_string((extent.size() + size - 1) / size) + R"(,"more":)" +
               (first + size < extent.size() ? "true" : "false");
    ChainWords chain;
    if (options_.chain && page.offset >= 0)
        chain = chain_words(options_, request, static_cast<std::uint64_t>(page.offset), size, extent.size());
    end += chain.body + "}}";
    Reply reply;
    const auto length = start.size() + rows->size() + end.size();
    reply.segments = {segment(head(200, static_cast<std::int64_t>(length), chain.headers) + start),
                      {rows},
                      segment(std::move(end))};
    return reply;
}

std::uint64_t Api::told_total(std::uint64_t size) {
    if (!total_off_) return size;
    // Never the same twice where it goes on for ever.
    return options_.drift_forever ? size + 1 + seen_ % 1000 : size + 1;
}

void Api::drift() {
    total_off_ = false;
    if (options_.drift == Drift::none || drifted_ || seen_ <= drift_base_ + options_.drift_after) return;
    switch (options_.drift) {
        case Drift::none:
            return;
        case Drift::insert:
            options_.inserted += options_.drift_rows;
            break;
        case Drift::remove:
            options_.removed += options_.drift_rows;
            break;
        case Drift::total:
            total_off_ = true;
            break;
    }
    if (options_.drift != Drift::total) {
        pages_.clear();
        drift_base_ = seen_;
    }
    drifted_ = !options_.drift_forever;
}

bool Api::is_down(Time now) {
    if (options_.down_after > 0 && seen_ > down_base_ + options_.down_after) {
        options_.down = true;
        options_.down_after = 0;
    }
    if (!options_.down) return false;
    if (!down_until_ && options_.down_for > Micros(0)) down_until_ = now + options_.down_for;
    if (down_until_ && now >= *down_until_) {
        options_.down = false;
        down_until_.reset();
    }
    return options_.down;
}

bool Api::refusing(Time now) const {
    return options_.down && options_.down_mode == DownMode::refuse && (!down_until_ || now < *down_until_);
}

std::optional<Time> Api::up_again_at() const {
    return down_until_;
}

Micros Api::delay() {
    const auto jitter = options_.latency_jitter.count();
    if (jitter == 0) return options_.latency;
    const auto share = static_cast<double>(mix(options_.seed ^ seen_) >> 11U) * 0x1.0p-53;
    return options_.latency + Micros(static_cast<std::int64_t>(share * static_cast<double>(jitter)));
}

void Api::set(std::string_view name, std::string_view value) {
    set_option(options_, name, value);
    pages_.clear();
    if (name.starts_with("drift")) {
        drifted_ = false;
        drift_base_ = seen_;
    }
    if (name.starts_with("down")) {
        down_base_ = seen_;
        down_until_.reset();
        // A refused client sends no request that could start the clock.
        is_down(std::chrono::steady_clock::now());
    }
    if (name.starts_with("fault")) faults_.clear();
    if (name.starts_with("hold")) {
        hold_base_ = seen_;
        if (name == "hold" && !options_.hold) options_.hold_after = 0;
    }
    if (name.starts_with("ratelimit")) bucket_ = {};
    if (name == "revoke") tokens_.revoke();
}

void Api::prerender() {
    constexpr std::uint64_t kSize = 100;
    const Extent extent{options_.rows, options_.inserted, options_.removed};
    for (std::uint64_t first = 0; first < extent.size(); first += kSize) {
        pages_.rows(options_, {}, extent, first, kSize);
    }
}

}  // namespace mockapi
