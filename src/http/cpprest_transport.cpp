#define _TURN_OFF_PLATFORM_STRING  // the macro U breaks fmt and Boost
// clang-format off
#include <utility>  // before pplx: Boost 1.74 uses std::exchange without including it
#include <cpprest/http_client.h>
#include <pplx/threadpool.h>
// clang-format on
#include <openssl/err.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <fstream>
#include <mutex>

#include "http/inflate.h"
#include "http/transport.h"
#include "http/url.h"

namespace pagehaul::http {
namespace {

namespace streams = concurrency::streams;

/// After a cancel, cpprestsdk normally lets go within 2 ms. It does not while the resolver works: then the
/// caller goes on alone and the exchange ends by itself, owned by the library.
constexpr Millis kLetGo{250};
constexpr Millis kDestructorPatience{1'000};
constexpr std::size_t kMaxHeaderBytes = 256UL << 10U;
constexpr std::size_t kMaxChunk = 64UL << 10U;

/// Runs continuations where their antecedent completed, instead of another hop through the pool. Everything
/// of ours that runs in them is short and never blocks.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"  // the base's fault; held by shared_ptr of the exact type
class InlineScheduler final : public pplx::scheduler_interface {
  public:
    void schedule(pplx::TaskProc_t run, void* with) override { run(with); }
};
#pragma GCC diagnostic pop

pplx::task_options inline_options() {
    static const auto scheduler = std::make_shared<InlineScheduler>();
    return pplx::task_options(pplx::scheduler_ptr(scheduler));
}

/// A stream buffer that refuses everything; the two below override the little that the client uses.
class RefusingBuffer : public streams::details::streambuf_state_manager<std::uint8_t> {
  public:
    bool can_seek() const override { return false; }
    bool has_size() const override { return false; }
    std::size_t buffer_size(std::ios_base::openmode) const override { return 0; }
    void set_buffer_size(std::size_t, std::ios_base::openmode) override {}
    std::size_t in_avail() const override { return 0; }
    pos_type getpos(std::ios_base::openmode) const override { return traits::eof(); }
    pos_type seekpos(pos_type, std::ios_base::openmode) override { return traits::eof(); }
    pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override {
        return traits::eof();
    }
    bool acquire(std::uint8_t*& at, std::size_t& count) override {
        at = nullptr;
        count = 0;
        return false;
    }
    void release(std::uint8_t*, std::size_t) override {}

  protected:
    using streambuf_state_manager::streambuf_state_manager;
    pplx::task<int_type> _putc(std::uint8_t) override { return nothing(); }
    pplx::task<std::size_t> _putn(const std::uint8_t*, std::size_t) override { return none(); }
    pplx::task<int_type> _bumpc() override { return nothing(); }
    int_type _sbumpc() override { return traits::eof(); }
    pplx::task<int_type> _getc() override { return nothing(); }
    int_type _sgetc() override { return traits::eof(); }
    pplx::task<int_type> _nextc() override { return nothing(); }
    pplx::task<int_type> _ungetc() override { return nothing(); }
    pplx::task<std::size_t> _getn(std::uint8_t*, std::size_t) override { return none(); }
    std::size_t _scopy(std::uint8_t*, std::size_t) override { return 0; }
    pplx::task<bool> _sync() override { return pplx::task_from_result(true, inline_options()); }
    std::uint8_t* _alloc(std::size_t) override { return nullptr; }
    void _commit(std::size_t) override {}

  private:
    static pplx::task<int_type> nothing() { return pplx::task_from_result<int_type>(traits::eof()); }
    static pplx::task<std::size_t> none() { return pplx::task_from_result<std::size_t>(0); }
};

/// The request body, read in place. Rewinds, so that the client can send it again on a fresh connection.
class RequestBuffer final : public RefusingBuffer {
  public:
    explicit RequestBuffer(std::string bytes) : RefusingBuffer(std::ios_base::in), bytes_(std::move(bytes)) {}
    bool can_seek() const override { return true; }
    pos_type getpos(std::ios_base::openmode) const override { return static_cast<pos_type>(at_); }
    pos_type seekpos(pos_type to, std::ios_base::openmode) override {
        at_ = std::min(static_cast<std::size_t>(to), bytes_.size());
        return static_cast<pos_type>(at_);
    }
    pplx::task<std::size_t> getn(std::uint8_t* to, std::size_t count) override {
        count = std::min(count, bytes_.size() - at_);
        std::memcpy(to, bytes_.data() + at_, count);
        at_ += count;
        return pplx::task_from_result(count, inline_options());
    }

  private:
    const std::string bytes_;
    std::size_t at_ = 0;
};

/// Counts the exchanges that the library still holds, so that the destructor can wait for them.
class Live {
  public:
    void enter() {
        const std::lock_guard lock(mutex_);
        ++count_;
    }
    void leave() {
        // Notified under the lock: the waiter may destroy nothing before we are out of here.
        const std::lock_guard lock(mutex_);
        --count_;
        changed_.notify_all();
    }
    bool wait_empty(Millis patience) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, patience, [&] { return count_ == 0; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int count_ = 0;  // protected by mutex_
};

enum class Refused { no, too_large, no_memory };

/// One request on its way: shared by the caller and the library's callbacks, whichever lets go last.
struct Exchange {
    explicit Exchange(std::shared_ptr<Live> of) : live(std::move(of)) { live->enter(); }
    ~Exchange() { live->leave(); }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    const std::shared_ptr<Live> live;
    pplx::cancellation_token_source cancel;
    std::atomic<bool> sent = false;  ///< connected, request written

    std::mutex mutex;
    std::condition_variable changed;
    // All below: protected by mutex.
    const Bounds* bounds = nullptr;  ///< null once the caller has gone
    bool done = false;
    bool told_to_stop = false;
    std::exception_ptr error;
    int status = 0;
    web::http::http_headers headers;  ///< not the response itself: that owns its stream, which owns us
    MonoTime first_byte{};
    std::uint64_t content_length = 0;
    Refused refused = Refused::no;
    Body body;

    void finish(std::exception_ptr why) {
        const std::lock_guard lock(mutex);
        error = std::move(why);
        done = true;
        changed.notify_all();
    }

    /// @return false: the exchange must end.
    bool receive(const std::uint8_t* from, std::size_t count) {
        const std::lock_guard lock(mutex);
        if (bounds == nullptr) return false;
        const std::size_t total = body.size() + count;
        if (total > bounds->max_body || content_length > bounds->max_body) {
            refused = Refused::too_large;
            return false;
        }
        if (bounds->reserve && !bounds->reserve(total)) {
            refused = Refused::no_memory;
            return false;
        }
        std::memcpy(body.grow(count), from, count);
        body.grew(count);
        return true;
    }
};

class ResponseBuffer final : public RefusingBuffer {
  public:
    explicit ResponseBuffer(std::shared_ptr<Exchange> exchange)
        : RefusingBuffer(std::ios_base::out), exchange_(std::move(exchange)) {}
    pplx::task<std::size_t> putn_nocopy(const std::uint8_t* from, std::size_t count) override {
        if (exchange_->receive(from, count)) return pplx::task_from_result(count, inline_options());
        return pplx::task_from_exception<std::size_t>(std::runtime_error("body refused"), inline_options());
    }

  private:
    const std::shared_ptr<Exchange> exchange_;
};

/// Observes both tasks of an exchange: an exception that nobody observes would kill the process.
void follow(const std::shared_ptr<Exchange>& exchange, pplx::task<web::http::http_response> answer,
            const Clock& clock) {
    answer.then(
        [exchange, &clock](pplx::task<web::http::http_response> headers) {
            try {
                web::http::http_response response = headers.get();
                std::uint64_t length = 0;
                response.headers().match(web::http::header_names::content_length, length);
                {
                    const std::lock_guard lock(exchange->mutex);
                    // Read under the mutex: the clock belongs to the caller's transport.
                    if (exchange->bounds != nullptr) exchange->first_byte = clock.now();
                    exchange->content_length = length;
                    exchange->status = response.status_code();
                    exchange->headers = std::move(response.headers());
                }
                // Like content_ready(), without its hop through the pool.
                pplx::create_task(response._get_impl()->_get_data_available(), inline_options())
                    .then(
                        [exchange](pplx::task<utility::size64_t> whole) {
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

enum class Ended { answered, cancelled, deadline, connect_timeout };

std::string seconds(Nanos span) {
    const auto ms = std::chrono::duration_cast<Millis>(span).count();
    return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

/// cpprestsdk hands on raw asio, errno and OpenSSL values under one category: the text is made here.
std::string reason_of(int code) {
    constexpr int kEof = 2;           // asio::error::eof
    constexpr int kHostNotFound = 1;  // netdb's HOST_NOT_FOUND and TRY_AGAIN have the values 1 and 2
    constexpr int kFirstOpensslCode = 1 << 24;  // an OpenSSL error has its library in the upper byte
    if (code == kEof) return "the connection was closed";
    if (code == kHostNotFound) return "host not found";
    if (code == EHOSTUNREACH) return "connection refused or host unreachable";
    if (code >= kFirstOpensslCode || code < 0) {
        const char* const reason = ERR_reason_error_string(static_cast<unsigned int>(code));
        if (reason != nullptr) return std::string("TLS: ") + reason;
    }
    return std::generic_category().message(code);
}

Error network_error(const std::exception_ptr& error, Nanos idle_timeout) {
    try {
        std::rethrow_exception(error);
    } catch (const web::http::http_exception& thrown) {
        const int code = thrown.error_code().value();
        if (code == ETIMEDOUT) {
            return {ErrorKind::transient, "", "the API sent nothing for " + seconds(idle_timeout)};
        }
        std::string text = thrown.what();
        if (code != 0) text += ": " + reason_of(code);
        return {ErrorKind::transient, "", text};
    } catch (const std::exception& thrown) {
        return {ErrorKind::transient, "", thrown.what()};
    } catch (...) {
        return {ErrorKind::transient, "", "unknown HTTP failure"};
    }
}

class CpprestTransport final : public Transport {
  public:
    CpprestTransport(const TransportOptions& options, const Url& url, const Clock& clock)
        : options_(options),
          clock_(clock),
          live_(std::make_shared<Live>()),
          client_(std::make_unique<web::http::client::http_client>(web::uri(url.origin()),
                                                                   client_config(options))) {}
    ~CpprestTransport() override {
        client_.reset();
        live_->wait_empty(kDestructorPatience);
    }

    Result<Response> send(const Request& request, const Bounds& bounds, std::stop_token cancel) override;

  private:
    static web::http::client::http_client_config client_config(const TransportOptions& options);
    static web::http::http_request to_cpprest(const Request& request,
                                              const std::shared_ptr<Exchange>& exchange);
    Ended wait(Exchange& exchange, const Bounds& bounds, MonoTime connect_by) const;
    Result<Response> finish(Exchange& exchange, const Bounds& bounds, MonoTime started) const;
    Error ended_early(Ended how, Nanos after) const;

    const TransportOptions options_;
    const Clock& clock_;
    const std::shared_ptr<Live> live_;
    std::unique_ptr<web::http::client::http_client> client_;
};

web::http::client::http_client_config CpprestTransport::client_config(const TransportOptions& options) {
    web::http::client::http_client_config config;
    config.set_timeout(std::chrono::duration_cast<std::chrono::microseconds>(options.idle_timeout));
    config.set_max_redirects(0);
    config.set_chunksize(kMaxChunk);
    if (!options.ca_file.empty()) {
        config.set_ssl_context_callback(
            [file = options.ca_file](boost::asio::ssl::context& context) { context.load_verify_file(file); });
    }
    if (!options.proxy.empty()) {
        const web::uri given(options.proxy);
        web::web_proxy proxy(web::uri_builder(given).set_user_info("").to_uri());
        if (const std::string user = web::uri::decode(given.user_info()); !user.empty()) {
            const std::size_t colon = user.find(':');
            proxy.set_credentials(web::credentials(user.substr(0, colon),
                                                   colon == std::string::npos ? "" : user.substr(colon + 1)));
        }
        config.set_proxy(proxy);
    }
    return config;
}

web::http::http_request CpprestTransport::to_cpprest(const Request& request,
                                                     const std::shared_ptr<Exchange>& exchange) {
    web::http::http_request out(request.method);
    out.set_request_uri(web::uri(request.target));
    auto& headers = out.headers();
    for (const auto& [name, value] : request.headers)
        headers.add(name, value);
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
    std::unique_lock lock(exchange.mutex);
    while (!exchange.done) {
        if (exchange.told_to_stop) return Ended::cancelled;
        const bool connected = exchange.sent.load(std::memory_order_relaxed);
        const MonoTime until =
            connected ? bounds.deadline.when() : std::min(bounds.deadline.when(), connect_by);
        if (clock_.now() >= until) {
            return until == bounds.deadline.when() ? Ended::deadline : Ended::connect_timeout;
        }
        exchange.changed.wait_until(lock, until);
    }
    return Ended::answered;
}

Error CpprestTransport::ended_early(Ended how, Nanos after) const {
    switch (how) {
        case Ended::cancelled:
            return {ErrorKind::cancelled, "", "request cancelled"};
        case Ended::connect_timeout:
            return {ErrorKind::transient, "",
                    "no connection within timeout.connect (" + seconds(options_.connect_timeout) + ")"};
        case Ended::deadline:
        case Ended::answered:
            break;
    }
    return {ErrorKind::transient, "", "no whole answer within " + seconds(after)};
}

Result<Response> CpprestTransport::finish(Exchange& exchange, const Bounds& bounds, MonoTime started) const {
    const std::lock_guard lock(exchange.mutex);
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
    if (exchange.error) return tl::unexpected(network_error(exchange.error, options_.idle_timeout));

    Response response;
    response.status = exchange.status;
    std::size_t header_bytes = 0;
    for (auto& [name, value] : exchange.headers) {
        header_bytes += name.size() + value.size();
        std::string lower = name;
        for (char& letter : lower) {
            if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
        }
        response.headers.emplace_back(std::move(lower), std::move(value));
    }
    if (header_bytes > kMaxHeaderBytes) {
        return fail(ErrorKind::permanent, "",
                    "the response headers are larger than " + std::to_string(kMaxHeaderBytes) + " bytes");
    }
    response.body = std::move(exchange.body);
    if (response.body.capacity() == 0) response.body.grow(0);
    const std::string_view encoding = response.header("content-encoding");
    if ((encoding == "gzip" || encoding == "x-gzip") && response.body.size() > 0) {
        Result<Body> decoded = gunzip(response.body.view(), bounds.max_body, bounds.reserve);
        if (!decoded) return tl::unexpected(std::move(decoded.error()));
        response.body = std::move(*decoded);
    } else if (!encoding.empty() && encoding != "identity" && response.body.size() > 0) {
        return fail(ErrorKind::permanent, "",
                    "the response has Content-Encoding \"" + std::string(encoding.substr(0, 40)) +
                        "\"; only gzip was asked for");
    }
    response.first_byte = exchange.first_byte - started;
    response.total = clock_.now() - started;
    return response;
}

Result<Response> CpprestTransport::send(const Request& request, const Bounds& bounds,
                                        std::stop_token cancel) {
    const MonoTime started = clock_.now();
    if (cancel.stop_requested()) return tl::unexpected(ended_early(Ended::cancelled, Nanos{0}));
    if (bounds.deadline.passed(started)) {
        return fail(ErrorKind::transient, "", "the deadline had passed before the request was sent");
    }
    for (const auto& [name, value] : request.headers) {
        if (!safe_in_header(name) || !safe_in_header(value)) {
            return fail(ErrorKind::config, "source.request.headers." + name,
                        "a header must not hold CR, LF or NUL");
        }
    }

    const auto exchange = std::make_shared<Exchange>(live_);
    exchange->bounds = &bounds;
    // Declared after `exchange`: its destructor waits for a running callback.
    const std::stop_callback on_cancel(cancel, [&exchange] {
        const std::lock_guard lock(exchange->mutex);
        exchange->told_to_stop = true;
        exchange->changed.notify_all();
    });
    try {
        follow(exchange, client_->request(to_cpprest(request, exchange), exchange->cancel.get_token()),
               clock_);
    } catch (const std::exception& thrown) {
        return fail(ErrorKind::permanent, "source.request", std::string("cannot be sent: ") + thrown.what());
    }

    const Ended how = wait(*exchange, bounds, started + options_.connect_timeout);
    if (how == Ended::answered) return finish(*exchange, bounds, started);

    exchange->cancel.cancel();
    std::unique_lock lock(exchange->mutex);
    exchange->changed.wait_for(lock, kLetGo, [&] { return exchange->done; });
    exchange->bounds = nullptr;
    return tl::unexpected(ended_early(how, clock_.now() - started));
}

}  // namespace

void initialize_pool(int threads) {
    crossplat::threadpool::initialize_with_threads(static_cast<std::size_t>(std::max(threads, 1)));
}

std::unique_ptr<Transport> make_transport(const TransportOptions& options, const Clock& clock) {
    const Result<Url> url = parse_url(options.base_url);
    if (!url) throw Failure(url.error());
    if (!options.ca_file.empty() && !std::ifstream(options.ca_file).good()) {
        throw Failure(ErrorKind::config, "ca_file", "cannot read " + options.ca_file);
    }
    return std::make_unique<CpprestTransport>(options, *url, clock);
}

}  // namespace pagehaul::http
