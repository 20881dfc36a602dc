#include "faults.h"

#include <array>
#include <ctime>
#include <map>

#include "gzip_bomb.h"
#include "rows.h"

namespace mockapi {
namespace {

std::string http_date(std::time_t at) {
    std::tm parts{};
    ::gmtime_r(&at, &parts);
    std::array<char, 40> text{};
    const auto size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return {text.data(), size};
}

Reply huge(const Options& options) {
    constexpr std::size_t kChunk = 1UL << 20U;
    static const auto filler = std::make_shared<const std::string>(kChunk, 'a');
    const std::string start = R"({"code":0,"success":true,"pad":")";
    const std::string end = R"("})";
    Reply reply;
    const auto size = start.size() + options.huge_mb * kChunk + end.size();
    reply.segments.push_back(segment(head(200, static_cast<std::int64_t>(size)) + start));
    for (std::uint64_t i = 0; i < options.huge_mb; ++i)
        reply.segments.push_back({filler});
    reply.segments.push_back(segment(end));
    return reply;
}

Reply bomb(const Options& options) {
    static std::map<std::uint64_t, std::shared_ptr<const std::string>> made;
    auto& body = made[options.huge_mb];
    if (!body) body = std::make_shared<const std::string>(gzip_bomb(options.huge_mb << 20U));
    Reply reply;
    reply.segments.push_back(
        segment(head(200, static_cast<std::int64_t>(body->size()), "Content-Encoding: gzip\r\n")));
    reply.segments.push_back({body});
    return reply;
}

/// Half of a good answer's bytes.
Reply half(Reply good, Reply::Finish finish) {
    cut(good.segments, total_size(good.segments) / 2);
    good.finish = finish;
    return good;
}

/// The good body without its head: the first segment is the head and the body's start.
std::string body_of(const Reply& good) {
    std::string text;
    for (const auto& part : good.segments)
        text.append(*part.data, 0, part.size());
    return text.substr(text.find("\r\n\r\n") + 4);
}

}  // namespace

std::string FaultPlan::next(const Options& options, std::uint64_t slice_hash, std::uint64_t page) {
    const auto h = mix(options.seed ^ 0xfa017U ^ mix(slice_hash ^ mix(page)));
    const bool by_rate = static_cast<double>(h >> 11U) * 0x1.0p-53 < options.fault_rate;
    if (!by_rate && !options.fault_pages.contains(page)) return {};
    const auto tries = ++tries_[mix(slice_hash) ^ page];
    if (!options.fault_forever && tries > options.fault_tries) return {};
    return options.faults[static_cast<std::size_t>(mix(h) % options.faults.size())];
}

Reply too_many(const Options& options) {
    std::string header;
    if (options.retry_after == RetryAfter::seconds) {
        header = "Retry-After: " + std::to_string(options.retry_after_s) + "\r\n";
    } else if (options.retry_after == RetryAfter::date) {
        header = "Retry-After: " + http_date(std::time(nullptr) + options.retry_after_s) + "\r\n";
    }
    return answer(429, R"({"code":429,"success":false,"msg":"too many requests","data":null})", header);
}

Reply apply_fault(const Options& options, const std::string& kind, Reply good) {
    if (kind == "429") return too_many(options);
    if (kind == "code") return refusal(options.fault_code, "system error");
    if (kind == "reset") return half(std::move(good), Reply::Finish::reset);
    if (kind == "short") return half(std::move(good), Reply::Finish::close);
    if (kind == "huge") return huge(options);
    if (kind == "gzipbomb") return bomb(options);
    if (kind == "never") {
        good.when = Reply::When::never;
        return good;
    }
    if (kind == "trickle") {
        good.trickle = options.trickle_interval;
        return good;
    }
    if (kind == "redirect") {
        const auto target = options.redirect_to.empty() ? "/elsewhere" : options.redirect_to;
        return answer(302, "", "Location: " + target + "\r\n");
    }
    if (kind == "badjson") {
        const auto body = body_of(good);
        return answer(200, body.substr(0, body.size() * 2 / 3));
    }
    if (kind == "truncated") {
        const auto body = body_of(good);
        Reply reply;
        reply.segments.push_back(segment(head(200, -1) + body.substr(0, body.size() / 2)));
        reply.finish = Reply::Finish::close;
        return reply;
    }
    const int status = std::stoi(kind);
    return answer(status, R"({"code":)" + kind + R"(,"success":false,"msg":"fault","data":null})");
}

}  // namespace mockapi
