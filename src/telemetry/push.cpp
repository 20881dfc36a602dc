#include "telemetry/push.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

#include "http/url.h"
#include "log/log.h"

namespace pagehaul::telemetry {
namespace {

constexpr std::chrono::seconds kDeadline{3};
constexpr std::int64_t kLogEvery = 10;
constexpr std::size_t kMaxAnswer = 64UL * 1024;
constexpr std::string_view kOrigin = "telemetry.pushgateway.url";

constexpr std::string_view kStandardDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// RFC 4648, sections 4 and 5.
std::string base64(std::string_view bytes, std::string_view digits) {
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
        unsigned group = 0;
        for (std::size_t j = 0; j < 3; ++j) {
            group = group << 8U | (j < have ? static_cast<unsigned char>(bytes[i + j]) : 0U);
        }
        for (std::size_t j = 0; j < 4; ++j) {
            out += j <= have ? digits[group >> (18U - 6U * static_cast<unsigned>(j)) & 63U] : '=';
        }
    }
    return out;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
            hex_digit(text[i + 2]) >= 0) {
            out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

/// Takes "user:password@" out of the URL; the text that was there, still encoded, or nothing.
std::string cut_userinfo(std::string& url) {
    const auto scheme_end = url.find("://");
    if (scheme_end == std::string::npos) return {};
    const auto begin = scheme_end + 3;
    const auto authority_end = std::min(url.find_first_of("/?#", begin), url.size());
    const auto at = url.rfind('@', authority_end);
    if (at == std::string::npos || at < begin || at >= authority_end) return {};
    std::string userinfo = url.substr(begin, at - begin);
    url.erase(begin, at + 1 - begin);
    return userinfo;
}

/// The gateway's form for values that a path segment cannot hold.
std::string group_segment(std::string_view name, std::string_view value) {
    if (value.empty()) return std::string(name) + "@base64/=";
    if (value.find('/') == std::string_view::npos)
        return std::string(name) + "/" + http::encode_component(value);
    return std::string(name) + "@base64/" + base64(value, kUrlDigits);
}

}  // namespace

Result<Gateway> parse_gateway(std::string_view url, std::string_view pipeline) {
    std::string bare(url);
    const std::string userinfo = cut_userinfo(bare);
    const auto parsed = http::parse_url(bare);
    if (!parsed) return fail(ErrorKind::config, std::string(kOrigin), parsed.error().message);
    std::string prefix = parsed->path;
    while (prefix.ends_with('/'))
        prefix.pop_back();
    Gateway gateway{.origin = parsed->origin(),
                    .path = prefix + "/metrics/job/pagehaul/" + group_segment("pipeline", pipeline),
                    .authorization = ""};
    if (!userinfo.empty()) {
        const auto colon = userinfo.find(':');
        const std::string user = percent_decoded(userinfo.substr(0, colon));
        const std::string password =
            colon == std::string::npos ? "" : percent_decoded(userinfo.substr(colon + 1));
        gateway.authorization = "Basic " + base64(user + ":" + password, kStandardDigits);
    }
    return gateway;
}

Result<void> push_once(http::Transport& transport, const Gateway& gateway, std::string body,
                       const Clock& clock, std::stop_token stop) {
    http::Request request{.method = "POST",
                          .target = gateway.path,
                          .headers = {},
                          .body = std::move(body),
                          .content_type = "text/plain; version=0.0.4; charset=utf-8"};
    if (!gateway.authorization.empty()) request.headers.emplace_back("Authorization", gateway.authorization);
    const http::Bounds bounds{
        .deadline = Deadline::after(clock.now(), kDeadline), .max_body = kMaxAnswer, .reserve = {}};
    const auto response = transport.send(request, bounds, stop);
    if (!response) return fail(response.error().kind, std::string(kOrigin), response.error().message);
    if (response->status >= 200 && response->status < 300) return {};
    std::string said(response->body.view().substr(0, 200));
    return fail(
        response->status >= 400 && response->status < 500 ? ErrorKind::permanent : ErrorKind::transient,
        std::string(kOrigin), "the gateway answered " + std::to_string(response->status) + ": " + said);
}

Pusher::Pusher(Gateway gateway, std::unique_ptr<http::Transport> transport, std::function<std::string()> text,
               Millis interval, const Clock& clock)
    : gateway_(std::move(gateway)),
      transport_(std::move(transport)),
      text_(std::move(text)),
      interval_(interval),
      clock_(clock) {}

Pusher::~Pusher() = default;  // jthread: stops and joins

void Pusher::start() {
    if (!thread_.joinable()) thread_ = std::jthread([this](std::stop_token stop) { loop(stop); });
}

bool Pusher::finish() {
    if (std::exchange(finished_, true)) return last_ok_;
    if (thread_.joinable()) {
        thread_.request_stop();
        thread_.join();
    }
    last_ok_ = push({});
    return last_ok_;
}

std::int64_t Pusher::failures() const {
    const std::lock_guard lock(mutex_);
    return failures_;
}

void Pusher::loop(std::stop_token stop) {
    while (clock_.wait_until(clock_.now() + interval_, stop))
        push(stop);
}

bool Pusher::push(std::stop_token stop) {
    Result<void> pushed;
    try {
        pushed = push_once(*transport_, gateway_, text_(), clock_, stop);
    } catch (const std::exception& failure) {
        // Metrics never end a run, whatever goes wrong in them.
        pushed = fail(ErrorKind::bug, std::string(kOrigin), failure.what());
    }
    const std::lock_guard lock(mutex_);
    if (pushed) {
        if (std::exchange(in_a_row_, 0) > 0) log::info("metrics are pushed again");
        return true;
    }
    if (pushed.error().kind == ErrorKind::cancelled) return false;
    ++failures_;
    if (in_a_row_++ % kLogEvery == 0) {
        log::warn("metrics could not be pushed", {{"error", pushed.error().text()}, {"attempt", in_a_row_}});
    }
    return false;
}

}  // namespace pagehaul::telemetry
