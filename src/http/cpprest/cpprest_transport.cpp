#include "http/cpprest/cpprest_exchange.h"
// A line of its own: it must come behind the header above, which includes <utility> first.
#include <pplx/threadpool.h>

#include <algorithm>
#include <fstream>
#include <mutex>

#include <openssl/crypto.h>

#include "core/ascii.h"
#include "core/duration_text.h"
#include "http/authorize.h"
#include "http/content_encoding.h"
#include "http/cpprest/cpprest_error.h"
#include "http/response_head.h"
#include "http/transport.h"
#include "http/url.h"

namespace pagehaul::http {
namespace {

/// After a cancel, cpprestsdk normally lets go within 2 ms. It does not while the resolver works: then the
/// caller goes on alone and the exchange ends by itself, owned by the library.
constexpr Millis kLetGo{250};
constexpr Millis kDestructorPatience{1'000};
/// How often a request is sent again because a pooled connection turned out to be closed: page requests are
/// safe to repeat, and this is no failure of the API.
constexpr int kStaleRepeats = 3;
constexpr std::size_t kMaxChunk = 64UL << 10U;

/// Observes both tasks of an exchange: an exception that nobody observes would kill the process.
void follow(const std::shared_ptr<Exchange>& exchange, const pplx::task<web::http::http_response>& answer,
            const Clock& clock) {
    answer.then(
        [exchange, &clock](const pplx::task<web::http::http_response>& headers) {
            try {
                web::http::http_response response = headers.get();
                std::uint64_t length = 0;
                response.headers().match(web::http::header_names::content_length, length);
                {
                    const MutexLock lock(exchange->mutex);
                    // Read under the mutex: the clock belongs to the caller's transport.
                    if (exchange->bounds != nullptr) exchange->first_byte = clock.now();
                    exchange->content_length = length;
                    exchange->status = response.status_code();
                    exchange->headers = std::move(response.headers());
                }
                // Like content_ready(), without its hop through the pool.
                pplx::create_task(response._get_impl()->_get_data_available(), inline_options())
                    .then(
                        [exchange](const pplx::task<utility::size64_t>& whole) {
                            try {
                                whole.get();
                                exchange->finish(nullptr);
                            } catch (...) {
                                exchange->finish(std::current_exception());
                            }
                        },
                        inline_options());
            } catch (...) {
                exchange->finish(std::current_exception());
            }
        },
        inline_options());
}

/// Name and password of the proxy's URL, decoded; an empty name: it has none.
std::pair<std::string, std::string> proxy_user(const std::string& proxy) {
    const std::string info = proxy.empty() ? "" : web::uri(proxy).user_info();
    const std::size_t colon = std::min(info.find(':'), info.size());
    return {web::uri::decode(info.substr(0, colon)),
            web::uri::decode(info.substr(std::min(colon + 1, info.size())))};
}

/// For each request that goes to the proxy whole. By hand: cpprestsdk writes the same header, but loses a
/// copy of the password each time (its zero_memory_deleter frees on Windows only), and memory grew with the
/// pages. A tunnel's header only the library can write, once a connection.
std::string proxy_authorization(const std::string& proxy) {
    const auto [name, password] = proxy_user(proxy);
    return name.empty() ? "" : basic_credentials(name, password);
}

enum class Ended { answered, cancelled, deadline, connect_timeout };

/// Measured with 8 callers, 2 pool threads, POST and 42 kB bodies on loopback, both on the same busy 2-core
/// machine: 166-215 us CPU a page, against 267-285 us for request().get() and extract_vector().get(). What
/// saves it is no hop through the pool for our continuations nor for the library's own behind our stream
/// buffers, and one copy of the body. Most of the rest is the kernel's, and the library's: its read buffer
/// starts empty for each request, so 42 kB take some 13 calls of recv.
class CpprestTransport final : public Transport {
  public:
    CpprestTransport(const TransportOptions& options, const Url& url, const Clock& clock)
        : options_(options),
          clock_(clock),
          live_(std::make_shared<Live>()),
          proxy_authorization_(url.scheme == "http" ? proxy_authorization(options.proxy) : ""),
          client_(std::make_unique<web::http::client::http_client>(
              web::uri(url.origin()), client_config(options, url.scheme == "https"))) {}
    ~CpprestTransport() override {
        client_.reset();
        live_->wait_empty(kDestructorPatience);
    }

    Result<Response> send(const Request& request, const Bounds& bounds, std::stop_token cancel) override;

  private:
    static web::http::client::http_client_config client_config(const TransportOptions& options, bool tunnel);
    web::http::http_request to_cpprest(const Request& request,
                                       const std::shared_ptr<Exchange>& exchange) const;
    Ended wait(Exchange& exchange, const Bounds& bounds, MonoTime connect_by) const;
    Result<Response> send_once(const Request& request, const Bounds& bounds, const std::stop_token& cancel,
                               MonoTime started, bool& stale);
    Result<Response> finish(Exchange& exchange, const Bounds& bounds, MonoTime started, bool& stale) const;
    Error ended_early(Ended how, Nanos after) const;

    const TransportOptions options_;
    const Clock& clock_;
    const std::shared_ptr<Live> live_;
    const std::string proxy_authorization_;  ///< empty: none, or the library sends it to open a tunnel
    // One for all callers: it is thread-safe. Its pool of connections has no bound; theirs in flight is one.
    std::unique_ptr<web::http::client::http_client> client_;
};

web::http::client::http_client_config CpprestTransport::client_config(const TransportOptions& options,
                                                                      bool tunnel) {
    web::http::client::http_client_config config;
    // A bound of each leg (look-up, connect, each read) and not of their sum: who trickles never reaches it.
    // The sum is bounded in wait().
    config.set_timeout(std::chrono::duration_cast<std::chrono::microseconds>(options.idle_timeout));
    // It would follow ten, and send all headers, the credential's too, to whatever host is named.
    config.set_max_redirects(0);
    config.set_chunksize(kMaxChunk);
    if (!options.ca_file.empty()) {
        config.set_ssl_context_callback(
            [file = options.ca_file](boost::asio::ssl::context& context) { context.load_verify_file(file); });
    }
    if (!options.proxy.empty()) {
        web::web_proxy proxy(web::uri_builder(web::uri(options.proxy)).set_user_info("").to_uri());
        const auto [name, password] = proxy_user(options.proxy);
        if (tunnel && !name.empty()) proxy.set_credentials(web::credentials(name, password));
        config.set_proxy(proxy);
    }
    return config;
}

web::http::http_request CpprestTransport::to_cpprest(const Request& request,
                                                     const std::shared_ptr<Exchange>& exchange) const {
    web::http::http_request out(request.method);
    out.set_request_uri(web::uri(request.target));
    auto& headers = out.headers();
    for (const auto& [name, value] : request.headers)
        headers.add(name, value);
    if (!proxy_authorization_.empty()) headers.add("Proxy-Authorization", proxy_authorization_);
    // By hand, and decoded by gunzip(): the client's own decoder inflates a whole chunk before any cap sees
    // it.
    if (!headers.has("Accept-Encoding")) headers.add("Accept-Encoding", "gzip");
    if (!request.body.empty()) {
        const std::shared_ptr<streams::details::basic_streambuf<std::uint8_t>> buffer =
            std::make_shared<RequestBuffer>(request.body);
        out.set_body(streams::istream(streams::streambuf<std::uint8_t>(buffer)), request.body.size(),
                     request.content_type);
    }
    const std::shared_ptr<streams::details::basic_streambuf<std::uint8_t>> sink =
        std::make_shared<ResponseBuffer>(exchange);
    out.set_response_stream(streams::ostream(streams::streambuf<std::uint8_t>(sink)));
    // The first upload report comes when the connection stands: what the connect time-out is judged by.
    out.set_progress_handler([exchange](web::http::message_direction::direction way, utility::size64_t) {
        if (way == web::http::message_direction::upload) {
            exchange->sent.store(true, std::memory_order_relaxed);
        }
    });
    return out;
}

Ended CpprestTransport::wait(Exchange& exchange, const Bounds& bounds, MonoTime connect_by) const {
    MutexLock lock(exchange.mutex);
    while (!exchange.done) {
        if (exchange.told_to_stop) return Ended::cancelled;
        const bool connected = exchange.sent.load(std::memory_order_relaxed);
        const MonoTime until =
            connected ? bounds.deadline.when() : std::min(bounds.deadline.when(), connect_by);
        if (clock_.now() >= until) {
            return until == bounds.deadline.when() ? Ended::deadline : Ended::connect_timeout;
        }
        // In real time: what ends it comes from the network, on the library's threads. Whose time is over
        // says the clock, above.
        exchange.changed.wait_until(lock.native(), until);
    }
    return Ended::answered;
}

Error CpprestTransport::ended_early(Ended how, Nanos after) const {
    switch (how) {
        case Ended::cancelled:
            return {ErrorKind::cancelled, "", "request cancelled"};
        case Ended::connect_timeout:
            return {ErrorKind::transient, "",
                    "no connection within timeout.connect (" + timeout_text(options_.connect_timeout) + ")"};
        case Ended::deadline:
        case Ended::answered:
            break;
    }
    return {ErrorKind::transient, "", "no whole answer within " + timeout_text(after)};
}

Result<Response> CpprestTransport::finish(Exchange& exchange, const Bounds& bounds, MonoTime started,
                                          bool& stale) const {
    const MutexLock lock(exchange.mutex);
    switch (exchange.refused) {
        case Refused::too_large:
            return fail(ErrorKind::permanent, "",
                        "the response body is larger than limits.body (" + std::to_string(bounds.max_body) +
                            " bytes)");
        case Refused::no_memory:
            return fail(ErrorKind::transient, "", "no memory left for the response body");
        case Refused::no:
            break;
    }
    if (exchange.error) {
        stale = exchange.status == 0 && connection_was_stale(exchange.error);
        return tl::unexpected(network_error(exchange.error, options_.idle_timeout));
    }

    Response response;
    response.status = exchange.status;
    std::size_t header_bytes = 0;
    for (auto& [name, value] : exchange.headers) {
        header_bytes += name.size() + value.size();
        response.headers.emplace_back(lower(name), std::move(value));
    }
    // Too late to save memory: the library keeps all headers, and a chunk of the body, before it shows any.
    if (header_bytes > max_header_bytes) {
        return fail(ErrorKind::permanent, "",
                    "the response headers are larger than " + std::to_string(max_header_bytes) + " bytes");
    }
    response.body = std::move(exchange.body);
    if (response.body.capacity() == 0) response.body.grow(0);
    if (auto undone = undo_content_encoding(response, bounds); !undone)
        return tl::unexpected(std::move(undone.error()));
    response.first_byte = exchange.first_byte - started;
    response.total = clock_.now() - started;
    return response;
}

Result<Response> CpprestTransport::send(const Request& request, const Bounds& bounds,
                                        std::stop_token cancel) {
    const MonoTime started = clock_.now();
    for (const auto& [name, value] : request.headers) {
        if (!safe_in_header(name) || !safe_in_header(value)) {
            return fail(ErrorKind::config, "source.request.headers." + name,
                        "a header must not hold CR, LF or NUL");
        }
    }
    for (int repeats_left = kStaleRepeats;; --repeats_left) {
        bool stale = false;
        Result<Response> response = send_once(request, bounds, cancel, started, stale);
        if (!stale || repeats_left == 0) return response;
    }
}

Result<Response> CpprestTransport::send_once(const Request& request, const Bounds& bounds,
                                             const std::stop_token& cancel, MonoTime started, bool& stale) {
    if (cancel.stop_requested()) return tl::unexpected(ended_early(Ended::cancelled, Nanos{0}));
    if (bounds.deadline.passed(clock_.now())) {
        return fail(ErrorKind::transient, "", "the deadline had passed before the request was sent");
    }
    const auto exchange = std::make_shared<Exchange>(live_, bounds);
    // Declared after `exchange`: its destructor waits for a running callback.
    const std::stop_callback on_cancel(cancel, [&exchange] {
        const MutexLock lock(exchange->mutex);
        exchange->told_to_stop = true;
        exchange->changed.notify_all();
    });
    try {
        follow(exchange, client_->request(to_cpprest(request, exchange), exchange->cancel.get_token()),
               clock_);
    } catch (const std::exception& thrown) {
        return fail(ErrorKind::permanent, "source.request", std::string("cannot be sent: ") + thrown.what());
    }

    const Ended how = wait(*exchange, bounds, clock_.now() + options_.connect_timeout);
    if (how == Ended::answered) return finish(*exchange, bounds, started, stale);

    exchange->cancel.cancel();
    MutexLock lock(exchange->mutex);
    // In real time: the library's threads, and the resolver, know no other.
    exchange->changed.wait_for(lock.native(), kLetGo,
                               [&]() PAGEHAUL_REQUIRES(exchange->mutex) { return exchange->done; });
    exchange->bounds = nullptr;
    return tl::unexpected(ended_early(how, clock_.now() - started));
}

/// At exit OpenSSL clears up, and the pool joins its threads, in the reverse order of their first use: the
/// pool's threads must not go on in a library that is gone.
void use_openssl_before_the_pool() {
    OPENSSL_init_crypto(OPENSSL_INIT_ADD_ALL_DIGESTS, nullptr);
}

/// Without it the first client starts 40 threads, and a second call throws. Two carry 32 requests in flight
/// at a third of the CPU that 32 threads take.
void initialize_pool() {
    static std::once_flag once;
    std::call_once(once, [] {
        use_openssl_before_the_pool();
        crossplat::threadpool::initialize_with_threads(2);
    });
}

}  // namespace

std::unique_ptr<Transport> make_transport(const TransportOptions& options, const Clock& clock) {
    const Result<Url> url = parse_url(options.base_url);
    if (!url) throw Failure(url.error());
    if (!options.ca_file.empty() && !std::ifstream(options.ca_file).good()) {
        throw Failure(ErrorKind::config, "ca_file", "cannot read " + options.ca_file);
    }
    initialize_pool();
    return std::make_unique<CpprestTransport>(options, *url, clock);
}

}  // namespace pagehaul::http
