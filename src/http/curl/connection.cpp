#include "http/curl/connection.h"

#include <openssl/ssl.h>
#include <poll.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/ascii.h"
#include "core/duration_text.h"
#include "http/content_encoding.h"
#include "http/curl/curl_error.h"

namespace pagehaul::http {
namespace {

constexpr long buffer_bytes = 64L * 1024;
/// A connection that is always busy would never see that its name has another address now.
constexpr long longest_life_s = 300;
constexpr auto longest_poll = std::chrono::minutes{1};

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
    if (const CURLcode code = curl_easy_setopt(easy, option, value); code != CURLE_OK)
        throw Failure(ErrorKind::bug, "http",
                      "libcurl refuses option " + std::to_string(option) + ": " + curl_easy_strerror(code));
}

/// Rounded up: a poll that ends too soon would only poll again.
int millis_until(MonoTime until, MonoTime now) {
    return static_cast<int>(std::chrono::ceil<Millis>(std::min<Nanos>(until - now, longest_poll)).count());
}

}  // namespace

Connection::Connection(const Peer& peer) : peer_(peer), multi_(curl_multi_init()), easy_(curl_easy_init()) {
    if (multi_ == nullptr || easy_ == nullptr) {
        curl_easy_cleanup(easy_);
        curl_multi_cleanup(multi_);
        throw std::bad_alloc();
    }
}

Connection::~Connection() {
    curl_easy_cleanup(easy_);
    curl_multi_cleanup(multi_);
}

Connection::List Connection::header_list(const Request& request) {
    List list;
    const auto add = [&](const std::string& line) {
        curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
        if (longer == nullptr) throw std::bad_alloc();
        static_cast<void>(list.release());
        list.reset(longer);
    };
    bool has_encoding = false;
    for (const auto& [name, value] : request.headers) {
        has_encoding = has_encoding || lower(name) == "accept-encoding";
        // "Name;" is how libcurl is told of a header without a value.
        add(value.empty() ? name + ";" : name + ": " + value);
    }
    // By hand, and decoded by us: its own decoder shows no cap what it makes of a bomb.
    if (!has_encoding) add("Accept-Encoding: gzip");
    // It would ask before a large body, wait a second, and call every body a form.
    add("Expect:");
    add(request.content_type.empty() ? "Content-Type:" : "Content-Type: " + request.content_type);
    return list;
}

void Connection::prepare(const Request& request, const List& headers, Answer& answer) {
    curl_easy_reset(easy_);  // keeps the connection
    details_[0] = '\0';
    const TransportOptions& options = peer_.options;
    set(easy_, CURLOPT_URL, (peer_.origin + request.target).c_str());
    set(easy_, CURLOPT_PATH_AS_IS, 1L);
    set(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
    set(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(easy_, CURLOPT_HTTPHEADER, headers.get());
    set(easy_, CURLOPT_HEADEROPT,
        static_cast<long>(CURLHEADER_SEPARATE));  // ours are not for a tunnel's proxy
    if (request.method == "HEAD") {
        set(easy_, CURLOPT_NOBODY, 1L);
    } else if (request.method != "GET" || !request.body.empty()) {
        set(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        set(easy_, CURLOPT_POSTFIELDS, request.body.c_str());
        if (request.method != "POST") set(easy_, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
    // Also against the environment's, which are not asked by the rules of proxy_for().
    set(easy_, CURLOPT_PROXY, options.proxy.c_str());
    set(easy_, CURLOPT_NOPROXY, "");
    if (!peer_.ca_file.empty()) set(easy_, CURLOPT_CAINFO, peer_.ca_file.c_str());
    if (!peer_.ca_path.empty()) set(easy_, CURLOPT_CAPATH, peer_.ca_path.c_str());
    set(easy_, CURLOPT_MAXLIFETIME_CONN, longest_life_s);
    set(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
    // Its time-outs are ours to judge, by our clock; it would end a look-up by a signal.
    set(easy_, CURLOPT_NOSIGNAL, 1L);
    set(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()) + 1'000);
    // A look-up cannot be ended: it is left behind, and frees what it has.
    set(easy_, CURLOPT_QUICK_EXIT, 1L);
    set(easy_, CURLOPT_BUFFERSIZE, buffer_bytes);
    set(easy_, CURLOPT_ERRORBUFFER, details_.data());
    set(easy_, CURLOPT_HEADERFUNCTION, &Connection::on_head);
    set(easy_, CURLOPT_HEADERDATA, this);
    set(easy_, CURLOPT_WRITEFUNCTION, &Connection::on_body);
    set(easy_, CURLOPT_WRITEDATA, this);
    set(easy_, CURLOPT_PREREQFUNCTION, &Connection::on_connected);
    set(easy_, CURLOPT_PREREQDATA, &answer);
    set(easy_, CURLOPT_VERBOSE, 1L);
    set(easy_, CURLOPT_DEBUGFUNCTION, &Connection::on_remark);
    set(easy_, CURLOPT_DEBUGDATA, this);
}

// No exception may pass through libcurl.
std::size_t Connection::on_head(char* bytes, std::size_t size, std::size_t count, void* self) {
    auto& us = *static_cast<Connection*>(self);
    us.is_more_decrypted_ = us.more_is_decrypted();
    return us.answer_->take(&Answer::take_head_line, {bytes, size * count}) ? size * count : 0;
}

std::size_t Connection::on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
    auto& us = *static_cast<Connection*>(self);
    us.is_more_decrypted_ = us.more_is_decrypted();
    return us.answer_->take(&Answer::take_body, {bytes, size * count}) ? size * count : 0;
}

// Of a body whose length it knows libcurl 7.88 reads no byte more, and the rest of a TLS record stays in
// OpenSSL, where no poll of the socket sees it. Only while a transfer goes on does it tell of its connection.
bool Connection::more_is_decrypted() const {
    const curl_tlssessioninfo* tls = nullptr;
    if (curl_easy_getinfo(easy_, CURLINFO_TLS_SSL_PTR, &tls) != CURLE_OK || tls == nullptr) return false;
    if (tls->backend == CURLSSLBACKEND_NONE || tls->internals == nullptr) return false;
    // Of another library nothing can be asked: its connections are used once.
    if (tls->backend != CURLSSLBACKEND_OPENSSL) return true;
    return SSL_has_pending(static_cast<const SSL*>(tls->internals)) == 1;
}

int Connection::on_connected(void* to, char*, char*, int, int) {
    static_cast<Answer*>(to)->connected();
    return CURL_PREREQFUNC_OK;
}

// libcurl 7.88 closes a connection on which more came than the answer it knew the length of, but behind the
// last chunk, or where no body may be, it only remarks on it, and drops what it has read of it.
int Connection::on_remark(CURL*, curl_infotype type, char* text, std::size_t size, void* self) {
    if (type != CURLINFO_TEXT) return 0;
    const std::string_view remark(text, size);
    if (remark.starts_with("Leftovers after chunking") || remark.starts_with("Excess found"))
        static_cast<Connection*>(self)->may_reuse_ = false;
    return 0;
}

Connection::Ended Connection::wait(const Bounds& bounds, const std::stop_token& cancel, const Answer& answer,
                                   CURLcode& code) {
    const MonoTime connect_by = peer_.clock.now() + peer_.options.connect_timeout;
    // From any thread, as libcurl allows for this one call.
    const std::stop_callback wake(cancel, [this] { curl_multi_wakeup(multi_); });
    while (true) {
        int running = 0;
        if (curl_multi_perform(multi_, &running) == CURLM_OUT_OF_MEMORY) throw std::bad_alloc();
        int left = 0;
        while (const CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
            if (message->msg != CURLMSG_DONE) continue;
            code = message->data.result;
            return Ended::answered;
        }
        if (cancel.stop_requested()) return Ended::cancelled;
        const MonoTime limit =
            answer.is_connected() ? answer.heard() + peer_.options.idle_timeout : connect_by;
        const MonoTime until = std::min(bounds.deadline.when(), limit);
        const MonoTime now = peer_.clock.now();
        if (now >= until) {
            const bool is_deadline = until == bounds.deadline.when();
            if (!answer.is_connected()) return is_deadline ? Ended::connect_deadline : Ended::connect_timeout;
            return is_deadline ? Ended::deadline : Ended::idle;
        }
        curl_multi_poll(multi_, nullptr, 0, millis_until(until, now), nullptr);
    }
}

Result<Response> Connection::exchange(const Request& request, const Bounds& bounds,
                                      const std::stop_token& cancel, MonoTime started) {
    Answer answer(bounds, peer_.clock);
    const List headers = header_list(request);
    prepare(request, headers, answer);
    // Until it is known how this ends: a late answer is nobody's.
    may_reuse_ = true;
    is_more_decrypted_ = false;
    answer_ = &answer;
    socket_ = CURL_SOCKET_BAD;
    if (curl_multi_add_handle(multi_, easy_) != CURLM_OK) throw std::bad_alloc();
    CURLcode code = CURLE_OK;
    const Ended how = wait(bounds, cancel, answer, code);
    const bool whole = how == Ended::answered && code == CURLE_OK && !answer.error();
    Result<Response> result = tl::unexpected(Error{});
    if (answer.error())
        result = tl::unexpected(*answer.error());
    else if (how != Ended::answered)
        result = tl::unexpected(ended_early(how, started));
    else if (code == CURLE_OUT_OF_MEMORY)  // a line of over 100 KiB
        result = fail(ErrorKind::permanent, "", "a line of the response headers is larger than 102400 bytes");
    else if (code != CURLE_OK)
        result = tl::unexpected(curl_error(easy_, code, details_.data()));
    if (whole) curl_easy_getinfo(easy_, CURLINFO_ACTIVESOCKET, &socket_);
    // Closes the connection where the answer is not whole.
    curl_multi_remove_handle(multi_, easy_);
    answer_ = nullptr;
    may_reuse_ = may_reuse_ && whole && answer.may_reuse() && !is_more_decrypted_;
    if (!whole) return result;

    Response response = answer.take(started);
    if (auto undone = undo_content_encoding(response, bounds); !undone)
        return tl::unexpected(std::move(undone.error()));
    response.total = peer_.clock.now() - started;
    return response;
}

Error Connection::ended_early(Ended how, MonoTime started) const {
    switch (how) {
        case Ended::cancelled:
            return {ErrorKind::cancelled, "", "request cancelled"};
        case Ended::connect_timeout:
            return {ErrorKind::transient, "",
                    "no connection to " + peer_.origin + " within timeout.connect (" +
                        timeout_text(peer_.options.connect_timeout) + ")"};
        case Ended::connect_deadline:
            return {
                ErrorKind::transient, "",
                "no connection to " + peer_.origin + " within " + timeout_text(peer_.clock.now() - started)};
        case Ended::idle:
            return {ErrorKind::transient, "",
                    "the API sent nothing for " + timeout_text(peer_.options.idle_timeout)};
        case Ended::deadline:
        case Ended::answered:
            break;
    }
    return {ErrorKind::transient, "", "no whole answer within " + timeout_text(peer_.clock.now() - started)};
}

bool Connection::may_reuse() const {
    if (!may_reuse_) return false;
    if (socket_ == CURL_SOCKET_BAD) return true;  // libcurl has closed it
    pollfd readable{.fd = socket_, .events = POLLIN, .revents = 0};
    return ::poll(&readable, 1, 0) == 0;
}

}  // namespace pagehaul::http
