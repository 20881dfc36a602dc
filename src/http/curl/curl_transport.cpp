#include <curl/curl.h>

#include <cstdlib>
#include <fstream>
#include <utility>
#include <vector>

#include "core/mutex.h"
#include "http/curl/connection.h"
#include "http/transport.h"
#include "http/url.h"

namespace pagehaul::http {
namespace {

/// Each caller takes an idle connection, the last used first, or opens another one: there are never more than
/// callers at once.
class CurlTransport final : public Transport {
  public:
    explicit CurlTransport(Peer peer) : peer_(std::move(peer)) {}

    Result<Response> send(const Request& request, const Bounds& bounds, std::stop_token cancel) override {
        const MonoTime started = peer_.clock.now();
        for (const auto& [name, value] : request.headers) {
            if (!safe_in_header(name) || !safe_in_header(value))
                return fail(ErrorKind::config, "source.request.headers." + name,
                            "a header must not hold CR, LF or NUL");
        }
        if (cancel.stop_requested()) return fail(ErrorKind::cancelled, "", "request cancelled");
        if (bounds.deadline.passed(started))
            return fail(ErrorKind::transient, "", "the deadline had passed before the request was sent");
        std::unique_ptr<Connection> connection = take();
        Result<Response> response = connection->exchange(request, bounds, cancel, started);
        if (connection->may_reuse()) give_back(std::move(connection));
        return response;
    }

  private:
    std::unique_ptr<Connection> take() {
        while (true) {
            std::unique_ptr<Connection> connection;
            {
                const MutexLock lock(mutex_);
                if (idle_.empty()) break;
                connection = std::move(idle_.back());
                idle_.pop_back();
            }
            // Something may have come while it lay idle; closing it takes no lock.
            if (connection->may_reuse()) return connection;
        }
        return std::make_unique<Connection>(peer_);
    }

    void give_back(std::unique_ptr<Connection> connection) {
        const MutexLock lock(mutex_);
        idle_.push_back(std::move(connection));
    }

    const Peer peer_;
    Mutex mutex_;
    std::vector<std::unique_ptr<Connection>> idle_ PAGEHAUL_GUARDED_BY(mutex_);
};

/// As OpenSSL understands them; libcurl itself reads neither.
std::string from_environment(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? "" : value;
}

}  // namespace

std::unique_ptr<Transport> make_transport(const TransportOptions& options, const Clock& clock) {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (ready != CURLE_OK)
        throw Failure(ErrorKind::bug, "http", std::string("libcurl: ") + curl_easy_strerror(ready));
    const Result<Url> url = parse_url(options.base_url);
    if (!url) throw Failure(url.error());
    if (!options.ca_file.empty() && !std::ifstream(options.ca_file).good())
        throw Failure(ErrorKind::config, "ca_file", "cannot read " + options.ca_file);
    return std::make_unique<CurlTransport>(
        Peer{.origin = url->origin(),
             .options = options,
             .ca_file = options.ca_file.empty() ? from_environment("SSL_CERT_FILE") : options.ca_file,
             .ca_path = from_environment("SSL_CERT_DIR"),
             .clock = clock});
}

}  // namespace pagehaul::http
