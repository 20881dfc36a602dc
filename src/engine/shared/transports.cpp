#include "engine/shared/transports.h"

#include "config/yaml/variables.h"
#include "http/look_up_apart.h"
#include "http/proxy.h"
#include "http/url.h"

namespace pagehaul::engine {
namespace {

/// cpprestsdk reads no proxy from the environment.
std::string proxy_of(const std::string& base_url) {
    auto proxy = http::proxy_for(base_url, config::process_environment);
    if (!proxy) throw Failure(proxy.error());
    return *proxy;
}

/// Of a proxy's URL, or one of ours; nobody else's name is looked up.
std::string host_of(std::string url) {
    const std::size_t at = url.rfind('@');
    if (at != std::string::npos) url = "http://" + url.substr(at + 1);
    const auto parsed = http::parse_url(url);
    if (!parsed) throw Failure(parsed.error());
    std::string host = parsed->host;
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    return host;
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

std::unique_ptr<http::Transport> telemetry_transport_for(const std::string& base_url, Millis connect_timeout,
                                                         const Clock& clock) {
    const std::string proxy = proxy_of(base_url);
    return http::look_up_apart(transport_for(base_url, connect_timeout, clock),
                               host_of(proxy.empty() ? base_url : proxy), clock);
}

}  // namespace pagehaul::engine
