#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "faults.h"
#include "http_request.h"
#include "options.h"
#include "page_request.h"
#include "pages.h"
#include "reply.h"
#include "request_log.h"
#include "token_bucket.h"
#include "token_server.h"

namespace mockapi {

/// The API's behaviour: what is answered, when, and how badly. Knows no sockets. One thread.
class Api {
  public:
    explicit Api(Options options) : options_(std::move(options)) {}

    /// Answers a page request and logs it. The server calls log().ended() when its last byte is sent.
    Reply page(const HttpRequest& request, Time now);
    /// Answers a token request and logs it.
    Reply token(const HttpRequest& request, Time now) { return tokens_.token(options_, request, now); }
    /// Throws OptionError.
    void set(std::string_view name, std::string_view value);
    void prerender();

    /// While this is so nobody listens; until when, or for good.
    bool refusing(Time now) const;
    std::optional<Time> up_again_at() const;

    const Options& options() const { return options_; }
    RequestLog& log() { return log_; }
    const TokenServer& tokens() const { return tokens_; }

  private:
    Reply decide(const HttpRequest& request, const PageRequest& page, LogEntry& entry, Time now);
    Reply rows(const HttpRequest& request, const PageRequest& page, LogEntry& entry);
    std::uint64_t told_total(std::uint64_t size);
    void drift();
    bool is_down(Time now);
    Micros delay();

    Options options_;
    Pages pages_;
    FaultPlan faults_;
    TokenBucket bucket_;
    RequestLog log_;
    TokenServer tokens_;
    std::uint64_t seen_ = 0;        ///< page requests since the start
    std::uint64_t drift_base_ = 0;  ///< `seen_` when drift was set, or drifted last
    bool drifted_ = false;
    bool total_off_ = false;  ///< this answer tells a wrong total
    std::uint64_t down_base_ = 0;
    std::optional<Time> down_until_;
    std::uint64_t hold_base_ = 0;
};

}  // namespace mockapi
