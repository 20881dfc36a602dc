#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "http_request.h"
#include "options.h"
#include "reply.h"
#include "request_log.h"

namespace mockapi {

/// The authorization server beside the API (RFC 6749): what it grants is what the API takes. One thread.
class TokenServer {
  public:
    /// Answers POST /oauth/token, form or JSON.
    Reply token(const Options& options, const HttpRequest& request, Time now);
    /// Whether it has granted this access token and it still holds.
    bool holds(std::string_view access, Time now) const;
    /// Forgets what it has granted.
    void revoke() { access_.clear(); }
    /// The token requests so far as a JSON list of {grant, status, error, client_in, parameters}: the names
    /// alone.
    std::string log() const { return "[" + log_ + "]\n"; }

  private:
    Reply grant(const Options& options, Time now, bool with_refresh);

    std::map<std::string, Time, std::less<>> access_;  ///< until when it holds
    std::string refresh_;                              ///< the one that is good
    std::string older_;                                ///< within the grace after a rotation: the one before
    std::uint64_t older_uses_ = 0;                     ///< so often is it still good
    std::string refresh_of_;                           ///< the option that refresh_ began with
    std::uint64_t granted_ = 0;
    std::string log_;
};

}  // namespace mockapi
