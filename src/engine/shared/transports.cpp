#include "engine/shared/transports.h"

#include "config/yaml/variables.h"
#include "http/proxy.h"
#include "http/url.h"

namespace pagehaul::engine {
namespace {

std::string proxy_of(const std::string& base_url) {
    auto proxy = http::proxy_for(base_url, config::process_environment);
    if (!proxy) throw Failure(proxy.error());
    return *proxy;
}

}  // namespace

std::unique_ptr<http::Transport> transport_for(const std::string& base_url, Millis connect_timeout,
                                               const Clock& clock) {
    auto url = http::parse_url(base_url);
    if (!url) throw Failure(url.error());
    return http::make_transport({.base_url = url->origin(),
                                 .connect_timeout = connect_timeout,
                                 .ca_file = {},
                                 .proxy = proxy_of(base_url)},
                                clock);
}

}  // namespace pagehaul::engine
