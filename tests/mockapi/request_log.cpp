#include "request_log.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace mockapi {
namespace {

void put_ms(std::string& out, Time at) {
    if (at == Time{}) {
        out += "null";
        return;
    }
    std::array<char, 32> text{};
    const int size = std::snprintf(text.data(), text.size(), "%.3f", monotonic_ms(at));
    out.append(text.data(), static_cast<std::size_t>(size));
}

void put_field(std::string& out, std::string_view name, std::string_view value) {
    put_json(out, name);
    out += ':';
    put_json(out, value);
    out += ',';
}

void put_field(std::string& out, std::string_view name, std::int64_t value) {
    put_json(out, name);
    out += ':' + std::to_string(value) + ',';
}

void put_count(std::string& out, std::string_view name, std::uint64_t value) {
    put_json(out, name);
    out += ':' + std::to_string(value) + ',';
}

}  // namespace

double monotonic_ms(Time at) {
    return std::chrono::duration<double, std::milli>(at.time_since_epoch()).count();
}

void put_json(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            std::array<char, 8> escape{};
            std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
            out += escape.data();
        } else {
            out += c;
        }
    }
    out += '"';
}

std::int64_t RequestLog::add(LogEntry entry) {
    ++counters_.requests;
    counters_.max_in_flight = std::max(counters_.max_in_flight, ++counters_.in_flight);
    if (counters_.first == Time{}) counters_.first = entry.arrived;
    counters_.last = entry.arrived;
    entry.seq = next_seq_++;
    const auto index = first_index_ + static_cast<std::int64_t>(entries_.size() + not_kept_);
    if (entries_.size() < kMaxEntries)
        entries_.push_back(std::move(entry));
    else
        ++not_kept_;
    return index;
}

LogEntry* RequestLog::at(std::int64_t index) {
    const auto place = index - first_index_;
    if (place < 0 || place >= static_cast<std::int64_t>(entries_.size())) return nullptr;
    return &entries_[static_cast<std::size_t>(place)];
}

void RequestLog::ended(std::int64_t index, Time at_time) {
    --counters_.in_flight;
    if (auto* entry = at(index)) entry->ended = at_time;
}

void RequestLog::clear() {
    first_index_ += static_cast<std::int64_t>(entries_.size() + not_kept_);
    entries_.clear();
    not_kept_ = 0;
    const auto flying = counters_.in_flight;
    const auto held = counters_.held;
    counters_ = {};
    counters_.in_flight = counters_.max_in_flight = flying;
    counters_.held = held;
}

std::string RequestLog::json(std::uint64_t since) const {
    std::string out = "[";
    for (const auto& e : entries_) {
        if (e.seq <= since) continue;
        out += out.size() == 1 ? "\n{" : ",\n{";
        put_count(out, "seq", e.seq);
        out += R"("t_ms":)";
        put_ms(out, e.arrived);
        out += R"(,"end_ms":)";
        put_ms(out, e.ended);
        out += ',';
        put_field(out, "method", e.method);
        put_field(out, "path", e.path);
        put_field(out, "page", e.page);
        put_field(out, "offset", e.offset);
        put_field(out, "page_size", e.page_size);
        put_field(out, "advertiser_id", e.advertiser_id);
        put_field(out, "date", e.date);
        out += e.auth_ok ? R"("auth_ok":true,)" : R"("auth_ok":false,)";
        put_field(out, "status", std::int64_t{e.status});
        put_field(out, "code", std::int64_t{e.code});
        put_field(out, "fault", e.fault);
        put_field(out, "traceparent", e.traceparent);
        put_json(out, "body");
        out += ':';
        put_json(out, e.body);
        out += '}';
    }
    return out + "\n]\n";
}

std::string RequestLog::stats_json() const {
    const auto& c = counters_;
    std::string out = "{";
    put_count(out, "requests", c.requests);
    put_count(out, "in_flight", c.in_flight);
    put_count(out, "max_in_flight", c.max_in_flight);
    put_count(out, "held", c.held);
    put_count(out, "connections", c.connections);
    put_count(out, "allowed", c.allowed);
    put_count(out, "throttled", c.throttled);
    put_count(out, "body_bytes", c.body_bytes);
    put_count(out, "log_entries_not_kept", not_kept_);
    out += R"("first_ms":)";
    put_ms(out, c.first);
    out += R"(,"last_ms":)";
    put_ms(out, c.last);
    out += R"(,"by_status":{)";
    for (const auto& [status, count] : c.by_status) {
        put_json(out, std::to_string(status));
        out += ':' + std::to_string(count) + ',';
    }
    if (out.back() == ',') out.pop_back();
    out += "}}\n";
    return out;
}

}  // namespace mockapi
